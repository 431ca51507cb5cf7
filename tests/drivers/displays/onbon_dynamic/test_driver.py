from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from drivers.displays.onbon_dynamic.codec.frames import CAPACITY
from drivers.displays.onbon_dynamic.config import OnbonDynamicConfig
from drivers.displays.onbon_dynamic.driver import OnbonDynamic
from drivers.displays.onbon_dynamic.pages import area
from drivers.shared.onbon import ERRORS
from drivers.shared.text import cells
from gateway.core.errors import CommandRejected, DeviceBusy, DeviceOffline, NotSupported, ProtocolError
from gateway.core.model import Command, Identity, Quality, Reading, Stage
from gateway.core.screen import Fit, Show
from simulators.displays.onbon_dynamic.server import OnbonDynamicTwin

if TYPE_CHECKING:
    from tests.drivers.conftest import FakeContext

ids = itertools.count()
LEFT = {"id": "w01", "x": 0, "y": 0, "width": 64, "height": 16}
RIGHT = {"id": "w02", "x": 64, "y": 0, "width": 32, "height": 16}


def config(port: int = 5005, **keys: Any) -> OnbonDynamicConfig:
    section = {"model": "BX-6E1", "width": 64, "height": 16, "timeout_s": 2.0, "address": f"tcp://127.0.0.1:{port}"}
    return OnbonDynamicConfig.model_validate({"id": "led-05", "driver": "displays.onbon_dynamic"} | section | keys)


@asynccontextmanager
async def screen(context: FakeContext, **keys: Any) -> AsyncGenerator[tuple[OnbonDynamic, OnbonDynamicTwin]]:
    """A driver, connected to a simulated card."""
    twin = OnbonDynamicTwin(config(**keys))
    async with twin.serve("127.0.0.1", 0) as port:
        driver = OnbonDynamic(config(port, **keys), context)
        async with driver.connect():
            yield driver, twin


async def do(driver: OnbonDynamic, verb: str, part: str | None = None, **params: Any) -> Mapping[str, Any]:
    command = Command(id=f"c{next(ids)}", verb=verb, part=part, params=params, deadline=0, actor="test")
    return await driver.execute(command)


async def readings(driver: OnbonDynamic) -> dict[str, Reading]:
    return {reading.point: reading for reading in await driver.poll("ping")}


