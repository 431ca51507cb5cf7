"""Any text, on the wire and on the screen: judged by a decoder that shares no code, and by pixels."""

from __future__ import annotations

import asyncio
import itertools
import runpy
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.displays.huidu.config import HuiduConfig
from drivers.displays.huidu.driver import Huidu
from drivers.displays.huidu.session import Session
from drivers.shared.image import Panel
from gateway.core.model import Command
from simulators.displays.huidu.server import HuiduTwin

if TYPE_CHECKING:
    from tests.drivers.conftest import FakeContext

Open = Callable[..., AbstractAsyncContextManager[tuple[Huidu, HuiduTwin]]]
HERE = Path(__file__).parent
independent = runpy.run_path(str(HERE / "independent_decoder.py"))
ids = itertools.count()
AWKWARD = "ZU[]\\单会乗䶮郸播□＼·―<>&'\"]\ufffe\uffff\u200d\x00\x1f\n\r\t 😀𠮷"


async def show(driver: Huidu, part: str | None = None, **params: Any) -> Mapping[str, Any]:
    return await driver.execute(
        Command(id=f"c{next(ids)}", verb="show", part=part, params=params, deadline=0, actor="test")
    )


class Context:
    """What a driver needs to be asked, without a hall."""

    clock: Any = property(lambda self: self)

    def now(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def stage(self, *_: object) -> None: ...
    def publish(self, *_: object) -> None: ...


class Wire:
    """The way to a card without a socket; what goes over it is cut at a place."""

    def __init__(self, twin: HuiduTwin, cut: int) -> None:
        self.answer, self.cut, self.written = twin.answers(), cut, b""

    async def exchange(self, request: bytes, matches: Any, timeout_s: float, sent: Any = None) -> Any:
        self.written += request
        cut = self.cut % len(request)
        replies = [reply for piece in (request[:cut], request[cut:]) for reply in self.answer(piece)]
        return matches(b"".join(replies))


async def arrives(text: str, fit: str, colour: str, cut: int) -> None:
    """Show a text, and look at the wire, at the screen and at its picture."""
    section = {"id": "led", "driver": "displays.huidu", "address": "tcp://h:1", "width": 128, "height": 64}
    twin = HuiduTwin(HuiduConfig.model_validate(section))
    context: Any = Context()
    driver, wire = Huidu(twin.config, context), Wire(twin, cut)
    driver._open = Session(wire, twin.config)
    await driver._open.negotiate()
    detail = await show(driver, text=text, colour=colour, fit=fit)
    assert detail["substituted"] == 0
    (shown,) = independent["texts"](wire.written)
    assert shown["0,0,128,64"].replace("\n", "") == detail["shown"] == twin.seen()["text"]
    assert driver.picture(None) == twin.picture()


@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from(AWKWARD), max_size=80),
    st.sampled_from(["red", "green", "yellow"]),
    st.integers(0, 9999),
)
@example("ZU[\\单会乗䶮", "green", 13)
@example("]]>&amp;<string/>", "red", 0)
def test_any_text_arrives_as_the_driver_says(text: str, colour: str, cut: int) -> None:
    asyncio.run(arrives(text, "scroll", colour, cut))


async def test_a_programme_of_20_kilobytes_goes_over_in_parts(context: FakeContext, screen: Open) -> None:
    places = [(x, y) for y in range(0, 128, 32) for x in range(0, 128, 32)]
    regions = [{"id": f"w{n}", "x": x, "y": y, "width": 32, "height": 32} for n, (x, y) in enumerate(places)]
    notice = "请到三号窗口&办理" * 50
    async with screen(width=128, height=128, regions=regions) as (driver, twin):
        for n in range(16):
            await show(driver, part=f"w{n}", text=f"{n}{notice}", fit="scroll")
        assert [area["text"] for area in twin.seen()["areas"]] == [f"{n}{notice}" for n in range(16)]
        assert driver.picture(None) == twin.picture()
        assert {reading.point: reading.value for reading in await driver.poll("status")}["holds_its_text"] is True
    wire = bytes(context.written)
    assert len(wire[wire.rindex(b"UpdateProgram") :]) > 20_000
    *_, last = independent["texts"](wire)
    assert [text.replace("\n", "") for text in last.values()] == [f"{n}{notice}" for n in range(16)]


GOLDEN: dict[str, dict[str, Any]] = {
    "ticket": {"text": "A012"},
    "rows": {"text": "A012号到3窗"},
    "rare": {"text": "䶮U[Z", "colour": "yellow"},
    "moving": {"text": "今日下午暂停服务", "fit": "scroll", "colour": "green"},
}


def art(panel: Panel) -> str:
    """The lit LEDs as letters."""
    cells = {b"\0\0\0": ".", b"\xff\0\0": "R", b"\0\xff\0": "G", b"\xff\xff\0": "Y"}
    rows = ([bytes(row[at : at + 3]) for at in range(0, len(row), 3)] for row in panel.rows)
    return "".join("".join(cells[led] for led in row) + "\n" for row in rows)


@pytest.mark.parametrize("name", GOLDEN)
async def test_the_screens_look_as_they_did(screen: Open, name: str) -> None:
    async with screen(height=16 if name == "moving" else 32) as (driver, twin):
        await show(driver, **GOLDEN[name])
        assert driver.picture(None) == twin.picture()
        assert art(twin.card.panel()) == HERE.joinpath("golden", f"{name}.txt").read_text("utf-8")
