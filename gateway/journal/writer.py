"""The one thread that writes: it takes what is queued, commits it together, and answers every caller.

There is no fixed window: while one commit is under way the next batch gathers by itself.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from queue import Empty, SimpleQueue
from typing import Any

import msgspec
from sqlalchemy import Engine

from gateway.core.errors import GatewayError, JournalError
from gateway.journal.batch import Call, Committed, Work, commit, perform
from gateway.journal.rows import Head, Recorded
from gateway.journal.tail import Tail
from gateway.meters import Meters

QUEUE_LIMIT = 10_000  # calls; about a second's work
BATCH_LIMIT = 500  # events; keeps one commit under about 25 ms
STUCK_S = 2.0  # a commit takes milliseconds
OnCommit = Callable[[float, int], None]
log = logging.getLogger(__name__)


class Waiting(msgspec.Struct, frozen=True):
    """A queued call, who waits for it, and since when (seconds of time.perf_counter)."""

    call: Call
    answer: "asyncio.Future[list[Recorded]]"
    since: float


class Chore(msgspec.Struct, frozen=True):
    """Other work for the thread: none of it begins while records wait."""

    work: Work
    answer: "asyncio.Future[Any]"


class Writer:
    """Made, and used but for `_run`, on the event loop. `trouble`: why the last commit failed, None if it did not."""

    def __init__(
        self, engine: Engine, *, site: str, key: bytes, head: Head, on_commit: OnCommit, meters: Meters
    ) -> None:
        self.head = head
        self.trouble: str | None = None
        self.tail = Tail()
        self._engine, self._site, self._key, self._on_commit = engine, site, key, on_commit
        self._meters = meters
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Waiting | Chore | None] = SimpleQueue()
        self._answers: set[asyncio.Future[Any]] = set()
        self._moved, self._over = asyncio.Event(), asyncio.Event()
        self._open = True
        self._progress = 0.0
        self._lost: GatewayError | None = None

    async def submit(self, call: Call) -> list[Recorded]:
        """Commit one call. Raises JournalError: then nothing of it was written, unless a server was lost meanwhile.

        A caller that is cancelled while it waits does not know; its call may still be committed.
        """
        answer: asyncio.Future[list[Recorded]] = self._admit()
        self._queue.put(Waiting(call, answer, time.perf_counter()))
        return await answer

    async def change(self, work: Work) -> Any:
        """Have something else done in the thread, within milliseconds. Raises JournalError."""
        answer = self._admit()
        self._queue.put(Chore(work, answer))
        return await answer

    def _admit(self) -> "asyncio.Future[Any]":
        if not self._open or self._over.is_set():
            raise JournalError("the journal is closed")
        if len(self._answers) >= QUEUE_LIMIT:
            raise JournalError(f"the journal is behind: {QUEUE_LIMIT} records wait to be written")
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._progress = self._progress if self._answers else time.perf_counter()
        self._answers.add(answer)
        return answer

    def stuck_s(self) -> float:
        """For how many seconds nothing has been answered though somebody waits."""
        return time.perf_counter() - self._progress if self._answers else 0.0

    async def stopped(self) -> None:
        """Wait for the end.

        Raises StoreInUse when another gateway has taken the store, and JournalError when nobody asked for it.
        """
        await self._over.wait()
        if self._lost:
            raise self._lost
        if self._open:
            raise JournalError("the journal's writer stopped by a bug; it is in the log")

    def ends_with(self, task: "asyncio.Task[None]", name: str) -> None:
        """Take nothing more, and stop, once another task of the journal has ended by a bug."""

        def ended(task: "asyncio.Task[None]") -> None:
            if not task.cancelled() and (error := task.exception()):
                log.critical("the journal's %s stopped", name, exc_info=error)
                self._lost = JournalError(f"the journal's {name} stopped by a bug; it is in the log")
                self._over.set()

        task.add_done_callback(ended)

    async def beyond(self, seq: int) -> None:
        """Wait until a row after `seq` has been committed."""
        while self.head.seq <= seq:
            await self._moved.wait()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Run the thread; leaving commits what is queued. Leaving under a second cancellation blocks until then."""
        with ThreadPoolExecutor(1, "journal-writer") as pool:
            thread = self._loop.run_in_executor(pool, self._run)
            thread.add_done_callback(self._ended)
            try:
                yield
            finally:
                self._open = False
                self._queue.put(None)
                await asyncio.shield(thread)

    def _run(self) -> None:
        more, last = True, self.head
        while more:
            taken = self._take()
            more = None not in taken
            waiting = [item for item in taken if isinstance(item, Waiting)]
            if waiting:
                calls = [item.call for item in waiting]
                done = commit(self._engine, calls, site=self._site, key=self._key, head=last)
                last = done.head or last
                self._loop.call_soon_threadsafe(self._settle, waiting, done)
            for chore in [item for item in taken if isinstance(item, Chore)]:
                outcome = perform(self._engine, chore.work, site=self._site, key=self._key, head=last)
                self._loop.call_soon_threadsafe(self._changed, chore, outcome)

    def _take(self) -> list[Waiting | Chore | None]:
        """Wait for one item, then take what else is queued; None, the last ever, ends the thread."""
        taken: list[Waiting | Chore | None] = []
        size = 0
        while size < BATCH_LIMIT:
            try:
                taken.append(item := self._queue.get(block=not taken))
            except Empty:
                break
            size += max(1, len(item.call.events)) if isinstance(item, Waiting) else 1
        return taken

    def _changed(self, chore: Chore, outcome: Any) -> None:
        self.tail.clear()
        self._answer(chore.answer, outcome)

    def _settle(self, waiting: Sequence[Waiting], done: Committed) -> None:
        self._tell(None if done.head else str(done.outcomes[0]))
        self.tail.add(done.new)
        for item, outcome in zip(waiting, done.outcomes, strict=True):
            self._answer(item.answer, outcome)
            if not item.call.counted and not isinstance(outcome, JournalError):
                self._count(outcome)
        if done.head:
            events = done.head.seq - self.head.seq
            self.head = done.head
            self._moved.set()
            self._moved = asyncio.Event()
            self._on_commit(time.perf_counter() - waiting[0].since, events)

    def _answer(self, answer: "asyncio.Future[Any]", outcome: Any) -> None:
        self._answers.discard(answer)
        self._progress = time.perf_counter()
        _answer(answer, outcome)

    def _count(self, recorded: Sequence[Recorded]) -> None:
        new = sum(one.new for one in recorded)
        self._meters.events_accepted.inc(len(recorded))
        self._meters.events_recorded.inc(new)
        self._meters.events_repeated.inc(len(recorded) - new)

    def _tell(self, trouble: str | None) -> None:
        """Log once that the store takes nothing, and once that it does again."""
        if trouble is not None and self.trouble is None:
            log.error("%s", trouble)
        elif trouble is None and self.trouble is not None:
            log.info("the journal records again")
        self.trouble = trouble

    def _ended(self, thread: "asyncio.Future[None]") -> None:
        self._over.set()
        if isinstance(error := thread.exception(), GatewayError):
            self._lost = error
        elif error:
            log.critical("the journal's writer stopped", exc_info=error)
        for answer in self._answers:
            _answer(answer, JournalError("the journal's writer stopped"))
        self._answers.clear()


def _answer(answer: "asyncio.Future[Any]", outcome: Any) -> None:
    if answer.done():  # the caller was cancelled
        return
    if isinstance(outcome, JournalError):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
