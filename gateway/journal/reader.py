"""Reads the journal off the loop: its own connections, short reads, committed rows only."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Engine, Executable, and_, bindparam, func, select, true
from sqlalchemy.exc import SQLAlchemyError

from gateway.core.errors import JournalError
from gateway.journal import rows, schema
from gateway.journal.facets import Facet
from gateway.journal.rows import Desired, Row, stamp
from gateway.journal.scope import EVERYTHING, Scope
from gateway.journal.store import reason

AnswerT = TypeVar("AnswerT")
LAST_CHARACTER = chr(0x10FFFF)
_TABLE = schema.journal.c
BY_SOURCE = (
    select(schema.journal)
    .where(_TABLE.site == bindparam("site"))
    .where(_TABLE.source_key >= bindparam("first"), _TABLE.source_key < bindparam("beyond"))
    .order_by(_TABLE.seq)
)
"""Made once: a called number waits for it, and to make it takes as long as to ask it."""
IN_VAIN = 1_000, 10_000, 100_000, 1_000_000  # rows that a page passes, before the other side is looked at


class Reader:
    """What is recorded of one site. Every method raises JournalError when the store cannot be read."""

    def __init__(self, site: str, engine: Engine, pools: Sequence[Executor]) -> None:
        self.site, self._engine = site, engine
        self._pool, self._at_once = pools

    async def retained(self) -> set[str]:
        """The topics that an outlet may have retained at its broker."""
        query = select(schema.retained.c.topic).where(schema.retained.c.site == self.site)
        return set(await self.ask(query, lambda stored: str(stored["topic"])))

    async def read(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        device: str | None = None,
        type: str | None = None,
        text: str | None = None,
        part: str | None = None,
        person: str | None = None,
        why: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = False,
        scope: Scope = EVERYTHING,
        among: tuple[int, int] | None = None,
    ) -> list[Row]:
        """One page of rows by seq, those with a greater seq than `after`; of those `among` two seqs, both included.

        `newest_first` goes backwards: from the end when `after` is 0, else from before it. `since` is
        inclusive, `until` exclusive. `text` must stand in the payload, in the case of its letters or another: no index
        helps there, see search.py. `person` and `why`, the `reason` of a payload, are those of rows of class `access`:
        others are left out. What is out of `scope` is as if it were not there.
        """
        table = schema.journal.c
        beyond = (table.seq < after if after else true()) if newest_first else table.seq > after
        page = select(schema.journal).where(table.site == self.site, beyond).limit(limit)
        page = page.order_by(table.seq.desc() if newest_first else table.seq)
        page = page.where(table.seq.between(*among)) if among is not None else page
        page = page.where(table.device == device) if device is not None else page
        page = page.where(table.type == type) if type is not None else page
        page = page.where(table.part == part) if part is not None else page
        for name, value in (("person", person), ("reason", why)):
            page = page.where(schema.of_access, Facet(name) == value) if value is not None else page
        page = page.where(table.payload.icontains(text, autoescape=True)) if text is not None else page
        page = page.where(*scope.conditions(schema.journal))
        at = table.at.concat("")  # hidden from the indexes: a page by `at` would have to be sorted whole
        page = page.where(at >= stamp(since)) if since else page
        page = page.where(at < stamp(until)) if until else page
        if since or (until and await self._late(until)):
            page = page.where(table.seq.between(*await self.span(since, until)))
        return await self.ask(page, rows.row)

    async def _late(self, until: datetime) -> bool:
        """Whether a page that ends then would pass more rows in vain than its span has: then that is worth a look.

        Found by counting up both sides, so that it costs no more than the shorter of them.
        """
        at = schema.journal.c.at
        for count in IN_VAIN:
            if not await self._more(at >= stamp(until), count):
                return False
            if not await self._more(at < stamp(until), count):
                return True
        return False

    async def _more(self, condition: ColumnElement[bool], count: int) -> bool:
        table = schema.journal.c
        rows_ = select(table.seq).where(table.site == self.site, condition).offset(count).limit(1)
        return bool(await self.ask(rows_, dict))

    async def span(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """The first and the last seq of a time, read from the index alone; rows of another time may lie between."""
        table = schema.journal.c
        seq = table.seq + 0  # PostgreSQL would walk all rows in the order of seq
        ends = select(func.coalesce(func.min(seq), 0), func.coalesce(func.max(seq), 0)).where(table.site == self.site)
        ends = ends.where(table.at >= stamp(since)) if since else ends
        ends = ends.where(table.at < stamp(until)) if until else ends
        [(first, last)] = await self.ask(ends, lambda found: tuple(found.values()))
        return first, last

    async def by_source(self, prefix: str) -> list[Row]:
        """All rows whose `source_key` starts with `prefix`, by seq."""
        given = {"site": self.site, "first": prefix, "beyond": prefix + LAST_CHARACTER}
        return await self.ask(BY_SOURCE, rows.row, at_once=True, given=given)

    async def cursor(self, name: str) -> str | None:
        """The committed value of a cursor, None before its first."""
        table = schema.cursors.c
        query = select(table.value).where(table.site == self.site, table.name == name)
        values = await self.ask(query, lambda stored: str(stored["value"]), at_once=True)
        return values[0] if values else None

    async def desired(self) -> list[Desired]:
        """All desired state, by device, part and verb."""
        table = schema.desired
        query = select(table).where(table.c.site == self.site).order_by(*table.primary_key)
        return await self.ask(query, rows.desired)

    async def ask(
        self,
        query: Executable,
        make: Callable[[Mapping[str, Any]], AnswerT],
        *,
        at_once: bool = False,
        given: Mapping[str, str] | None = None,
    ) -> list[AnswerT]:
        """What a query finds, row by row; `at_once` waits for no page; `given` are the values that it leaves open.

        Raises JournalError.
        """
        pool = self._at_once if at_once else self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, self._fetch, query, make, given)
        except (SQLAlchemyError, ValueError) as error:
            raise JournalError(f"the journal cannot be read: {reason(error)}") from error

    def _fetch(
        self, query: Executable, make: Callable[[Mapping[str, Any]], AnswerT], given: Mapping[str, str] | None
    ) -> list[AnswerT]:
        with self._engine.connect() as db:
            found = db.execute(query, given)
            names = [str(name) for name in found.keys()]  # noqa: SIM118 - a result, no dict
            every = found.all()  # before any is made: an error between two rows would leave the read open
            return [make(dict(zip(names, stored, strict=True))) for stored in every]


def within(prefix: str) -> ColumnElement[bool]:
    """Whether a `source_key` starts with `prefix`, in the case of its letters: LIKE of SQLite takes A for a."""
    key = schema.journal.c.source_key
    return and_(key >= prefix, key < prefix + LAST_CHARACTER)
