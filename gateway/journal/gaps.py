"""What stands in the spool: events of a source, or the gap where events of it are missing."""

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.core.model import Event, Retention
from gateway.journal.rows import event_columns

Columns = dict[str, Any]


class Gap(msgspec.Struct):
    """Events of one source that are missing: how many, why, and the times of the first and the last of them."""

    reason: str
    first: str
    last: str
    count: int = 0


class Entry(msgspec.Struct):
    """Events of one source in their order, or a gap between them. `answer` ends once nobody need wait any longer."""

    device: str | None
    events: list[Columns]
    desired: Sequence[Columns]
    answer: "asyncio.Future[None]"
    gap: Gap | None = None

    def count(self) -> int:
        """How many events it is."""
        return 1 if self.gap else len(self.events)


def size_of(events: Sequence[Columns]) -> int:
    """The characters of their payloads."""
    return sum(len(row["payload"]) for row in events)


def gap_columns(device: str | None, gap: Gap, *, site: str, now: datetime) -> Columns:
    """The record of a gap, as columns. Its class is `audit`: who relies on the record must know."""
    payload = {"from": gap.first, "to": gap.last, "count": gap.count, "reason": gap.reason}
    key = f"gap/{device or ''}/{gap.first}/{os.urandom(4).hex()}"
    event = Event(type="gap", source_key=key, payload=payload, retention=Retention.AUDIT)
    return event_columns(event, site=site, device=device, now=now)
