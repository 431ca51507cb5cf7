"""Notes events on a disk that is soon full, until it is killed, and says each that nobody need wait for any longer:
python holding_child.py URL ANCHORS.
"""

import asyncio
import os
import sys
from pathlib import Path

from gateway.clock import SystemClock
from gateway.core.errors import JournalError
from gateway.core.model import Event
from gateway.journal import held
from gateway.journal.batch import Call
from gateway.journal.journal import open_journal
from gateway.journal.rows import Recorded

FITS = 50


async def main(url: str, anchors: str) -> None:
    held.EVENTS = FITS
    key = bytes(range(32))
    async with open_journal(url, site="liandu", key=key, clock=SystemClock(), anchors=Path(anchors)) as journal:

        async def full(_call: Call) -> list[Recorded]:
            raise JournalError("the journal could not record: database or disk is full")

        for number in range(1_000_000):
            if number == FITS:
                journal._spool.submit = full
            event = Event(type="tick", source_key=f"tick/{number}", payload={}, volatile=True)
            await journal.note("de"[number % 2], [event])
            os.write(1, b".\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
