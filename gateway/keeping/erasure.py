"""Erasure on request: the payloads of some rows, for ever; that it was asked for, by whom and why, stays."""

import os
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import or_, select

from gateway.core.errors import GatewayError
from gateway.core.model import Event, Retention
from gateway.journal import schema
from gateway.journal.journal import Journal
from gateway.journal.missing import REQUESTED
from gateway.journal.reader import within

MOST_ROWS = 1000  # at once
DONE = "erasure.done"
ROWS = schema.journal.c


class NothingToErase(GatewayError):
    """No such record."""


class NotErasable(GatewayError):
    """These records are not erased on request."""


class Wanted(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which rows: one by `seq`, those of a `call`, or those whose source_key is `source` or begins with `source/`."""

    seq: int | None = None
    call: str | None = None
    source: str | None = None


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
    seqs = await _find(journal, wanted)
    id_ = os.urandom(6).hex()
    asked: dict[str, Any] = {"actor": actor, "reason": reason, "seqs": seqs, **msgspec.to_builtins(wanted)}
    await journal.record(None, [_event(id_, REQUESTED, asked)])
    done = Erased(seqs, await journal.upkeep.erase(seqs), await journal.upkeep.scrub())
    journal.note(None, [_event(id_, DONE, {"erased": done.erased, "scrubbed": done.scrubbed})])
    return done


async def _find(journal: Journal, wanted: Wanted) -> list[int]:
    if wanted.seq is not None:
        where = ROWS.seq == wanted.seq
    else:
        source = f"call/{wanted.call}" if wanted.call is not None else wanted.source or ""
        where = or_(ROWS.source_key == source, within(f"{source}/"))
    page = select(ROWS.seq, ROWS["class"]).where(ROWS.site == journal.site, where).order_by(ROWS.seq)
    found = await journal.ask(page.limit(MOST_ROWS + 1), lambda stored: (int(stored["seq"]), str(stored["class"])))
    return _allowed(found)


def _allowed(found: Sequence[tuple[int, str]]) -> list[int]:
    if not found:
        raise NothingToErase("there is no such record")
    if len(found) > MOST_ROWS:
        raise NotErasable(f"these are more than {MOST_ROWS} records: erase them in smaller parts")
    if any(class_ == Retention.AUDIT for _, class_ in found):
        raise NotErasable("records of class audit tell who did what: they expire, and are not erased on request")
    return [seq for seq, _ in found]


def _event(id_: str, type_: str, payload: dict[str, Any]) -> Event:
    key = f"erasure/{id_}/{type_.removeprefix('erasure.')}"
    return Event(type=type_, source_key=key, payload=payload, retention=Retention.AUDIT)
