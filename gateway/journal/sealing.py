"""Sealed days, pure but for reading: what a seal commits to, and what a verifier may start from.

seal = HMAC-SHA-256(key, previous seal ‖ canonical JSON array); docs/reference/journal.md gives it byte for byte.
"""

import hmac
from collections.abc import Mapping, Set
from typing import Any

import msgspec
from sqlalchemy import Connection, inspect, select

from gateway.core.errors import JournalError
from gateway.journal import chain, schema
from gateway.journal.chain import GENESIS, NO_ROW_OF_OURS

COLUMNS = ("site", "day", "first_seq", "last_seq", "rows", "end_hash", "sealed_at")


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """A day of the site, and the rows that were committed in it. `end_hash` is the hash of `last_seq`."""

    site: str
    day: str
    first_seq: int
    last_seq: int
    rows: int
    end_hash: bytes
    sealed_at: str
    seal: bytes = b""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before the rows that are there: `seq` is the last that has left, with its `hash`.

    `ends` has the hash of the last row of every sealed day that is there, in hexadecimal digits. `fault`, where the
    seals are not as they were made, says so; `fault_seq` is the first seq of what they no longer prove.
    """

    seq: int = 0
    hash: bytes = GENESIS
    ends: dict[int, str] = {}
    fault: str | None = None
    fault_seq: int = 1


def seal_hash(key: bytes, before: bytes, seal: Any) -> bytes:
    """The seal of a day; `before` is that of the day before, GENESIS for the first."""
    values = [getattr(seal, name) for name in COLUMNS]
    values[COLUMNS.index("end_hash")] = seal.end_hash.hex()
    return hmac.digest(key, before + chain.canonical(["seal", *values]), "sha256")


def departed_mac(key: bytes, *, site: str, seq: int, hash: bytes) -> bytes:
    """Proves that the gateway itself let the rows up to `seq` go."""
    return hmac.digest(key, chain.canonical(["departed", site, seq, hash.hex()]), "sha256")


def seals(db: Connection, site: str) -> list[Any]:
    """The seals of a site, oldest first; none in a store that was made before there were any."""
    if not inspect(db).has_table("seals"):
        return []
    table = schema.seals
    return list(db.execute(select(table).where(table.c.site == site).order_by(table.c.first_seq)).all())


def newest(db: Connection, site: str, key: bytes) -> Seal | None:
    """The newest seal, None before the first. Raises JournalError when it is not as it was made."""
    table = schema.seals
    page = select(table).where(table.c.site == site).order_by(table.c.first_seq.desc()).limit(2)
    try:
        found = db.execute(page).all()
    except NO_ROW_OF_OURS as error:
        raise JournalError(f"the newest seals are not as they were made: {error}") from error
    if not found:
        return None
    before, last = (found[1].seal, found[1].last_seq) if len(found) > 1 else (GENESIS, 0)
    if not _fits(key, before, last, found[0]):
        raise JournalError(f"the seal of {found[0].day} is not as it was made: no other is put behind it")
    return msgspec.convert(found[0], Seal, from_attributes=True)


def departed(db: Connection, site: str) -> Any:
    """How far the rows of a site have left, None when none has."""
    if not inspect(db).has_table("departed"):
        return None
    return db.execute(select(schema.departed).where(schema.departed.c.site == site)).first()


def start(db: Connection, site: str, key: bytes, anchored: Mapping[int, Set[str]] | None = None) -> Start:
    """From where, and along which days, the rows of a site can be verified; `anchored` are seals, by their last seq."""
    sealed, gone = seals(db, site), departed(db, site)
    before, last = GENESIS, 0
    for seal in sealed:
        if not _fits(key, before, last, seal):
            return Start(fault=f"the seal of {seal.day} is not as it was made", fault_seq=last + 1)
        before, last = seal.seal, seal.last_seq
    for seq, proofs in sorted((anchored or {}).items()):
        if proofs != {seal.seal.hex() for seal in sealed if seal.last_seq == seq}:
            proven = max((seal.last_seq for seal in sealed if seal.last_seq < seq), default=0)
            return Start(fault=f"the seal up to seq {seq} is not the one that was anchored", fault_seq=proven + 1)
    ends = {seal.last_seq: seal.end_hash.hex() for seal in sealed}
    if gone is None:
        return Start(ends=ends)
    try:
        proven = departed_mac(key, site=site, seq=gone.seq, hash=gone.hash) == gone.mac
    except NO_ROW_OF_OURS:
        proven = False
    if not proven or gone.seq > last or ends.get(gone.seq, gone.hash.hex()) != gone.hash.hex():
        return Start(fault="what says how far the rows have left is not as it was made")
    return Start(seq=gone.seq, hash=gone.hash, ends={seq: end for seq, end in ends.items() if seq > gone.seq})


def _fits(key: bytes, before: bytes, last: int, seal: Any) -> bool:
    try:
        follows = seal.first_seq == last + 1 and seal.rows == seal.last_seq - last > 0
        return bool(follows and seal_hash(key, before, seal) == seal.seal)
    except NO_ROW_OF_OURS:
        return False
