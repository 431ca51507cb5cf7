"""What stands in the spool: events of a source, the gap where events of it are missing, or how something stands."""

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.core.model import Event, Retention
from gateway.journal.rows import event_columns
from gateway.journal.unwritten import Missing

Columns = dict[str, Any]
Answer = asyncio.Future[None]
"""Ends once nobody need wait any longer."""
Subject = tuple[str | None, ...]
DESIRED, CURSOR = "desired", "cursor"


class EventsEntry(msgspec.Struct, frozen=True, eq=False):
    """Events of one source in their order, and the desired state that goes with them."""

    number: int
    device: str | None
    answer: Answer
    rows: Sequence[Columns]
    desired: Sequence[Columns] = ()

    @property
    def size(self) -> int:
        """The characters of its payloads."""
        return size_of(self.rows)

    @property
    def missing(self) -> Missing:
        """What is lost if it is."""
        return Missing(len(self.rows), self.rows[0]["at"], self.rows[-1]["at"])


class GapEntry(msgspec.Struct, eq=False):
    """Events of one source that are missing: how many, why, and the times of the first and the last of them.

    `record` is the row that tells so, made when it is first to be written: from then on it counts no more.
    """

    number: int
    device: str | None
    reason: str
    first: str
    last: str
    count: int = 0
    answer: Answer | None = None
    record: Columns | None = None

    @property
    def missing(self) -> Missing:
        """What nothing tells of if it is lost."""
        return Missing(self.count, self.first, self.last)


class StandEntry(msgspec.Struct, frozen=True, eq=False):
    """A row that tells how something stands, desired state or a cursor: a newer one of the subject takes its place."""

    number: int
    device: str | None
    answer: Answer | None
    subject: Subject
    row: Columns


Entry = EventsEntry | GapEntry | StandEntry


def size_of(rows: Sequence[Columns]) -> int:
    """The characters of their payloads."""
    return sum(len(row["payload"]) for row in rows)


def subject(entry: Entry) -> Subject | None:
    """What an entry that can grow, or be replaced, is of: there is one such of each; None for events."""
    if isinstance(entry, GapEntry):
        return (entry.device,)
    return entry.subject if isinstance(entry, StandEntry) else None


def wanted(row: Columns) -> Subject:
    """What a row of desired state is about."""
    return DESIRED, row["device"], row["part"], row["verb"]


def events(entry: Entry) -> int:
    """How many records it is."""
    if isinstance(entry, EventsEntry):
        return len(entry.rows)
    return int(isinstance(entry, GapEntry))


def columns(entry: Entry, *, site: str, now: datetime) -> Sequence[Columns]:
    """The records that it is. That of a gap has the class `audit`: who relies on the journal must know."""
    if isinstance(entry, EventsEntry):
        return entry.rows
    if isinstance(entry, StandEntry):
        return ()
    if entry.record is None:
        payload = {"from": entry.first, "to": entry.last, "count": entry.count, "reason": entry.reason}
        key = f"gap/{entry.device or ''}/{entry.first}/{os.urandom(4).hex()}"
        event = Event(type="gap", source_key=key, payload=payload, retention=Retention.AUDIT)
        entry.record = event_columns(event, site=site, device=entry.device, now=now)
    return [entry.record]


def desired(entry: Entry) -> Sequence[Columns]:
    """The desired state that it is."""
    return entry.desired if isinstance(entry, EventsEntry) else _standing(entry, DESIRED)


def cursors(entry: Entry) -> Sequence[Columns]:
    """The cursors that it is."""
    return _standing(entry, CURSOR)


def _standing(entry: Entry, what: str) -> Sequence[Columns]:
    return [entry.row] if isinstance(entry, StandEntry) and entry.subject[0] == what else []
