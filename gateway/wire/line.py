"""A wire that several devices share: one exchange is one turn, and what one unit leaves unanswered costs no other."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

from gateway.core.contract import Clock
from gateway.core.errors import DeviceOffline, ProtocolError
from gateway.core.turn import Priority, waiting
from gateway.meters import Meters
from gateway.wire.asking import ask, quiet
from gateway.wire.opening import open_wire
from gateway.wire.silence import Silence
from gateway.wire.stream import StreamLink
from gateway.wire.turns import Turn, Turns
from gateway.wire.unit import LineLink

CLOSED = "it is closed"
TURNAROUND_S = 0.02  # a card lets go of the bus that long after its answer (reference: cycle = frame + answer + 20 ms)


class LineStatus(StrEnum):
    """Whether the wire itself is there."""

    CONNECTING = "connecting"
    OPEN = "open"
    OFFLINE = "offline"


class Line:
    """One wire. Its owner runs `run` under guard(); where a device has a wire for itself, that device is the owner.

    A question that is not answered in time ends the life of its unit only. Then, and behind the answer to a probe,
    what comes is thrown away until the wire has been quiet for a moment: a late answer neither meets the next
    question nor collides with the next answer. The unit itself is left in peace for one more time-out, because an
    answer of its own would be taken for that to the next question.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        turnaround_s: float = TURNAROUND_S,
        shared: bool = True,
        clock: Clock,
        meters: Meters,
    ) -> None:
        self.name, self.address = name, address
        self.status, self.why = LineStatus.CONNECTING, "it has not been opened yet"
        self.changed: Callable[[], None] = lambda: None
        """Called whenever `view` gives something new."""
        self._shared = shared
        self._turnaround_s, self._meters = turnaround_s, meters
        self._turns, self._silence = Turns(), Silence(clock)
        self._turn: Turn | None = None
        self._units: dict[str, Callable[[], None]] = {}
        self._links: dict[str, LineLink] = {}
        self._rested: dict[str, float] = {}
        self._decided = asyncio.Event()

    def join(self, unit: str, wake: Callable[[], None]) -> None:
        """Note a unit, and how it is woken when it may be there again."""
        self._units[unit] = wake
        self.changed()

    def leave(self, unit: str) -> None:
        """Forget a unit."""
        self._units.pop(unit, None)
        self.changed()

    def view(self) -> Mapping[str, Any]:
        """The state for people. Of a wire that is not there no silence is told."""
        since = self._silence.since if self.status is LineStatus.OPEN else None
        return {
            "status": self.status.value,
            "why": self.why if self.status is LineStatus.OFFLINE else None,
            "silent_since": since.isoformat() if since else None,
            "devices": sorted(self._units),
            "online": len(self._turns.answering),
        }

    async def run(self, up: Callable[[], None]) -> None:
        """Keep the wire open, and give turns, until it is lost. Raises DeviceOffline."""
        async with self.open() as lost:
            up()
            await asyncio.wait({lost})
            lost.result()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator["asyncio.Future[None]"]:
        """Open the wire, and give turns while in here; gives what ends it. Raises DeviceOffline."""
        why = CLOSED
        try:
            async with open_wire(self.address) as wire:
                self._up()
                serving = asyncio.create_task(self._serve(wire))
                lost = asyncio.create_task(_first(wire.lost, serving))
                lost.add_done_callback(self._lost)
                try:
                    yield lost
                finally:
                    for task in (lost, serving):
                        task.cancel()
                    await asyncio.wait({lost, serving})
                    _ = serving.cancelled() or serving.exception()  # looked at: `lost` has told it
        except DeviceOffline as error:
            why = str(error)
            raise
        finally:
            self._down(why)

    @asynccontextmanager
    async def link(self, unit: str) -> AsyncGenerator[LineLink]:
        """The way of one unit, while the wire is open. Raises DeviceOffline when it is not."""
        with waiting():
            await self._decided.wait()
        if self.status is not LineStatus.OPEN:
            raise self._offline()
        link = self._links[unit] = LineLink(unit, self._queue)
        try:
            yield link
        finally:
            link.drop(DeviceOffline(CLOSED))
            if self._links.get(unit) is link:
                del self._links[unit]
                self._turns.missed(unit)
                self.changed()

    async def _queue(self, turn: Turn) -> None:
        """Wait until the question has the wire."""
        rest_s = self._rested.get(turn.unit, 0.0) - turn.came_at
        if rest_s > 0:
            await asyncio.sleep(rest_s)
        if self.status is not LineStatus.OPEN:
            raise self._offline()
        self._turns.add(turn)
        await turn.began

    async def _serve(self, wire: StreamLink) -> None:
        while True:
            self._turn = turn = await self._turns.next()
            await self._give(turn, wire)
            self._turn = None
            self._silence.judge()
            await asyncio.sleep(self._turnaround_s)

    async def _give(self, turn: Turn, wire: StreamLink) -> None:
        began, probes = _now(), self._turns.probes(turn)
        self._meters.line_wait.labels(_kind(turn, probes=probes)).observe(began - turn.came_at)
        turn.began.set_result(None)
        answer = await ask(turn, wire)
        if answer.done():
            self._answered(turn, answer)
        else:
            self._unanswered(turn)
        if probes or not answer.done():
            await quiet(wire)
        self._used(turn, _now() - began, probes=probes)

    def _answered(self, turn: Turn, answer: "asyncio.Future[Any]") -> None:
        error = answer.exception()
        if not isinstance(error, ProtocolError):  # a refusal is an answer as well
            self._heard(turn.unit)
        if error is not None:
            turn.fail(error)
        elif not turn.answer.done():
            turn.answer.set_result(answer.result())

    def _unanswered(self, turn: Turn) -> None:
        error = DeviceOffline(f"{turn.unit} did not answer within {turn.timeout_s:g} s")
        self._rested[turn.unit] = _now() + turn.timeout_s
        self._turns.missed(turn.unit)
        turn.fail(error)
        if turn.unit in self._links:
            self._links[turn.unit].drop(error)
        if not self._turns.answering:
            self._silence.nobody_answers()
        self.changed()

    def _heard(self, unit: str) -> None:
        if unit not in self._links:  # it was closed meanwhile
            return
        new = unit not in self._turns.answering
        if self._turns.heard(unit):
            self._wake()
        self._silence.heard()
        if new:
            self.changed()

    def _used(self, turn: Turn, seconds: float, *, probes: bool) -> None:
        self._turns.used(turn, seconds)
        kind = _kind(turn, probes=probes)
        self._meters.line_turns.labels(self.name, kind).inc()
        self._meters.line_busy.labels(self.name, kind).inc(seconds)

    def _up(self) -> None:
        self._turns.begin()
        self._silence.opened()
        self.status = LineStatus.OPEN
        self._meters.line_up.labels(self.name).set(1)
        self._decided.set()
        self._wake()
        self.changed()

    def _lost(self, lost: "asyncio.Future[None]") -> None:
        if not lost.cancelled() and (error := lost.exception()):
            self._down(str(error))

    def _down(self, why: str) -> None:
        """Everybody on the line hears why. Nothing is left to be asked."""
        self.status, self.why = LineStatus.OFFLINE, why
        self._meters.line_up.labels(self.name).set(0)
        self._decided.set()
        if self._turn:
            self._turn.fail(self._offline())
        self._turns.fail(self._offline())
        for link in self._links.values():
            link.drop(self._offline())
        self.changed()

    def _wake(self) -> None:
        for wake in self._units.values():
            wake()

    def _offline(self) -> DeviceOffline:
        return DeviceOffline(f"line {self.name} is offline: {self.why}" if self._shared else self.why)


async def _first(lost: "asyncio.Future[None]", serving: "asyncio.Task[None]") -> None:
    """Raise what ends the line: the wire is lost, or a bug."""
    waiting: set[asyncio.Future[None]] = {lost, serving}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    (lost if lost.done() else serving).result()


def _kind(turn: Turn, *, probes: bool) -> str:
    """As which priority a turn counts: who has answered is polled, not probed."""
    return (Priority.PROBE if probes else min(turn.priority, Priority.POLL)).name.lower()


def _now() -> float:
    return asyncio.get_running_loop().time()
