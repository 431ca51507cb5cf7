"""Whom a pseudonym stands for: rows apart from the record, which is hashed for ever and must name nobody.

What a row holds is sealed by `gateway.people`; here it is bytes.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Engine, Executable, delete, insert, select

from gateway.journal import schema
from gateway.journal.batch import Work

COLUMN = schema.persons.c
SLICE_ROWS = 200  # in one transaction, as a great commit


class Identity(msgspec.Struct, frozen=True):
    """One row: `at` is when it was last written."""

    pseudonym: str
    sealed: bytes
    at: str


class Identities:
    """The rows of one site. Every method raises JournalError."""

    def __init__(
        self,
        *,
        site: str,
        ask: Callable[[Executable, Callable[[Mapping[str, Any]], Any]], Awaitable[list[Any]]],
        change: Callable[[Work], Awaitable[Any]],
    ) -> None:
        self._site, self._ask, self._change = site, ask, change

    async def page(self, *, after: str = "", limit: int = 100) -> list[Identity]:
        """The rows behind a pseudonym, in the order of pseudonyms."""
        query = self._own().where(COLUMN.pseudonym > after).order_by(COLUMN.pseudonym).limit(limit)
        return await self._ask(query, _identity)

    async def of(self, pseudonyms: Collection[str]) -> dict[str, Identity]:
        """The rows of some pseudonyms, as far as there are any."""
        found = await self._ask(self._own().where(COLUMN.pseudonym.in_(sorted(pseudonyms))), _identity)
        return {identity.pseudonym: identity for identity in found}

    async def put(self, identities: Sequence[Identity]) -> None:
        """Write rows in the place of those they follow."""
        for first in range(0, len(identities), SLICE_ROWS):
            await self._change(partial(_put, site=self._site, identities=identities[first : first + SLICE_ROWS]))

    async def drop(self, pseudonym: str) -> bool:
        """Delete one row for ever; whether there was one."""
        return bool(await self._change(partial(_drop, site=self._site, pseudonyms=[pseudonym])))

    def _own(self) -> Any:
        return select(COLUMN.pseudonym, COLUMN.sealed, COLUMN.at).where(COLUMN.site == self._site)


def _identity(stored: Mapping[str, Any]) -> Identity:
    return Identity(str(stored["pseudonym"]), bytes(stored["sealed"]), str(stored["at"]))


def _put(engine: Engine, *, site: str, identities: Sequence[Identity]) -> None:
    rows = [{"site": site, **msgspec.structs.asdict(identity)} for identity in identities]
    with engine.begin() as db:
        db.execute(_delete(site, [identity.pseudonym for identity in identities]))
        db.execute(insert(schema.persons), rows)


def _drop(engine: Engine, *, site: str, pseudonyms: Sequence[str]) -> int:
    with engine.begin() as db:
        return db.execute(_delete(site, pseudonyms)).rowcount


def _delete(site: str, pseudonyms: Sequence[str]) -> Executable:
    return delete(schema.persons).where(COLUMN.site == site, COLUMN.pseudonym.in_(pseudonyms))
