from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drivers.displays.onbon_dynamic.codec.bitmaps import Coding, Format
from drivers.displays.onbon_dynamic.config import MODELS, OnbonDynamicConfig

SECTION = {
    "id": "led",
    "driver": "displays.onbon_dynamic",
    "address": "tcp://h:5005",
    "model": "BX-6E1",
    "width": 128,
    "height": 32,
}


def config(**keys: Any) -> OnbonDynamicConfig:
    return OnbonDynamicConfig.model_validate(SECTION | keys)


def test_the_reference_names_every_model() -> None:
    page = Path(__file__).parents[4].joinpath("docs", "reference", "drivers.md").read_text("utf-8")
    assert all(f"`{model}`" in page for model in MODELS)


@pytest.mark.parametrize(
    ("model", "generation", "device_type", "coding"),
    [
        ("BX-5E1", 5, "5401", Coding.BYTES),
        ("BX-5Q0+", 5, "5610", Coding.RGB565),
        ("BX-5Q2+", 5, "5612", Coding.RGB565),
        ("BX-6E1", 6, "7401", Coding.WORDS),
        ("BX-6E2X", 6, "7405", Coding.WORDS),
        ("BX-6QL", 6, "6600", Coding.RGB888),
        ("BX-6Q3L", 6, "6605", Coding.RGB888),
    ],
)
def test_a_model_says_what_the_wire_must_know(model: str, generation: int, device_type: str, coding: Coding) -> None:
    card = config(model=model).card
    assert (card.generation, card.device_type.to_bytes(2, "little").hex(), card.coding) == (
        generation,
        device_type,
        coding,
    )


def test_a_site_says_what_stands_behind_the_card() -> None:
    assert config().form == Format(Coding.WORDS)
    assert config(leds="one", swapped=True).form == Format(Coding.WORDS, colours=False, swapped=True)


@pytest.mark.parametrize(
    ("keys", "seconds"),
    [({}, "2.1"), ({"leds": "one"}, "1.1"), ({"model": "BX-6Q1"}, "25.6"), ({"width": 64, "height": 16}, "0.5")],
)
def test_says_how_long_its_pictures_would_take_over_a_serial_wire(keys: dict[str, Any], seconds: str) -> None:
    with pytest.raises(ValidationError, match=rf"at 9600 baud .* would take {seconds} s"):
        config(address="serial:///dev/ttyS0", **keys)


@pytest.mark.parametrize("wrong", [{"model": "BX-1"}, {"width": 1}, {"address": 7}, {"address": "serial://ttyS0"}])
def test_a_serial_wire_beside_another_mistake_is_a_mistake_all_the_same(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        config(**{"address": "serial:///dev/ttyS0", **wrong})
    assert "address" in {detail["loc"][0] for detail in error.value.errors()}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("width", 8), ("height", 8), ("screen", 0), ("screen", 65535), ("address", "udp://h:5005")],
        *[("model", "6K1"), ("leds", "three"), ("timezone", "Asia/Nowhere"), ("scroll_speed", 64)],
        *[("blink_speed", -1), ("sensor_step", 0), ("sensor_step", float("nan")), ("wdith", 64)],
    ],
)
def test_a_section_with_a_mistake_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        config(**{key: value})
    assert [error["loc"] for error in refusal.value.errors()] == [(key,)]


def region(number: int = 1, **keys: object) -> dict[str, object]:
    return {"id": f"w{number}", "x": 0, "y": 0, "width": 32, "height": 16} | keys


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"regions": [region(x=16)]}, "region 'w1' of a BX-6E1 must begin at a multiple of 32 px"),
        ({"regions": [region(x=12)], "model": "BX-5E1"}, "region 'w1' of a BX-5E1 must begin at a multiple of 8 px"),
        ({"regions": [region(height=15)]}, "region 'w1' must be at least 16 px wide and high"),
        ({"regions": [region(n, x=32 * n - 32, width=16) for n in range(1, 5)] + [region(5, y=16)], "model": "BX-5E1"},
         "a BX-5E1 has 4 dynamic areas: no more regions"),
        ({"width": 512, "height": 256, "model": "BX-6Q1"}, "512 x 256 px are too many: two pages must fit into 307200"),
    ],
)  # fmt: skip
def test_what_the_card_cannot_have_is_refused(keys: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        config(**keys)


def test_regions_of_a_full_colour_card_begin_anywhere() -> None:
    assert len(config(model="BX-6Q1", regions=[region(x=7)]).regions) == 1
