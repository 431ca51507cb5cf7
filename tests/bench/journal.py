"""The journal's commit at 200 events a second, beside the least that its disk or its server can do, in the same run."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from figures import broken, middle, percentile, say
from postgres import Postgres

from gateway.clock import SystemClock
from gateway.core.model import Event
from gateway.journal.journal import open_journal
from gateway.journal.verify import verify

RATE, EVENTS = 200, 2000
KEY = b"k" * 32
PAYLOAD = {"ticket": "A012", "window": "w03", "text": "x" * 150}


def main() -> None:
    """Run it; a minute."""
    with tempfile.TemporaryDirectory(prefix="hall-bench-", dir=Path.cwd()) as name:  # the disk of the checkout
        folder = Path(name)
        print(f"journal in SQLite: {RATE} events a second, FULL; limit program: write and fdatasync of 400 bytes")
        _told(f"sqlite:///{folder / 'hall.db'}", folder, _paced(_write(folder)), budget=10)
    with Postgres() as server:
        name = server.database()
        print(f"journal in PostgreSQL: {RATE} events a second, fsync; limit program: INSERT and COMMIT by psycopg")
        with server.connect(name) as db:
            db.execute("CREATE TABLE bare (seq bigint PRIMARY KEY, payload text)")
            _told(server.url(name), server.folder, _paced(_insert(db)), budget=None)


def _told(url: str, folder: Path, limit_ms: list[float], *, budget: float | None) -> None:
    samples_ms, rate = asyncio.run(_journal(url, folder))
    say("record to disk, p50", middle(samples_ms), "ms", limit=middle(limit_ms))
    say("record to disk, p99", percentile(samples_ms, 99), "ms", budget=budget, limit=percentile(limit_ms, 99))
    say("events a second, 200 callers at once", rate, "/s", limit=1000 / middle(limit_ms))
    began = time.perf_counter()
    verdict = verify(url, key=KEY)
    say("rows a second, verify", verdict.rows / (time.perf_counter() - began), "/s")


def _write(folder: Path) -> Callable[[], object]:
    file = (folder / "limit").open("wb", buffering=0)

    def write() -> None:
        file.write(b"x" * 400)
        os.fdatasync(file.fileno())

    return write


def _insert(db: Any) -> Callable[[], object]:
    numbers = count()
    return lambda: db.execute("INSERT INTO bare VALUES (%s, %s)", [next(numbers), "x" * 400])


def _paced(step: Callable[[], object]) -> list[float]:
    samples_ms: list[float] = []
    due = time.perf_counter()
    for _ in range(EVENTS // 4):
        began = time.perf_counter()
        step()
        samples_ms.append((time.perf_counter() - began) * 1000)
        due += 1 / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
    return samples_ms


async def _journal(url: str, folder: Path) -> tuple[list[float], float]:
    samples_ms: list[float] = []
    async with open_journal(url, site="bench", key=KEY, clock=SystemClock(), anchors=folder / "anchors") as journal:

        async def record(number: int) -> None:
            began = time.perf_counter()
            await journal.record("led-01", [Event(type="bench", source_key=f"{number}", payload=PAYLOAD)])
            samples_ms.append((time.perf_counter() - began) * 1000)

        due = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(EVENTS):
                group.create_task(record(number))
                due += 1 / RATE
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
        paced, numbers = list(samples_ms), iter(range(EVENTS, EVENTS * 6))

        async def caller() -> None:
            for number in numbers:
                await record(number)

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(200):
                group.create_task(caller())
        return paced, EVENTS * 5 / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
    sys.exit(1 if broken else 0)
