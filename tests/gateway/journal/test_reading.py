"""Pages of rows, and the indexes behind them."""

import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.exc import OperationalError

from gateway.core.errors import JournalError
from gateway.core.model import Event
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
    ("method", "asked", "index"),
    [
        ("read", {"after": 3}, "sqlite_autoindex_journal_1 (site=? AND seq>?)"),
        ("read", {"device": "door-1"}, "journal_device (site=? AND device=? AND seq>?)"),
        ("read", {"type": "x", "newest_first": True}, "journal_type (site=? AND type=?)"),
        ("by_source", {"prefix": "log/1"}, "(site=? AND source_key>? AND source_key<?)"),
    ],
)
async def test_every_page_comes_from_an_index(
    journal: Journal, path: Path, method: str, asked: dict[str, Any], index: str
) -> None:
    plans: list[str] = []

    def explain(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        db = sqlite3.connect(path)
        plans.extend(row[3] for row in db.execute("EXPLAIN QUERY PLAN " + statement, parameters))
        db.close()

    sqlalchemy_event.listen(journal._engine, "before_cursor_execute", explain)
    await getattr(journal, method)(**asked)
    assert index in plans[0]
    assert ("USE TEMP B-TREE" in "".join(plans)) == ("source_key" in index), "only the few of one prefix are sorted"


async def test_another_site_in_the_store_is_not_seen(opened: Opened, anchors: Path, journal: Journal) -> None:
    journal.site = "qingtian"
    assert await journal.read() == await journal.by_source("log") == []


async def test_what_is_not_committed_is_not_seen(journal: Journal, path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("UPDATE journal SET device = 'door-3'")
    assert await journal.read(device="door-3") == []
    db.commit()
    db.close()
    assert len(await journal.read(device="door-3")) == 10


async def test_an_unreadable_store_is_told_in_one_sentence(journal: Journal, path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("UPDATE journal SET class = 'unheard-of' WHERE seq = 4")
    db.commit()
    with pytest.raises(JournalError, match="the journal cannot be read: Invalid enum value 'unheard-of'"):
        await journal.read()
    db.execute("DROP TABLE cursors")
    db.commit()
    db.close()
    with pytest.raises(JournalError, match=r"^the journal cannot be read: no such table: cursors$"):
        await journal.cursor("mqtt")


async def test_after_a_damaged_row_nobody_reads_the_past(journal: Journal, path: Path) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("UPDATE journal SET class = 'unheard-of' WHERE seq = 4")
    with pytest.raises(JournalError) as failed:
        await journal.read()
    db.execute("UPDATE journal SET class = 'device' WHERE seq = 4")
    db.close()
    for _ in range(4):
        assert len(await journal.read()) == 10, "no reader keeps the snapshot of its error"
    assert failed.tb


async def test_readers_cannot_write(journal: Journal, path: Path) -> None:
    engine = reading(path)
    with engine.connect() as db, pytest.raises(OperationalError, match="attempt to write a readonly database"):
        db.exec_driver_sql("DELETE FROM journal")
    engine.dispose()


async def test_an_erased_payload_is_unknown(journal: Journal, path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("UPDATE journal SET payload = NULL, salt = NULL WHERE seq = 4")
    db.commit()
    db.close()
    assert [row.payload for row in await journal.read(after=3, limit=2)] == [None, {}]
