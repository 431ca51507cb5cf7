"""The spool: events that nobody waits for, and those of sources without a log, while the store takes nothing.

One task writes them in their order. Memory is bounded: what no longer fits is counted, and becomes one gap record of
its source, which stands where the missing events would stand. A killed process loses what is in the spool.
"""

import asyncio
import logging
import random
from collections import Counter, defaultdict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from gateway.core.errors import JournalError
from gateway.core.model import Event
from gateway.journal.batch import Call, Refused
from gateway.journal.gaps import Columns, Entry, Gap, gap_columns, size_of
from gateway.journal.rows import Desired, Recorded, desired_columns, event_columns, stamp
from gateway.meters import Meters

EVENTS = 10_000  # a hall has a few hundred such events an hour
PAYLOAD_BYTES = 8 * 2**20
BATCH = 500  # events, as the writer's
FIRST_S, LAST_S = 0.5, 5.0  # between two tries while the store takes nothing
CLOSE_S = 5.0  # for the last try at a clean stop
FULL, REFUSED = "spool_full", "refused"
log = logging.getLogger(__name__)

Submit = Callable[[Call], Awaitable[list[Recorded]]]


class Spool:
    """Made and used on the event loop."""

    def __init__(self, submit: Submit, *, site: str, now: Callable[[], datetime], meters: Meters) -> None:
        self.submit = submit
        self.events, self.gaps = 0, 0
        self._site, self._now, self._meters = site, now, meters
        self._loop = asyncio.get_running_loop()
        self._entries: deque[Entry] = deque()
        self._pending: Counter[str | None] = Counter()
        self._turns: defaultdict[str | None, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._open_gaps: dict[str | None, Entry] = {}
        self._bytes = 0
        self._turn: asyncio.Future[JournalError | None] = self._loop.create_future()
        self._filled, self._hurry = asyncio.Event(), asyncio.Event()
        self._failing = self._closing = False
        meters.events_spooled.set_function(lambda: self.events)

    def note(self, device: str | None, events: Sequence[Event], desired: Sequence[Desired]) -> "asyncio.Future[None]":
        """See Journal.note. What can be stored nowhere is a gap."""
        now = self._now()
        try:
            columns = [event_columns(event, site=self._site, device=device, now=now) for event in events]
            return self.put(device, columns, [desired_columns(item, site=self._site) for item in desired])
        except JournalError as error:
            log.error("%s: %s", device or "the gateway", error)
        self._meters.events_accepted.inc(len(events))
        self.miss(device, REFUSED, [stamp(now)] * len(events))
        return self.put(device, [], ())

    def put(self, device: str | None, events: list[Columns], desired: Sequence[Columns]) -> "asyncio.Future[None]":
        """Take events of one source. The future ends once they are on disk, or are held until the store takes them."""
        answer: asyncio.Future[None] = self._loop.create_future()
        self._meters.events_accepted.inc(len(events))
        size = size_of(events)
        if events and (self.events + len(events) > EVENTS or self._bytes + size > PAYLOAD_BYTES):
            self.miss(device, FULL, [row["at"] for row in events])
            answer.set_result(None)
            return answer
        self._bytes += size
        self._open_gaps.pop(device, None)
        self._append(Entry(device, events, desired, answer))
        if self._failing:
            answer.set_result(None)
        return answer

    def miss(self, device: str | None, reason: str, times: Sequence[str]) -> None:
        """Count accepted events that cannot be kept, in the gap at the end of their source."""
        self._meters.gap_events.labels(reason).inc(len(times))
        self.gaps += len(times)
        entry = self._open_gaps.get(device)
        gap = entry.gap if entry is not None else None
        if gap is None or gap.reason != reason:
            gap = Gap(reason, times[0], times[0])
            entry = self._open_gaps[device] = Entry(device, [], (), self._loop.create_future(), gap)
            self._meters.events_accepted.inc()  # the record of the gap is itself an event
            self._append(entry)
            log.error("events of %s cannot be kept: %s", device or "the gateway", reason)
        gap.last = times[-1]
        gap.count += len(times)

    async def passed(self, device: str | None) -> None:
        """Wait until nothing of a source waits here any more. Raises JournalError when the store takes nothing.

        Those who wait for the same source go on in the order in which they came, and nobody overtakes them.
        """
        async with self._turns[device]:
            while self._pending[device]:
                self._hurry.set()
                if error := await asyncio.shield(self._turn):
                    raise JournalError(str(error)) from error

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Write what comes; leaving writes what is left, if the store takes it."""
        task = asyncio.create_task(self._run())
        task.add_done_callback(_told)
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
                if self.events:
                    log.error("%d events are lost: the journal could not record them before the end", self.events)
        await asyncio.wait({task})

    async def _run(self) -> None:
        wait_s = FIRST_S
        while not self._closing or self._entries:
            await self._filled.wait()
            error = await self._write(self._first()) if self._entries else None
            self._failing = error is not None
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

    def _first(self) -> list[Entry]:
        self._hurry.clear()
        taken: list[Entry] = []
        size = 0
        for entry in self._entries:
            size += entry.count()
            if taken and size > BATCH:
                break
            taken.append(entry)
        return taken

    async def _write(self, entries: Sequence[Entry]) -> JournalError | None:
        """Commit the first entries together; those whose data is refused become gaps. Gives why the store failed."""
        for entry in entries:
            if entry.gap is not None and not entry.events:
                if self._open_gaps.get(entry.device) is entry:  # from here on it grows no more
                    del self._open_gaps[entry.device]
                entry.events = [gap_columns(entry.device, entry.gap, site=self._site, now=self._now())]
        events = [row for entry in entries for row in entry.events]
        call = Call(events, [], [row for entry in entries for row in entry.desired], counted=True)
        try:
            recorded = await self.submit(call)
        except Refused as refusal:
            return await self._write_apart(entries, refusal)
        except JournalError as error:
            return error
        new = sum(one.new for one in recorded)
        self._meters.events_recorded.inc(new)
        self._meters.events_repeated.inc(len(recorded) - new)
        for _ in entries:
            self._pop()
        return None

    async def _write_apart(self, entries: Sequence[Entry], refusal: Refused) -> JournalError | None:
        if len(entries) > 1:
            for entry in entries:
                if error := await self._write([entry]):
                    return error
            return None
        [entry] = entries
        log.error("%s: %s", entry.device or "the gateway", refusal)
        if entry.gap is not None:
            self._pop()
            return None
        times = [row["at"] for row in entry.events]
        self._meters.gap_events.labels(REFUSED).inc(len(times))
        self._meters.events_accepted.inc()
        self.gaps += len(times)
        self.events -= len(times) - 1
        self._bytes -= size_of(entry.events)
        entry.events, entry.desired, entry.gap = [], (), Gap(REFUSED, times[0], times[-1], len(times))
        return await self._write([entry])

    def _append(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._pending[entry.device] += 1
        self.events += entry.count()
        self._filled.set()

    def _pop(self) -> None:
        entry = self._entries.popleft()
        self.events -= entry.count()
        self._bytes -= 0 if entry.gap else size_of(entry.events)
        self._pending[entry.device] -= 1
        if not self._pending[entry.device]:
            del self._pending[entry.device]
        if not entry.answer.done():
            entry.answer.set_result(None)

    def _end_turn(self, error: JournalError | None) -> None:
        if error is not None:
            for entry in self._entries:
                if not entry.answer.done():
                    entry.answer.set_result(None)
        elif not self._entries and not self._closing:
            self._filled.clear()
        ended, self._turn = self._turn, self._loop.create_future()
        ended.set_result(error)


def _told(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("the journal's spool stopped", exc_info=error)
