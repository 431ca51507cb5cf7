"""What happened at every door on some days of the site, counted from the journal.

A row counts on the day of its own time `at`, as everywhere: what a controller tells when it is recorded, which may be
days `late`; what the gateway found of a door when it happened.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.access import Happening
from gateway.doors.compliance import compliance, rows
from gateway.doors.config import DoorConfig
from gateway.doors.counted import Counts, DoorLine, Line
from gateway.doors.known_days import known_days
from gateway.doors.unknown_time import Place, unknown_time
from gateway.journal.reader import Reader
from gateway.journal.rows import Row
from gateway.journal.tally import maybe_late, tallies

COUNTED = (Happening.GRANTED, Happening.DENIED, Happening.BUTTON, Happening.BUTTON_REFUSED, Happening.REMOTE)


class DoorsReport(msgspec.Struct, frozen=True, kw_only=True):
    """The days from `first` to `last`: from `since`, included, to `until`, excluded, as far as they were over at `at`.

    `recorded_from` is when the journal begins: of what was before, nothing is known.
    """

    first: date
    last: date
    since: datetime
    until: datetime
    at: datetime
    recorded_from: datetime
    doors: list[DoorLine]
    totals: Line


async def report(
    journal: Reader,
    doors: Sequence[DoorConfig],
    first: date,
    last: date,
    zone: ZoneInfo,
    *,
    now: datetime,
    happened_at: Callable[[Row], datetime],
) -> DoorsReport:
    """Count the days from `first` to `last`. Raises WrongInput for days of which nothing can be known, JournalError.

    `happened_at` is when something happened that a controller told.
    """
    since, until, recorded_from = await known_days(journal, first, last, zone, now=now)
    found = await _counted(journal, doors, first, last, zone, since=since, end=min(until, now))
    async for row in maybe_late(
        journal, devices={door.device for door in doors}, types=COUNTED, since=since, until=min(until, now)
    ):
        if (row.device, row.part) in found and happened_at(row) < since:
            found[row.device, row.part].late += 1
    return DoorsReport(
        first=first,
        last=last,
        since=since,
        until=until,
        at=now,
        recorded_from=recorded_from,
        doors=[
            DoorLine(door=door.id, name=door.name, **msgspec.structs.asdict(found[door.device, door.part].line()))
            for door in doors
        ],
        totals=_total(found),
    )


async def _counted(
    journal: Reader,
    doors: Sequence[DoorConfig],
    first: date,
    last: date,
    zone: ZoneInfo,
    *,
    since: datetime,
    end: datetime,
) -> dict[Place, Counts]:
    found: dict[Place, Counts] = {(door.device, door.part): Counts() for door in doors}
    devices = {door.device for door in doors}
    async for tally in tallies(journal, devices=devices, types=COUNTED, since=since, until=end):
        if (tally.device, tally.part) in found:
            found[tally.device, tally.part].add(tally)
    by_id = {door.id: found[door.device, door.part] for door in doors}
    for day in await compliance(journal, doors, first, last, zone):
        by_id[day.door].days.append(day)
    for place, seconds in (await unknown_time(journal, found, first, last, zone, since=since, end=end)).items():
        found[place].unknown.append(seconds)
    async for row in rows(journal, Happening.GAP, first, last, zone):
        for place, counts in found.items():
            if place[0] == row.device:
                counts.gaps[row.seq] = _lost(row.payload)
    return found


def _lost(payload: Mapping[str, object] | None) -> int | None:
    """How many events a gap has, where it tells both its ends."""
    match payload:
        case {"from": int(begin), "to": int(end)}:
            return end - begin + 1
        case _:
            return None


def _total(found: Mapping[Place, Counts]) -> Line:
    every = Counts()
    for counts in found.values():
        every.merge(counts)
    return every.line()
