from __future__ import annotations

import asyncio
import itertools
import runpy
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.displays.ledsender import codec, program
from drivers.displays.ledsender.codec import Packet, Reply
from drivers.displays.ledsender.config import LedSenderConfig
from drivers.displays.ledsender.driver import LedSender
from gateway.core.errors import CommandRejected, DeviceBusy, DeviceOffline, NotSupported
from gateway.core.model import Command, Quality, Reading, Scalar, Stage
from simulators.displays.ledsender.server import LedSenderTwin

if TYPE_CHECKING:
    from tests.drivers.conftest import FakeContext

screens: Callable[..., list[list[str]]] = runpy.run_path(str(Path(__file__).with_name("independent_decoder.py")))[
    "screens"
]
ids = itertools.count()
LEFT = {"id": "w01", "x": 0, "y": 0, "width": 64, "height": 16}
RIGHT = {"id": "w02", "x": 64, "y": 0, "width": 32, "height": 16}
HIGH = {"id": "w03", "x": 0, "y": 16, "width": 96, "height": 32}
WINDOWS: dict[str, Any] = {"width": 96, "height": 48, "regions": [LEFT, RIGHT, HIGH]}


class HeldClock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 18, 30, 15, 250_000, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


def config(port: int = 6666, **keys: Any) -> LedSenderConfig:
    section = {"width": 64, "height": 16, "timeout_s": 2.0, "address": f"udp://127.0.0.1:{port}"}
    return LedSenderConfig.model_validate({"id": "led-03", "driver": "displays.ledsender"} | section | keys)


@asynccontextmanager
async def screen(context: FakeContext, **keys: Any) -> AsyncGenerator[tuple[LedSender, LedSenderTwin]]:
    """A driver, connected to a simulated card."""
    twin = LedSenderTwin(config(**keys))
    async with twin.serve("127.0.0.1", 0) as port:
        driver = LedSender(config(port, **keys), context)
        async with driver.connect():
            yield driver, twin


async def do(driver: LedSender, verb: str, part: str | None = None, **params: Any) -> Mapping[str, Any]:
    command = Command(id=f"c{next(ids)}", verb=verb, part=part, params=params, deadline=0, actor="test")
    return await driver.execute(command)


def known(driver: LedSender) -> dict[tuple[str | None, str], Scalar]:
    return {(reading.part, reading.point): reading.value for reading in driver.readings()}


