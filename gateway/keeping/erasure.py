"""Erasure on request: the payloads of some rows, for ever; that it was asked for, by whom and why, stays."""

import os
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import and_, or_, select

from gateway.core.errors import GatewayError
from gateway.core.model import Event, Retention
from gateway.journal import schema
from gateway.journal.facets import Facet
from gateway.journal.journal import Journal
from gateway.journal.missing import REQUESTED
from gateway.journal.reader import within

MOST_ROWS = 1000  # in one request that is recorded
DONE = "erasure.done"
ROWS = schema.journal.c


class NothingToErase(GatewayError):
    """No such record."""


class NotErasable(GatewayError):
    """These records are not erased on request."""


class Wanted(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which rows: one by `seq`, those of a `call`, or those whose source_key is `source` or begins with `source/`.

    Or those of class access that tell of a `person`, by the pseudonym: as many as there are.
    """

    seq: int | None = None
    call: str | None = None
    source: str | None = None
    person: str | None = None


class Erased(msgspec.Struct, frozen=True):
    """What was done: `seqs` are the rows, `erased` of them still had a payload; `scrubbed`: no copy is left either."""

    seqs: list[int]
    erased: int
    scrubbed: bool


async def erase(journal: Journal, wanted: Wanted, *, actor: str, reason: str) -> Erased:
    """Erase payloads; the request is recorded before, the result after.

    Raises NothingToErase, NotErasable (audit records, or too many at once), JournalError (nothing was erased, or not
    all: ask again).
    """
    seqs, erased = await _find(journal, wanted), 0
    id_ = os.urandom(6).hex()
    for first in range(0, len(seqs), MOST_ROWS):
        some = seqs[first : first + MOST_ROWS]
        asked: dict[str, Any] = {"actor": actor, "reason": reason, "seqs": some, **msgspec.to_builtins(wanted)}
        await journal.record(None, [_event(f"{id_}/{first}", REQUESTED, asked)])
        erased += await journal.upkeep.erase(some)
    done = Erased(seqs, erased, await journal.upkeep.scrub())
    journal.note(None, [_event(id_, DONE, {"erased": done.erased, "scrubbed": done.scrubbed})])
    return done


async def _find(journal: Journal, wanted: Wanted) -> list[int]:
    if wanted.seq is not None:
        where = ROWS.seq == wanted.seq
    elif wanted.person is not None:
        where = and_(schema.of_access, Facet("person") == wanted.person)
    else:
        source = f"call/{wanted.call}" if wanted.call is not None else wanted.source or ""
        where = or_(ROWS.source_key == source, within(f"{source}/"))
    page = select(ROWS.seq, ROWS["class"]).where(ROWS.site == journal.site, where).order_by(ROWS.seq)
    page = page.limit(MOST_ROWS + 1) if wanted.person is None else page
    found = await journal.ask(page, lambda stored: (int(stored["seq"]), str(stored["class"])))
    return _allowed(found, most=MOST_ROWS if wanted.person is None else len(found))


def _allowed(found: Sequence[tuple[int, str]], most: int) -> list[int]:
    if not found:
        raise NothingToErase("there is no such record")
    if len(found) > most:
        raise NotErasable(f"these are more than {most} records: erase them in smaller parts")
    if any(class_ == Retention.AUDIT for _, class_ in found):
        raise NotErasable("records of class audit tell who did what: they expire, and are not erased on request")
    return [seq for seq, _ in found]


def _event(id_: str, type_: str, payload: dict[str, Any]) -> Event:
    key = f"erasure/{id_}/{type_.removeprefix('erasure.')}"
    return Event(type=type_, source_key=key, payload=payload, retention=Retention.AUDIT)
