"""python access_rows.py FOLDER COUNT: a store of so many events of doors, written through the journal in batches."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.clock import SystemClock
from gateway.core.model import Event, Retention
from gateway.journal.journal import open_journal

KEY = b"k" * 32
BATCH = 2_000
CONTROLLERS, DOORS, PERSONS = 50, 4, 2_000
TYPES = ("access.granted", "door.opened", "door.closed", "access.denied")
REASONS = ("card", "opened", "closed", "no right")
BEGAN, APART = datetime(2026, 1, 1, tzinfo=UTC), timedelta(seconds=20)


def when(number: int) -> datetime:
    """When an event is recorded as seen."""
    return BEGAN + number * APART


def person(number: int) -> str:
    """Whose card an event tells, where it tells one: at least every 40th does."""
    return f"p-{number * 7919 % PERSONS:016x}"


def _events(first: int, controller: int) -> Iterator[Event]:
    for number in range(first, first + BATCH):
        kind = number % len(TYPES) if number % 40 < 36 else 0
        payload: dict[str, object] = {
            "index": number,
            "epoch": 1,
            "reason": REASONS[kind],
            "code": 1,
            "direction": "in",
        }
        if kind in (0, 3):
            payload["person"] = person(number)
        yield Event(
            type=TYPES[kind],
            source_key=f"{controller}-1-{number}",
            payload=payload,
            retention=Retention.ACCESS,
            part=f"door-{number // 7 % DOORS + 1}",
            at=when(number),
            device_at=when(number).replace(tzinfo=None).isoformat(),
            clock_offset_s=0.25,
        )


async def write(folder: Path, count: int) -> None:
    """Write them; a minute for a million."""
    url, anchors = f"sqlite:///{folder / 'hall.db'}", folder / "anchors"
    async with open_journal(url, site="bench", key=KEY, clock=SystemClock(), anchors=anchors) as journal:
        for first in range(0, count, BATCH):
            controller = first // BATCH * 13 % CONTROLLERS
            await journal.record(f"doors-{controller}", list(_events(first, controller)))


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
