"""The spool: events that nobody waits for, and those of sources without a log, while the store takes nothing.

One task writes them in their order. Memory is bounded: what no longer fits is counted, and becomes one gap record of
its source, which stands where the missing events would stand. A killed process loses what is in the spool; what nobody
need wait for any longer is counted in a file by then, so that the next run records the gap.
"""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TypeVar

from gateway.core.errors import JournalError
from gateway.core.model import Cursor, Event
from gateway.journal.batch import Call, Refused
from gateway.journal.entries import CURSOR, Columns, Entry, columns, cursors, desired, wanted
from gateway.journal.held import ENDED, FULL, REFUSED, Held
from gateway.journal.rows import Desired, Recorded, cursor_columns, desired_columns, event_columns, stamp
from gateway.journal.unwritten import Missing, Unwritten
from gateway.journal.writer import STUCK_S
from gateway.meters import Meters

FIRST_S, LAST_S = 0.5, 5.0  # between two tries while the store takes nothing
CLOSE_S = 5.0  # for the last try at a clean stop
ItemT = TypeVar("ItemT")
log = logging.getLogger(__name__)

Submit = Callable[[Call], Awaitable[list[Recorded]]]


class Spool:
    """Made and used on the event loop."""

    def __init__(
        self, submit: Submit, kept: Unwritten, *, site: str, now: Callable[[], datetime], meters: Meters
    ) -> None:
        self.submit = submit
        self.held = Held(meters)
        self._kept = kept
        self._untold: list[asyncio.Future[None]] = []
        self._telling, self._told = False, bool(kept.found)
        self._site, self._now, self._meters = site, now, meters
        self._loop = asyncio.get_running_loop()
        self._turns: defaultdict[str | None, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._recording: defaultdict[str | None, list[int]] = defaultdict(list)
        self._turn: asyncio.Future[JournalError | None] = self._loop.create_future()
        self._filled, self._hurry = asyncio.Event(), asyncio.Event()
        self._failing = self._closing = False
        meters.events_spooled.set_function(lambda: self.held.events)

    def note(
        self, device: str | None, events: Sequence[Event], wishes: Sequence[Desired], cursor: Cursor | None = None
    ) -> "asyncio.Future[None]":
        """See Journal.note. What can be stored nowhere is a gap."""
        now, answer = self._now(), self._loop.create_future()
        self._meters.events_accepted.inc(len(events))
        rows = self._columns(device, events, lambda one: event_columns(one, site=self._site, device=device, now=now))
        wants = self._columns(device, wishes, lambda one: desired_columns(one, site=self._site)) or []
        taken = bool(rows) and self.held.put(device, rows or (), wants, answer)
        if rows is None:
            self._miss(device, REFUSED, Missing(len(events), stamp(now), stamp(now)))
        elif rows and not taken:
            self._miss(device, FULL, Missing(len(rows), rows[0]["at"], rows[-1]["at"]))
        alone = [] if taken else [(wanted(row), row) for row in wants]
        if cursor:
            alone.append(((CURSOR, cursor.name), cursor_columns(cursor, site=self._site, now=now)))
        for number, (subject, row) in enumerate(alone, 1):
            self.held.stand(device, subject, row, answer if number == len(alone) and not taken else None)
        if self._failing or not (taken or alone):
            self._untold.append(answer)
            self._tell_soon()
        self._filled.set()
        return answer

    async def passed(self, device: str | None) -> None:
        """Wait until nothing that a source noted before waits here. Raises JournalError when the store takes nothing.

        Those who wait for the same source go on in the order in which they came, and nobody overtakes them: what is
        noted after is written after.
        """
        before, recording = self.held.next_number, self._recording[device]
        recording.append(before)
        try:
            async with self._turns[device]:
                while self.held.waits(device, before=before):
                    self._hurry.set()
                    if error := await asyncio.shield(self._turn):
                        raise JournalError(str(error)) from error
        finally:
            recording.remove(before)
            if self.held:
                self._filled.set()

    @asynccontextmanager
    async def running(self, watch: Callable[["asyncio.Task[None]", str], None]) -> AsyncGenerator[None]:
        """Write what comes; leaving writes what is left, if the store takes it. `watch` is given its task and name."""
        for device, lost in self._kept.found.items():
            self._meters.events_accepted.inc(lost.count)
            self._miss(device or None, ENDED, lost)
            self._filled.set()
        task = asyncio.create_task(self._run())
        watch(task, "spool")
        try:
            yield
        finally:
            self._closing = True
            self._filled.set()
            self._hurry.set()
            try:
                await asyncio.wait({task}, timeout=CLOSE_S)
            finally:
                task.cancel()
                if self.held.events:
                    log.error("%d events are lost: the journal could not record them before the end", self.held.events)
                await asyncio.wait({task})

    async def _run(self) -> None:
        wait_s = FIRST_S
        while not self._closing or self.held:
            await self._filled.wait()
            entries = self.held.first(self._is_late)
            if not entries:
                self._filled.clear()
                continue
            self._hurry.clear()
            error = await self._write_in_time(entries)
            self._end_turn(error)
            if error is None:
                wait_s = FIRST_S
                continue
            if self._closing:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s * random.uniform(0.75, 1.0)):  # noqa: S311 - keeps no secret
                    await self._hurry.wait()
            wait_s = min(2 * wait_s, LAST_S)

    def _is_late(self, entry: Entry) -> bool:
        """Whether it was noted after its source began to record something, which is to be written before."""
        return any(entry.number >= before for before in self._recording.get(entry.device, ())[:1])

    async def _write_in_time(self, entries: Sequence[Entry]) -> JournalError | None:
        """A disk that hangs may never answer: then nobody need wait for it, what is noted is held."""
        hanging = self._loop.call_later(STUCK_S, self._hold)
        try:
            return await self._write(entries)
        finally:
            hanging.cancel()

    async def _write(self, entries: Sequence[Entry]) -> JournalError | None:
        """Commit the first entries together; what is refused becomes gaps. Gives why the store failed."""
        now = self._now()
        rows = [row for entry in entries for row in columns(entry, site=self._site, now=now)]
        try:
            moved = [row for entry in entries for row in cursors(entry)]
            wants = [row for entry in entries for row in desired(entry)]
            recorded = await self.submit(Call(rows, moved, wants, counted=True))
        except Refused as refusal:
            return await self._write_apart(entries, refusal)
        except JournalError as error:
            return error
        new = sum(one.new for one in recorded)
        self._meters.events_recorded.inc(new)
        self._meters.events_repeated.inc(len(recorded) - new)
        for _ in entries:
            self.held.pop()
        return None

    async def _write_apart(self, entries: Sequence[Entry], refusal: Refused) -> JournalError | None:
        if len(entries) > 1:
            for entry in entries:
                if error := await self._write([entry]):
                    return error
            return None
        log.error("%s: %s", entries[0].device or "the gateway", refusal)
        gap = self.held.refuse()
        return await self._write([gap]) if gap else None

    def _columns(
        self, device: str | None, items: Sequence[ItemT], make: Callable[[ItemT], Columns]
    ) -> list[Columns] | None:
        try:
            return [make(item) for item in items]
        except JournalError as error:
            log.error("%s: %s", device or "the gateway", error)
            return None

    def _miss(self, device: str | None, reason: str, lost: Missing) -> None:
        if self.held.miss(device, reason, lost):
            log.error("events of %s cannot be kept: %s", device or "the gateway", reason)

    def _tell_soon(self) -> None:
        if not self._telling:
            self._telling = True
            self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        """Count what is held where a kill does not reach it; only then nobody need wait any longer."""
        self._telling, self._told = False, bool(self.held.missing)
        self._kept.tell(self.held.missing)
        for answer in self._untold:
            if not answer.done():
                answer.set_result(None)
        self._untold.clear()

    def _hold(self) -> None:
        self._failing = True
        self._tell()
        self.held.release()

    def _end_turn(self, error: JournalError | None) -> None:
        if error is not None:
            self._hold()
        elif self._told:
            self._tell()
        self._failing = error is not None
        ended, self._turn = self._turn, self._loop.create_future()
        ended.set_result(error)
