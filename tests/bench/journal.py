"""The journal's commit at 200 events a second, beside a bare write and fdatasync on the same disk."""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from figures import broken, middle, percentile, say

from gateway.clock import SystemClock
from gateway.core.model import Event
from gateway.journal.journal import open_journal

RATE, EVENTS = 200, 2000
PAYLOAD = {"ticket": "A012", "window": "w03", "text": "x" * 150}


def main() -> None:
    """Run it; twenty-five seconds."""
    with tempfile.TemporaryDirectory(prefix="hall-bench-", dir=Path.cwd()) as name:  # the disk of the checkout
        print(f"journal: {RATE} events a second, FULL")
        limit_ms = _limit(Path(name))
        samples_ms, rate = asyncio.run(_journal(Path(name)))
        say("record to disk, p50", middle(samples_ms), "ms", limit=middle(limit_ms))
        say("record to disk, p99", percentile(samples_ms, 99), "ms", budget=10, limit=percentile(limit_ms, 99))
        say("events a second, 200 callers at once", rate, "/s")


def _limit(folder: Path) -> list[float]:
    """Write 400 bytes and fdatasync."""
    samples_ms: list[float] = []
    with (folder / "limit").open("wb", buffering=0) as file:
        due = time.perf_counter()
        for _ in range(EVENTS // 4):
            began = time.perf_counter()
            file.write(b"x" * 400)
            os.fdatasync(file.fileno())
            samples_ms.append((time.perf_counter() - began) * 1000)
            due += 1 / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
    return samples_ms


async def _journal(folder: Path) -> tuple[list[float], float]:
    samples_ms: list[float] = []
    url = f"sqlite:///{folder / 'hall.db'}"
    async with open_journal(
        url, site="bench", key=b"k" * 32, clock=SystemClock(), anchors=folder / "anchors"
    ) as journal:

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
