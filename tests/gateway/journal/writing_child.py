"""Writes until it is killed, and says every acknowledged seq: python writing_child.py URL ANCHORS ROUND."""

import asyncio
import os
import sys
from pathlib import Path

from gateway.clock import SystemClock
from gateway.core.model import Cursor, Event
from gateway.journal.journal import Journal, open_journal


async def work(journal: Journal, name: str) -> None:
    for number in range(1_000_000):
        event = Event(type="door.opened", source_key=f"{name}/{number}", payload={"note": "x" * 200})
        [recorded] = await journal.record(name, [event], cursor=Cursor(name, str(number)))
        os.write(1, f"{recorded.seq} {event.source_key}\n".encode())


async def main(url: str, anchors: str, turn: str) -> None:
    key = bytes(range(32))
    async with (
        open_journal(url, site="liandu", key=key, clock=SystemClock(), anchors=Path(anchors)) as journal,
        asyncio.TaskGroup() as group,
    ):
        for worker in range(8):
            group.create_task(work(journal, f"{turn}-{worker}"))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
