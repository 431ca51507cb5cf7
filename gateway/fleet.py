"""The devices that run: each in a task of its own, which can end and begin anew while the others go on."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping

from gateway import registry
from gateway.core.config import DeviceConfig
from gateway.supervisor.context import House
from gateway.supervisor.guard import guard
from gateway.supervisor.life import Life


class Fleet(Mapping[str, Life]):
    """The life of every device, by its id."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._lives: dict[str, Life] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    def __getitem__(self, id_: str) -> Life:
        return self._lives[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lives)

    def __len__(self) -> int:
        return len(self._lives)

    def add(self, config: DeviceConfig) -> Life:
        """Make a device known. It lives once it is started; before that its wishes can be set. Raises GatewayError."""
        life = self._lives[config.id] = Life(config, registry.driver(config.driver), self._house)
        return life

    async def run(self) -> None:
        """Start every device, and wait for ever."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for id_ in self._lives:
                self.start(id_)
            await asyncio.Event().wait()

    def start(self, id_: str) -> None:
        """Let a device live from now on."""
        if self._group is None:
            raise RuntimeError("the fleet does not run yet")
        life = self._lives[id_]
        body = guard(life.id, life.run, self._house.meters, life.down)
        self._tasks[id_] = self._group.create_task(body)

    async def stop(self, ids: Iterable[str]) -> None:
        """End the lives of these devices: they are hung up. They stay known until they are forgotten or renewed."""
        tasks = [self._tasks.pop(id_) for id_ in ids]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def forget(self, id_: str) -> Life:
        """Know a stopped device no longer: nothing of its state stays. Gives its last life."""
        self._house.hub.remove(id_)
        self._house.meters.forget(id_)
        return self._lives.pop(id_)

    def renew(self, config: DeviceConfig) -> None:
        """Put another configuration in the place of a stopped device; what was wanted of it is wanted still."""
        self.forget(config.id).wishes.hand_on(self.add(config).wishes)
