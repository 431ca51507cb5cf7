"""The life of one alarm: a pure state machine. Every step gives a new Alarm, or the same one where nothing changes.

States after ANSI/ISA-18.2-2016, clause 5.4 (alarm state transition diagram), and IEC 62682:2014:

| state | ISA-18.2 |
|---|---|
| normal | A normal |
| active | B unacknowledged alarm |
| acknowledged | C acknowledged alarm |
| returned | D returned to normal, unacknowledged |
| shelved | G shelved: put aside by a person, for a time |
| suppressed | H suppressed by design: it follows from another alarm, its root |
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

SHORTEST_S, LONGEST_S = 60.0, 86_400.0  # for which an alarm can be shelved: an alarm is not put aside for ever


class State(StrEnum):
    """How an alarm stands, as a person is told."""

    NORMAL = "normal"
    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"


ANNOUNCED = frozenset({State.ACTIVE, State.ACKNOWLEDGED, State.RETURNED})
"""A person must look at it. What is shelved or suppressed is kept, but not announced."""


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """How an alarm stands: this is what is kept over a restart.

    `on`: its condition holds, delays included. `seen`: acknowledged, or nothing to acknowledge. `since`, `count`,
    `detail`: when it was raised, how often since it was last normal, and what was found then. `rev` counts its steps
    for ever, so that each has a name of its own in the journal; `event_seq` is the newest event that told of it.
    `occurrence` is another number whenever what it is about happens once more: that of the event, or of the step.
    """

    rev: int = 0
    occurrence: int = 0
    on: bool = False
    seen: bool = True
    root: str | None = None
    shelved_until: datetime | None = None
    since: datetime | None = None
    changed_at: datetime | None = None
    count: int = 0
    detail: dict[str, Any] = {}
    actor: str | None = None
    event_seq: int = 0

    @property
    def state(self) -> State:
        """How it stands. Shelved is stronger than suppressed: a person has said so."""
        if self.shelved_until is not None:
            return State.SHELVED
        if self.on:
            return State.SUPPRESSED if self.root else State.ACKNOWLEDGED if self.seen else State.ACTIVE
        return State.NORMAL if self.seen else State.RETURNED


def raised(
    alarm: Alarm,
    at: datetime,
    *,
    root: str | None = None,
    detail: dict[str, Any] | None = None,
    occurrence: int | None = None,
) -> Alarm:
    """Its condition holds, or the event has come once more. With a `root` it is suppressed from the beginning."""
    since = at if alarm.state is State.NORMAL or alarm.since is None else alarm.since
    more: dict[str, Any] = {"count": alarm.count + 1, "root": root, "detail": detail or {}, "actor": None}
    more["occurrence"] = alarm.rev + 1 if occurrence is None else occurrence
    return _step(alarm, at, on=True, seen=False, since=since, **more)


def recurred(alarm: Alarm, seq: int) -> Alarm:
    """Its event has come once more while nobody has seen the last one: counted, but no step."""
    return msgspec.structs.replace(alarm, seen=False, count=alarm.count + 1, occurrence=seq, event_seq=seq)


def cleared(alarm: Alarm, at: datetime, *, must_ack: bool = False) -> Alarm:
    """Its condition is over. It stays as `returned` where it must be acknowledged and was announced."""
    if not alarm.on:
        return alarm
    announced = alarm.state in ANNOUNCED
    seen = alarm.seen or not must_ack or not announced
    return _settled(_step(alarm, at, on=False, seen=seen, root=None))


def acknowledged(alarm: Alarm, at: datetime, actor: str, *, until_seen: bool = False) -> Alarm:
    """A person has seen it; with `until_seen` that ends it. What is not announced, or seen already, stays."""
    if alarm.state not in (State.ACTIVE, State.RETURNED):
        return alarm
    return _settled(_step(alarm, at, seen=True, on=alarm.on and not until_seen, actor=actor))


def shelved(alarm: Alarm, at: datetime, until: datetime, actor: str) -> Alarm:
    """A person puts it aside until then, whether its condition holds now or not."""
    return _step(alarm, at, shelved_until=until, actor=actor)


def unshelved(alarm: Alarm, at: datetime) -> Alarm:
    """It is put aside no longer: what holds is announced as it was, what is over is over."""
    if alarm.shelved_until is None:
        return alarm
    return _settled(_step(alarm, at, shelved_until=None, seen=alarm.seen or not alarm.on, actor=None))


def suppressed(alarm: Alarm, at: datetime, root: str) -> Alarm:
    """It follows from another alarm."""
    return _step(alarm, at, root=root) if alarm.on and alarm.root != root else alarm


def surfaced(alarm: Alarm, at: datetime) -> Alarm:
    """Its root is over and it is not: it is announced for its own sake."""
    return _step(alarm, at, root=None, seen=False) if alarm.on and alarm.root else alarm


def closed(alarm: Alarm, at: datetime) -> Alarm:
    """What it was about is gone."""
    return alarm if alarm.state is State.NORMAL else _normal(_step(alarm, at))


def _step(alarm: Alarm, at: datetime, **changes: Any) -> Alarm:
    return msgspec.structs.replace(alarm, rev=alarm.rev + 1, changed_at=at, **changes)


def _settled(alarm: Alarm) -> Alarm:
    """Forget the story of what is normal again."""
    return _normal(alarm) if alarm.state is State.NORMAL else alarm


def _normal(alarm: Alarm) -> Alarm:
    return Alarm(rev=alarm.rev, changed_at=alarm.changed_at, occurrence=alarm.occurrence, event_seq=alarm.event_seq)
