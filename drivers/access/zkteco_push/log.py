"""The log of a device as it comes in: what each row becomes, what is missing between two, and when it began anew."""

from collections import deque
from collections.abc import Sequence
from typing import Any

import msgspec

from drivers.access.zkteco_push.codec import Row
from drivers.access.zkteco_push.events import HIDDEN, meaning
from gateway.core.access import Happening
from gateway.core.model import Cursor, Event, Retention

CURSOR = "rtlog"
FIRST = 1
"""The number of the first row of a log."""
RECENT = 256
"""Rows that are remembered: a device that has not heard our answer sends the last ones again."""
DIRECTION = {False: "in", True: "out"}


class Place(msgspec.Struct, frozen=True):
    """How far the log has been taken: in the how-manyth log, up to which number.

    `time` is the latest of its rows by the device, `first` that of its first row; empty where that never came.
    """

    epoch: int = 1
    index: int | None = None
    time: str = ""
    first: str = ""

    @classmethod
    def of(cls, value: str | None) -> "Place":
        """The place that a cursor keeps."""
        if not value:
            return cls()
        epoch, index, *times = value.split("/", 3)
        return cls(int(epoch), int(index), *times)

    def cursor(self) -> Cursor | None:
        """The cursor that keeps it; None before the first number."""
        if self.index is None:
            return None
        return Cursor(CURSOR, f"{self.epoch}/{self.index}/{self.time}/{self.first}")


class Log:
    """Turns rows into events. Nothing is taken before `commit`: what was not recorded comes again."""

    def __init__(self, doors: dict[int, str]) -> None:
        self._doors = doors
        self.place = Place()
        self._recent: deque[str] = deque(maxlen=RECENT)

    def read(self, rows: Sequence[Row], *, offset_s: float | None) -> tuple[list[Event], Place]:
        """The events of some rows, and the place behind them. `offset_s`: how far the device's clock is ahead."""
        events, place = list[Event](), self.place
        for row in rows:
            if row.index is not None and row.key not in self._recent:
                more, place = _step(place, row.index, row.time or "")
                events += more
            events.append(self._event(row, place, offset_s))
        return events, place

    def commit(self, rows: Sequence[Row], place: Place) -> None:
        """Note that the events of these rows are on disk."""
        self.place = place
        self._recent.extend(row.key for row in rows)

    def punches(self, rows: Sequence[Row], *, offset_s: float | None) -> list[Event]:
        """The events of rows of attendance: they have no numbers, and open nothing that we know of."""
        return [
            Event(
                type=Happening.PRESENTED,
                source_key=f"attlog/{row.key}",
                payload={},
                retention=Retention.ACCESS,
                device_at=row.time,
                clock_offset_s=offset_s,
                person=_person(row),
            )
            for row in rows
        ]

    def _event(self, row: Row, place: Place, offset_s: float | None) -> Event:
        means, part = meaning(row.event), self._doors.get(row.door or 0)
        payload: dict[str, Any] = {"reason": means.reason, "code": None if row.event in HIDDEN else row.event}
        if means.type in (Happening.GRANTED, Happening.DENIED):
            payload["direction"] = DIRECTION.get(row.outward) if row.outward is not None else None
        if part is None and row.door:
            payload["door"] = row.door
        if row.index is not None:
            payload |= {"index": row.index, "epoch": place.epoch}
        return Event(
            type=means.type,
            source_key=f"{CURSOR}/{row.key}",
            payload=payload,
            retention=Retention.ACCESS,
            part=part,
            device_at=row.time,
            clock_offset_s=offset_s,
            person=_person(row),
        )


def unreadable(key: str, count: int) -> Event:
    """So many lines of a post are no rows. Their text is kept nowhere."""
    return _log_event(Happening.OTHER, f"unreadable/{key}", reason="rows that cannot be read", code=None, count=count)


def _step(place: Place, index: int, time: str) -> tuple[list[Event], Place]:
    """Go on to a number: over a gap, or into a log that began anew.

    A lower number is an old row once more, or one that was missing; unless it is later than all before, or the first
    of a log whose first row was another one: a device that was reset may have set its clock back.
    """
    epoch, after = place.epoch, place.index
    first = time if index == FIRST else ""
    if after is None:
        return [], Place(epoch, index, time, first)
    if index > after:
        return _gap(epoch, after + 1, index), Place(epoch, index, max(time, place.time), place.first or first)
    if time <= place.time and first in ("", place.first):
        return [], place
    epoch += 1
    anew = _log_event(Happening.EPOCH, f"epoch/{epoch}", epoch=epoch, why=f"number {index} came after {after}")
    return [anew, *_gap(epoch, FIRST, index)], Place(epoch, index, time, first)


def _gap(epoch: int, first: int, index: int) -> list[Event]:
    """What is missing before a number."""
    last = index - 1
    missing = {"from": first, "to": last, "epoch": epoch}
    return [_log_event(Happening.GAP, f"gap/{epoch}/{first}-{last}", **missing)] if first <= last else []


def _log_event(type_: Happening, key: str, **payload: Any) -> Event:
    return Event(type=type_, source_key=key, payload=payload, retention=Retention.ACCESS)


def _person(row: Row) -> str | None:
    if row.pin is not None:
        return f"employee:{row.pin}"
    return f"card:{row.card}" if row.card is not None else None
