"""Light, clock, timer and voice of a card, seen on the simulated one."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from drivers.displays.onbon_k import codec
from drivers.displays.onbon_k.config import MODELS, OnbonKConfig
from drivers.displays.onbon_k.driver import OnbonK
from gateway.core.errors import CommandRejected, DeviceBusy, NotSupported
from gateway.core.model import Command
from simulators.displays.onbon_k.server import OnbonKTwin

if TYPE_CHECKING:
    from tests.drivers.conftest import FakeContext

ids = itertools.count()
LEFT = {"id": "w01", "x": 0, "y": 0, "width": 32, "height": 16}
RIGHT = {"id": "w02", "x": 32, "y": 0, "width": 32, "height": 16}


def config(port: int = 5005, **keys: Any) -> OnbonKConfig:
    section = {"model": "6K2-YY", "width": 64, "height": 16, "timeout_s": 2.0, "address": f"tcp://127.0.0.1:{port}"}
    return OnbonKConfig.model_validate({"id": "led-03", "driver": "displays.onbon_k"} | section | keys)


@asynccontextmanager
async def screen(context: FakeContext, **keys: Any) -> AsyncGenerator[tuple[OnbonK, OnbonKTwin]]:
    """A driver, connected to a simulated card with a voice."""
    twin = OnbonKTwin(config(**keys))
    async with twin.serve("127.0.0.1", 0) as port:
        driver = OnbonK(config(port, **keys), context)
        async with driver.connect():
            yield driver, twin


async def do(driver: OnbonK, verb: str, part: str | None = None, **params: Any) -> Mapping[str, Any]:
    command = Command(id=f"c{next(ids)}", verb=verb, part=part, params=params, deadline=0, actor="test")
    return await driver.execute(command)


@pytest.mark.parametrize(
    ("percent", "brightest", "level"), [(1, 16, 1), (50, 16, 8), (51, 16, 9), (100, 16, 16), (1, 15, 1), (100, 15, 15)]
)
async def test_a_percentage_is_a_level_of_the_card(
    context: FakeContext, percent: int, brightest: int, level: int
) -> None:
    async with screen(context, brightest=brightest) as (driver, twin):
        assert await do(driver, "brightness", percent=percent) == {"brightness": percent}
        assert (twin.seen()["brightness"], context.points["brightness"]) == (level, percent)
        twin.levers()["nack"]({"code": 25})
        with pytest.raises(CommandRejected):
            await do(driver, "brightness", percent=2)
        assert context.points["brightness"] == percent


async def test_a_level_that_the_card_does_not_have_is_refused_by_it(context: FakeContext) -> None:
    twin = OnbonKTwin(config(brightest=15))
    async with twin.serve("127.0.0.1", 0) as port:
        driver = OnbonK(config(port), context)
        async with driver.connect():
            with pytest.raises(CommandRejected, match="parameters"):
                await do(driver, "brightness", percent=100)
    assert twin.seen()["brightness"] == 15


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("Asia/Shanghai", "2026-12-31T23:59:58"),
        ("UTC", "2026-12-31T15:59:58"),
        ("Asia/Kathmandu", "2026-12-31T21:44:58"),
    ],
)
async def test_the_clock_of_a_card_is_set_to_its_local_time(context: FakeContext, zone: str, local: str) -> None:
    context.clock.at = datetime(2026, 12, 31, 15, 59, 58, 900_000, tzinfo=UTC)
    async with screen(context, timezone=zone) as (driver, twin):
        assert await do(driver, "set_clock") == {"clock": local}
        off = datetime.fromisoformat(twin.seen()["clock"]) - datetime.fromisoformat(local)
        assert 0 <= off.total_seconds() <= 5


async def test_a_timer_sets_the_clock_first_and_darkens_the_screen_at_its_time(context: FakeContext) -> None:
    context.clock.at = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)  # 11:00 in Shanghai
    async with screen(context) as (driver, twin):
        twin.levers()["clock_skew"]({"seconds": 36_000})
        await do(driver, "show", text="A012")
        lit = [{"on": "08:00", "off": "12:00"}, {"on": "13:30", "off": "18:00"}]
        assert await do(driver, "timer", lit=lit) == {"timer": "08:00-12:00, 13:30-18:00"}
        assert twin.seen()["timer"] == ["08:00-12:00", "13:30-18:00"]
        assert context.points["timer"] == "08:00-12:00, 13:30-18:00"
        assert (twin.seen()["text"], twin.seen()["clock"][:14]) == ("A012", "2026-11-23T11:")
        context.clock.at = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
        await do(driver, "set_clock")
        assert (twin.seen()["text"], twin.seen()["areas"][0]["text"]) == ("", "A012")
        await do(driver, "timer", lit=[])
        assert (twin.seen()["text"], twin.seen()["timer"], context.points["timer"]) == ("A012", [], "")


async def test_a_timer_may_go_over_midnight(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        await do(driver, "show", text="A012")
        await do(driver, "timer", lit=[{"on": "22:00", "off": "06:00"}])
        for hour, text in ((13, ""), (14, "A012"), (21, "A012"), (22, "")):  # 21:00, 22:00, 05:00, 06:00 in Shanghai
            context.clock.at = datetime(2026, 11, 23, hour, tzinfo=UTC)
            await do(driver, "set_clock")
            assert twin.seen()["text"] == text


@pytest.mark.parametrize(
    ("lit", "why"),
    [
        ([{"on": "08:00", "off": "24:00"}], r"bad parameters: lit\[0\]\.off: must have the form "),
        ([{"on": "8:00", "off": "18:00"}], r"lit\[0\]\.on"),
        ([{"on": "08:00", "off": "18:00"}] * 4, r"lit: must have at most 3 entries"),
    ],
)
def test_a_timer_that_the_card_cannot_have_is_refused(context: FakeContext, lit: object, why: str) -> None:
    driver = OnbonK(config(), context)
    (timer,) = [verb for verb in driver.surface().device.verbs if verb.name == "timer"]
    with pytest.raises(CommandRejected, match=why):
        driver.check(timer, None, {"lit": lit})


async def test_a_text_is_said_and_what_is_shown_stays(context: FakeContext) -> None:
    async with screen(context, person=3, speech_speed=4) as (driver, twin):
        await do(driver, "show", text="A012号", colour="green")
        before = {key: twin.seen()[key] for key in ("text", "runs", "areas")}, twin.picture()
        detail = await do(driver, "speak", text="请A 零 幺 二 号\\䶮", repeat=2, volume=80)
        assert detail == {"spoken": "请A 零 幺 二 号＼□", "substituted": 2}
        said = {"text": "请A 零 幺 二 号＼□", "times": 2, "volume": 8, "speed": 4, "person": 3}
        assert twin.seen()["said"] == [said]
        assert ({key: twin.seen()[key] for key in ("text", "runs", "areas")}, twin.picture()) == before
        assert driver.picture(None) == twin.picture()
        await do(driver, "show", text="A013号")
        assert len(twin.seen()["said"]) == 1


async def test_on_an_empty_screen_a_text_is_said_and_nothing_is_seen(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        await do(driver, "show", text="")
        await do(driver, "speak", text="请保持安静")
        assert (twin.seen()["said"][0]["text"], twin.seen()["text"], twin.seen()["runs"]) == ("请保持安静", "", [])


@pytest.mark.parametrize(
    ("left", "right", "speaks"),
    [
        ("A012", "B07", 0),
        ("", "B07", 1),
        ("0123456789", "B07", 1),
        ("0123456789", "", 1),
        ("0123456789", "9876543210", 0),
    ],
)
async def test_the_region_that_speaks_is_the_one_that_looks_the_same_when_it_is_sent_again(
    context: FakeContext, left: str, right: str, speaks: int
) -> None:
    async with screen(context, regions=[LEFT, RIGHT]) as (driver, twin):
        await do(driver, "show", part="w01", text=left, fit="scroll")
        await do(driver, "show", part="w02", text=right, fit="scroll")
        sent = len(context.written)
        await do(driver, "speak", text="A012")
        (frame,) = codec.Decoder().feed(bytes(context.written[sent:]))
        assert isinstance(frame, codec.Frame)
        assert frame.data[5 + 4 + 9] == speaks  # head, counts and length; kind, x, y, width, height
        assert twin.seen()["text"] == "\n".join(text for text in (left, right) if text)


async def test_before_anything_was_shown_the_voice_has_to_wait(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        with pytest.raises(DeviceBusy, match=r"^led-03 has not been told what to show yet"):
            await do(driver, "speak", text="A012")
        assert twin.seen()["said"] == []


async def test_who_speaks_while_a_new_text_is_under_way_does_not_bring_back_the_old(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        await do(driver, "show", text="A012")
        for text in ("A013", "A014"):
            tasks = [do(driver, "show", text=text), do(driver, "speak", text=text)]
            await asyncio.gather(*(tasks if text == "A013" else reversed(tasks)))
            assert twin.seen()["text"] == context.points["text"] == text


async def test_after_a_refused_text_the_voice_goes_with_the_one_that_is_shown(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        await do(driver, "show", text="A012")
        twin.levers()["nack"]({"code": 25})
        with pytest.raises(CommandRejected):
            await do(driver, "show", text="A013")
        await do(driver, "speak", text="A012")
        assert twin.seen()["text"] == "A012"


async def test_what_is_too_long_to_be_said_beside_the_text_is_refused(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        await do(driver, "show", text="号" * 450, fit="scroll")
        with pytest.raises(CommandRejected, match=r"^led-03 cannot be asked that at once: .* a frame takes 1024$"):
            await do(driver, "speak", text="号" * 200)
        await do(driver, "speak", text="号")
        assert len(twin.seen()["said"]) == 1


async def test_only_cards_with_a_voice_speak(context: FakeContext) -> None:
    for model, card in MODELS.items():
        driver = OnbonK(config(model=model), context)
        assert ("speak" in {verb.name for verb in driver.surface().device.verbs}) == card.voice == ("YY" in model)
    async with screen(context, model="6K2") as (driver, twin):
        await do(driver, "show", text="A012")
        with pytest.raises(NotSupported, match="no verb 'speak'"):
            await do(driver, "speak", text="A012")
        assert twin.seen()["said"] == []


@pytest.mark.parametrize("bit", [False, True])
async def test_a_6k_card_takes_pixels_with_their_bit_and_without(context: FakeContext, bit: bool) -> None:
    async with screen(context, regions=[LEFT, RIGHT], pixel_bit=bit) as (driver, twin):
        await do(driver, "show", part="w02", text="A012")
        (area,) = twin.seen()["areas"]
        assert (area["x"], area["width"]) == ((0x8020, 0x8020) if bit else (32, 32))
        assert driver.picture(None) == twin.picture()
