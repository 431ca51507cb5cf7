"""Proves that the journal is whole, or names the first seq where it is not. Needs no lock and no running gateway."""

from collections.abc import Generator, Sequence, Set
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, Select, func, select
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from gateway.core.errors import GatewayError
from gateway.core.known import counted
from gateway.journal import anchors as anchor_file
from gateway.journal import chain, schema, sealing
from gateway.journal.store import reading, reason

SLICE_ROWS = 4_000  # one short read each: a long one would keep the writer's log from being folded back
SEQ, PAYLOAD, HASH = chain.COVERED.index("seq"), len(chain.COVERED), -1
COLUMNS = [schema.journal.c[name] for name in (*chain.COVERED, "payload", "salt", "prev_hash", "hash")]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: `rows` are whole, up to seq `head`; `broken_seq` is the first that is not; `what` says so."""

    ok: bool
    rows: int
    head: int
    broken_seq: int | None
    what: str


def verify(url: str | URL, *, key: bytes, anchors: Sequence[Path] = (), site: str | None = None) -> Verdict:
    """Check a site's rows, or every site's, from the first to the last; the gateway may be writing.

    With several sites it is the first broken one's verdict, else `rows` is the sum and `head` the greatest.
    A payload that has been erased is no fault. Raises GatewayError when the store or `anchors` cannot be read.
    """
    engine = reading(url)
    try:
        with engine.connect() as db:
            noted = anchor_file.load(*anchors)  # before the rows: what is anchored is committed
            sites = [site] if site else sorted({*_sites(db), *noted})
            verdicts = [_verify_still(db, name, key, noted.get(name, anchor_file.Noted())) for name in sites]
    except FileNotFoundError as error:
        raise GatewayError(
            f"{error.filename} is missing: without anchors nobody can tell whether rows were cut off"
        ) from error
    except (SQLAlchemyError, OSError) as error:
        raise GatewayError(f"the journal cannot be read: {reason(error)}") from error
    finally:
        engine.dispose()
    return _together(verdicts)


def _verify_still(db: Connection, site: str, key: bytes, noted: anchor_file.Noted) -> Verdict:
    """Verify; and again, when rows have left meanwhile."""
    while True:
        before = sealing.departed(db, site)
        verdict = _verify(db, site, key, noted)
        if verdict.ok or sealing.departed(db, site) == before:
            return verdict


def _verify(db: Connection, site: str, key: bytes, noted: anchor_file.Noted) -> Verdict:
    start, heads = sealing.start(db, site, key, noted.seals), noted.heads
    if start.fault:
        what = f"site {site}: seq {start.fault_seq}: {start.fault}"
        return Verdict(ok=False, rows=0, head=0, broken_seq=start.fault_seq, what=what)
    seq, erased, last, fault = start.seq, 0, start.hash, None
    for row in _rows(db, site):
        fault = _fault(row, seq=seq + 1, last=last, key=key, anchored=heads.get(seq + 1), end=start.ends.get(seq + 1))
        if fault:
            break
        seq, erased, last = seq + 1, erased + (row[PAYLOAD] is None), row[HASH]
    later = max([*heads, *start.ends], default=0)
    if not fault and later > seq:
        fault = f"is missing, and all after it: seq {later} was {'anchored' if later in heads else 'sealed'}"
    rows = seq - start.seq
    if fault:
        return Verdict(ok=False, rows=rows, head=seq, broken_seq=seq + 1, what=f"site {site}: seq {seq + 1} {fault}")
    what = f"site {site}: {counted(rows, 'row')} {'is' if rows == 1 else 'are'} whole" + (
        f", {counted(erased, 'payload')} erased" if erased else ""
    )
    what += f", {start.seq} before them have left" if start.seq else ""
    return Verdict(ok=True, rows=rows, head=seq, broken_seq=None, what=what)


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


def _rows(db: Connection, site: str) -> Generator[Any]:
    """All rows of a site by seq, read in slices. Must not be continued after a row whose seq is no number."""
    table = schema.journal.c
    first = -(2**63)
    while True:
        page = select(*COLUMNS).where(table.site == site, table.seq >= first).order_by(table.seq).limit(SLICE_ROWS)
        rows = _fetched(db, page)
        yield from rows
        if len(rows) < SLICE_ROWS:
            return
        first = rows[-1][SEQ] + 1


def _fetched(db: Connection, page: Select[Any]) -> Sequence[Any]:
    """Text that is not UTF-8, which only a file can hold, comes through, so that its row can be named: it fits no hash.

    All text would have to pass through Python for that, which takes as long as all the rest: only when there is such.
    """
    try:
        return db.execute(page).all()
    except OperationalError:
        driver: Any = db.connection.driver_connection
        if db.dialect.name != "sqlite" or driver.text_factory is not str:
            raise
        driver.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    return db.execute(page).all()


def _sites(db: Connection) -> Generator[str]:
    column = schema.journal.c.site
    site = db.execute(select(func.min(column))).scalar()
    while site is not None:
        yield site
        site = db.execute(select(func.min(column)).where(column > site)).scalar()


def _together(verdicts: Sequence[Verdict]) -> Verdict:
    broken = [verdict for verdict in verdicts if not verdict.ok]
    if broken or len(verdicts) == 1:
        return (broken or verdicts)[0]
    rows = sum(verdict.rows for verdict in verdicts)
    head = max((verdict.head for verdict in verdicts), default=0)
    what = "; ".join(verdict.what for verdict in verdicts) or "the journal is empty"
    return Verdict(ok=True, rows=rows, head=head, broken_seq=None, what=what)
