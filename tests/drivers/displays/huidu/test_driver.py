from __future__ import annotations

import itertools
import runpy
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from drivers.displays.huidu.config import HuiduConfig
from drivers.displays.huidu.driver import Huidu
from gateway.core.errors import CommandRejected, DeviceOffline, NotSupported, ProtocolError
from gateway.core.model import Command, Identity, Picture, PollGroup, Quality, Stage
from simulators.displays.huidu.server import HuiduTwin

if TYPE_CHECKING:
    from tests.drivers.conftest import FakeContext

Open = Callable[..., AbstractAsyncContextManager[tuple[Huidu, HuiduTwin]]]
Configured = Callable[..., HuiduConfig]
independent = runpy.run_path(str(Path(__file__).with_name("independent_decoder.py")))
LEFT = {"id": "w01", "x": 0, "y": 0, "width": 64, "height": 32}
RIGHT = {"id": "w02", "x": 64, "y": 0, "width": 32, "height": 16}
ids = itertools.count()


async def do(driver: Huidu, verb: str, part: str | None = None, **params: Any) -> Mapping[str, Any]:
    command = Command(id=f"c{next(ids)}", verb=verb, part=part, params=params, deadline=0, actor="test")
    return await driver.execute(command)


async def polled(driver: Huidu, group: str = "status") -> dict[str, Any]:
    return {reading.point: reading.value for reading in await driver.poll(group)}


def test_its_surface_names_what_a_card_can(context: FakeContext, configured: Configured) -> None:
    surface = Huidu(configured(ping_s=2, status_s=20), context).surface()
    assert [verb.name for verb in surface.device.verbs] == ["show", "power", "brightness", "set_clock"]
    assert surface.polls == (PollGroup("ping", 2), PollGroup("status", 20))
    assert not next(verb for verb in surface.device.verbs if verb.name == "set_clock").desired


@pytest.mark.parametrize("size", [8, 10])
async def test_a_card_says_who_it_is_in_harmless_letters(
    context: FakeContext, configured: Configured, size: int
) -> None:
    twin = HuiduTwin(configured())
    twin.levers()["version"]({"size": size})
    twin.levers()["name"]({"model": "C16L\u202e<b>", "id": "x" * 200, "firmware": "\n"})
    async with twin.serve("127.0.0.1", 0) as port, Huidu(configured(port), context).connect() as identity:
        assert identity == Identity(model="C16L<b>", serial="x" * 64, firmware=None)


async def test_a_card_that_wants_another_version_is_no_card_of_ours(
    context: FakeContext, configured: Configured
) -> None:
    twin = HuiduTwin(configured())
    twin.levers()["version"]({"status": 3})
    async with twin.serve("127.0.0.1", 0) as port:
        with pytest.raises(ProtocolError, match="led-03 does not agree on version 0x1000007: kVersionTooLow"):
            async with Huidu(configured(port), context).connect():
                pass


@pytest.mark.parametrize("colour", ["red", "green", "yellow"])
async def test_a_shown_text_is_on_the_screen_and_in_the_readings(
    context: FakeContext, screen: Open, colour: str
) -> None:
    async with screen() as (driver, twin):
        assert await do(driver, "show", text="䶮A01 3号", colour=colour) == {"shown": "䶮A01 3号", "substituted": 0}
        (area,) = twin.seen()["areas"]
        assert (area["text"], area["colour"], area["size"], area["moving"]) == ("䶮A01 3号", colour, 16, False)
        assert context.points == {
            **{"text": "䶮A01 3号", "colour": colour, "substituted": 0},
            **{"on": None, "brightness": None, "clock_offset_s": None, "holds_its_text": None},
        }
        assert [stage for _, stage in context.stages] == [Stage.SENT]


@pytest.mark.parametrize(
    ("text", "width", "height", "size", "rows"),
    [
        ("A012", 64, 32, 32, 1),
        ("A012号", 64, 32, 16, 1),
        ("请A012号到3号窗口办理", 64, 64, 16, 3),
        ("A1", 256, 256, 256, 1),
        ("号", 400, 100, 96, 1),
    ],
)
async def test_letters_are_as_large_as_the_text_fits(
    screen: Open, text: str, width: int, height: int, size: int, rows: int
) -> None:
    async with screen(width=width, height=height) as (driver, twin):
        await do(driver, "show", text=text)
        (area,) = twin.seen()["areas"]
        assert (area["size"], area["text"]) == (size, text)
        assert rows == len(driver.shown[None].laid.content.rows)


