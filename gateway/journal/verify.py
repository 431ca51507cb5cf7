"""Proves that the journal is whole, or names the first seq where it is not. Needs no lock and no running gateway."""

from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy import URL, Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.core.errors import GatewayError
from gateway.core.known import counted
from gateway.core.model import Retention
from gateway.journal import anchors as anchor_file
from gateway.journal import schema, sealing
from gateway.journal.ahead import proven
from gateway.journal.missing import LEAST_DAYS, Excuses, excuses
from gateway.journal.store import reading, reason
from gateway.journal.stretch import LEAST, Known, Walked, walk

GREATEST = 2**63 - 1  # text, which a file can hold as a seq, sorts behind all numbers


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: `rows` are whole, up to seq `head`; `broken_seq` is the first that is not; `what` says so."""

    ok: bool
    rows: int
    head: int
    broken_seq: int | None
    what: str


def verify(
    url: str | URL,
    *,
    key: bytes,
    anchors: Sequence[Path] = (),
    site: str | None = None,
    keep_days: Mapping[Retention, int] = LEAST_DAYS,
) -> Verdict:
    """Check a site's rows, or every site's, from the first to the last; the gateway may be writing.

    With several sites it is the first broken one's verdict, else `rows` is the sum and `head` the greatest.
    A payload that has expired, or was erased on request, is no fault; `keep_days` are those of the site, for a store
    that no night has passed over yet. Raises GatewayError when the store or `anchors` cannot be read.
    """
    engine, now = reading(url), datetime.now(UTC)
    try:
        with engine.connect() as db:
            noted = anchor_file.load(*anchors)  # before the rows: what is anchored is committed
            sites = [site] if site else sorted({*_sites(db), *noted})
            verdicts = [
                _verify_still(
                    db,
                    url,
                    name,
                    key,
                    noted.get(name, anchor_file.Noted()),
                    partial(excuses, db, name, key, keep_days, now),
                )
                for name in sites
            ]
    except FileNotFoundError as error:
        raise GatewayError(
            f"{error.filename} is missing: without anchors nobody can tell whether rows were cut off"
        ) from error
    except (SQLAlchemyError, OSError) as error:
        raise GatewayError(f"the journal cannot be read: {reason(error)}") from error
    finally:
        engine.dispose()
    return _together(verdicts)


def _verify_still(
    db: Connection,
    url: str | URL,
    site: str,
    key: bytes,
    noted: anchor_file.Noted,
    recorded: Callable[[], Excuses],
) -> Verdict:
    """Verify; and again, when rows have left meanwhile, or payloads may have been erased."""
    while True:
        before, gone = sealing.departed(db, site), recorded()
        verdict = _verify(db, url, site, key, noted, gone)
        if verdict.ok or (sealing.departed(db, site), recorded()) == (before, gone):
            return verdict


def _verify(db: Connection, url: str | URL, site: str, key: bytes, noted: anchor_file.Noted, gone: Excuses) -> Verdict:
    start, heads = sealing.start(db, site, key, noted.seals), noted.heads
    if start.fault:
        what = f"site {site}: seq {start.fault_seq}: {start.fault}"
        return Verdict(ok=False, rows=0, head=0, broken_seq=start.fault_seq, what=what)
    walked = _walked(db, url, site, key, Known(heads, start.ends, gone), start)
    seq, erased, fault = walked.seq, walked.erased, walked.fault
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


def _walked(db: Connection, url: str | URL, site: str, key: bytes, known: Known, start: sealing.Start) -> Walked:
    """All rows behind the start: long journals ahead in several processes, the rest, and what has a fault, here."""
    table = schema.journal.c
    stray = select(table.seq).where(table.site == site, table.seq <= start.seq).limit(1)
    newest = select(func.max(table.seq)).where(table.site == site, table.seq <= GREATEST)
    walked, first = Walked(start.seq, start.hash, start.hash, 0, None), LEAST
    if db.execute(stray).first() is None:
        walked = proven(url, site, key, known, walked, newest=db.execute(newest).scalar() or 0)
        first = walked.seq + 1
    rest = walk(db, site, key, known, seq=walked.seq, last=walked.hash, first=first)
    return Walked(rest.seq, rest.hash, start.hash, walked.erased + rest.erased, rest.fault)


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
