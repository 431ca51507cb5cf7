"""Doors in the journal: what is found is an event, and a row for each door brings it back after a restart.

Both go into one transaction, and the place up to which events were judged comes after them: a kill at any time neither
loses nor doubles what is found.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from gateway.core.access import Finding
from gateway.core.model import Event, Retention
from gateway.doors.config import DoorConfig
from gateway.doors.door import NEVER, Door, Held, Outcome, Span
from gateway.doors.heard import Position
from gateway.doors.timeline import Timeline
from gateway.journal.rows import Desired

PREFIX, VERB = "doors/", "door"
SAME = ("position", "forced", "held", "late", "lost", "before", "fire", "released")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A door as it is kept; times are of the wall.

    `door`: which part of which controller it was; `seq`: the rows up to this one are in it; `rev` counts findings.

    `authorised_at`, `fire_at`, `released_at`: since when. `past`: from when, until when, and why it was allowed to
    stand open.

    `known_since`: what happened before is history, and is not judged. `hold_until`: it is held open so long.
    """

    door: str = ""
    position: Position = Position.UNKNOWN
    opened_at: datetime | None = None
    authorised_at: datetime | None = None
    authorised_until: datetime | None = None
    excused_at: datetime | None = None
    forced: bool = False
    held: Held = Held.NO
    late: bool = False
    lost: bool = False
    before: Position | None = None
    fire: bool = False
    fire_at: datetime | None = None
    released: bool = False
    released_at: datetime | None = None
    past: tuple[tuple[datetime | None, datetime, str], ...] = ()
    burnt_at: datetime | None = None
    mode: str | None = None
    hold_until: datetime | None = None
    known_since: datetime
    seq: int = 0
    rev: int = 0


def keep(door: Door, time: Timeline, /, **more: Any) -> Kept:
    """A door as it is kept."""
    same = {name: getattr(door, name) for name in SAME}
    return Kept(
        authorised_at=_wall(door.authorised_since, time),
        authorised_until=_wall(door.authorised_until, time),
        excused_at=_wall(door.excused, time),
        fire_at=_wall(door.fire_since, time),
        released_at=_wall(door.released_since, time),
        past=tuple((_wall(span.begin, time), time.wall(span.end), span.why) for span in door.past),
        burnt_at=None if door.burnt is None else time.wall(door.burnt),
        **same,
        **more,
    )


def unkept(kept: Kept, time: Timeline, authorised_s: float) -> Door:
    """A door from how it was kept."""
    same = {name: getattr(kept, name) for name in SAME}
    return Door(
        opened=None if kept.opened_at is None else time.steady(kept.opened_at),
        authorised_since=_steady(kept.authorised_at, time),
        authorised_until=_steady(kept.authorised_until, time, ahead_s=authorised_s),
        excused=_steady(kept.excused_at, time),
        fire_since=_steady(kept.fire_at, time),
        released_since=_steady(kept.released_at, time),
        past=tuple(Span(_steady(begin, time), time.steady(end), why) for begin, end, why in kept.past),
        burnt=None if kept.burnt_at is None else time.steady(kept.burnt_at),
        **same,
    )


def _wall(seconds: float, time: Timeline) -> datetime | None:
    return None if seconds == NEVER else time.wall(seconds)


def _steady(at: datetime | None, time: Timeline, *, ahead_s: float = 0.0) -> float:
    return NEVER if at is None else time.steady(at, ahead_s=ahead_s)


def row(id_: str, kept: Kept, *, left: str | None = None) -> Desired:
    """The row that brings a door back. `left`: which one it was of those that the site file has no longer."""
    return Desired(
        device=f"{PREFIX}{id_}",
        part=left,
        verb=VERB,
        params=msgspec.to_builtins(kept),
        rev=kept.rev,
        expires_at=None,
        actor="doors",
        command_id=f"{PREFIX}{id_}/{kept.rev}",
    )


def restored(rows: Iterable[Desired]) -> dict[str, Kept]:
    """How every door stood at the last commit, by id."""
    return {id_: kept for id_, left, kept in _own(rows) if left is None}


def left(rows: Iterable[Desired]) -> list[tuple[str, Kept]]:
    """The doors, with their ids, that the site file had no longer, and whose holds had not ended."""
    return [(id_, kept) for id_, left, kept in _own(rows) if left is not None and kept.hold_until is not None]


def _own(rows: Iterable[Desired]) -> Iterator[tuple[str, str | None, Kept]]:
    for row in rows:
        if row.device.startswith(PREFIX) and row.verb == VERB:
            yield row.device.removeprefix(PREFIX), row.part, msgspec.convert(row.params, Kept)


def event(config: DoorConfig, found: Outcome, rev: int, *, at: datetime, opened_at: datetime | None) -> Event:
    """The event of what was found `at` that time, of an opening. `rev` names it for ever."""
    payload: dict[str, Any] = {"door": config.id}
    if found.opened is not None:
        payload |= {"opened_at": opened_at, "open_s": round(found.at - found.opened, 3)}
    told = {"was": found.was, "why": found.why, "by": found.by}
    payload |= {name: value for name, value in told.items() if value}
    if found.kind in (Finding.FORCED, Finding.HELD) and config.camera is not None:
        payload["camera"] = config.camera
    if found.kind is Finding.CYCLE:
        payload |= {"in_time": found.in_time, "forced": found.forced}
    if found.kind in (Finding.FIRE, Finding.FIRE_LOCK, Finding.FIRE_OVER):
        payload["unlocked"] = found.unlocked
    return Event(
        type=found.kind.value,
        source_key=f"door/{config.id}/{rev}/{found.kind}",
        payload=msgspec.to_builtins(payload),
        retention=Retention.ACCESS,
        part=config.part,
        at=at,
    )