async def test_a_shorter_text_stands_in_and_only_a_notice_runs(screen: Open) -> None:
    async with screen(height=16) as (driver, twin):
        assert (await do(driver, "show", text="请A012到3号窗口", shorter=["到3号", "A"]))["shown"] == "到3号"
        await do(driver, "show", text="今日下午暂停服务", fit="scroll")
        assert [(area["text"], area["moving"]) for area in twin.seen()["areas"]] == [("今日下午暂停服务", True)]
        with pytest.raises(
            CommandRejected, match=r"^A0123456789 does not fit on screen led-03, 64 x 16 px, in letters of 16 px$"
        ):
            driver.check(driver.surface().device.verbs[0], None, {"text": "A0123456789"})


async def test_each_region_has_a_text_of_its_own(context: FakeContext, screen: Open) -> None:
    async with screen(width=96, regions=[LEFT, RIGHT]) as (driver, twin):
        await do(driver, "show", part="w01", text="A012", colour="green")
        await do(driver, "show", part="w02", text="B07")
        assert twin.seen()["text"] == "A012\nB07"
        await do(driver, "show", part="w01", text="")
        assert twin.seen()["text"] == "B07"
        found = {(reading.part, reading.point): reading.value for reading in driver.readings()}
        assert (found["w01", "text"], found["w02", "text"]) == ("", "B07")
        with pytest.raises(CommandRejected, match="screen led-03/w02, 32 x 16 px"):
            await do(driver, "show", part="w02", text="A0123")
    methods = [method for _, method, _ in independent["commands"](bytes(context.written))]
    assert methods == ["GetIFVersion", "GetDeviceInfo", "AddProgram", "UpdateProgram", "UpdateProgram"]
    assert independent["texts"](bytes(context.written)) == [
        {"0,0,64,32": "A012"},
        {"0,0,64,32": "A012", "64,0,32,16": "B07"},
        {"0,0,64,32": "", "64,0,32,16": "B07"},
    ]


async def test_a_card_without_updates_gets_its_playlist_anew(context: FakeContext, screen: Open) -> None:
    async with screen(updates=False) as (driver, twin):
        for text in ("A1", "A2"):
            await do(driver, "show", text=text)
        assert twin.seen()["text"] == "A2"
    assert [method for _, method, _ in independent["commands"](bytes(context.written))][2:] == ["AddProgram"] * 2


async def test_attention_blinks_for_three_seconds_and_is_steady_then(screen: Open) -> None:
    async with screen(width=96, regions=[LEFT, RIGHT]) as (driver, twin):
        now = twin.card.now = Watch()
        await do(driver, "show", part="w02", text="B07")
        await do(driver, "show", part="w01", text="A012", attention=True)
        seen = list[str]()
        for now.seconds in (0, 0.4, 0.6, 0.9, 1.1, 1.6, 2.1, 2.6, 2.9, 3.1, 60, 3600):
            seen.append(twin.seen()["text"])
        on, off = "B07\nA012", "B07"
        assert seen == [on, on, off, off, on, off, on, off, off, on, on, on]
        now.seconds = 0.6
        await do(driver, "show", part="w01", text="A012", attention=True)
        assert [area["pages"] for area in twin.seen()["areas"]] == [1, 1]


class Watch:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def test_the_size_in_the_unit_of_the_font_is_sent(context: FakeContext, screen: Open) -> None:
    async with screen(size_percent=75, font="宋体") as (driver, twin):
        await do(driver, "show", text="A012")
        assert twin.seen()["areas"][0]["size"] == 32
    *_, (_, _, asked) = independent["commands"](bytes(context.written))
    assert asked.find(".//font").attrib["size"] == "24"


