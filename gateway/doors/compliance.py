"""Whether every entrance of the staff is closed right after opening (DB3311/T 238, 7.4): counted from the journal."""

from collections.abc import AsyncIterator, Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.access import Finding
from gateway.doors.config import DoorConfig
from gateway.journal.reader import Reader
from gateway.journal.rows import Row
from gateway.site.week import moment

PAGE = 1000


class DoorDay(msgspec.Struct, kw_only=True):
    """One door on one day of the site.

    `opened`: how often it was opened and closed again, counted on the day on which it was closed; of these `in_time`,
    and `unsure` where nobody saw it close. `held` and `forced` are counted when they were found. `longest_s` is the
    longest opening in seconds, null without any.
    """

    day: date
    door: str
    name: str
    opened: int = 0
    in_time: int = 0
    unsure: int = 0
    held: int = 0
    forced: int = 0
    longest_s: float | None = None


async def compliance(
    journal: Reader, doors: Iterable[DoorConfig], first: date, last: date, zone: ZoneInfo
) -> list[DoorDay]:
    """A line for each day from `first` to `last`, and for each of the doors. Raises JournalError."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    found = {(day, door.id): DoorDay(day=day, door=door.id, name=door.name) for day in days for door in doors}
    for kind in (Finding.CYCLE, Finding.HELD, Finding.FORCED):
        async for row in rows(journal, kind, first, last, zone):
            payload = row.payload or {}
            line = found.get((row.at.astimezone(zone).date(), str(payload.get("door"))))
            if line is not None:
                _count(line, kind, row)
    return list(found.values())


async def rows(journal: Reader, kind: str, first: date, last: date, zone: ZoneInfo) -> AsyncIterator[Row]:
    """The rows of one type on the days from `first` to `last`, in order. Raises JournalError."""
    since, until = moment(first, "00:00", zone), moment(last + timedelta(days=1), "00:00", zone)
    after: int | None = 0
    while after is not None:
        page = await journal.read(after=after, limit=PAGE, type=kind, since=since, until=until)
        for row in page:
            yield row
        after = page[-1].seq if len(page) == PAGE else None


def _count(line: DoorDay, kind: Finding, row: Row) -> None:
    payload = row.payload or {}
    if kind is Finding.HELD:
        line.held += 1
    elif kind is Finding.FORCED:
        line.forced += 1
    else:
        line.opened += 1
        line.in_time += payload["in_time"] is True
        line.unsure += payload["in_time"] is None
        line.longest_s = max(line.longest_s or 0.0, payload["open_s"])
