"""Who has a shared wire next. The time comes from the running loop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gateway.core.turn import Priority

SHARE = 0.04  # of the time, for probes of the dead: under the 5 % promised, as a poll that is late costs a whole period
AGAIN_S = 60.0  # how soon the end of a silence gives everybody a free try again: a unit that flickers must not
NOTHING_S = 1e-6  # less than this is a rounding error


class Turn:
    """One question: `began` once it has the wire, `answer` once it is answered."""

    def __init__(
        self,
        unit: str,
        priority: Priority,
        request: bytes,
        matches: Callable[[bytes], Any],
        timeout_s: float,
        sent: Callable[[], None] | None = None,
    ) -> None:
        self.unit, self.priority, self.timeout_s = unit, priority, timeout_s
        self.request, self.matches, self.sent = request, matches, sent
        self.charged = False
        loop = asyncio.get_running_loop()
        self.came_at = loop.time()
        self.began: asyncio.Future[None] = loop.create_future()
        self.answer: asyncio.Future[Any] = loop.create_future()

    def fail(self, error: BaseException) -> None:
        """Tell who waits, if anybody still does."""
        waited_for = self.answer if self.began.done() else self.began
        if not waited_for.done():
            waited_for.set_exception(error)
            waited_for.exception()  # looked at: who waits may have been cancelled in the same moment


class Turns:
    """Commands first, polls next, probes of offline units last; among equals who came first.

    While a unit answers, the probes of all others share SHARE of the time: what they may use is saved up, and a
    probe begins once the worst that it may cost is there. The saved time is never more than the dearest probe, so
    that a quiet hour does not become a minute of probes.

    A unit that has a free try is probed at once, as if it were polled: everybody has one at the start and after a
    silence (but one that ends sooner than AGAIN_S after another gives none), and earns one by answering. So a line
    that gets its power back is whole again after one answer of each unit. Where nobody answers, as at the start,
    there is nobody to protect: then probes cost nothing, and those with a free try only go first.
    """

    def __init__(self) -> None:
        self.answering: set[str] = set()
        self._waiting: list[Turn] = []
        self._tried: set[str] = set()
        self._changed = asyncio.Event()
        self._saved_s = self._most_s = 0.0
        self._saved_at = 0.0
        self._freed_at = -AGAIN_S

    def begin(self) -> None:
        """The wire was opened: nobody has answered, everybody has a free try."""
        self.answering, self._tried = set(), set()
        self._saved_at, self._saved_s, self._freed_at = _now(), 0.0, _now() - AGAIN_S

    def add(self, turn: Turn) -> None:
        """Let a question wait for its turn."""
        self._waiting.append(turn)
        self._changed.set()

    async def next(self) -> Turn:
        """Wait for the question that goes next."""
        while True:
            self._changed.clear()
            self._waiting = [turn for turn in self._waiting if not turn.began.done()]
            turn = min(self._waiting, key=self._rank, default=None)
            wait_s = self._short_s(turn) if turn else None
            if turn and not wait_s:
                self._waiting.remove(turn)
                self._begins(turn)
                return turn
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()

    def used(self, turn: Turn, seconds: float) -> None:
        """A turn has ended after so many seconds."""
        if turn.charged:
            self._save()
            self._saved_s -= seconds

    def heard(self, unit: str) -> bool:
        """A unit has answered; says whether that ended a silence."""
        ended = not self.answering
        if ended and _now() >= self._freed_at + AGAIN_S:
            self._tried.clear()
            self._freed_at = _now()
        self.answering.add(unit)
        self._tried.discard(unit)
        return ended

    def missed(self, unit: str) -> None:
        """A unit has not answered, or has left."""
        self.answering.discard(unit)
        self._changed.set()

    def fail(self, error: Exception) -> None:
        """Everybody who waits hears that the wire is gone."""
        for turn in self._waiting:
            turn.fail(error)
        self._waiting = []
        self.answering.clear()

    def probes(self, turn: Turn) -> bool:
        """Whether a question goes to a unit of which it is not known that it lives."""
        return turn.priority is Priority.PROBE and turn.unit not in self.answering

    def _rank(self, turn: Turn) -> Priority:
        last = self.probes(turn) and turn.unit in self._tried
        return Priority.PROBE if last else min(turn.priority, Priority.POLL)

    def _pays(self, turn: Turn) -> bool:
        return bool(self.answering) and self._rank(turn) is Priority.PROBE

    def _begins(self, turn: Turn) -> None:
        turn.charged = self._pays(turn)
        if self.probes(turn):
            self._tried.add(turn.unit)

    def _short_s(self, turn: Turn) -> float:
        """How long it takes to save what a probe may cost; 0 for everything else."""
        if not self._pays(turn):
            return 0.0
        self._most_s = max(self._most_s, turn.timeout_s)
        self._save()
        short_s = turn.timeout_s - self._saved_s
        return short_s / SHARE if short_s > NOTHING_S else 0.0

    def _save(self) -> None:
        now = _now()
        self._saved_s = min(self._most_s, self._saved_s + (now - self._saved_at) * SHARE)
        self._saved_at = now


def _now() -> float:
    return asyncio.get_running_loop().time()