async def test_light_brightness_and_clock_are_set_and_told(context: FakeContext, screen: Open) -> None:
    async with screen() as (driver, twin):
        twin.levers()["clock_skew"]({"seconds": 3600})
        before = await polled(driver)
        assert abs(before.pop("clock_offset_s") - 3600) <= 1
        assert before | {"brightness": 100, "on": None} == before
        assert await do(driver, "brightness", percent=35) == {"brightness": 35}
        assert await do(driver, "power", on=False) == {"on": False}
        assert abs((await do(driver, "set_clock"))["clock_offset_s"]) <= 1
        assert (twin.seen()["brightness"], twin.seen()["on"]) == (35, False)
        after = await polled(driver)
        assert abs(after["clock_offset_s"]) <= 1
        assert (after["brightness"], after["on"], context.points["on"]) == (35, False, False)
        assert await polled(driver, "ping") == after


async def test_a_brightness_that_follows_the_hour_is_unknown(screen: Open) -> None:
    async with screen() as (driver, twin):
        twin.card.mode = "ploys"
        assert (await polled(driver))["brightness"] is None


async def test_it_is_seen_when_the_card_holds_another_programme(screen: Open) -> None:
    async with screen(height=64) as (driver, twin):
        assert (await polled(driver))["holds_its_text"] is None
        await do(driver, "show", text="请A012号到3号窗口<&>")
        assert (await polled(driver))["holds_its_text"] is True
        twin.levers()["someone"]({"text": "HDPlayer"})
        assert (await polled(driver))["holds_its_text"] is False
        with pytest.raises(ProtocolError, match="led-03 refused with kNodeNotExist"):
            await do(driver, "show", text="A013")


async def test_what_a_card_has_no_method_for_stays_unknown(screen: Open) -> None:
    async with screen() as (driver, twin):
        await do(driver, "show", text="A012")
        twin.levers()["nack"]({"count": 3, "name": "kUnsupportMethod"})
        found = await polled(driver)
        assert [found[name] for name in ("clock_offset_s", "brightness", "holds_its_text", "text")] == [
            *[None, None, None],
            "A012",
        ]


async def test_a_card_that_restarted_silently_is_noticed_and_shows_everything_again(
    context: FakeContext, configured: Configured
) -> None:
    keys = {"width": 96, "regions": [LEFT, RIGHT]}
    twin = HuiduTwin(configured(**keys))
    async with twin.serve("127.0.0.1", 0) as port:
        driver = Huidu(configured(port, **keys), context)
        async with driver.connect():
            await do(driver, "show", part="w01", text="A012")
            await do(driver, "show", part="w02", text="B07")
            twin.levers()["silent_reboot"]({})
            with pytest.raises(ProtocolError, match="kInvalidGUID"):
                await driver.poll("status")
        async with driver.connect():
            assert {(r.value, r.quality) for r in await driver.poll("ping")} == {(None, Quality.BAD)}
            assert driver.picture(None) is None
            await do(driver, "show", part="w02", text="B07")
            assert twin.seen()["text"] == "A012\nB07"
    with pytest.raises(DeviceOffline):
        await driver.poll("ping")


async def test_what_it_does_not_know_is_not_supported(screen: Open) -> None:
    async with screen() as (driver, _):
        with pytest.raises(NotSupported):
            await driver.poll("temperature")
        with pytest.raises(NotSupported):
            await do(driver, "explode")


async def test_a_picture_is_drawn_anew_only_when_something_else_is_shown(
    screen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, draw = list[Picture](), Huidu.draw

    def counted(driver: Huidu) -> Picture:
        drawn.append(draw(driver))
        return drawn[-1]

    monkeypatch.setattr(Huidu, "draw", counted)
    async with screen(width=96, regions=[LEFT, RIGHT]) as (driver, twin):
        for part, text in (("w01", "A012"), ("w01", "A012"), ("w02", "B07"), ("w01", "A013")):
            await do(driver, "show", part=part, text=text)
            assert driver.picture(part) == driver.picture(None) == twin.picture()
        assert len(drawn) == 3
        await do(driver, "power", on=False)
        assert driver.picture(None) == twin.picture()
        await do(driver, "power", on=True)
        assert driver.picture("w02") == twin.picture()
        assert len(drawn) == 5
