"""The devices and lines that run: each in a task of its own, which can end and begin anew while the others go on."""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from typing import Any

from gateway import registry
from gateway.core.config import DeviceConfig
from gateway.supervisor.context import House
from gateway.supervisor.guard import guard
from gateway.supervisor.life import Life
from gateway.supervisor.lines import shared_line
from gateway.wire.line import Line

LOOKED = "the site file is read again (SIGHUP)"
"""What has a device tried again that refused us: somebody has looked."""


class Fleet(Mapping[str, Life]):
    """The life of every device, by its id."""

    def __init__(self, house: House, lines: dict[str, Line]) -> None:
        """Of `lines`, which `house` looks into, the fleet is the owner."""
        self._house, self._lines = house, lines
        self._lives: dict[str, Life] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    def __getitem__(self, id_: str) -> Life:
        return self._lives[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lives)

    def __len__(self) -> int:
        return len(self._lives)

    def refused(self) -> Iterable[str]:
        """The devices that refused us, and are not tried again by themselves."""
        return (id_ for id_, life in self.items() if life.refused)

    def add(self, config: DeviceConfig) -> Life:
        """Make a device known. It lives once it is started; before that its wishes can be set. Raises GatewayError."""
        life = self._lives[config.id] = Life(config, registry.driver(config.driver), self._house)
        return life

    def add_line(self, id_: str, address: str, *, turnaround_s: float) -> None:
        """Make a line known, before the devices that are on it. It is open once it is started."""
        self._lines[id_] = shared_line(id_, address, turnaround_s=turnaround_s, house=self._house)

    async def run(self) -> None:
        """Start every line and every device, and wait for ever."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for id_ in self._lines:
                self.start_line(id_)
            for id_ in self._lives:
                self.start(id_)
            await asyncio.Event().wait()

    def start(self, id_: str) -> None:
        """Let a device live from now on."""
        life = self._lives[id_]
        last_s = life.surface.retry_s
        meters = self._house.meters
        self._begin(id_, guard(life.id, life.run, meters, life.down, life.wake, last_s=last_s, until=LOOKED))

    def start_line(self, id_: str) -> None:
        """Keep a line open from now on; after an outage as soon as the most urgent device on it wants."""
        line = self._lines[id_]
        soon = [
            life.surface.retry_s for life in self.values() if life.line is line and life.surface.retry_s is not None
        ]
        self._begin(_line(id_), guard(_line(id_), line.run, self._house.meters, last_s=min(soon, default=None)))

    def _begin(self, name: str, body: Coroutine[Any, Any, None]) -> None:
        if self._group is None:
            raise RuntimeError("the fleet does not run yet")
        self._tasks[name] = self._group.create_task(body)

    async def stop(self, ids: Iterable[str], *, lines: Iterable[str] = ()) -> None:
        """End the lives of these devices: they are hung up; and then close these lines.

        They stay known until they are forgotten or renewed.
        """
        await self._end(ids)
        await self._end(map(_line, lines))

    async def _end(self, names: Iterable[str]) -> None:
        tasks = [self._tasks.pop(name) for name in names]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def forget(self, id_: str) -> Life:
        """Know a stopped device no longer: nothing of its state stays. Gives its last life."""
        self._lives[id_].forget()
        return self._lives.pop(id_)

    def forget_line(self, id_: str) -> None:
        """Know a stopped line no longer."""
        self._lines.pop(id_).changed = lambda: None
        self._house.hub.hide(f"lines/{id_}")
        self._house.meters.forget_line(id_)

    def renew(self, config: DeviceConfig) -> None:
        """Put another configuration in the place of a stopped device; what was wanted of it is wanted still."""
        former = self.forget(config.id)
        self.add(config).wishes.take_over(former.wishes)


def _line(id_: str) -> str:
    return f"line {id_}"
