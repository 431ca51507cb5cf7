"""Card readers on real wires: their lives in a real house, and what was recorded of whom."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hall_contract.hall import open_house

from drivers.access.osdp.config import OsdpConfig
from gateway.core.model import Command, Cursor, Event, Result, Scalar
from gateway.fleet import Fleet
from gateway.hub import Status
from gateway.journal.rows import Row
from gateway.supervisor.context import House
from gateway.supervisor.life import Life
from gateway.wire.line import Line
from simulators.access.osdp.server import OsdpTwin

KEY = "5d7c1b90e2443fa86b0d9c3e71f2a845"
TURNAROUND_S = 0.005


def config(folder: Path, number: int = 1, /, **keys: Any) -> OsdpConfig:
    """Reader NUMBER on the line `bus`, with a key of its own in `folder`."""
    secret = folder / f"reader-{number}.key"
    if not secret.exists():
        secret.write_text(f"{int(KEY, 16) + number:032x}\n")
    section = {"id": f"reader-{number}", "driver": "access.osdp", "address": "line:bus", "reader": number}
    return OsdpConfig.model_validate({**section, "key": {"file": str(secret)}, **keys})


class Readers:
    """Readers, their lives, and the house they live in. `kept` is every event that was given to the journal."""

    def __init__(self, house: House, configs: Sequence[OsdpConfig]) -> None:
        self.house, self.configs = house, configs
        self.twins = {config.id: OsdpTwin(config) for config in configs}
        self.lives: dict[str, Life] = {}
        self.kept: dict[str, list[Event]] = {config.id: [] for config in configs}

    def pull(self, name: str, lever: str, **params: Any) -> None:
        self.twins[name].levers()[lever](params)

    def seen(self, name: str) -> Mapping[str, Any]:
        return self.twins[name].seen()

    def persons(self, name: str) -> list[str | None]:
        """Whose cards were recorded, in order."""
        return [event.person for event in self.kept[name] if event.type == "access.presented"]

    async def rows(self, type_: str) -> list[Row]:
        """What is on disk."""
        return [row for row in await self.house.journal.read(limit=1000) if row.type == type_]

    def point(self, name: str, point: str, part: str | None = None) -> Scalar:
        return self.lives[name].view.points[part][point].now.value

    async def ask(self, name: str, verb: str, part: str | None = None, within_s: float = 5.0, **params: Any) -> Result:
        now = asyncio.get_running_loop().time()
        command = Command(id=f"c-{now}", verb=verb, part=part, params=params, deadline=now + within_s, actor="test")
        return await self.lives[name].execute(command)

    async def until(self, true: Callable[[], bool], within_s: float = 5.0) -> float:
        """Wait until something is true; gives the seconds that it took."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while not true():
            told = {name: (life.view.status, life.view.why) for name, life in self.lives.items()}
            assert loop.time() < begun + within_s, f"not within {within_s} s: {told}"
            await asyncio.sleep(0.005)
        return loop.time() - begun

    async def have_read(self, name: str, cards: int, within_s: float = 5.0) -> float:
        """Wait until so many cards of a reader are recorded."""
        return await self.until(lambda: len(self.persons(name)) == cards, within_s)

    async def are(self, status: Status, *names: str, within_s: float = 5.0) -> float:
        return await self.until(lambda: all(self.lives[name].view.status is status for name in names), within_s)

    def watch(self, life: Life) -> None:
        """See the events of a life before they go on."""
        self.lives[life.id] = life
        record, kept = life.context.record, self.kept[life.id]

        async def recorded(*events: Event, cursor: Cursor | None = None) -> None:
            await record(*events, cursor=cursor)
            kept.extend(events)

        vars(life.context)["record"] = recorded


@asynccontextmanager
async def living(readers: Readers, line: str | None = None) -> AsyncGenerator[None]:
    """Let the readers live, on a line at this address, or each at its own."""
    lines = dict[str, Line]()
    fleet = Fleet(readers.house._replace(lines=lines), lines)
    if line is not None:
        fleet.add_line("bus", line, turnaround_s=TURNAROUND_S)
    for config in readers.configs:
        readers.watch(fleet.add(config))
    running = asyncio.create_task(fleet.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait({running})


@asynccontextmanager
async def at_home(folder: Path, *configs: OsdpConfig) -> AsyncGenerator[Readers]:
    """Readers that do not live yet, in a house with its store in `folder`."""
    async with open_house(folder) as house:
        yield Readers(house, configs)


@asynccontextmanager
async def on_tcp(folder: Path, make: type[OsdpTwin] = OsdpTwin, /, **keys: Any) -> AsyncGenerator[Readers]:
    """One reader, alone on a TCP connection, online."""
    twin = make(config(folder, 1, address="tcp://127.0.0.1:1", **keys))
    async with twin.serve("127.0.0.1", 0) as port:
        own = config(folder, 1, address=f"tcp://127.0.0.1:{port}", **keys)
        async with at_home(folder, own) as readers:
            readers.twins[own.id] = twin
            async with living(readers):
                await readers.are(Status.ONLINE, own.id)
                yield readers
