"""Whether every entrance of the staff is closed right after opening (DB3311/T 238, 7.4): counted from the journal."""

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import asdict

from gateway.core.access import Finding
from gateway.doors.config import DoorConfig
from gateway.journal.reader import Reader
from gateway.journal.rows import Row
from gateway.site.week import moment

PAGE = 1000


class Openings(msgspec.Struct):
    """What is counted of a door."""

    opened: int = 0
    in_time: int = 0
    unsure: int = 0
    held: int = 0
    forced: int = 0
    longest_s: float | None = None


class DoorDay(msgspec.Struct, frozen=True, kw_only=True):
    """One door on one day of the site.

    `opened`: how often it was opened and closed again, counted on the day on which it was closed; of these `in_time`,
    and `unsure` where nobody saw it close. `held` and `forced` are counted when they were found. `longest_s` is the
    longest opening in seconds, null without any. All are null where some of it has expired or was erased.
    """

    day: date
    door: str
    name: str
    opened: int | None = None
    in_time: int | None = None
    unsure: int | None = None
    held: int | None = None
    forced: int | None = None
    longest_s: float | None = None


async def compliance(
    journal: Reader, doors: Collection[DoorConfig], first: date, last: date, zone: ZoneInfo
) -> list[DoorDay]:
    """A line for each day from `first` to `last`, and for each of the doors. Raises JournalError."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    by_id, by_place = {door.id: door for door in doors}, {(door.device, door.part): door.id for door in doors}
    found = {(day, id_): Openings() for day in days for id_ in by_id}
    gone = set[tuple[date, str | None]]()
    for kind in (Finding.CYCLE, Finding.HELD, Finding.FORCED):
        async for row in rows(journal, kind, first, last, zone):
            day = row.at.astimezone(zone).date()
            if row.payload is None:
                gone.add((day, by_place.get((str(row.device), str(row.part)))))
            elif openings := found.get((day, str(row.payload.get("door")))):
                _count(openings, kind, row.payload)
    return [
        DoorDay(day=day, door=id_, name=by_id[id_].name, **({} if (day, id_) in gone else asdict(openings)))
        for (day, id_), openings in found.items()
    ]


async def rows(journal: Reader, kind: str, first: date, last: date, zone: ZoneInfo) -> AsyncIterator[Row]:
    """The rows of one type on the days from `first` to `last`, in order. Raises JournalError."""
    since, until = moment(first, "00:00", zone), moment(last + timedelta(days=1), "00:00", zone)
    after: int | None = 0
    while after is not None:
        page = await journal.read(after=after, limit=PAGE, type=kind, since=since, until=until)
        for row in page:
            yield row
        after = page[-1].seq if len(page) == PAGE else None


def _count(openings: Openings, kind: Finding, payload: Mapping[str, Any]) -> None:
    if kind is Finding.HELD:
        openings.held += 1
    elif kind is Finding.FORCED:
        openings.forced += 1
    else:
        openings.opened += 1
        openings.in_time += payload["in_time"] is True
        openings.unsure += payload["in_time"] is None
        openings.longest_s = max(openings.longest_s or 0.0, payload["open_s"])
