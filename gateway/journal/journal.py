"""The journal as the rest of the gateway uses it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, Select, select, true
from sqlalchemy.exc import SQLAlchemyError

from gateway.core.contract import Clock
from gateway.core.errors import GatewayError, JournalError
from gateway.core.model import Cursor, Event
from gateway.journal import rows, schema
from gateway.journal.anchors import Anchor, Anchors
from gateway.journal.batch import Call, prepare
from gateway.journal.lock import held
from gateway.journal.rows import (
    Desired,
    Head,
    Health,
    Recorded,
    Row,
    cursor_columns,
    desired_columns,
    event_columns,
    stamp,
)
from gateway.journal.scope import EVERYTHING, Scope
from gateway.journal.spool import Spool
from gateway.journal.store import READERS, reading, reason, store_path, writing
from gateway.journal.upkeep import Upkeep
from gateway.journal.writer import OnCommit, Writer
from gateway.meters import Meters

STUCK_S = 2.0  # a commit takes milliseconds
RECORD_S = 10.0  # a store that takes longer takes nothing
AnswerT = TypeVar("AnswerT")
LAST_CHARACTER = chr(0x10FFFF)


class Journal:
    """One site's events, cursors and desired state. Made by `open_journal`.

    What reads raises JournalError when the store cannot be read, and sees committed rows only.
    """

    def __init__(
        self,
        *,
        site: str,
        key: bytes,
        clock: Clock,
        writer: Writer,
        spool: Spool,
        engine: Engine,
        pools: Sequence[Executor],
    ) -> None:
        self.site, self._clock, self._writer, self._spool, self._engine = site, clock, writer, spool, engine
        self._pool, self._at_once = pools
        self._proven = ""
        self.upkeep = Upkeep(site=site, key=key, ask=self.ask, change=writer.change)

    @property
    def head(self) -> Head:
        """The newest committed row."""
        return self._writer.head

    async def record(
        self,
        device: str | None,
        events: Sequence[Event],
        *,
        cursor: Cursor | None = None,
        desired: Sequence[Desired] = (),
    ) -> list[Recorded]:
        """Commit events, a cursor and desired state in one transaction; returns once they are on disk.

        An event whose `source_key` is known already is not recorded again: its answer gives the seq of the
        first. Cursor and desired state are written even then. Raises JournalError: nothing was recorded,
        and the source must not be told that it was. After RECORD_S without an answer, and for a cancelled caller, it
        may still be recorded later: the same `source_key` again makes no second row. What `note` took of this device
        before comes first.
        """
        now = self._clock.now()
        call = Call(
            events=[event_columns(event, site=self.site, device=device, now=now) for event in events],
            cursors=[cursor_columns(cursor, site=self.site, now=now)] if cursor else [],
            desired=[desired_columns(item, site=self.site) for item in desired],
        )
        try:
            async with asyncio.timeout(RECORD_S):
                if events:
                    await self._spool.passed(device)
                return await self._writer.submit(call)
        except TimeoutError as error:
            raise JournalError(f"the journal has not answered for {RECORD_S:g} s") from error

    def note(
        self, device: str | None, events: Sequence[Event], *, desired: Sequence[Desired] = ()
    ) -> "asyncio.Future[None]":
        """Record events that cannot be asked for again, or whose effect is there already. Never fails, never waits.

        They are written in their order. While the store takes nothing they are held in memory; what does not fit
        there is counted in a gap record. The future ends once they are on disk, or are held: nobody need await it.
        """
        return self._spool.note(device, events, desired)

    @property
    def health(self) -> Health:
        """How it is, as far as is known without trying."""
        why = self._writer.trouble
        if why is None and self._writer.stuck_s() > STUCK_S:
            why = f"the journal has not committed anything for {STUCK_S:g} s"
        return Health(why, self._spool.events, self._spool.gaps)

    async def move(self, name: str, value: str) -> None:
        """Commit a cursor alone, as outlets do. Raises JournalError."""
        await self.record(None, [], cursor=Cursor(name, value))

    async def retained(self) -> set[str]:
        """The topics that an outlet may have retained at its broker."""
        query = select(schema.retained.c.topic).where(schema.retained.c.site == self._site)
        return set(await self._ask(query, lambda stored: str(stored["topic"])))

    async def retain(self, topics: Iterable[str], *, emptied: Iterable[str] = ()) -> None:
        """Note topics before they are first published, and forget those that the broker has emptied.

        All in one commit; what is noted or forgotten already does no harm. Raises JournalError: nothing was changed.
        """
        noted, forgotten = ([{"site": self._site, "topic": topic} for topic in some] for some in (topics, emptied))
        await self._writer.submit(Call(events=[], cursors=[], desired=[], retained=noted, emptied=forgotten))

    async def prove(self) -> None:
        """Write something, at most once a second however often anybody asks. Raises JournalError."""
        now = self._clock.now().isoformat(timespec="seconds")
        if now != self._proven:
            await self.move("health", now)
            self._proven = now

    async def stopped(self) -> None:
        """Wait for the end of the writer; raises JournalError when it ends while the journal is open."""
        await self._writer.stopped()

    async def beyond(self, seq: int) -> None:
        """Wait until a row after `seq` is committed."""
        await self._writer.beyond(seq)

    async def read(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        device: str | None = None,
        type: str | None = None,
        text: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = False,
        scope: Scope = EVERYTHING,
    ) -> list[Row]:
        """One page of rows by seq, those with a greater seq than `after`.

        `newest_first` goes backwards: from the end when `after` is 0, else from before it. `since` is
        inclusive, `until` exclusive. `text` must stand in the payload, in the case of its letters or another. What is
        out of `scope` is as if it were not there.
        """
        table = schema.journal.c
        beyond = (table.seq < after if after else true()) if newest_first else table.seq > after
        page = select(schema.journal).where(table.site == self.site, beyond).limit(limit)
        page = page.order_by(table.seq.desc() if newest_first else table.seq)
        page = page.where(table.device == device) if device is not None else page
        page = page.where(table.type == type) if type is not None else page
        page = page.where(table.payload.icontains(text, autoescape=True)) if text is not None else page
        page = page.where(table.at >= stamp(since)) if since else page
        page = page.where(table.at < stamp(until)) if until else page
        page = page.where(*scope.conditions(schema.journal))
        return await self.ask(page, rows.row)

    async def by_source(self, prefix: str) -> list[Row]:
        """All rows whose `source_key` starts with `prefix`, by seq."""
        table = schema.journal.c
        within = (table.source_key >= prefix, table.source_key < prefix + LAST_CHARACTER)
        query = select(schema.journal).where(table.site == self.site, *within).order_by(table.seq)
        return await self.ask(query, rows.row, at_once=True)

    async def cursor(self, name: str) -> str | None:
        """The committed value of a cursor, None before its first."""
        table = schema.cursors.c
        query = select(table.value).where(table.site == self.site, table.name == name)
        values = await self.ask(query, lambda stored: str(stored["value"]), at_once=True)
        return values[0] if values else None

    async def desired(self) -> list[Desired]:
        """All desired state, by device, part and verb."""
        table = schema.desired
        query = select(table).where(table.c.site == self.site).order_by(*table.primary_key)
        return await self.ask(query, rows.desired)

    async def ask(
        self, query: Select[Any], make: Callable[[Mapping[str, Any]], AnswerT], *, at_once: bool = False
    ) -> list[AnswerT]:
        """What a query finds, row by row; `at_once` waits for no page. Raises JournalError."""
        pool = self._at_once if at_once else self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, self._fetch, query, make)
        except (SQLAlchemyError, ValueError) as error:
            raise JournalError(f"the journal cannot be read: {reason(error)}") from error

    def _fetch(self, query: Select[Any], make: Callable[[Mapping[str, Any]], AnswerT]) -> list[AnswerT]:
        with self._engine.connect() as db:
            found = db.execute(query)
            names = [str(name) for name in found.keys()]  # noqa: SIM118 - a result, no dict
            every = found.all()  # before any is made: an error between two rows would leave the read open
            return [make(dict(zip(names, stored, strict=True))) for stored in every]


@asynccontextmanager
async def open_journal(
    url: str,
    *,
    site: str,
    key: bytes,
    clock: Clock,
    anchors: Path,
    on_commit: OnCommit = lambda _seconds, _events: None,
    on_anchor: Callable[[Anchor], None] = lambda _: None,
    meters: Meters | None = None,
) -> AsyncGenerator[Journal]:
    """Open, and make when missing, the store of one site; leaving commits what is queued.

    `anchors` is the file that receives the head every minute. `on_commit` is called on the loop after every
    group commit with the longest wait in it, in seconds, and the number of its new events; `on_anchor` with every
    head that is anchored. The ledger is kept in `meters`. Raises
    StoreInUse; GatewayError when the store or `anchors` cannot be opened, or `key` is not the store's.
    """
    path, meters = store_path(url), meters or Meters()
    async with AsyncExitStack() as stack:
        try:
            stack.enter_context(held(path, site=site, since=clock.now()))
            engine = _engine(stack, writing(path))
            head = await asyncio.to_thread(prepare, engine, site=site, key=key)
            writer = Writer(engine, site=site, key=key, head=head, on_commit=on_commit, meters=meters)
            heads = Anchors(anchors, site=site, clock=clock, told=on_anchor)
            await stack.enter_async_context(heads.following(writer))
        except (SQLAlchemyError, OSError) as error:
            raise GatewayError(f"store.url: {path} cannot be opened: {reason(error)}") from error
        await stack.enter_async_context(writer.running())
        readers = _engine(stack, reading(path))
        pools = [stack.enter_context(ThreadPoolExecutor(READERS, "journal-reader"))]
        pools.append(stack.enter_context(ThreadPoolExecutor(1, "journal-look-up")))  # waits for no page of a query
        spool = Spool(writer.submit, site=site, now=clock.now, meters=meters)
        await stack.enter_async_context(spool.running())
        yield Journal(site=site, key=key, clock=clock, writer=writer, spool=spool, engine=readers, pools=pools)


def _engine(stack: AsyncExitStack, engine: Engine) -> Engine:
    stack.push_async_callback(asyncio.to_thread, engine.dispose)  # the last to close folds the write-ahead log back
    return engine
