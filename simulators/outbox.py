"""What faults make of the answers of a box, on any wire: first as a schedule, without time or wire; then sent."""

import asyncio
from bisect import insort
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from simulators.faults import Baud, Faults

PIECE_GAP_S = 0.001
CHUNK_S = 0.001
"""How long the bytes take that a paced wire delivers at once: no timer is much finer."""


class Step(NamedTuple):
    """What the peer meets at a time, in seconds of the caller's clock: bytes, or with None the end of the wire.

    `joins` says that it stands in one segment with the step before it.
    """

    at: float
    what: bytes | None
    joins: bool = False


class Schedule:
    """Turns the answers of one connection into steps. Answers keep their order, unless a fault reorders them."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._free_at = self._together_at = float("-inf")

    def answer(self, reply: bytes, now: float) -> list[Step]:
        """The steps for an answer that is made `now`, in the order of their times. Pure but for the faults' counts."""
        faults = self._faults
        if faults.now.mute.on or faults.loses():
            return []
        data, copies = self._spoiled(reply), 1
        if faults.strikes("duplicate"):
            data, copies = (data, 2) if faults.datagrams else (data * 2, 1)
        ready = now + faults.now.slow.seconds
        if faults.strikes("late"):
            ready += faults.now.late.seconds
        if faults.strikes("reorder"):
            return list(self._steps(data, ready + faults.now.reorder.seconds)) * copies
        steps = list(self._steps(data, max(ready, self._free_at))) * copies
        if faults.now.coalesce.seconds:
            steps = self._together(steps, now)
        self._free_at = max([self._free_at, *(step.at for step in steps)])
        return steps

    def _spoiled(self, reply: bytes) -> bytes:
        """The bytes that stand for an answer, once."""
        faults = self._faults
        if faults.misaddress and faults.strikes("wrong_id"):
            reply = faults.misaddress(reply)
        if faults.strikes("corrupt"):
            reply = flipped(reply, faults.now.corrupt.bits, faults.dice["corrupt"])
        if faults.strikes("garbage"):
            reply = faults.dice["garbage"].randbytes(faults.now.garbage.size) + reply
        return reply

    def _steps(self, data: bytes, at: float) -> Iterator[Step]:
        now, cut = self._faults.now, self._faults.strikes("cut")
        if cut:
            data = data[: now.cut.after]
        size = now.pieces.size or _chunk(now.baud) or len(data) or 1
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            at += (PIECE_GAP_S if start and now.pieces.size else 0.0) + _takes_s(piece, now.baud)
            yield Step(at, piece)
        if cut:
            yield Step(at, None)

    def _together(self, steps: list[Step], now: float) -> list[Step]:
        """The same steps at once, with what else goes out then."""
        first = now > self._together_at
        if first:
            self._together_at = now + self._faults.now.coalesce.seconds
        at = max([self._together_at, *(step.at for step in steps)])
        return [Step(at, step.what, joins=bool(number) or not first) for number, step in enumerate(steps)]


def flipped(data: bytes, bits: int, dice: Random) -> bytes:
    """The data with so many different bits flipped; all of them where it has fewer."""
    broken = bytearray(data)
    for bit in dice.sample(range(8 * len(data)), min(bits, 8 * len(data))):
        broken[bit // 8] ^= 1 << bit % 8
    return bytes(broken)


def _chunk(baud: Baud) -> int:
    return max(1, int(baud.rate / baud.bits * CHUNK_S)) if baud.rate else 0


def _takes_s(piece: bytes, baud: Baud) -> float:
    return len(piece) * baud.bits / baud.rate if baud.rate else 0.0


class Outbox:
    """Sends the answers of one connection through its faults: `write` gets bytes, `end` ends the connection."""

    def __init__(self, faults: Faults, *, write: Callable[[bytes], None], end: Callable[[], None]) -> None:
        self._schedule = Schedule(faults)
        self._write, self._end = write, end
        self._steps: list[Step] = []
        self._timer: asyncio.TimerHandle | None = None

    def send(self, reply: bytes) -> None:
        """Send an answer. What is due goes out before this returns."""
        for step in self._schedule.answer(reply, asyncio.get_running_loop().time()):
            insort(self._steps, step, key=lambda step: step.at)
        self._go()

    def clear(self) -> None:
        """Forget what has not been sent: the wire is gone."""
        self._steps.clear()
        self._go()

    def _go(self) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._steps and self._steps[0].at <= loop.time():
            self._one()
        if self._steps:
            self._timer = loop.call_at(self._steps[0].at, self._go)

    def _one(self) -> None:
        first = self._steps.pop(0).what
        if first is None:
            self.clear()
            self._end()
            return
        segment = bytearray(first)
        while self._steps and self._steps[0].joins and (more := self._steps[0].what) is not None:
            segment += more
            self._steps.pop(0)
        self._write(bytes(segment))
