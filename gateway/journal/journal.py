"""The journal as the rest of the gateway uses it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, Engine
from sqlalchemy.exc import SQLAlchemyError

from gateway.core.contract import Clock
from gateway.core.errors import GatewayError, JournalError
from gateway.core.model import Cursor, Event
from gateway.journal.anchors import Anchors, newest
from gateway.journal.batch import Call, announce
from gateway.journal.head import Anchor, prepare
from gateway.journal.identities import Identities
from gateway.journal.lock import Holder, this_gateway
from gateway.journal.reader import Reader
from gateway.journal.rows import (
    Desired,
    Head,
    Health,
    Recorded,
    Row,
    cursor_columns,
    desired_columns,
    event_columns,
)
from gateway.journal.sealing import Seal
from gateway.journal.sealing import newest as newest_seal
from gateway.journal.spool import Spool
from gateway.journal.store import READERS, held, label, located, reading, reason, writing
from gateway.journal.unwritten import place, unwritten
from gateway.journal.upkeep import Upkeep
from gateway.journal.writer import STUCK_S, OnCommit, Writer
from gateway.meters import Meters

RECORD_S = 10.0  # a store that takes longer takes nothing


class Journal(Reader):
    """One site's events, cursors and desired state. Made by `open_journal`."""

    def __init__(
        self,
        *,
        site: str,
        key: bytes,
        clock: Clock,
        writer: Writer,
        spool: Spool,
        sealed: Callable[[Seal], None],
        engine: Engine,
        pools: Sequence[Executor],
    ) -> None:
        super().__init__(site, engine, pools)
        self._clock, self._writer, self._spool = clock, writer, spool
        self._proven = ""
        self.upkeep = Upkeep(site=site, key=key, ask=self.ask, change=writer.change, sealed=sealed)
        self.identities = Identities(site=site, ask=self.ask, change=writer.change)

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
        and the source must not be told that it was. After RECORD_S without an answer, for a cancelled caller, and when
        a server was lost while it committed, it may still be recorded: the same `source_key` again makes no second
        row. What `note` took of this device before comes first.
        """
        now = self._clock.now()
        call = Call(
            events=[event_columns(event, site=self.site, device=device, now=now) for event in events],
            cursors=[cursor_columns(cursor, site=self.site, now=now)] if cursor else [],
            desired=[desired_columns(item, site=self.site) for item in desired],
        )
        try:
            async with asyncio.timeout(RECORD_S):
                if events or desired:
                    await self._spool.passed(device)
                return await self._writer.submit(call)
        except TimeoutError as error:
            raise JournalError(f"the journal has not answered for {RECORD_S:g} s") from error

    def note(
        self,
        device: str | None,
        events: Sequence[Event],
        *,
        cursor: Cursor | None = None,
        desired: Sequence[Desired] = (),
    ) -> "asyncio.Future[None]":
        """Record events that cannot be asked for again, or whose effect is there already. Never fails, never waits.

        They are written in their order, a cursor never before what was noted before it. While the store takes nothing
        they are held in memory; events that do not fit there are counted in a gap record, the newest desired state and
        cursors are kept. The future ends once they are on disk, or are held: nobody need await it.
        """
        return self._spool.note(device, events, desired, cursor)

    @property
    def health(self) -> Health:
        """How it is, as far as is known without trying."""
        why = self._writer.trouble
        if why is None and self._writer.stuck_s() > STUCK_S:
            why = f"the journal has not committed anything for {STUCK_S:g} s"
        return Health(why, self._spool.held.events, self._spool.held.missed)

    async def move(self, name: str, value: str) -> None:
        """Commit a cursor alone, as outlets do. Raises JournalError."""
        await self.record(None, [], cursor=Cursor(name, value))

    async def retain(self, topics: Iterable[str], *, emptied: Iterable[str] = ()) -> None:
        """Note topics before they are first published, and forget those that the broker has emptied.

        All in one commit; what is noted or forgotten already does no harm. Raises JournalError: nothing was changed.
        """
        noted, forgotten = ([{"site": self.site, "topic": topic} for topic in some] for some in (topics, emptied))
        await self._writer.submit(Call(events=[], cursors=[], desired=[], retained=noted, emptied=forgotten))

    async def prove(self) -> None:
        """Write something, at most once a second however often anybody asks. Raises JournalError."""
        now = self._clock.now().isoformat(timespec="seconds")
        if now != self._proven:
            await self.move("health", now)
            self._proven = now

    async def stopped(self) -> None:
        """Wait for the end; raises GatewayError when the writer, or another task of the journal, ends by itself."""
        await self._writer.stopped()

    async def beyond(self, seq: int) -> None:
        """Wait until a row after `seq` is committed."""
        await self._writer.beyond(seq)

    async def follow(self, seq: int, limit: int) -> list[Row]:
        """Wait until a row after `seq` is committed; gives the first such rows, none where they have left since.

        Raises JournalError when the store must be asked, and cannot be read.
        """
        await self.beyond(seq)
        return self._writer.tail.after(seq, limit) or await self.read(after=seq, limit=limit)


@asynccontextmanager
async def open_journal(
    url: str | URL,
    *,
    site: str,
    key: bytes,
    clock: Clock,
    anchors: Path,
    on_commit: OnCommit = lambda _seconds, _events: None,
    on_anchor: Callable[[Anchor], None] = lambda _: None,
    meters: Meters | None = None,
) -> AsyncGenerator[Journal]:
    """Open, make or bring up to date the store of one site; leaving commits what is queued.

    `anchors` is the file that receives the head every minute. `on_commit` is called on the loop after every
    group commit with the longest wait in it, in seconds, and the number of its new events; `on_anchor` with every
    head that is anchored. The ledger is kept in `meters`. Raises StoreInUse; GatewayError when the store or `anchors`
    cannot be opened, `key` is not the store's, or the store has not the row that was anchored last.
    """
    store, meters = located(url), meters or Meters()
    holder = this_gateway(site, clock.now())
    async with AsyncExitStack() as stack:
        try:
            stack.enter_context(held(store, holder))
            engine = _engine(stack, await asyncio.to_thread(writing, store, holder))  # loading a driver takes a while
            head, seal = await asyncio.to_thread(_begun, engine, holder, key, anchors)
            writer = Writer(engine, site=site, key=key, head=head, on_commit=on_commit, meters=meters)
            heads = Anchors(anchors, writer, site=site, clock=clock, told=on_anchor, seal=seal)
            await stack.enter_async_context(heads.following())
            kept = stack.enter_context(unwritten(place(site, anchors.parent)))
        except (SQLAlchemyError, OSError) as error:
            raise GatewayError(f"store.url: {label(store)} cannot be opened: {reason(error)}") from error
        await stack.enter_async_context(writer.running())
        readers = _engine(stack, reading(store))
        pools = [stack.enter_context(ThreadPoolExecutor(READERS, "journal-reader"))]
        pools.append(stack.enter_context(ThreadPoolExecutor(1, "journal-look-up")))  # waits for no page of a query
        spool = Spool(writer.submit, kept, site=site, now=clock.now, meters=meters)
        await stack.enter_async_context(spool.running(writer.ends_with))
        yield Journal(
            site=site,
            key=key,
            clock=clock,
            writer=writer,
            spool=spool,
            sealed=heads.sealed,
            engine=readers,
            pools=pools,
        )


def _engine(stack: AsyncExitStack, engine: Engine) -> Engine:
    stack.push_async_callback(asyncio.to_thread, engine.dispose)  # SQLite's last to close folds its log back
    return engine


def _begun(engine: Engine, holder: Holder, key: bytes, anchors: Path) -> tuple[Head, Seal | None]:
    head = prepare(engine, site=holder.site, key=key, anchor=newest(anchors, site=holder.site))
    announce(engine, holder)
    with engine.begin() as db, suppress(JournalError):  # whoever seals the next day says so
        return head, newest_seal(db, holder.site, key)
    return head, None
