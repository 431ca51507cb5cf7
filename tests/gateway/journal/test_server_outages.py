"""A server that ends, dies, hangs or lets another gateway in: nothing is lost, invented, or written by two."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import suppress
from pathlib import Path

import pytest
from postgres import Postgres
from stores import Database

from gateway.clock import SystemClock
from gateway.core.errors import JournalError
from gateway.core.model import Cursor, Event
from gateway.journal import postgresql
from gateway.journal.batch import announce
from gateway.journal.journal import Journal, open_journal
from gateway.journal.lock import Holder, StoreInUse
from gateway.journal.rows import Recorded
from gateway.journal.store import writing
from gateway.journal.verify import verify

OTHER = Holder(4711, "spare", "liandu", "2025-03-01T12:00:00+00:00")
WRITER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
READERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT journal.%'"
END = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"


@pytest.fixture(scope="module")
def server() -> Generator[Postgres]:
    """One of this module's own, which may die."""
    with Postgres() as server:
        yield server


@pytest.fixture
def database(server: Postgres) -> Generator[Database]:
    name = server.database()
    yield Database(server.url(name))
    server.drop(name)


@pytest.fixture
async def journal(database: Database, anchors: Path, key: bytes) -> AsyncGenerator[Journal]:
    with suppress(StoreInUse):  # a journal that lost its store says so again when it is left
        async with open_journal(database.url, site="liandu", key=key, clock=SystemClock(), anchors=anchors) as journal:
            await journal.record("door-1", [event("first")])
            yield journal


def event(source_key: str) -> Event:
    return Event(type="door.opened", source_key=source_key, payload={"door": 1})


async def goes_on(journal: Journal, database: Database, key: bytes, *, rows: int) -> None:
    """The next record is the next row, and the chain is whole."""
    assert await journal.record("door-1", [event("last")]) == [Recorded(rows, new=True)]
    assert (verify(database.url, key=key).ok, journal.head.seq) == (True, rows)


async def test_a_connection_that_ended_while_nobody_wrote_is_not_noticed(
    journal: Journal, database: Database, key: bytes
) -> None:
    database.do(END)
    await until(lambda: database.rows(WRITER) == [])
    await goes_on(journal, database, key, rows=2)


async def test_a_connection_that_ends_under_a_batch_fails_its_callers_alone(
    journal: Journal, database: Database, key: bytes
) -> None:
    with database.held_up():
        tasks = [asyncio.create_task(journal.record("door-1", [event(f"{number}")])) for number in range(3)]
        await asyncio.sleep(0.05)
        database.do(END)
        refused = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(str(error).startswith("the journal could not record: ") for error in refused), refused
    await goes_on(journal, database, key, rows=2)


async def test_a_commit_of_unknown_end_is_repeated_without_a_second_row(
    journal: Journal, database: Database, server: Postgres, key: bytes
) -> None:
    """The commit waits for a standby that does not exist: ended there, it is on disk, and nobody was told."""
    database.do("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
    try:
        unknown = asyncio.create_task(journal.record("door-1", [event("a")], cursor=Cursor("door-1/log", "1")))
        await until(lambda: database.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'") != [])
        database.do(END)
        with pytest.raises(JournalError, match="the journal could not record"):
            await unknown
    finally:
        database.do("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
    await until(lambda: database.rows("SHOW synchronous_standby_names") == [("",)])
    assert await journal.record("door-1", [event("a")]) == [Recorded(2, new=False)]
    await goes_on(journal, database, key, rows=3)


async def test_a_server_that_is_killed_and_comes_back_has_all_that_was_acknowledged(
    journal: Journal, database: Database, server: Postgres, key: bytes
) -> None:
    told: dict[str, int] = {}

    async def work(worker: int) -> None:
        for number in range(10_000):
            name = f"{worker}/{number}"
            [recorded] = await journal.record("door-1", [event(name)])
            told[name] = recorded.seq

    workers = [asyncio.create_task(work(worker)) for worker in range(8)]
    await until(lambda: len(told) > 100)
    await asyncio.to_thread(server.kill)
    ended = await asyncio.gather(*workers, return_exceptions=True)
    assert {type(error) for error in ended} == {JournalError}
    with pytest.raises(JournalError, match="the journal could not record: connection"):
        await journal.record("door-1", [event("down")])
    await asyncio.to_thread(server.restart)
    again = [await journal.record("door-1", [event(name)]) for name in told]
    assert [recorded[0] for recorded in again] == [Recorded(seq, new=False) for seq in told.values()]
    head = journal.head.seq
    assert head - 1 - len(told) <= len(workers), "no more than was under way"
    await goes_on(journal, database, key, rows=head + 1)
    assert await journal.read(limit=1)


async def test_a_server_process_that_hangs_is_given_up_in_time(
    journal: Journal, database: Database, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql.Connection, "limit_s", 0.2)
    monkeypatch.setattr(postgresql, "FREED_S", 0.05)
    [(pid,)] = database.rows(WRITER)
    began = time.monotonic()
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(JournalError, match=r"the server has not answered within 0\.2 s"):
            await journal.record("door-1", [event("a")])
        with pytest.raises(JournalError, match="the lock of the store is still held by our own lost connection"):
            await journal.record("door-1", [event("b")])
        assert time.monotonic() < began + 5
    finally:
        os.kill(pid, signal.SIGCONT)
    await until(lambda: (pid,) not in database.rows(WRITER))
    await goes_on(journal, database, key, rows=2)


async def test_a_reader_whose_server_process_hangs_is_told_in_time(
    journal: Journal, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql.Connection, "limit_s", 0.2)
    assert len(await journal.read()) == 1
    pids = [pid for (pid,) in database.rows(READERS)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(JournalError, match=r"cannot be read: the server has not answered within 0\.2 s"):
            await journal.read()
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    assert len(pids) == 1
    assert len(await journal.read()) == 1


@pytest.mark.parametrize("gone", [False, True])
async def test_who_finds_that_another_gateway_took_the_store_stops(
    journal: Journal, database: Database, *, gone: bool
) -> None:
    """Even when that one has gone again: it may have shown other calls meanwhile."""
    engine = writing(database.url, OTHER)
    database.do(END)
    await until(lambda: database.rows(WRITER) == [])
    announce(engine, OTHER)
    if gone:
        engine.dispose()
    with pytest.raises(JournalError, match="the journal's writer stopped"):
        await journal.record("door-1", [event("a")])
    with pytest.raises(StoreInUse, match="is in use by the gateway of site liandu, process 4711 on spare, since 2025-"):
        await journal.stopped()
    assert database.rows("SELECT source_key FROM journal") == [("first",)]
    engine.dispose()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - a server does it, and tells nobody
            await asyncio.sleep(0.01)