async def test_a_shown_text_is_on_the_screen_and_in_the_readings(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        detail = await do(driver, "show", text="A012 3号", colour="green")
        assert detail == {"shown": "A012 3号", "substituted": 0}
        (shown,) = twin.seen()["objects"]
        assert (twin.seen()["text"], shown["colour"], shown["blinks"]) == ("A012 3号", "green", False)
        expected = {"text": "A012 3号", "colour": "green", "substituted": 0, "on": True, "brightness": 100}
        assert context.points == expected
        assert {reading.point: reading.value for reading in await driver.poll("ping")} == expected
        assert [stage for _, stage in context.stages] == [Stage.SENT, Stage.SENT], "for the first packet and the last"


@pytest.mark.parametrize("colours", ["mono", "dual", "rgb", "full"])
@pytest.mark.parametrize(
    ("text", "width", "height", "fit", "font"),
    [
        ("A012号", 64, 16, "whole", 16),
        ("A012号", 96, 32, "whole", 24),
        ("请A012号到3号窗口办理", 128, 32, "whole", 16),
        ("请A012号到3号窗口办理", 192, 48, "whole", 24),
        ("今日下午暂停服务", 64, 16, "scroll", 16),
        ("上海" * 20, 96, 32, "scroll", 24),
        ("", 64, 16, "whole", 16),
    ],
)
async def test_the_picture_of_the_driver_is_what_the_screen_shows(
    context: FakeContext, colours: str, text: str, width: int, height: int, fit: str, font: int
) -> None:
    async with screen(context, colours=colours, width=width, height=height) as (driver, twin):
        assert driver.picture(None) is None
        await do(driver, "show", text=text, colour="red", fit=fit)
        assert driver.picture(None) == twin.picture()
        assert twin.seen()["text"] == text
        entered = program.RUNNING_LEFT if fit == "scroll" else program.AT_ONCE
        assert {(one["enter"], one["font"]) for one in twin.seen()["objects"]} == {(entered, font)}
        await do(driver, "power", on=False)
        assert driver.picture(None) == twin.picture()
        assert twin.seen()["text"] == ""
        assert context.points["on"] is False


async def test_each_region_has_a_text_of_its_own_and_only_that_is_replaced(context: FakeContext) -> None:
    async with screen(context, **WINDOWS) as (driver, twin):
        await do(driver, "show", part="w01", text="A012号", colour="green")
        whole = len(context.written)
        await do(driver, "show", part="w02", text="B07")
        assert len(context.written) - whole < 200, "the other regions were sent as well"
        assert twin.seen()["regions"] == ["A012号", "B07", ""]
        assert driver.picture("w02") == driver.picture(None) == twin.picture()
        await do(driver, "show", part="w01", text="")
        assert twin.seen()["regions"] == ["", "B07", ""]
        assert (known(driver)["w01", "text"], known(driver)["w02", "text"]) == ("", "B07")
    assert [part.id for part in driver.parts()] == ["w01", "w02", "w03"]
    assert screens(bytes(context.written), crc=False) == [
        ["A012号", " ", " "],
        ["A012号", "B07", " "],
        [" ", "B07", " "],
    ]


@pytest.mark.parametrize("replace", [True, False])
async def test_a_region_with_several_rows_comes_with_all_others_as_they_are(
    context: FakeContext, replace: bool
) -> None:
    async with screen(context, **WINDOWS, replace=replace) as (driver, twin):
        await do(driver, "show", part="w01", text="A012号", colour="green", attention=True)
        await do(driver, "show", part="w02", text="B07")
        await do(driver, "show", part="w03", text="请A012号到3号窗口办理")
        assert twin.seen()["regions"] == ["A012号", "B07", "请A012号到3号窗口办理"]
        assert [one["region"] for one in twin.seen()["objects"]] == [0, 1, 2, 2]
        assert not any(one["blinks"] for one in twin.seen()["objects"])
        await do(driver, "show", part="w03", text="A01")
        assert twin.seen()["regions"] == ["A012号", "B07", "A01"]
        assert driver.picture(None) == twin.picture()


async def test_all_regions_are_sent_together_again_every_resend_s(context: FakeContext) -> None:
    """A card that was restarted may say yes to the replacement of what it does not have."""
    context.clock = clock = HeldClock()
    async with screen(context, **WINDOWS, resend_s=45) as (driver, twin):
        await do(driver, "show", part="w01", text="A012")
        await do(driver, "show", part="w02", text="B07")
        twin.levers()["silent_reboot"]({})
        clock.seconds += 45
        await do(driver, "show", part="w02", text="B07")
        assert twin.seen()["regions"] == ["A012", "B07", ""]


async def test_a_card_that_refuses_to_replace_a_text_has_lost_it_and_is_connected_anew(context: FakeContext) -> None:
    async with screen(context, **WINDOWS) as (driver, twin):
        await do(driver, "show", part="w01", text="A012")
        twin.levers()["silent_reboot"]({})
        with pytest.raises(DeviceOffline, match=r"^led-03 refused with result 2: it has lost what it showed$"):
            await do(driver, "show", part="w02", text="B07")


async def test_two_things_are_never_told_at_once(context: FakeContext) -> None:
    """The packets of two programs would be taken for one."""
    async with screen(context, **WINDOWS) as (driver, twin):
        first = asyncio.create_task(do(driver, "show", part="w01", text="A012"))
        await asyncio.sleep(0)
        for verb, part, params in (("show", "w02", {"text": "B07"}), ("power", None, {"on": False})):
            with pytest.raises(DeviceBusy, match=r"^led-03 is being told something else$"):
                await do(driver, verb, part, **params)
        asked = len(context.written)
        assert {reading.point for reading in await driver.poll("ping")} >= {"on", "text"}
        assert len(context.written) == asked
        await first
        await do(driver, "show", part="w02", text="B07")
        assert twin.seen()["regions"] == ["A012", "B07", ""]


async def test_attention_blinks_first_and_is_steady_behind_that(context: FakeContext) -> None:
    async with screen(context, width=128, height=32) as (driver, twin):
        await do(driver, "show", text="请A012号到3号窗口办理", attention=True)
        assert twin.card.program is not None
        (region,) = twin.card.program.regions
        for strings in region.objects:
            blinking, steady = strings.texts
            assert (blinking.stay, blinking.stay_ms, steady.stay) == (program.BLINKING, 3000, program.STILL)
            assert (blinking.text, steady.stay_ms) == (steady.text, program.FOREVER_MS)
        await do(driver, "show", text="请A012号到3号窗口办理", attention=True)
        assert not any(one["blinks"] for one in twin.seen()["objects"])


async def test_a_moving_text_does_not_blink(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        await do(driver, "show", text="今日下午暂停服务", fit="scroll", attention=True)
        assert not any(one["blinks"] for one in twin.seen()["objects"])


async def test_a_shorter_text_stands_in_for_one_that_does_not_fit(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        detail = await do(driver, "show", text="请A012号到3号窗口", shorter=["A012到3号窗口", "A012号"])
        assert detail["shown"] == twin.seen()["text"] == "A012号"


@pytest.mark.parametrize(
    ("text", "shown", "substituted"), [("\\C2乗", "\\C2乗", 0), ("䶮😀", "□□", 2), ("Z单[郸U会", "Z单[郸U会", 0)]
)
async def test_a_text_is_shown_as_far_as_gbk_goes(
    context: FakeContext, text: str, shown: str, substituted: int
) -> None:
    async with screen(context, width=128) as (driver, twin):
        assert await do(driver, "show", text=text) == {"shown": shown, "substituted": substituted}
        assert twin.seen()["text"] == shown
        assert context.points["substituted"] == substituted


@pytest.mark.parametrize(("percent", "level", "told"), [(1, 1, 14), (50, 4, 57), (70, 5, 71), (100, 7, 100)])
async def test_brightness_has_seven_steps_and_the_lowest_is_not_dark(
    context: FakeContext, percent: int, level: int, told: int
) -> None:
    async with screen(context) as (driver, twin):
        assert await do(driver, "brightness", percent=percent) == {"brightness": told}
        assert (twin.seen()["brightness"], context.points["brightness"]) == (level, told)


async def test_what_the_card_tells_of_its_light_is_told_whoever_set_it(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        await do(driver, "brightness", percent=50)
        twin.card.on, twin.card.brightness = False, 7
        found = {reading.point: reading.value for reading in await driver.poll("ping")}
        assert (found["on"], found["brightness"]) == (False, 100)


async def test_its_clock_is_set_to_the_time_of_its_zone(context: FakeContext) -> None:
    context.clock = HeldClock()
    async with screen(context) as (driver, twin):
        assert await do(driver, "set_clock") == {"clock": "2026-11-23T02:30:15+08:00"}
        assert twin.seen()["clock"] == "2026-11-23T02:30:15.250000"


async def test_every_connect_starts_with_nothing_known_but_what_is_asked(context: FakeContext) -> None:
    twin = LedSenderTwin(config())
    async with twin.serve("127.0.0.1", 0) as port:
        driver = LedSender(config(port), context)
        async with driver.connect():
            await do(driver, "show", text="A012")
        async with driver.connect():
            bad = {reading.point for reading in await driver.poll("ping") if reading.quality is Quality.BAD}
            assert bad == {"text", "colour", "substituted"}
            assert driver.picture(None) is None
    with pytest.raises(DeviceOffline):
        await driver.poll("ping")


async def test_a_refusal_names_its_result_and_leaves_what_is_shown(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        await do(driver, "show", text="A012")
        twin.levers()["nack"]({"result": 7})
        with pytest.raises(CommandRejected, match=r"^led-03 refused with result 7$"):
            await do(driver, "show", text="A013")
        assert context.points["text"] == twin.seen()["text"] == "A012"


async def test_which_results_mean_done_is_told_by_the_site_file(context: FakeContext) -> None:
    async with screen(context, accepted=[1, 7]) as (driver, twin):
        twin.levers()["nack"]({"result": 7})
        await do(driver, "power", on=False)
        assert context.points["on"] is False
        twin.levers()["nack"]({"result": 255})
        with pytest.raises(CommandRejected, match=r"result 255$"):
            await do(driver, "power", on=False)


@pytest.mark.parametrize(("verb", "params"), [("power", {"on": False}), ("brightness", {"percent": 1})])
async def test_a_card_with_a_timetable_says_why_its_light_cannot_be_set(
    context: FakeContext, verb: str, params: Mapping[str, Any]
) -> None:
    async with screen(context) as (driver, twin):
        twin.levers()["timetable"]({})
        with pytest.raises(
            CommandRejected, match=r"^led-03 refused with result 99, it follows a timetable of its own$"
        ):
            await do(driver, verb, **params)
        assert (twin.seen()["on"], twin.seen()["brightness"]) == (True, 7)


async def test_a_program_of_many_packets_arrives_in_order(context: FakeContext) -> None:
    regions = [{"id": f"w{row}", "x": 0, "y": 16 * row, "width": 256, "height": 16} for row in range(16)]
    async with screen(context, width=256, height=256, regions=regions) as (driver, twin):
        for row in range(15):
            await do(driver, "show", part=f"w{row}", text="会机回U" * 4)
        driver._whole_until = 0.0
        await do(driver, "show", part="w15", text="Z" * 32)
        assert twin.seen()["regions"] == ["会机回U" * 4] * 15 + ["Z" * 32]
        assert driver.picture(None) == twin.picture()


async def test_a_card_that_restarts_in_the_middle_of_a_program_is_connected_anew(context: FakeContext) -> None:
    async with screen(context, width=512, timeout_s=0.25) as (driver, twin):
        obey, data = twin._obey, twin._obey[codec.DATA]

        def restart(asked: Packet) -> tuple[int, int]:
            if asked.serial == 2:
                obey[codec.DATA] = data
                twin.levers()["silent_reboot"]({})
            return data(asked)

        obey[codec.DATA] = restart
        with pytest.raises(DeviceOffline, match=r"did not answer within 0\.25 s$"):
            await do(driver, "show", text="号" * 400, fit="scroll")


async def test_silence_is_offline(context: FakeContext) -> None:
    async with screen(context, timeout_s=0.05) as (driver, twin):
        twin.levers()["mute"]({})
        with pytest.raises(DeviceOffline):
            await do(driver, "show", text="A012")


POWER = Packet(command=codec.GET_POWER, card=5)


@pytest.mark.parametrize(
    ("wire", "answers"),
    [
        (Reply(codec.GET_POWER, 1, 1).packet(POWER, card=5).wire(checked=False), True),
        (Packet(command=codec.RESPOND, card=5, data=b"\x09\0\x01\0").wire(checked=False), True),
        (Packet(command=codec.RESPOND, card=0, sender=5, data=b"\x09\0\x01\0" + bytes(99)).wire(checked=False), True),
        (Reply(codec.GET_POWER, 1, 1).packet(POWER, card=6).wire(checked=False), False),
        (Reply(codec.GET_BRIGHTNESS, 1, 1).packet(POWER, card=5).wire(checked=False), False),
        (POWER.wire(checked=False), False),
        (b"garbage \x55\xaa\xbb\xaa", False),
    ],
)
def test_only_the_answer_of_its_own_card_to_this_question_counts(
    context: FakeContext, wire: bytes, answers: bool
) -> None:
    driver = LedSender(config(card=5), context)
    assert (driver._reply(codec.Decoder(checked=False), POWER, wire) is not None) is answers


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"text": "A0123456789"}, "A0123456789 does not fit on led-03, which has 64 x 16 pixels"),
        ({"text": 7}, "bad parameters: text: must be text, not a whole number"),
        ({"text": "A", "fit": "shrink"}, "bad parameters: fit: cannot be 'shrink'; allowed: 'whole', 'scroll'"),
        ({}, "bad parameters: text is missing"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_sentence(
    context: FakeContext, params: Mapping[str, Any], sentence: str
) -> None:
    driver = LedSender(config(), context)
    show = driver.surface().device.verbs[0]
    with pytest.raises(CommandRejected) as refusal:
        driver.check(show, None, params)
    assert str(refusal.value) == sentence


def test_a_region_that_is_too_narrow_is_named(context: FakeContext) -> None:
    driver = LedSender(config(**WINDOWS), context)
    (show,) = driver.surface().kinds["region"].verbs
    with pytest.raises(CommandRejected, match=r"^A0123 does not fit on led-03/w02, which has 32 x 16 pixels$"):
        driver.check(show, "w02", {"text": "A0123"})
    driver.check(show, "w02", {"text": "A012"})
    driver.check(show, "w02", {"text": "A0123", "fit": "scroll"})


async def test_what_it_does_not_know_is_not_supported(context: FakeContext) -> None:
    async with screen(context) as (driver, _):
        with pytest.raises(NotSupported):
            await driver.poll("status")
        with pytest.raises(NotSupported):
            await do(driver, "explode")


@pytest.mark.parametrize("checksum", ["zero", "crc16"])
async def test_a_decoder_that_shares_no_code_reads_the_recorded_wire(context: FakeContext, checksum: str) -> None:
    texts = ["A012", "Z012单[郸", "\\C1会乗", "", "请U3号窗口办理", "䶮", "播播播"]
    async with screen(context, width=128, checksum=checksum) as (driver, _):
        shown = [(await do(driver, "show", text=text))["shown"] for text in texts]
        await do(driver, "power", on=False)
    assert shown == ["A012", "Z012单[郸", "\\C1会乗", "", "请U3号窗口办理", "□", "播播播"]
    assert screens(bytes(context.written), crc=checksum == "crc16") == [[text or " "] for text in shown]


@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from("ZU[]\\单会机回乗䶮郸播□＼·―"), max_size=200),
    st.sampled_from(["red", "green", "yellow"]),
    st.integers(1, 64),
)
@example("ZU[\\单会乗䶮", "green", 1)
def test_any_text_arrives_as_the_driver_says(text: str, colour: str, cut: int) -> None:
    """The driver writes to a card without a socket between them, on a serial wire that cuts anywhere."""
    twin = LedSenderTwin(config(width=1024, height=128, address="serial:///dev/ttyS9"))
    answer = twin.answers()

    class Context:
        points: Mapping[str, Any] = {}
        clock = HeldClock()

        def stage(self, command: Command, stage: Stage) -> None: ...
        def publish(self, *given: Reading) -> None:
            self.points = {reading.point: reading.value for reading in given}

    class Wire:
        async def exchange(self, request: bytes, matches: Any, timeout_s: float, sent: Any = None) -> Any:
            pieces = [request[start : start + cut] for start in range(0, len(request), cut)]
            return matches(b"".join(reply for piece in pieces for reply in answer(piece)))

    context: Any = Context()
    driver = LedSender(twin.config, context)
    driver._link = Wire()
    detail = asyncio.run(do(driver, "show", text=text, colour=colour, fit="scroll"))
    assert detail["shown"] == context.points["text"]
    assert twin.seen()["text"].replace(" ", "") == detail["shown"].replace(" ", "")  # none at the beginning of a row
    assert {one["colour"] for one in twin.seen()["objects"]} <= {colour} or not detail["shown"]