async def test_a_shown_text_is_on_the_screen_and_in_the_readings(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        detail = await do(driver, "show", text="A012 3号", colour="green")
        assert detail == {"shown": "A012 3号", "substituted": 0}
        (area,) = twin.seen()["areas"]
        assert (twin.seen()["text"], area["colour"]) == ("A012 3号", "green")
        found = {name: (await readings(driver))[name].value for name in ("text", "colour", "substituted")}
        assert found == {"text": "A012 3号", "colour": "green", "substituted": 0}
        assert [stage for _, stage in context.stages] == [Stage.SENT]


@pytest.mark.parametrize(
    ("model", "leds", "shown"),
    [
        ("BX-5E1", "one", "red"),
        ("BX-5E2", "two", "yellow"),
        ("BX-5Q1+", "two", "yellow"),
        ("BX-6E1", "one", "red"),
        ("BX-6E1X", "two", "yellow"),
        ("BX-6Q2", "two", "yellow"),
    ],
)
@pytest.mark.parametrize(
    ("text", "fit"), [("A012号", "whole"), ("䶮先生请到3号窗口", "whole"), ("上海Z[\\单" * 9, "scroll")]
)
async def test_every_card_shows_what_the_driver_says(
    context: FakeContext, model: str, leds: str, shown: str, text: str, fit: str
) -> None:
    async with screen(context, model=model, leds=leds, width=72, height=32) as (driver, twin):
        assert driver.picture(None) is None
        await do(driver, "show", text=text, colour="yellow", fit=fit)
        (area,) = twin.seen()["areas"]
        assert (area["text"], area["colour"], area["moving"]) == (text, shown, fit == "scroll")
        assert driver.picture(None) == twin.picture()
        await do(driver, "power", on=False)
        assert driver.picture(None) == twin.picture()
        assert twin.seen()["text"] == ""


async def test_a_text_is_as_large_as_it_fits(context: FakeContext) -> None:
    async with screen(context, width=128, height=64) as (driver, twin):
        for text, highest in (("A012", 64), ("请A012号", 32), ("请A012号到3号窗口办理业务", 32)):
            await do(driver, "show", text=text)
            rows = [any(row) for row in twin.card.panel().rows]
            assert twin.seen()["text"] == text
            assert sum(rows) >= highest * 0.6, text


async def test_new_text_blinks_for_three_seconds_and_then_stays(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        now = 100.0
        twin.card._now = lambda: now
        await do(driver, "show", text="A012", attention=True)
        assert [area["blinking"] for area in twin.seen()["areas"]] == [True]
        now = 102.9
        assert twin.seen()["areas"][0]["blinking"]
        now = 103.1
        assert (twin.seen()["areas"][0]["blinking"], twin.seen()["text"]) == (False, "A012")
        now = 100_000.0
        assert not twin.seen()["areas"][0]["blinking"]
        await do(driver, "show", text="A012", attention=True)
        assert not twin.seen()["areas"][0]["blinking"], "sent again is not new"


async def test_each_region_has_a_text_of_its_own(context: FakeContext) -> None:
    async with screen(context, width=96, regions=[LEFT, RIGHT]) as (driver, twin):
        await do(driver, "show", part="w01", text="A012号", colour="green")
        await do(driver, "show", part="w02", text="B07")
        assert [(area["x"], area["width"], area["text"]) for area in twin.seen()["areas"]] == [
            (0, 64, "A012号"),
            (64, 32, "B07"),
        ]
        assert driver.picture("w02") == driver.picture(None) == twin.picture()
        await do(driver, "show", part="w01", text="")
        assert twin.seen()["text"] == "B07"
        found = {(reading.part, reading.point): reading.value for reading in driver.readings()}
        assert (found["w01", "text"], found["w02", "text"]) == ("", "B07")
    assert [part.id for part in driver.parts()] == ["w01", "w02"]


async def test_an_empty_text_takes_everything_off_a_screen_without_regions(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        await do(driver, "show", text="A012")
        await do(driver, "show", text="\n")
        assert (twin.seen()["text"], twin.seen()["areas"], context.points["text"]) == ("", [], "")


async def test_a_shorter_text_stands_in_for_one_that_does_not_fit(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        detail = await do(driver, "show", text="请A012号到3号窗口", shorter=["A012到3号窗口", "A012号😀"])
        assert detail == {"shown": "A012号□", "substituted": 1}
        assert twin.seen()["text"] == "A012号□"


async def test_the_card_tells_how_it_is(context: FakeContext) -> None:
    context.clock.at = datetime.now(UTC)
    async with screen(context) as (driver, twin):
        twin.levers()["sensors"]({"temperature_1": 41.5, "temperature_2": -3.2, "humidity": 48.6})
        twin.levers()["clock_skew"]({"seconds": 90})
        found = await readings(driver)
        values = {name: reading.value for name, reading in found.items()}
        assert (values["on"], values["brightness"]) == (True, 100)
        assert (values["temperature_1"], values["temperature_2"], values["humidity"]) == (41.5, -3.2, 48.6)
        assert (values["noise"], found["noise"].quality) == (None, Quality.BAD)
        offset = values["clock_offset_s"]
        assert isinstance(offset, float)
        assert 88 < offset <= 90


async def test_light_and_clock_are_set(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        assert await do(driver, "brightness", percent=50) == {"brightness": 50}
        assert twin.seen()["brightness"] == context.points["brightness"] == 50
        assert (await do(driver, "brightness", percent=1))["brightness"] == 6
        assert await do(driver, "power", on=False) == {"on": False}
        assert twin.seen()["on"] is context.points["on"] is False
        twin.levers()["clock_skew"]({"seconds": -5000})
        detail = await do(driver, "set_clock")
        away = datetime.fromisoformat(twin.seen()["clock"]) - datetime.fromisoformat(detail["clock"])
        assert abs(away) < timedelta(seconds=3)


async def test_the_clock_gets_the_time_of_its_zone(context: FakeContext) -> None:
    context.clock.at = datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC)
    async with screen(context) as (driver, _):
        assert await do(driver, "set_clock") == {"clock": "2027-01-01T07:59:58"}


async def test_a_card_of_generation_6_speaks_and_those_before_it_cannot(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        await do(driver, "speak", text="请A012号到3号窗口", repeat=2, volume=75)
        await do(driver, "speak", text="䶮乗\n")
        assert twin.seen()["spoken"] == [
            {"text": "请A012号到3号窗口", "repeat": 2, "volume": 80},
            {"text": "乗", "repeat": 1, "volume": 80},
        ]
        speak = {verb.name: verb for verb in driver.surface().device.verbs}["speak"]
        assert not speak.desired
        with pytest.raises(CommandRejected, match="knows no character of this text"):
            driver.check(speak, None, {"text": "😀"})
        driver.check(speak, None, {"text": "A"})
    old = OnbonDynamic(config(model="BX-5E1"), context)
    assert [verb.name for verb in old.surface().device.verbs] == ["show", "power", "brightness", "set_clock"]


async def test_who_it_is_is_asked_at_every_connect(context: FakeContext) -> None:
    twin = OnbonDynamicTwin(config())
    async with twin.serve("127.0.0.1", 0) as port:
        async with OnbonDynamic(config(port), context).connect() as identity:
            assert identity == Identity(model="BX-6E1", firmware="19092600")
        twin.levers()["wrong_model"]({"model": "BX-5E1"})
        with pytest.raises(ProtocolError, match=r"^led-05 is a BX-5E1, the site file says BX-6E1$"):
            async with OnbonDynamic(config(port), context).connect():
                pass


async def test_a_card_of_another_model_refuses_what_it_cannot_show(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        twin.levers()["wrong_model"]({"model": "BX-6E2"})
        with pytest.raises(CommandRejected, match="error 17, controller type"):
            await do(driver, "show", text="A012")


async def test_every_connect_starts_with_nothing_known(context: FakeContext) -> None:
    twin = OnbonDynamicTwin(config())
    async with twin.serve("127.0.0.1", 0) as port:
        driver = OnbonDynamic(config(port), context)
        async with driver.connect():
            await do(driver, "show", text="A012")
            await readings(driver)
        async with driver.connect():
            assert {(reading.value, reading.quality) for reading in driver.readings()} == {(None, Quality.BAD)}
            assert driver.picture(None) is None
    with pytest.raises(DeviceOffline):
        await driver.poll("ping")


@pytest.mark.parametrize(("code", "name"), [*((c, n) for c, n in ERRORS.items() if c not in (0, 3)), (99, "unknown")])
async def test_a_refusal_names_its_reason(context: FakeContext, code: int, name: str) -> None:
    async with screen(context) as (driver, twin):
        twin.levers()["nack"]({"code": code})
        with pytest.raises(CommandRejected, match=rf"^led-05 refused with error {code}, {name}$"):
            await do(driver, "show", text="A013")


async def test_a_busy_card_is_asked_later_and_shows_what_it_showed(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        await do(driver, "show", text="A012")
        asks: list[tuple[str, dict[str, Any]]] = [("show", {"text": "A013"}), ("power", {"on": False})]
        for verb, params in asks:
            twin.levers()["nack"]({})
            with pytest.raises(DeviceBusy, match="error 3, busy"):
                await do(driver, verb, **params)
        twin.levers()["nack"]({})
        with pytest.raises(DeviceBusy):
            await driver.poll("ping")
        assert (await readings(driver))["text"].value == twin.seen()["text"] == "A012"


async def test_a_card_that_does_not_tell_how_it_is_still_shows_texts(context: FakeContext) -> None:
    twin = OnbonDynamicTwin(config())
    for command in list(twin._obey):
        if command[0].__name__ == "Native":
            del twin._obey[command]
    async with twin.serve("127.0.0.1", 0) as port:
        driver = OnbonDynamic(config(port), context)
        async with driver.connect() as identity:
            assert identity == Identity()
            await do(driver, "show", text="A012")
            values = {name: reading.value for name, reading in (await readings(driver)).items()}
    assert (values["text"], values["on"], values["clock_offset_s"]) == ("A012", None, None)


async def test_silence_is_offline(context: FakeContext) -> None:
    async with screen(context, timeout_s=0.05) as (driver, twin):
        twin.levers()["mute"]({})
        with pytest.raises(DeviceOffline):
            await do(driver, "show", text="A012")


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"text": "A0123456789"}, "A0123456789 does not fit onto the 64 x 16 px of screen led-05"),
        ({"text": 7}, "bad parameters: text: must be text, not a whole number"),
        (
            {"text": "A", "size": 1},
            "bad parameters: unknown key 'size'; allowed: attention, colour, fit, shorter, text",
        ),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_sentence(
    context: FakeContext, params: Mapping[str, Any], sentence: str
) -> None:
    driver = OnbonDynamic(config(), context)
    with pytest.raises(CommandRejected) as refusal:
        driver.check(driver.surface().device.verbs[0], None, params)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("character", "疏A")
@pytest.mark.parametrize(
    ("model", "width", "height", "most"),
    [
        ("BX-6Q2", 192, 64, 188),  # half-width cells: eight pages in letters of 16 px, with a gap of four cells
        ("BX-6Q2", 256, 96, 192),  # it stands: there are more in six rows than in four pages
        ("BX-6Q2", 512, 96, 384),
        ("BX-5Q2+", 256, 128, 256),
        ("BX-6E1", 192, 96, 1000),
    ],
)
def test_a_text_of_any_length_is_shown_and_where_it_is_cut_one_sees_it(
    context: FakeContext, model: str, width: int, height: int, most: int, character: str
) -> None:
    driver = OnbonDynamic(config(model=model, width=width, height=height), context)
    (region,) = driver.regions().values()
    for length in (1, 49, 131, 300, 500):
        show, fits = Show(character * length, fit=Fit.SCROLL), length * cells(character) <= most
        laid = driver.lay(region, show)
        assert laid.text == (show.text if fits else show.text[: (most - 2) // cells(character)] + "…")
        pages = area(driver.config, 0, region, show, laid.content).pages
        assert sum(len(page.bitmap) for page in pages) <= CAPACITY


def test_a_text_that_is_too_long_in_large_letters_runs_whole_in_smaller_ones(context: FakeContext) -> None:
    driver = OnbonDynamic(config(width=192, height=64), context)
    (region,) = driver.regions().values()
    layouts = [driver.lay(region, Show("疏" * length, fit=Fit.SCROLL)).content for length in (48, 49, 299, 399)]
    assert [(layout.height, layout.moving) for layout in layouts] == [(16, False), (64, True), (48, True), (32, True)]


def test_what_cannot_be_shown_of_a_cut_text_is_not_counted(context: FakeContext) -> None:
    driver = OnbonDynamic(config(model="BX-6Q2", width=192, height=64), context)
    (region,) = driver.regions().values()
    assert driver.lay(region, Show("疏" * 499 + "😀", fit=Fit.SCROLL)).substituted == 0


async def test_what_it_does_not_know_is_not_supported(context: FakeContext) -> None:
    async with screen(context) as (driver, _):
        with pytest.raises(NotSupported):
            await driver.poll("status")
        with pytest.raises(NotSupported):
            await do(driver, "explode")
