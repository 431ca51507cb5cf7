from __future__ import annotations

import asyncio
import itertools
import runpy
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.displays.onbon_k import areas, codec
from drivers.displays.onbon_k.config import OnbonKConfig
from drivers.displays.onbon_k.driver import OnbonK
from gateway.core.errors import CommandRejected, DeviceBusy, DeviceOffline, NotSupported
from gateway.core.model import Command, Quality, Reading, Stage
from simulators.displays.onbon_k.server import OnbonKTwin

if TYPE_CHECKING:
    from tests.drivers.conftest import FakeContext

shown_texts: Callable[[bytes], list[str]] = runpy.run_path(
    str(Path(__file__).with_name("independent_decoder.py")),
)["shown_texts"]
OF_ANOTHER = codec.Reply(ok=True).wire(codec.Frame(dst=5, data=b""), src=6)
ids = itertools.count()


def config(port: int = 5005, **keys: Any) -> OnbonKConfig:
    section = {"model": "6K2", "width": 64, "height": 16, "timeout_s": 2.0, "address": f"tcp://127.0.0.1:{port}"}
    return OnbonKConfig.model_validate({"id": "led-03", "driver": "displays.onbon_k"} | section | keys)


@asynccontextmanager
async def screen(context: FakeContext, **keys: Any) -> AsyncGenerator[tuple[OnbonK, OnbonKTwin]]:
    """A driver, connected to a simulated card."""
    twin = OnbonKTwin(config(**keys))
    async with twin.serve("127.0.0.1", 0) as port:
        driver = OnbonK(config(port, **keys), context)
        async with driver.connect():
            yield driver, twin


async def do(driver: OnbonK, verb: str, part: str | None = None, **params: Any) -> Mapping[str, Any]:
    command = Command(id=f"c{next(ids)}", verb=verb, part=part, params=params, deadline=0, actor="test")
    return await driver.execute(command)


async def readings(driver: OnbonK) -> dict[str, Reading]:
    return {reading.point: reading for reading in await driver.poll("ping")}


