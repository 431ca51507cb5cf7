"""For how long nobody knew how doors stood, by what was found of them."""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.core.access import Finding
from gateway.doors.compliance import rows
from gateway.journal.reader import Reader
from gateway.journal.rows import Row

Place = tuple[str | None, str | None]
"""A device and its part."""
PAGE = 1000  # findings that are read at once


async def unknown_time(
    journal: Reader,
    places: Collection[Place],
    first: date,
    last: date,
    zone: ZoneInfo,
    *,
    since: datetime,
    end: datetime,
) -> dict[Place, float | None]:
    """Seconds by place, of the days from `first` to `last`, from `since` to `end`; None where that cannot be told.

    Time in which the gateway itself was down is not in it. Raises JournalError.
    """
    found: dict[Place, list[Row]] = {place: [] for place in places}
    for kind in (Finding.UNKNOWN, Finding.RESTORED):
        async for row in rows(journal, kind, first, last, zone):
            if (row.device, row.part) in found and _matters(row):
                found[row.device, row.part].append(row)
    before = await _unknown_before(journal, places, since)
    return {
        place: _total(sorted(told, key=_by_seq), since if place in before else None, end)
        for place, told in found.items()
    }


def _by_seq(row: Row) -> int:
    return row.seq


def _matters(row: Row) -> bool:
    """Whether a finding says that a door is unknown, or may say that it no longer is."""
    return row.type == Finding.UNKNOWN or row.payload is None or "unknown" in row.payload.get("was", ())


def _total(told: list[Row], unknown_since: datetime | None, end: datetime) -> float | None:
    total = 0.0
    for row in told:
        if row.type == Finding.UNKNOWN:
            unknown_since = unknown_since or row.at
        elif unknown_since is None:
            if row.payload is not None:
                return None  # when that had begun is not told
        elif row.payload is None:
            return None  # whether that ended it is not told
        else:
            total += max(0.0, (row.at - unknown_since).total_seconds())
            unknown_since = None
    if unknown_since is not None:
        total += max(0.0, (end - unknown_since).total_seconds())
    return round(total, 3)


async def _unknown_before(journal: Reader, places: Collection[Place], since: datetime) -> set[Place]:
    """The places that were unknown at that time, by their newest findings in front of it."""
    newest: dict[Place, int] = {}
    async with aclosing(_every(journal, type=Finding.UNKNOWN, until=since, newest_first=True)) as found:
        async for row in found:
            newest.setdefault((row.device, row.part), row.seq)
            if newest.keys() >= set(places):
                break
    return {place for place in places if place in newest and await _lasts(journal, place, newest[place], since)}


async def _lasts(journal: Reader, place: Place, seq: int, since: datetime) -> bool:
    device, part = place
    every = _every(journal, seq, type=Finding.RESTORED, device=device, part=part, until=since)
    async with aclosing(every) as found:
        async for row in found:
            if _matters(row):
                return False
    return True


async def _every(journal: Reader, after: int = 0, **sought: Any) -> AsyncGenerator[Row]:
    """The rows of `Journal.read`, page by page."""
    while rows_ := await journal.read(after=after, limit=PAGE, **sought):
        for row in rows_:
            yield row
        after = rows_[-1].seq
