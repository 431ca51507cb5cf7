"""Pages of rows, and the indexes behind them."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.exc import DBAPIError
from stores import Database

from gateway.core.errors import JournalError
from gateway.core.model import Event
from gateway.journal import reader
from gateway.journal.journal import Journal
from gateway.journal.store import reading

Opened = Callable[..., AbstractAsyncContextManager[Journal]]
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


def event(source_key: str, type: str = "door.opened", *, minute: int = 0) -> Event:
    return Event(type=type, source_key=source_key, payload={}, at=NOON + timedelta(minutes=minute))


@pytest.fixture
async def journal(opened: Opened) -> AsyncGenerator[Journal]:
    """Seq 1 to 10, one a minute: odd ones of door-1, even ones of door-2, every fifth a closing."""
    async with opened() as journal:
        for seq in range(1, 11):
            kind = "door.opened" if seq % 5 else "door.closed"
            await journal.record(f"door-{2 - seq % 2}", [event(f"log/{seq}", kind, minute=seq)])
        yield journal


@pytest.mark.parametrize(
    ("asked", "seqs"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ({"limit": 3}, [1, 2, 3]),
        ({"after": 8}, [9, 10]),
        ({"after": 10}, []),
        ({"newest_first": True, "limit": 3}, [10, 9, 8]),
        ({"newest_first": True, "after": 4}, [3, 2, 1]),
        ({"newest_first": True, "after": 1}, []),
        ({"device": "door-1"}, [1, 3, 5, 7, 9]),
        ({"device": "door-1", "type": "door.closed"}, [5]),
        ({"type": "door.closed", "newest_first": True}, [10, 5]),
        ({"device": "door-3"}, []),
        ({"since": NOON + timedelta(minutes=9)}, [9, 10]),
        ({"until": NOON + timedelta(minutes=3)}, [1, 2]),
        ({"since": NOON + timedelta(minutes=2, microseconds=1), "until": NOON + timedelta(minutes=5)}, [3, 4]),
    ],
)
async def test_gives_the_page_that_was_asked_for(journal: Journal, asked: dict[str, Any], seqs: list[int]) -> None:
    assert [row.seq for row in await journal.read(**asked)] == seqs


async def test_finds_rows_by_the_start_of_their_source_key(journal: Journal) -> None:
    for source_key in ("log", "log/", "log/1\U0010fffe", "log0", "LOG/1", "log/1%", "log/1_"):
        await journal.record(None, [event(source_key)])
    assert [row.source_key for row in await journal.by_source("log/1")] == [
        "log/1",
        "log/10",
        "log/1\U0010fffe",
        "log/1%",
        "log/1_",
    ]
    assert [row.source_key for row in await journal.by_source("log/1_")] == ["log/1_"]


@pytest.mark.parametrize(
    ("method", "asked", "sqlite", "postgresql"),
    [
        ("read", {"after": 3}, "sqlite_autoindex_journal_1 (site=? AND seq>?)", "journal_pkey"),
        ("read", {"device": "door-1"}, "journal_device (site=? AND device=? AND seq>?)", "journal_device"),
        ("read", {"type": "x", "newest_first": True}, "journal_type (site=? AND type=?)", "journal_type"),
        ("read", {"since": NOON + timedelta(minutes=6)}, "COVERING INDEX journal_at (site=? AND at>?)", "journal_at"),
        ("read", {"until": NOON + timedelta(minutes=6)}, "COVERING INDEX journal_at (site=? AND at>?)", "journal_at"),
        ("by_source", {"prefix": "log/1"}, "(site=? AND source_key>? AND source_key<?)", "journal_source"),
    ],
)
async def test_every_page_comes_from_an_index(
    journal: Journal, database: Database, method: str, asked: dict[str, Any], sqlite: str, postgresql: str
) -> None:
    plans = explained(journal, database)
    await getattr(journal, method)(**asked)
    assert (sqlite if database.is_file else postgresql) in plans[0]
    sorts = "USE TEMP B-TREE" if database.is_file else "Sort"
    assert (sorts in "".join(plans)) == (method == "by_source"), "only the few of one prefix are sorted"


@pytest.mark.parametrize("newest_first", [True, False])
async def test_the_page_before_a_time_long_ago_does_not_walk_through_all_that_came_later(
    journal: Journal, database: Database, newest_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "IN_VAIN", (2, 4, 8, 16))
    await journal.record("door-1", [event("late", minute=1)])
    found = await journal.read(until=NOON + timedelta(minutes=3), newest_first=newest_first)
    assert [row.seq for row in found] == sorted([1, 2, 11], reverse=newest_first)
    plans = explained(journal, database)
    assert await journal.read(until=NOON, newest_first=newest_first) == []
    *_, span, page = plans
    assert ("COVERING INDEX journal_at (site=? AND at<?)" if database.is_file else "journal_at") in span
    assert ("(site=? AND seq>? AND seq<?)" if database.is_file else "seq <= ") in page


async def test_where_more_came_before_a_time_than_after_it_the_few_are_passed(
    journal: Journal, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "IN_VAIN", (2, 4, 8, 16))
    plans = explained(journal, database)
    assert len(await journal.read(until=NOON + timedelta(minutes=8), newest_first=True, limit=1)) == 1
    assert not any("MIN(" in plan.upper() for plan in plans)
    assert "seq>? AND seq<?" not in plans[-1]


def explained(journal: Journal, database: Database) -> list[str]:
    """How each query is carried out from now on, where there are so many rows that a planner will not read them all."""
    if not database.is_file:
        columns = "site, seq, at, type, class, volatile, payload_hash, source_key, prev_hash, hash"
        row = "'liandu', n, '2025-03-01T12:00:00.000000Z', 'other', 'device', 0, '', 'x/' || n, '', ''"
        many = f"INSERT INTO journal ({columns}) SELECT {row} FROM generate_series(100, 20000) n"  # noqa: S608 - constant
        database.do(many, "ANALYZE journal")
    plans: list[str] = []

    def explain(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        with closing(database.connect()) as db:
            how = "EXPLAIN QUERY PLAN " if database.is_file else "EXPLAIN "
            plans.append("\n".join(str(row[-1]) for row in db.execute(how + statement, parameters)))

    sqlalchemy_event.listen(journal._engine, "before_cursor_execute", explain)
    return plans


async def test_another_site_in_the_store_is_not_seen(journal: Journal) -> None:
    journal.site = "qingtian"
    assert await journal.read() == await journal.by_source("log") == []


async def test_what_is_not_committed_is_not_seen(journal: Journal, database: Database) -> None:
    with closing(database.connect()) as db:
        db.execute("BEGIN")
        db.execute("UPDATE journal SET device = 'door-3'")
        assert await journal.read(device="door-3") == []
        db.execute("COMMIT")
    assert len(await journal.read(device="door-3")) == 10


async def test_an_unreadable_store_is_told_in_one_sentence(journal: Journal, database: Database) -> None:
    database.do("UPDATE journal SET class = 'unheard-of' WHERE seq = 4")
    with pytest.raises(JournalError, match="the journal cannot be read: Invalid enum value 'unheard-of'"):
        await journal.read()
    database.do("DROP TABLE cursors")
    why = "no such table: cursors" if database.is_file else 'relation "cursors" does not exist'
    with pytest.raises(JournalError, match=rf"^the journal cannot be read: {why}$"):
        await journal.cursor("mqtt")


async def test_after_a_damaged_row_nobody_reads_the_past(journal: Journal, database: Database) -> None:
    database.do("UPDATE journal SET class = 'unheard-of' WHERE seq = 4")
    with pytest.raises(JournalError) as failed:
        await journal.read()
    database.do("UPDATE journal SET class = 'device' WHERE seq = 4")
    for _ in range(4):
        assert len(await journal.read()) == 10, "no reader keeps the snapshot of its error"
    assert failed.tb


async def test_readers_cannot_write(journal: Journal, database: Database) -> None:
    engine = reading(database.url)
    why = "attempt to write a readonly database|cannot execute DELETE in a read-only transaction"
    with engine.connect() as db, pytest.raises(DBAPIError, match=why):
        db.exec_driver_sql("DELETE FROM journal")
    engine.dispose()


async def test_an_erased_payload_is_unknown(journal: Journal, database: Database) -> None:
    database.do("UPDATE journal SET payload = NULL, salt = NULL WHERE seq = 4")
    assert [row.payload for row in await journal.read(after=3, limit=2)] == [None, {}]