async def test_a_shown_text_is_on_the_screen_and_in_the_readings(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        detail = await do(driver, "show", text="A012 3号", colour="green")
        assert detail == {"shown": "A012 3号", "substituted": 0}
        assert twin.seen()["runs"] == [{"text": "A012 3号", "colour": "green"}]
        unknown = {"on": None, "brightness": None, "timer": None}
        expected = {"text": "A012 3号", "colour": "green", "substituted": 0} | unknown
        assert context.points == expected
        assert {name: reading.value for name, reading in (await readings(driver)).items()} == expected
        assert [stage for _, stage in context.stages] == [Stage.SENT]


@pytest.mark.parametrize("model", ["5K1", "6K1"])
@pytest.mark.parametrize(
    ("text", "width", "height", "fit"),
    [
        ("A012号", 64, 16, "whole"),
        ("请A012号到3号窗口办理", 128, 32, "whole"),
        ("今日下午暂停服务", 64, 16, "scroll"),
        ("上海" * 20, 96, 32, "scroll"),
    ],
)
async def test_the_picture_of_the_driver_is_what_the_screen_shows(
    context: FakeContext, model: str, text: str, width: int, height: int, fit: str
) -> None:
    async with screen(context, model=model, width=width, height=height) as (driver, twin):
        assert driver.picture(None) is None
        await do(driver, "show", text=text, colour="yellow", fit=fit)
        assert driver.picture(None) == twin.picture()
        assert twin.seen()["text"] == text
        assert twin.seen()["areas"][0]["mode"] == (areas.LEFT if fit == "scroll" else areas.STATIC)
        await do(driver, "power", on=False)
        assert driver.picture(None) == twin.picture()
        assert twin.seen()["text"] == ""
        assert context.points["on"] is False


LEFT = {"id": "w01", "x": 0, "y": 0, "width": 64, "height": 16}
RIGHT = {"id": "w02", "x": 64, "y": 0, "width": 32, "height": 16}


async def test_each_region_has_a_text_of_its_own(context: FakeContext) -> None:
    async with screen(context, model="5K1", width=96, regions=[LEFT, RIGHT]) as (driver, twin):
        await do(driver, "show", part="w01", text="A012号", colour="green")
        await do(driver, "show", part="w02", text="B07")
        assert {(area["x"], area["width"], area["text"]) for area in twin.seen()["areas"]} == {
            (0, 8, "A012号"),
            (8, 4, "B07"),
        }
        assert driver.picture("w02") == driver.picture(None) == twin.picture()
        await do(driver, "show", part="w01", text="")
        assert twin.seen()["text"] == "B07"
        found = {(reading.part, reading.point): reading.value for reading in driver.readings()}
        assert (found["w01", "text"], found["w02", "text"]) == ("", "B07")
    assert [part.id for part in driver.parts()] == ["w01", "w02"]


async def test_a_region_that_is_too_narrow_is_named(context: FakeContext) -> None:
    async with screen(context, width=96, regions=[LEFT, RIGHT]) as (driver, _):
        with pytest.raises(
            CommandRejected, match=r"^A0123 needs 5 half-width cells, screen led-03/w02 has 4 in 1 row$"
        ):
            await do(driver, "show", part="w02", text="A0123")


async def test_a_shorter_text_stands_in_for_one_that_does_not_fit(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        detail = await do(driver, "show", text="请A012号到3号窗口", shorter=["A012到3号窗口", "A012号"])
        assert detail["shown"] == twin.seen()["text"] == "A012号"


async def test_an_empty_text_clears_the_screen(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        await do(driver, "show", text="A012")
        await do(driver, "show", text="\n")
        assert (twin.seen()["text"], twin.seen()["areas"], context.points["text"]) == ("", [], "")


@pytest.mark.parametrize(
    ("text", "shown", "substituted"),
    [("\\C2A", "＼C2A", 1), ("乗A\\", "□A＼", 2), ("䶮😀", "□□", 2), ("Z单[郸U会", "Z单[郸U会", 0)],
)
async def test_a_text_cannot_bring_its_own_escapes(
    context: FakeContext, text: str, shown: str, substituted: int
) -> None:
    async with screen(context, width=128) as (driver, twin):
        assert await do(driver, "show", text=text) == {"shown": shown, "substituted": substituted}
        assert twin.seen()["runs"] == [{"text": shown, "colour": "red"}]
        assert context.points["substituted"] == substituted


async def test_every_connect_starts_with_nothing_known(context: FakeContext) -> None:
    twin = OnbonKTwin(config())
    async with twin.serve("127.0.0.1", 0) as port:
        driver = OnbonK(config(port), context)
        async with driver.connect():
            await do(driver, "show", text="A012")
            await do(driver, "power", on=True)
        async with driver.connect():
            assert {(r.value, r.quality) for r in (await readings(driver)).values()} == {(None, Quality.BAD)}
            assert driver.picture(None) is None
    with pytest.raises(DeviceOffline):
        await driver.poll("ping")


async def test_a_refusal_names_its_reason_and_leaves_what_is_shown(context: FakeContext) -> None:
    async with screen(context) as (driver, twin):
        await do(driver, "show", text="A012")
        twin.levers()["nack"]({"count": 1, "code": 25})
        with pytest.raises(CommandRejected, match=r"^led-03 refused with error 25, parameters$"):
            await do(driver, "show", text="A013")
        twin.levers()["nack"]({})
        with pytest.raises(DeviceBusy):
            await do(driver, "show", text="A013")
        assert (await readings(driver))["text"].value == twin.seen()["text"] == "A012"


@pytest.mark.parametrize(("code", "name"), [*codec.ERRORS.items(), (99, "unknown")][1:])
async def test_every_refusal_is_named(context: FakeContext, code: int, name: str) -> None:
    async with screen(context) as (driver, twin):
        twin.levers()["nack"]({"code": code})
        refusal = DeviceBusy if code == codec.BUSY else CommandRejected
        with pytest.raises(refusal, match=f"^led-03 refused with error {code}, {name}$"):
            await do(driver, "show", text="A013")


async def test_silence_is_offline(context: FakeContext) -> None:
    async with screen(context, timeout_s=0.05) as (driver, twin):
        twin.levers()["mute"]({})
        with pytest.raises(DeviceOffline):
            await do(driver, "show", text="A012")


@pytest.mark.parametrize(
    ("frame", "answers"),
    [
        (codec.Reply(ok=True).wire(codec.Frame(dst=5, data=b""), src=5), True),
        (OF_ANOTHER, False),
        (codec.Reply(ok=True).wire(codec.Frame(dst=5, src=9, data=b""), src=5), False),
        (codec.Frame(dst=codec.GATEWAY, src=5, data=b"\xa2\x00\x01\0\0").wire(), False),
        (b"garbage \xa5\x5a", False),
    ],
)
def test_only_the_answer_of_its_own_card_counts(context: FakeContext, frame: bytes, answers: bool) -> None:
    for screen_number, expected in ((5, answers), (codec.ANY_SCREEN, answers or frame == OF_ANOTHER)):
        driver = OnbonK(config(screen=screen_number), context)
        assert (driver._reply(codec.Decoder(), frame) is not None) == expected


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"text": "A0123456789"}, "A0123456789 needs 11 half-width cells, screen led-03 has 8 in 1 row"),
        ({"text": "\\2345678"}, "＼2345678 needs 9 half-width cells, screen led-03 has 8 in 1 row"),
        ({"text": 7}, "bad parameters: text: must be text, not a whole number"),
        ({"text": "A", "fit": "shrink"}, "bad parameters: fit: cannot be 'shrink'; allowed: 'whole', 'scroll'"),
        (
            {"text": "A", "size": 1},
            "bad parameters: unknown key 'size'; allowed: attention, colour, fit, shorter, text",
        ),
        ({}, "bad parameters: text is missing"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_sentence(
    context: FakeContext, params: Mapping[str, Any], sentence: str
) -> None:
    driver = OnbonK(config(), context)
    show, *_ = driver.surface().device.verbs
    with pytest.raises(CommandRejected) as refusal:
        driver.check(show, None, params)
    assert str(refusal.value) == sentence


def test_what_fits_or_may_scroll_is_accepted(context: FakeContext) -> None:
    driver, high = OnbonK(config(), context), OnbonK(config(height=32), context)
    show, power, *_ = driver.surface().device.verbs
    driver.check(show, None, {"text": "A0123456"})
    driver.check(show, None, {"text": "A0123456789", "fit": "scroll"})
    driver.check(power, None, {"on": True})
    high.check(show, None, {"text": "号" * 8})
    with pytest.raises(CommandRejected, match="needs 18 half-width cells, screen led-03 has 16 in 2 rows"):
        high.check(show, None, {"text": "号" * 9})
    with pytest.raises(CommandRejected, match="bad parameters"):
        driver.check(power, None, {"on": "yes"})


@pytest.mark.parametrize(
    ("text", "shown"),
    [("号" * 492, "号" * 492), ("号" * 493, "号" * 491 + "…"), ("号" * 500, "号" * 491 + "…"), ("A" * 500, "A" * 500)],
)
async def test_a_text_that_is_too_long_for_a_frame_is_cut_and_one_sees_it(
    context: FakeContext, text: str, shown: str
) -> None:
    async with screen(context) as (driver, twin):
        detail = await do(driver, "show", text=text, fit="scroll")
        assert detail["shown"] == twin.seen()["text"] == shown


async def test_what_it_does_not_know_is_not_supported(context: FakeContext) -> None:
    async with screen(context) as (driver, _):
        with pytest.raises(NotSupported):
            await driver.poll("status")
        with pytest.raises(NotSupported):
            await do(driver, "explode")


async def test_a_decoder_that_shares_no_code_reads_the_recorded_wire(context: FakeContext) -> None:
    texts = ["A012", "Z012单[郸", "\\C1会乗", "", "请U3号窗口办理", "䶮", "播播播"]
    async with screen(context, width=128) as (driver, _):
        shown = [(await do(driver, "show", text=text))["shown"] for text in texts]
        await do(driver, "power", on=False)
    assert shown == ["A012", "Z012单[郸", "＼C1会□", "", "请U3号窗口办理", "□", "播播播"]
    assert shown_texts(bytes(context.written)) == shown


@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from("ZU[]\\单会乗䶮郸播□＼·―"), max_size=200),
    st.sampled_from(["red", "green", "yellow"]),
)
@example("ZU[\\单会乗䶮", "green")
def test_any_text_arrives_as_the_driver_says(text: str, colour: str) -> None:
    """The driver writes to a card without a socket between them."""
    twin = OnbonKTwin(config(width=1024, height=128))
    answer = twin.answers()

    class Context:
        points: Mapping[str, Any] = {}

        def stage(self, command: Command, stage: Stage) -> None: ...
        def publish(self, *given: Reading) -> None:
            self.points = {reading.point: reading.value for reading in given}

    class Wire:
        async def exchange(self, request: bytes, matches: Any, timeout_s: float, sent: Any = None) -> Any:
            return matches(b"".join(answer(request)))

    context: Any = Context()
    driver = OnbonK(twin.config, context)
    driver._link = Wire()
    detail = asyncio.run(do(driver, "show", text=text, colour=colour, fit="scroll"))
    assert twin.seen()["text"] == detail["shown"] == context.points["text"]
    assert twin.seen()["runs"] == ([{"text": detail["shown"], "colour": colour}] if detail["shown"] else [])
