"""The driver of a screen in a test's own hands: a clock that stands, an inlet that the test fills, pages of its own."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec

from drivers.displays.web_screen import codec
from drivers.displays.web_screen.config import WebScreenConfig
from drivers.displays.web_screen.driver import WebScreen
from gateway.core.model import Command, Reading, Stage

NOW = datetime(2026, 7, 17, 1, tzinfo=UTC)


class Clock:
    """Time that stands until it is moved."""

    seconds = 0.0

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self.seconds


class Contact:
    """A message of a page, and what it was answered."""

    path, query = "/live", dict[str, str]()

    def __init__(self, method: str, source: str, body: bytes = b"") -> None:
        self.method, self.source, self.body = method, source, body
        self.status: int | None = None
        self.said: Any = None

    def answer(self, status: int, body: bytes = b"", media_type: str = "text/plain") -> None:
        self.status = status
        self.said = msgspec.json.decode(body) if status == 200 else body.decode()


class Inlet:
    """What the driver has pushed."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Contact] = asyncio.Queue()
        self.pushed: list[Any] = []

    async def contact(self) -> Contact:
        return await self.queue.get()

    def push(self, body: bytes) -> None:
        self.pushed.append(msgspec.json.decode(body))


class Context:
    """All that this driver asks for; the rest fails loudly."""

    def __init__(self) -> None:
        self.clock, self.incoming = Clock(), Inlet()
        self.points: dict[str, Any] = {}
        self.stages: list[Stage] = []

    @asynccontextmanager
    async def inlet(self, spec: str, key: object = None) -> AsyncGenerator[Inlet]:
        assert spec == "screen:tv"
        yield self.incoming

    def publish(self, *readings: Reading) -> None:
        self.points |= {reading.point: reading.value for reading in readings}

    def stage(self, command: Command, stage: Stage) -> None:
        self.stages.append(stage)


class Box:
    """The driver, connected to a page `a`."""

    def __init__(self) -> None:
        context: Any = Context()  # not all of a DeviceContext
        self.context = context
        self.driver = WebScreen(WebScreenConfig(id="tv", driver="displays.web_screen"), context)
        self.run = self.driver._run

    async def beat(
        self, page: str = "a", *, rev: int = 0, run: str | None = None, by: str = "", **more: Any
    ) -> Contact:
        """A page beats, on its own connection unless one is given; gives the contact, answered."""
        own = self.run if run is None else run
        more = {"sent": 1, "viewport": "1920x1080", **more}
        beat = codec.Beat(page=page, run=own if rev else "", rev=rev, **more)
        return await self.come(Contact("MESSAGE", by or f"of-{page}", codec.encode(beat)))

    async def come(self, contact: Contact) -> Contact:
        self.context.incoming.queue.put_nowait(contact)
        for _ in range(5):
            await asyncio.sleep(0)
        return contact

    def execute(self, verb: str, *, within_s: float = 1e9, **params: Any) -> "asyncio.Task[Any]":
        deadline = self.context.clock.monotonic() + within_s
        command = Command(id="1", verb=verb, params=params, deadline=deadline, actor="test")
        return asyncio.create_task(self.executing(command))

    async def executing(self, command: Command) -> Any:
        return await self.driver.execute(command)

    @property
    def pushed(self) -> list[Any]:
        pushed: list[Any] = self.context.incoming.pushed
        return pushed

    @property
    def points(self) -> dict[str, Any]:
        points: dict[str, Any] = self.context.points
        return points


@asynccontextmanager
async def opened_box() -> AsyncGenerator[Box]:
    """A driver that listens, and its page `a`."""
    box = Box()
    box.context.incoming.queue.put_nowait(Contact("MESSAGE", "of-a", b"no beat"))
    first = codec.Beat(page="a", run="", rev=0, sent=1, build="b1")
    box.context.incoming.queue.put_nowait(Contact("MESSAGE", "of-a", codec.encode(first)))
    async with box.driver.connect() as identity:
        assert identity.firmware == "b1"
        listening = asyncio.create_task(box.driver.listen())
        yield box
        listening.cancel()
        await asyncio.wait({listening})


async def ended(task: "asyncio.Task[Any]") -> Any:
    """The result of a command that ends soon."""
    return await asyncio.wait_for(task, 1)


async def pending(task: "asyncio.Task[Any]") -> bool:
    """Whether a command goes on."""
    for _ in range(5):
        await asyncio.sleep(0)
    return not task.done()
