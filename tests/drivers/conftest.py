"""A driver on its own: a context that opens real links and keeps what the driver wrote and said."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from logging import Logger, LoggerAdapter, getLogger
from typing import Any, TypeVar

import pytest

from gateway.core.config import SecretRef
from gateway.core.contract import DatagramKey, Inlet, Link, Stream
from gateway.core.model import Command, Cursor, Event, Part, Reading, Scalar, Stage
from gateway.wire.hearing import Hearing
from gateway.wire.opening import open_wire
from gateway.wire.tcp import open_tcp

AnswerT = TypeVar("AnswerT")


class RecordingLink:
    """A link that keeps what is written."""

    def __init__(self, link: Link, written: bytearray) -> None:
        self._link = link
        self._written = written

    async def exchange(
        self,
        request: bytes,
        matches: Callable[[bytes], AnswerT | None],
        timeout_s: float,
        sent: Callable[[], None] | None = None,
    ) -> AnswerT:
        self._written += request
        return await self._link.exchange(request, matches, timeout_s, sent)


async def instantly() -> None:
    """Is done at once."""


class HeldClock:
    """A clock that shows what the test says, on the wall; `monotonic` is the loop's."""

    at = datetime(2026, 11, 23, 2, 50, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class FakeContext:
    """Everything a driver can ask for that a display needs; the rest fails loudly."""

    def __init__(self) -> None:
        self.clock: Any = HeldClock()  # a test may put another there
        self.written = bytearray()
        self.points: dict[str, Scalar] = {}
        self.stages: list[tuple[str, Stage]] = []
        self.events: list[Event] = []
        self.disk: Callable[[], Awaitable[None]] = instantly
        """What the journal waits for before it has recorded something."""

    @property
    def log(self) -> LoggerAdapter[Logger]:
        return LoggerAdapter(getLogger("test"))

    @asynccontextmanager
    async def link(self, address: str, *, again_s: float | None = None) -> AsyncGenerator[Link]:
        async with open_wire(address, again_s=again_s) as link:
            yield RecordingLink(link, self.written)

    @asynccontextmanager
    async def stream(self, address: str) -> AsyncGenerator[Stream]:
        async with open_tcp(address) as link:
            yield Hearing(link)

    @asynccontextmanager
    async def inlet(self, spec: str, key: DatagramKey | None = None) -> AsyncGenerator[Inlet]:
        raise NotImplementedError
        yield

    def publish(self, *readings: Reading) -> None:
        self.points |= {reading.point: reading.value for reading in readings}

    async def record(self, *events: Event, cursor: Cursor | None = None) -> None:
        await self.disk()
        self.events += events

    async def cursor(self, name: str) -> str | None:
        raise NotImplementedError

    def parts(self, *parts: Part) -> None:
        raise NotImplementedError

    def stage(self, command: Command, stage: Stage) -> None:
        self.stages.append((command.id, stage))

    def secret(self, ref: SecretRef) -> str:
        raise NotImplementedError

    def mark(self, text: str) -> str:
        raise NotImplementedError


@pytest.fixture
def context() -> FakeContext:
    return FakeContext()
