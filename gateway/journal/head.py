"""The newest row, before anything is written behind it: it must be the one that was committed last.

A server that failed over to a copy that lags, a backup put back under a running gateway, rows that somebody deleted:
each leaves a chain that is whole in itself, and to go on from it would give the same numbers to other records.
"""

import msgspec
from sqlalchemy import Connection, Engine, bindparam, select

from gateway.core.errors import GatewayError, JournalError, WrongInput
from gateway.journal import chain, schema, sealing
from gateway.journal.rows import Head
from gateway.journal.version import bring_up

SITE = schema.journal.c.site == bindparam("site")
NEWEST = select(schema.journal).where(SITE).order_by(schema.journal.c.seq.desc()).limit(1)
HEAD = NEWEST.with_only_columns(schema.journal.c.seq, schema.journal.c.hash)
HASH = select(schema.journal.c.hash).where(SITE, schema.journal.c.seq == bindparam("seq"))


class NotAsLeft(JournalError):
    """The store is not as the journal left it: what was on disk is not there any more, or is another."""


class Anchor(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the file of anchors: `hash`, in hexadecimal digits, was the hash of `seq`, the head of `site`.

    `seal`, likewise, was the newest seal, of the rows up to `sealed`; without any day sealed there is none.
    """

    at: str
    site: str
    seq: int
    hash: str
    sealed: int = 0
    seal: str = ""


def prepare(engine: Engine, *, site: str, key: bytes, anchor: Anchor | None = None) -> Head:
    """Make the tables, or bring them up to date; gives the site's head. Raises GatewayError, SQLAlchemyError.

    The newest row must fit the key: to go on with another one would break the chain for ever. The row that was anchored
    last must be there.
    """
    bring_up(engine)
    with engine.begin() as db:
        head = _proven(db, site, key)
        if anchor and (why := _without(db, head, anchor)):
            raise GatewayError(
                f"store.url: {why}. `hall-gateway journal verify SITE` tells more; to begin at seq {head.seq + 1} all "
                "the same, put the file of the anchors elsewhere, and keep it"
            )
    return head


def go_on(db: Connection, *, site: str, key: bytes, ours: Head) -> Head:
    """The head to write behind: ours, or rows of ours whose commit was never answered. Raises NotAsLeft."""
    try:
        row = db.execute(HEAD, {"site": site}).first()
        if (tuple(row) if row else (0, chain.GENESIS)) == (ours.seq, ours.hash):
            return ours
        mine = _hash(db, site, ours.seq) if ours.seq else chain.GENESIS
        found = _proven(db, site, key)
    except (*chain.NO_ROW_OF_OURS, WrongInput) as error:
        raise NotAsLeft(f"the store is not as the journal left it: its newest record was changed: {error}") from error
    if mine == ours.hash:
        return found
    if mine is None:
        why = f"it ends at seq {found.seq}, and seq {ours.seq} was on disk: it is an older copy, or rows were deleted"
    else:
        why = f"its seq {ours.seq} is not the row that was on disk: it is a copy that went another way, or was changed"
    raise NotAsLeft(f"the store is not as the journal left it: {why}")


def _proven(db: Connection, site: str, key: bytes) -> Head:
    """The newest row, if it fits the key; else raises WrongInput."""
    try:
        row = db.execute(NEWEST, {"site": site}).mappings().first()
    except chain.NO_ROW_OF_OURS as error:
        raise WrongInput(f"store.url: the newest record of {site} is no row of a gateway: {error}") from error
    if row is None:
        return Head()
    if not chain.row_fits(key, row["prev_hash"], [row[name] for name in chain.COVERED], row["hash"]):
        raise WrongInput(f"store.key: not the key of seq {row['seq']}, the newest record, or that was changed")
    return Head(row["seq"], row["hash"])


def _hash(db: Connection, site: str, seq: int) -> bytes | None:
    """The hash of a row, None without the row; empty when it is no hash."""
    try:
        found: bytes | None = db.execute(HASH, {"site": site, "seq": seq}).scalar()
    except chain.NO_ROW_OF_OURS:
        return b""
    return found


def _without(db: Connection, head: Head, anchor: Anchor) -> str | None:
    """Why the store is not the one that was anchored, None if it is."""
    if head.seq < anchor.seq:
        return (
            f"the store ends at seq {head.seq}, and seq {anchor.seq} was anchored at {anchor.at}: "
            "it is an older copy, or rows were deleted"
        )
    found, gone = _hash(db, anchor.site, anchor.seq), sealing.departed(db, anchor.site)
    if found is None and gone and gone.seq >= anchor.seq:
        return None
    same = found is not None and found.hex() == anchor.hash
    return None if same else f"seq {anchor.seq} is not the row that was anchored at {anchor.at}"
