"""Which payloads may be missing: they have expired, as far as a keyed note says, or a recorded request names them."""

import hmac
from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from gateway.core.model import Retention
from gateway.journal import chain, schema, sealing
from gateway.journal.rows import stamp

REQUESTED = "erasure.requested"
"""The type of the rows whose `seqs` were erased on request. These keep their own payload as long as they stay."""
CURSOR = "expired/{}"
LEAST_DAYS = {Retention.ACCESS: 180, Retention.AUDIT: 180, Retention.CALL: 1, Retention.DEVICE: 1}
"""For how many days a site keeps the payloads of a class at the least."""
LEEWAY = timedelta(hours=1)  # days of a site count from its midnight, and one a year has 23 hours
ROWS, CURSORS = schema.journal.c, schema.cursors.c


class Limit(msgspec.Struct, frozen=True):
    """What has expired of a class: all that happened before `before`, or was committed up to `last_seq`."""

    before: str = ""
    last_seq: int = 0
    mac: str = ""


class Excuses(msgspec.Struct, frozen=True):
    """`limits` by class; `named` are the seqs of all recorded requests."""

    limits: Mapping[str, Limit] = {}
    named: frozenset[int] = frozenset()

    def cover(self, seq: int, retention: str, at: str) -> bool:
        """Whether the payload of this row may be missing."""
        limit = self.limits.get(retention, Limit())
        return at < limit.before or seq <= limit.last_seq or seq in self.named

    def among(self, first: int, last: int) -> "Excuses":
        """Those of the rows from one seq to another."""
        return Excuses(self.limits, frozenset(seq for seq in self.named if first <= seq <= last))


def excuses(db: Connection, site: str, key: bytes, keep_days: Mapping[Retention, int], now: datetime) -> Excuses:
    """What is recorded of a site; a class without a note expires by `keep_days`. Raises SQLAlchemyError."""
    limits = {
        retention.value: noted(db, site, key, retention)
        or _limit(db, site, now - timedelta(days=keep_days[retention]) + LEEWAY)
        for retention in Retention
    }
    requests = select(ROWS.payload).where(ROWS.site == site, ROWS.type == REQUESTED, ROWS.payload.is_not(None))
    return Excuses(limits, frozenset(seq for payload in db.execute(requests).scalars() for seq in _seqs(payload)))


def noted(db: Connection, site: str, key: bytes, retention: Retention) -> Limit | None:
    """How far a class has expired; None where nobody with the key has noted it."""
    mine = CURSORS.site == site, CURSORS.name == CURSOR.format(retention)
    try:
        limit = msgspec.json.decode(db.execute(select(CURSORS.value).where(*mine)).scalar() or "", type=Limit)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    return limit if hmac.compare_digest(limit.mac.encode(), _mac(key, site, retention, limit).encode()) else None


def note(db: Connection, *, site: str, key: bytes, retention: Retention, before: str, last_seq: int) -> None:
    """Note that a class expires so far, before it does. What has expired once stays so."""
    former = noted(db, site, key, retention) or Limit()
    limit = Limit(max(before, former.before), max(last_seq, former.last_seq))
    limit = msgspec.structs.replace(limit, mac=_mac(key, site, retention, limit))
    mine = {"site": site, "name": CURSOR.format(retention)}
    new = {"value": msgspec.json.encode(limit).decode(), "at": stamp(datetime.now(UTC))}
    there = update(schema.cursors).where(CURSORS.site == site, CURSORS.name == mine["name"])
    if not db.execute(there.values(**new)).rowcount:
        db.execute(insert(schema.cursors), mine | new)


def _limit(db: Connection, site: str, end: datetime) -> Limit:
    sealed = [seal.last_seq for seal in sealing.seals(db, site) if str(seal.day) < str(end.date())]
    return Limit(stamp(end), max((seq for seq in sealed if isinstance(seq, int)), default=0))


def _mac(key: bytes, site: str, retention: Retention, limit: Limit) -> str:
    array: list[Any] = ["expired", site, retention.value, limit.before, limit.last_seq]
    return hmac.digest(key, chain.canonical(array), "sha256").hex()


def _seqs(payload: Any) -> Generator[int]:
    """Those that a request names; what a payload does not say, as its row was changed, is named by nobody."""
    try:
        yield from msgspec.json.decode(payload, type=_Request).seqs
    except (msgspec.DecodeError, TypeError, UnicodeEncodeError):
        return


class _Request(msgspec.Struct, frozen=True):
    seqs: list[int]
