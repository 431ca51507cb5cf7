"""Alarms in the journal: every step an event, and a row for each alarm that brings it back after a restart.

Both go into one transaction, and the place up to which events were judged comes after them: a kill at any time neither
loses nor doubles an alarm. While the store takes nothing, alarms live on; it learns later how they stand.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from gateway.alarms.condition import Condition
from gateway.alarms.lifecycle import Alarm
from gateway.alarms.watched import Step
from gateway.core.model import Cursor, Event, Retention
from gateway.journal.journal import Journal
from gateway.journal.rows import Desired

CURSOR = "alarms"
PREFIX, VERB = "alarms/", "alarm"
LAZY = 500  # events that may be judged again after a kill, because none of them had raised anything


def event(condition: Condition, step: Step, **more: Any) -> Event:
    """The event of a step. What a person did belongs to the audit; what is quiet tells of somebody, as passages do."""
    alarm, told = step.alarm, Retention.ACCESS if condition.quiet else Retention.DEVICE
    payload: dict[str, Any] = {
        "alarm": condition.id,
        "name": condition.name,
        "priority": condition.priority,
        "state": alarm.state,
    }
    payload |= {"count": alarm.count, "occurrence": alarm.occurrence, "detail": alarm.detail, "root": alarm.root}
    return Event(
        type=f"alarm.{step.what}",
        source_key=f"alarm/{condition.id}/{alarm.rev}",
        payload=msgspec.to_builtins(payload | more),
        retention=Retention.AUDIT if "actor" in more else told,
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


class Recorder:
    """Hands what alarms do to the journal, in order: `Journal.note` holds it while the store takes nothing."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._reached: int | None = None
        self._kept = 0

    def took(self, condition: Condition, alarm: Alarm, event: Event | None = None) -> None:
        """An alarm has taken a step; without an event only its row is written."""
        events = [] if event is None else [event]
        self._journal.note(condition.device, events, desired=[row(condition.id, alarm)])

    async def start(self) -> int:
        """Up to which event the last run had judged; at the first run what is there is history. Raises JournalError."""
        if self._reached is None:
            kept = await self._journal.cursor(CURSOR)
            if kept is None:
                kept = str(self._journal.head.seq)
                await self._journal.move(CURSOR, kept)
            self._reached = self._kept = int(kept)
        return self._reached

    def reached(self, seq: int) -> None:
        """All events up to this one have been judged, and the steps that they led to were handed in."""
        self._reached = seq
        if seq - self._kept >= LAZY:
            self._journal.note(None, [], cursor=Cursor(CURSOR, str(seq)))
            self._kept = seq
