"""Checks rows of one site in their order, from one that is known to be whole, or for themselves."""

from collections.abc import Generator, Mapping, Sequence, Set
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, select
from sqlalchemy.exc import DBAPIError, OperationalError

from gateway.journal import chain, schema
from gateway.journal.missing import Excuses

SLICE_ROWS = 4_000  # one short read each: a long one would keep the writer's log from being folded back
LEAST = -(2**63)
SEQ, AT, CLASS = (chain.COVERED.index(name) for name in ("seq", "at", "class"))
PAYLOAD, PREV_HASH, HASH = len(chain.COVERED), -2, -1
COLUMNS = [schema.journal.c[name] for name in (*chain.COVERED, "payload", "salt", "prev_hash", "hash")]


class Known(msgspec.Struct, frozen=True):
    """What rows must be, whatever the store says: hashes in hexadecimal digits, by seq."""

    heads: Mapping[int, Set[str]] = {}
    """What was anchored."""
    ends: Mapping[int, str] = {}
    """The last rows of the sealed days."""
    excuses: Excuses = Excuses()
    """Which payloads may be missing."""

    def among(self, first: int, last: int) -> "Known":
        """What is known of the rows from one seq to another."""
        return Known(
            {seq: hashes for seq, hashes in self.heads.items() if first <= seq <= last},
            {seq: hash_ for seq, hash_ in self.ends.items() if first <= seq <= last},
            self.excuses.among(first, last),
        )


class Walked(msgspec.Struct, frozen=True):
    """Whole up to `seq`, whose hash is `hash`, and behind the hash `before`; `fault` is what the row behind it has."""

    seq: int
    hash: bytes
    before: bytes
    erased: int
    fault: str | None


def walk(
    db: Connection,
    site: str,
    key: bytes,
    known: Known,
    *,
    seq: int,
    last: bytes | None,
    first: int = LEAST,
    until: int | None = None,
) -> Walked:
    """Check the rows behind `seq`, reading those from `first` up to `until`.

    `last` is the hash of the row `seq`; None takes the first row's own word for it, which `before` tells then.
    Raises SQLAlchemyError.
    """
    before, hash_, erased = last or b"", last, 0
    for row in _rows(db, site, first, until):
        if hash_ is None:
            before = row[PREV_HASH]
        held: bytes = before if hash_ is None else hash_
        anchored, end = known.heads.get(seq + 1), known.ends.get(seq + 1)
        fault = _fault(row, seq=seq + 1, last=held, key=key, anchored=anchored, end=end)
        if fault is None and row[PAYLOAD] is None and not known.excuses.cover(seq + 1, row[CLASS], row[AT]):
            fault = "has lost its payload, which neither expired nor was erased on a recorded request"
        if fault:
            return Walked(seq, held, before, erased, fault)
        seq, erased, hash_ = seq + 1, erased + (row[PAYLOAD] is None), row[HASH]
    return Walked(seq, hash_ or b"", before, erased, None)


def _fault(row: Any, *, seq: int, last: bytes, key: bytes, anchored: Set[str] | None, end: str | None) -> str | None:
    *covered, payload, salt, prev_hash, found = row
    if row[SEQ] != seq:
        return f"is missing: seq {row[SEQ]} stands in its place"
    if payload is not None and not chain.payload_fits(salt, payload, covered[chain.PAYLOAD_HASH]):
        return "has another payload than it was recorded with"
    if prev_hash != last:
        return f"does not continue seq {seq - 1}"
    if not chain.row_fits(key, last, covered, found):
        return "does not fit its hash: a column was changed, or the key is another"
    if anchored and anchored != {found.hex()}:
        return "is not the row that was anchored: the journal was written anew"
    if end and found.hex() != end:
        return "is not the row that its day was sealed with"
    return None


def _rows(db: Connection, site: str, first: int, until: int | None) -> Generator[Any]:
    """The rows of a site by seq, read in slices. Must not be continued after a row whose seq is no number."""
    table = schema.journal.c
    while True:
        page = select(*COLUMNS).where(table.site == site, table.seq >= first).order_by(table.seq).limit(SLICE_ROWS)
        rows = _fetched(db, page if until is None else page.where(table.seq <= until))
        yield from rows
        if len(rows) < SLICE_ROWS:
            return
        first = rows[-1][SEQ] + 1


def _fetched(db: Connection, page: Select[Any]) -> Sequence[Any]:
    """Text that is not UTF-8, which only a file can hold, comes through, so that its row can be named: it fits no hash.

    All text would have to pass through Python for that, which takes as long as all the rest: only when there is such.
    """
    try:
        return _bare(db, page)
    except OperationalError:
        driver: Any = db.connection.driver_connection
        if db.dialect.name != "sqlite" or driver.text_factory is not str:
            raise
        driver.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    return _bare(db, page)


def _bare(db: Connection, page: Select[Any]) -> Sequence[Any]:
    """Rows as the driver gives them: to make them SQLAlchemy's would take as long again."""
    with db.execute(page) as found:
        cursor: Any = found.cursor
        driver: Any = db.dialect.loaded_dbapi
        try:
            rows: Sequence[Any] = cursor.fetchall()
        except driver.Error as error:
            raise DBAPIError.instance(None, None, error, driver.Error) from error
    return rows
