from pathlib import Path

import pytest
from pydantic import ValidationError

from drivers.displays.onbon_k.config import MODELS, OnbonKConfig

SECTION = {
    "id": "led",
    "driver": "displays.onbon_k",
    "address": "tcp://h:5005",
    "model": "5K1",
    "width": 64,
    "height": 16,
}


def test_the_reference_names_every_model() -> None:
    page = Path(__file__).parents[4].joinpath("docs", "reference", "drivers.md").read_text("utf-8")
    assert all(f"`{model}`" in page for model in MODELS)


def test_a_model_says_how_x_is_counted() -> None:
    assert OnbonKConfig.model_validate(SECTION).card.x_unit_px == 8
    assert OnbonKConfig.model_validate(SECTION | {"model": "6K2"}).card.x_unit_px == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("width", 8), ("width", 65), ("width", 1032), ("height", 8), ("height", 24), ("height", 144)],
        *[("screen", 0), ("screen", 65535), ("timeout_s", 0), ("timeout_s", 11), ("timeout_s", float("nan"))],
        *[("ping_s", 0.1), ("resend_s", 1), ("model", "7K1"), ("address", "udp://h:5005"), ("wdith", 64)],
    ],
)
def test_a_section_with_a_mistake_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        OnbonKConfig.model_validate(SECTION | {key: value})
    assert [error["loc"] for error in refusal.value.errors()] == [(key,)]


def region(**keys: object) -> dict[str, object]:
    return {"id": "w01", "x": 0, "y": 0, "width": 32, "height": 16} | keys


@pytest.mark.parametrize(
    ("regions", "why"),
    [
        ([region(x=40)], "region 'w01' must lie inside of the 64 x 16 screen"),
        ([region(), region(id="w02", x=24)], "the regions 'w01' and 'w02' must not overlap"),
        ([region(), region(x=32)], "two regions have the id 'w01'"),
        ([region(x=4)], "region 'w01' must begin at a multiple of 8 px"),
        ([region(width=12)], "region 'w01' must begin at a multiple of 8 px"),
    ],
)
def test_regions_that_the_screen_cannot_have_are_refused(regions: object, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        OnbonKConfig.model_validate(SECTION | {"regions": regions})
