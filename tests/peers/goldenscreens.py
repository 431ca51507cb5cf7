"""What a card of each family shows of the same contents, LED by LED, as it was when somebody looked at it.

RENEW draws all of them anew: look at what git then says that has changed.
"""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from drivers.displays.huidu.driver import Huidu
from drivers.displays.ledsender.driver import LedSender
from drivers.displays.onbon_dynamic.driver import OnbonDynamic
from drivers.displays.onbon_k.driver import OnbonK
from drivers.shared.image import Panel
from gateway.core.contract import Link
from gateway.core.model import Command
from gateway.core.panel import PanelDriver
from gateway.wire.opening import open_wire
from simulators.displays.huidu.server import HuiduTwin
from simulators.displays.ledsender.server import LedSenderTwin
from simulators.displays.onbon_dynamic.server import OnbonDynamicTwin
from simulators.displays.onbon_k.server import OnbonKTwin

RENEW = "PYTHONPATH=.:tests/peers .venv/bin/python tests/peers/goldenscreens.py"
FOLDER = Path(__file__).parents[1] / "drivers" / "displays" / "golden"
LETTER = {b"\0\0\0": ".", b"\xff\0\0": "R", b"\0\xff\0": "G", b"\xff\xff\0": "Y"}
MOMENTS = 0.2, 0.7, 3.5
"""When a screen that blinks is looked at, in seconds: lit, dark where it blinks by its pages, steady."""
FIRE = "紧急情况，请从最近的出口离开大厅，不要乘坐电梯"


class Family(NamedTuple):
    """A card and its simulator. `clock` is what its simulator asks for the time where its pages follow one another."""

    driver: type[PanelDriver[Any]]
    twin: type[Any]
    keys: Mapping[str, Any]
    clock: str = ""
    scheme: str = "tcp"


FAMILIES = {
    "onbon-k": Family(OnbonK, OnbonKTwin, {"model": "6K2"}),
    "onbon-k-5k": Family(OnbonK, OnbonKTwin, {"model": "5K2"}),
    "onbon-5e": Family(OnbonDynamic, OnbonDynamicTwin, {"model": "BX-5E1"}, "_now"),
    "onbon-5q": Family(OnbonDynamic, OnbonDynamicTwin, {"model": "BX-5Q1+"}, "_now"),
    "onbon-6e": Family(OnbonDynamic, OnbonDynamicTwin, {"model": "BX-6E1"}, "_now"),
    "onbon-6q": Family(OnbonDynamic, OnbonDynamicTwin, {"model": "BX-6Q2"}, "_now"),
    "ledsender": Family(LedSender, LedSenderTwin, {}, scheme="udp"),
    "huidu": Family(Huidu, HuiduTwin, {}, "now"),
}
SCREENS: Mapping[str, Mapping[str | None, Mapping[str, Any]]] = {
    "call": {None: {"text": "请A012号到3号窗口"}},
    "title": {None: {"text": "矛盾纠纷受理与法律援助咨询引导窗口", "colour": "green", "fit": "scroll"}},
    "emergency": {None: {"text": FIRE, "fit": "scroll"}},
    "regions": {"w1": {"text": "Z07"}, "w2": {"text": "暂停服务", "colour": "yellow"}},
    "rare": {None: {"text": "䶮U[Z\\乗会", "colour": "yellow"}},
    "blink": {None: {"text": "A012", "attention": True}},
}
PARTS = [{"id": f"w{at + 1}", "x": 64 * at, "y": 0, "width": 64, "height": 32} for at in range(2)]
ids = itertools.count()


class Context:
    """What a driver asks for to show something."""

    clock: Any = None

    def link(self, address: str, *, again_s: float | None = None) -> AbstractAsyncContextManager[Link]:
        return open_wire(address, again_s=again_s)

    def publish(self, *_: Any) -> None: ...
    def stage(self, *_: Any) -> None: ...


class Clock:
    """A wall clock that stands, and the clock of a card's pages, which stands until it is moved."""

    def __init__(self) -> None:
        self.card_s = 0.0

    def now(self) -> datetime:
        return datetime(2026, 3, 2, 4, 34, 50, tzinfo=UTC)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


@asynccontextmanager
async def showing(family: str, screen: str) -> AsyncGenerator[tuple[PanelDriver[Any], Any, Clock]]:
    """A card that was told the contents of a screen, by its driver and over a wire of its own."""
    driver_type, twin_type, keys, asks, scheme = FAMILIES[family]
    contents, clock = SCREENS[screen], Clock()
    section = {"id": "led", "driver": "displays.x", "width": 128, "height": 32, "timeout_s": 5, **keys}
    regions = PARTS if None not in contents else []
    config = driver_type.config_type.model_validate({**section, "regions": regions, "address": f"{scheme}://h:1"})
    twin = twin_type(config)
    if asks:
        setattr(twin.card, asks, lambda: clock.card_s)
    context: Any = Context()
    context.clock = clock
    async with twin.serve("127.0.0.1", 0) as port:
        driver = driver_type(config.model_copy(update={"address": f"{scheme}://127.0.0.1:{port}"}), context)
        async with driver.connect():
            for part, params in contents.items():
                await driver.execute(
                    Command(id=f"c{next(ids)}", verb="show", part=part, params=params, deadline=0, actor="test")
                )
            yield driver, twin, clock


def art(panel: Panel) -> str:
    """The LEDs as letters."""
    rows = ([bytes(row[at : at + 3]) for at in range(0, len(row), 3)] for row in panel.rows)
    return "".join("".join(LETTER[led] for led in row) + "\n" for row in rows)


def seen(twin: Any, clock: Clock, screen: str) -> str:
    """What is lit, at each of its moments, and whether the card has been told to let it blink by itself."""
    found: list[str] = []
    for moment in MOMENTS if screen == "blink" else MOMENTS[:1]:
        clock.card_s = moment
        told = twin.seen()
        places = [*told.get("areas", ()), *told.get("objects", ())]
        blinks = any(place.get("blinking") or place.get("blinks") for place in places)
        found.append(art(twin.card.panel()) + ("blinks by itself\n" if blinks else ""))
    return "\n".join(found)


def golden(family: str, screen: str) -> Path:
    """Where it is kept: cards of one driver differ in what is sent to them, and show the same."""
    return FOLDER / f"{FAMILIES[family].driver.__name__.lower()}.{screen}.txt"


async def renew() -> None:
    """Draw all of them anew."""
    FOLDER.mkdir(exist_ok=True)
    for family, screen in itertools.product(FAMILIES, SCREENS):
        async with showing(family, screen) as (_, twin, clock):
            golden(family, screen).write_text(seen(twin, clock, screen), "ascii")


if __name__ == "__main__":
    asyncio.run(renew())
