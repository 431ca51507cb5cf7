"""A controller that lives: its driver under guard(), a real journal, hub and wire, and its simulated box."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, cast

from hall_contract.hall import open_house

from drivers.access.uhppote.config import UhppoteConfig
from drivers.access.uhppote.driver import Uhppote
from gateway.core.model import Command, Quality, Result
from gateway.journal.rows import Row
from gateway.supervisor.context import House
from gateway.supervisor.guard import EXPECTED, guard
from gateway.supervisor.life import Life
from simulators.access.uhppote.server import UhppoteTwin

ID, SERIAL = "doors-1", 405419896
SECTION = {"serial": SERIAL, "doors": 2, "timeout_s": 0.5, "again_s": 0.03, "poll_s": 0.1, "care_s": 0.3}
COMMAND_S = 5.0
IDS = map(str, count(1))


class Controller:
    """One controller, its box and its life."""

    def __init__(self, house: House, twin: UhppoteTwin, config: UhppoteConfig) -> None:
        self.house, self.twin = house, twin
        self.life = Life(config, Uhppote, house)
        self.failures: list[BaseException] = []
        self._task = asyncio.create_task(guard(ID, self.life.run, house.meters, self._down))

    @property
    def driver(self) -> Uhppote:
        """What drives it."""
        return cast(Uhppote, self.life.driver)

    async def stop(self) -> None:
        """End it, as the gateway does when it ends."""
        self._task.cancel()
        await asyncio.wait({self._task})

    def pull(self, lever: str, **params: Any) -> None:
        self.twin.levers()[lever](params)

    async def rows(self, *types: str) -> list[Row]:
        """What is recorded of these types, of all that the log of the controller had where none is given."""
        rows: list[Row] = []
        while page := await self.house.journal.read(after=rows[-1].seq if rows else 0, limit=1000):
            rows += page
        return [row for row in rows if (row.type in types if types else "index" in (row.payload or {}))]

    async def log(self) -> list[tuple[int, int, int]]:
        """The recorded events of the log in their order: epoch, index, reason."""
        told = [row.payload for row in await self.rows() if row.payload]
        return [(each["epoch"], each["index"], each["code"]) for each in told]

    def kept(self, epoch: int = 1) -> list[tuple[int, int, int]]:
        """What the log of the box has now, as `log` tells it."""
        ring = self.twin.board.ring
        oldest = ring.oldest or 1
        return [(epoch, index, ring.get(index).reason) for index in range(oldest, ring.newest + 1)]

    def point(self, name: str, part: str | None = None) -> Any:
        """The value of a point; `"unknown"` where it is bad."""
        held = self.life.view.points[part][name].now
        return "unknown" if held.quality is Quality.BAD else held.value

    async def until(self, true: Callable[[], Any], within_s: float = 10.0) -> None:
        """Wait until something is true."""
        end = asyncio.get_running_loop().time() + within_s
        while not true():
            assert asyncio.get_running_loop().time() < end, f"not within {within_s} s; {self.failures}"
            await asyncio.sleep(0.005)

    async def caught_up(self, within_s: float = 20.0) -> None:
        """Wait until all that the box has logged by now is recorded, and its doors are told."""
        reader, ring = self.driver._reader, self.twin.board.ring
        await self.until(lambda: reader.has(self.twin.board.status()), within_s)
        await self.until(lambda: (self.point("log_newest"), self.point("log_behind")) == (ring.newest, 0), within_s)

    async def bound(self) -> None:
        """Wait until what it pushes can arrive."""
        await self.until(lambda: self.point("listener_bound") is True)

    async def ask(self, verb: str, part: str | None = None, **params: Any) -> Result:
        """Ask something of it."""
        self.life.check(verb, part, params)
        deadline = self.house.clock.monotonic() + COMMAND_S
        return await self.life.execute(
            Command(id=next(IDS), verb=verb, part=part, params=params, deadline=deadline, actor="test")
        )

    async def _down(self, failure: BaseException) -> None:
        assert isinstance(failure, EXPECTED), f"a bug of the driver: {failure!r}"
        self.failures.append(failure)
        await self.life.down(failure)


class World:
    """Boxes and controllers of one test."""

    def __init__(self, house: House, stack: AsyncExitStack) -> None:
        self.house, self._stack = house, stack

    async def plug(self, scheme: str = "udp", **section: Any) -> tuple[UhppoteTwin, UhppoteConfig]:
        """A box that is switched on, and the section of the site file for it."""
        whole: Mapping[str, Any] = {"id": ID, "driver": "access.uhppote", **SECTION, **section}
        twin = UhppoteTwin(UhppoteConfig.model_validate({**whole, "address": f"{scheme}://127.0.0.1:1"}))
        port = await self._stack.enter_async_context(twin.serve("127.0.0.1", 0))
        return twin, UhppoteConfig.model_validate({**whole, "address": f"{scheme}://127.0.0.1:{port}"})

    def drive(self, twin: UhppoteTwin, config: UhppoteConfig) -> Controller:
        """Let a box be driven until the test ends."""
        controller = Controller(self.house, twin, config)
        self._stack.push_async_callback(controller.stop)
        return controller

    async def controller(self, scheme: str = "udp", **section: Any) -> Controller:
        """A box that is driven, once all it has is recorded."""
        controller = self.drive(*await self.plug(scheme, **section))
        await controller.caught_up()
        return controller


@asynccontextmanager
async def open_doors(folder: Path) -> AsyncGenerator[World]:
    """A house with a real journal in `folder`."""
    async with open_house(folder) as house, AsyncExitStack() as stack:
        yield World(house, stack)
