"""Counts rows of the record by what they are, in steps of bounded work: readers of pages get their turn in between."""

from collections.abc import AsyncGenerator, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Select, func, or_, select

from gateway.journal import schema
from gateway.journal.facets import Facet
from gateway.journal.reader import Reader
from gateway.journal.rows import Row, row, stamp

STEP = 20_000  # rows of the journal that one query may pass: 0.1 s of one reader

AHEAD_S = 86_400.0  # what a clock may be ahead, and its row be found by the text of its time
NEAR = timedelta(days=3)  # AHEAD_S and any zone together are less


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """So many rows that are alike. `erased`: their payloads are gone, and with them `reason` and `person`."""

    device: str | None
    part: str | None
    type: str
    reason: str | None
    person: str | None
    erased: bool
    count: int


async def tallies(
    journal: Reader, *, devices: Collection[str], types: Collection[str], since: datetime, until: datetime
) -> AsyncGenerator[Tally]:
    """Count the rows of these devices and types from `since`, included, to `until`, excluded.

    What is alike may come more than once: it is to be added up. Raises JournalError.
    """
    first, last = await journal.span(since, until)
    table = schema.journal.c
    at = table.at.concat("")  # hidden from the indexes, as in the reader: the seqs are what is narrow
    rows = _grouped().where(table.site == journal.site, table.device.in_(devices), table.type.in_(types))
    rows = rows.where(at >= stamp(since), at < stamp(until))
    for begin in range(first, last + 1, STEP):
        for tally in await journal.ask(rows.where(table.seq.between(begin, min(begin + STEP - 1, last))), _tally):
            yield tally


async def maybe_late(
    journal: Reader, *, devices: Collection[str], types: Collection[str], since: datetime, until: datetime
) -> AsyncGenerator[Row]:
    """The rows of these devices and types from `since` to `until` that may tell of what happened before `since`.

    That is for who reads them to find out: by its text alone, a device's time is known to some days. Raises
    JournalError.
    """
    first, last = await journal.span(since, until)
    table = schema.journal.c
    at = table.at.concat("")
    told = or_(table.device_at < f"{since.date() + NEAR}", table.clock_offset_s > AHEAD_S)
    rows_ = select(schema.journal).where(table.site == journal.site, table.device.in_(devices), table.type.in_(types))
    rows_ = rows_.where(at >= stamp(since), at < stamp(until), table.clock_offset_s.is_not(None), told)
    for begin in range(first, last + 1, STEP):
        for found in await journal.ask(rows_.where(table.seq.between(begin, min(begin + STEP - 1, last))), row):
            yield found


def _grouped() -> Select[*tuple[Any, ...]]:
    table = schema.journal.c
    said = Facet("reason").label("reason"), Facet("person").label("person"), table.payload.is_(None).label("erased")
    what = table.device, table.part, table.type, *said
    return select(*what, func.count().label("count")).group_by(*what)


def _tally(found: Mapping[str, Any]) -> Tally:
    """SQLite gives a number in JSON as a number, and a truth as 0 or 1."""
    said = {name: None if found[name] is None else str(found[name]) for name in ("reason", "person")}
    return msgspec.convert({**found, **said, "erased": bool(found["erased"])}, Tally)
