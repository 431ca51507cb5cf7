"""A line whose units are lists of answers; for virtual time."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hall_contract.scripted import LoopClock

from gateway.core.errors import DeviceError
from gateway.core.turn import Priority, urgency
from gateway.meters import Meters
from gateway.wire import line as module
from gateway.wire.line import Line
from gateway.wire.stream import StreamLink
from gateway.wire.unit import LineLink

ANSWER_S = 0.1


class Bus(asyncio.Transport):
    """The wire behind a line. `delays` says after how long a unit answers, None never; `said` is when what was asked.

    A question is `A1`: unit A, number 1; its answer is `A1;`. Whatever its unit and number, an answer is heard by
    whoever asks just then.
    """

    def __init__(self) -> None:
        super().__init__()
        self.delays: dict[str, float | None] = {}
        self.said: list[tuple[float, str]] = []
        self.link: StreamLink | None = None

    def write(self, data: Any) -> None:
        loop, question = asyncio.get_running_loop(), bytes(data).decode()
        self.said.append((loop.time(), question))
        delay_s = self.delays.get(question[0], ANSWER_S)
        if delay_s is not None:
            loop.call_later(delay_s, self.say, f"{question};")

    def say(self, text: str) -> None:
        if self.link is not None:
            self.link.data_received(text.encode())

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def unplug(self) -> None:
        if self.link is not None:
            self.link.connection_lost(OSError("pulled out"))

    @asynccontextmanager
    async def open(self, _: str) -> AsyncGenerator[StreamLink]:
        self.link = StreamLink("bus")
        self.link.connection_made(self)
        yield self.link
        self.link = None


def answer_of(unit: str) -> Callable[[bytes], str | None]:
    """Matches an answer of one unit, whatever its number, as cards' answers do not say to what."""
    held = ""

    def matches(data: bytes) -> str | None:
        nonlocal held
        held += data.decode()
        found = [each for each in held.split(";")[:-1] if each.startswith(unit)]
        return found[0] if found else None

    return matches


class Shared:
    """A line under test, with a bus behind it."""

    def __init__(self, bus: Bus) -> None:
        self.bus, self.meters = bus, Meters()
        self.line = Line("bus-1", "tcp://h:1", turnaround_s=0.0, clock=LoopClock(), meters=self.meters)

    async def ask(
        self, link: LineLink, number: int = 1, timeout_s: float = 1.0, priority: Priority = Priority.POLL
    ) -> str:
        """Ask the unit of a link; gives its answer."""
        with urgency(priority):
            return await link.exchange(f"{link.unit}{number}".encode(), answer_of(link.unit), timeout_s)

    async def live(self, unit: str, polls: list[float], *, timeout_s: float, every_s: float, rest_s: float) -> None:
        """Live as a device does: probe, poll on a grid while it answers, rest, probe again."""
        wake, time = asyncio.Event(), asyncio.get_running_loop().time
        self.line.join(unit, wake.set)
        while True:
            try:
                async with self.line.link(unit) as link:
                    await self.ask(link, 0, timeout_s, Priority.PROBE)
                    due = time()
                    while True:
                        await self.ask(link, 1, timeout_s)
                        polls.append(time())
                        due += every_s * max(1, round((time() - due) // every_s) + 1)
                        await asyncio.sleep(due - time())
            except DeviceError:
                await _until_woken(wake, rest_s)

    def busy_s(self, priority: str) -> float:
        """How long turns of a priority took so far."""
        labels = {"line": "bus-1", "priority": priority}
        return self.meters.registry.get_sample_value("hall_line_busy_seconds_total", labels) or 0.0

    @asynccontextmanager
    async def running(self, tasks: Mapping[str, Any] | None = None) -> AsyncGenerator[None]:
        """Run the line, and units that live on it, while in here."""
        running = [asyncio.create_task(self.line.run(lambda: None))]
        await asyncio.sleep(0)
        running += [asyncio.create_task(self.live(unit, **given)) for unit, given in (tasks or {}).items()]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)
            for task in running[1:]:
                assert task.cancelled(), task.exception()


async def _until_woken(wake: asyncio.Event, seconds: float) -> None:
    wake.clear()
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Shared:
    """A line that was not opened yet."""
    bus = Bus()
    monkeypatch.setattr(module, "open_wire", bus.open)
    return Shared(bus)
