"""The disk of an open journal, which can be full, hang, or refuse data."""

import asyncio

from gateway.core.errors import JournalError
from gateway.journal.batch import Call, Refused
from gateway.journal.journal import Journal
from gateway.journal.rows import Recorded


class Disk:
    """`answers` cleared: it hangs. `refused`: a source_key or a verb that it takes never."""

    def __init__(self, journal: Journal) -> None:
        self.full = False
        self.refused: str | None = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.tries = 0
        self._submit = journal._writer.submit
        journal._spool.submit = journal._writer.submit = self.submit  # type: ignore[method-assign]  # a fault

    async def submit(self, call: Call) -> list[Recorded]:
        """As Writer.submit."""
        self.tries += 1
        if self.full:
            raise JournalError("the journal could not record: database or disk is full")
        if self.refused in [*(row["source_key"] for row in call.events), *(row["verb"] for row in call.desired)]:
            raise Refused("the journal refused the record: no such thing")
        if not self.answers.is_set():
            await self.answers.wait()
        return await self._submit(call)
