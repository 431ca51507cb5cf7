"""Alarms in the journal: every step an event, and a row for each alarm that brings it back after a restart.

Both go into one transaction: a kill at any time neither loses nor doubles an alarm. While the journal refuses, alarms
live on, and what they owe it is kept and tried again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec

from gateway.alarms.condition import Condition
from gateway.alarms.lifecycle import Alarm
from gateway.alarms.watched import Step
from gateway.core.errors import JournalError
from gateway.core.model import Event, Retention
from gateway.journal.journal import Journal
from gateway.journal.rows import Desired
from gateway.meters import Meters

CURSOR = "alarms"
PREFIX, VERB = "alarms/", "alarm"
RETRY_S = 5.0
AT_ONCE = 50  # steps handed to the journal between two breaths of the loop: about 3 ms
MOST_OWED = 2000  # events: two for every device of a large hall
LAZY = 500  # events that may be judged again after a kill, because none of them had raised anything


def event(condition: Condition, step: Step, **more: Any) -> Event:
    """The event of a step. What a person did belongs to the audit."""
    alarm = step.alarm
    payload: dict[str, Any] = {
        "alarm": condition.id,
        "name": condition.name,
        "priority": condition.priority,
        "state": alarm.state,
    }
    payload |= {"count": alarm.count, "detail": alarm.detail, "root": alarm.root}
    return Event(
        type=f"alarm.{step.what}",
        source_key=f"alarm/{condition.id}/{alarm.rev}",
        payload=msgspec.to_builtins(payload | more),
        retention=Retention.AUDIT if "actor" in more else Retention.DEVICE,
        part=condition.part,
        at=alarm.changed_at,
    )


def row(id_: str, alarm: Alarm) -> Desired:
    """The row that brings an alarm back. A normal one keeps its number, so that no step is ever named twice."""
    return Desired(
        device=f"{PREFIX}{id_}",
        part=None,
        verb=VERB,
        params=msgspec.to_builtins(alarm),
        rev=alarm.rev,
        expires_at=None,
        actor=alarm.actor or "gateway",
        command_id=f"{PREFIX}{id_}/{alarm.rev}",
    )


def restored(rows: Iterable[Desired]) -> dict[str, Alarm]:
    """How every alarm stood at the last commit, by id."""
    own = [row for row in rows if row.device.startswith(PREFIX)]
    return {row.device.removeprefix(PREFIX): msgspec.convert(row.params, Alarm) for row in own}


class Owed(NamedTuple):
    """What the journal has not got yet of one alarm."""

    device: str | None
    id: str
    event: Event | None


class Recorder:
    """Writes what alarms do, in order. `standing` tells how an alarm stands now."""

    def __init__(self, journal: Journal, meters: Meters, standing: Callable[[str], Alarm]) -> None:
        self._journal, self._meters, self._standing = journal, meters, standing
        self._owed: deque[Owed] = deque()
        self._reached = self._kept = 0
        self._wake = asyncio.Event()

    def took(self, condition: Condition, event: Event | None = None) -> None:
        """An alarm has taken a step; without an event only its row is written."""
        self._owed.append(Owed(condition.device, condition.id, event))
        if len(self._owed) > MOST_OWED:
            self._owed.popleft()
            self._meters.dropped.labels("journal").inc()
        self._wake.set()

    async def start(self) -> int:
        """Up to which event the last run had judged; at the first run what is there is history. Raises JournalError."""
        if not self._reached:
            kept = await self._journal.cursor(CURSOR)
            if kept is None:
                kept = str(self._journal.head.seq)
                await self._journal.move(CURSOR, kept)
            self._reached = self._kept = int(kept)
        return self._reached

    def reached(self, seq: int) -> None:
        """All events up to this one have been judged."""
        self._reached = seq
        if self._reached - self._kept >= LAZY:
            self._wake.set()

    async def run(self) -> None:
        """Write, for ever; a record that is refused is tried again with what has come since."""
        while True:
            await self._wake.wait()
            if len(self._owed) <= AT_ONCE:
                self._wake.clear()
            owed = deque(self._owed.popleft() for _ in range(min(len(self._owed), AT_ONCE)))
            try:
                await self._write(owed)
                owed.clear()
            except JournalError:
                await asyncio.sleep(RETRY_S)
                self._wake.set()
            finally:  # stopped as well: what is owed is written when the alarms run again
                self._owed.extendleft(reversed(owed))

    async def _write(self, owed: Iterable[Owed]) -> None:
        """Write the steps of each device together. What was written already is not doubled: its source_key is known."""
        reached = self._reached if not self._owed else 0  # what is owed for an event comes before its number
        by_device: dict[str | None, list[Owed]] = {}
        for each in owed:
            by_device.setdefault(each.device, []).append(each)
        writes = [self._write_device(device, own) for device, own in by_device.items()]
        for refused in await asyncio.gather(*writes, return_exceptions=True):
            if refused is not None:
                raise refused
        if reached > self._kept:
            await self._journal.move(CURSOR, str(reached))
            self._kept = reached

    async def _write_device(self, device: str | None, owed: list[Owed]) -> None:
        events = [each.event for each in owed if each.event is not None]
        rows = [row(id_, self._standing(id_)) for id_ in {each.id: None for each in owed}]
        await self._journal.record(device, events, desired=rows)
