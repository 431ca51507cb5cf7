"""Nothing is written behind a row that is not the one that was committed last."""

import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from stores import Database

from gateway.core.errors import GatewayError, JournalError
from gateway.core.model import Event
from gateway.journal.anchors import TAIL_BYTES, newest
from gateway.journal.journal import Journal
from gateway.journal.rows import Recorded
from gateway.journal.verify import verify

Opened = Callable[..., AbstractAsyncContextManager[Journal]]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(source_key: str) -> Event:
    return Event(type="door.opened", source_key=source_key, payload={"door": 1})


async def three_rows(journal: Journal) -> None:
    for number in range(3):
        await journal.record("d", [event(f"{number}")])


async def test_a_store_that_went_back_takes_nothing_until_the_right_one_is_there_again(
    opened: Opened, database: Database, url: str, key: bytes
) -> None:
    """As after a fail-over to a copy that lags, and when the server is put right."""
    async with opened() as journal:
        await three_rows(journal)
        database.do("CREATE TABLE kept AS SELECT * FROM journal WHERE seq > 1", "DELETE FROM journal WHERE seq > 1")
        for _ in range(2):
            with pytest.raises(JournalError, match=r"not as the journal left it: it ends at seq 1, and seq 3 was on d"):
                await journal.record("d", [event("new")])
        assert journal.health.why is not None
        assert database.rows("SELECT MAX(seq) FROM journal") == [(1,)]
        database.do("INSERT INTO journal SELECT * FROM kept")
        assert await journal.record("d", [event("new")]) == [Recorded(4, new=True)]
        assert journal.health.why is None
    assert verify(url, key=key).rows == 4


async def test_a_store_that_lost_every_row_is_not_begun_anew(opened: Opened, database: Database) -> None:
    async with opened() as journal:
        await three_rows(journal)
        database.do("DELETE FROM journal")
        with pytest.raises(JournalError, match="it ends at seq 0, and seq 3 was on disk"):
            await journal.record("d", [event("new")])


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_backup_that_is_put_in_the_place_of_the_file_takes_nothing(
    opened: Opened, database: Database, url: str, key: bytes
) -> None:
    backup, right = (database.path.with_name(name) for name in ("backup.db", "right.db"))
    async with opened() as journal:
        await journal.record("d", [event("0")])
    shutil.copy(database.path, backup)
    async with opened() as journal:
        await journal.record("d", [event("1")])
        database.path.rename(right)
        for there in (False, True):
            if there:
                backup.rename(database.path)
            with pytest.raises(
                JournalError, match=r"could not record: another file is in the place of .*/hall\.db: stop"
            ):
                await journal.record("d", [event("new")])
            with pytest.raises(JournalError, match="another file is in the place of"):
                await journal.upkeep.scrub()
            with pytest.raises(JournalError, match="cannot be read: another file is in the place of"):
                await journal.read()
        right.rename(database.path)
        assert await journal.record("d", [event("new")]) == [Recorded(3, new=True)]
        assert len(await journal.read()) == 3
    assert verify(url, key=key).rows == 3


async def test_a_copy_that_went_another_way_takes_nothing(opened: Opened, database: Database, tmp_path: Path) -> None:
    async with opened() as journal:
        await journal.record("d", [event("a")])
    database.do("CREATE TABLE other AS SELECT * FROM journal", "DELETE FROM journal")
    async with opened(anchors=tmp_path / "elsewhere") as journal:
        await journal.record("d", [event("b")])
        database.do("DELETE FROM journal", "INSERT INTO journal SELECT * FROM other")
        with pytest.raises(JournalError, match="its seq 1 is not the row that was on disk: it is a copy that went ano"):
            await journal.record("d", [event("new")])
        with pytest.raises(JournalError, match="its seq 1 is not the row that was on disk"):
            await journal.upkeep.erase([1])
    assert database.rows("SELECT source_key FROM journal WHERE payload IS NOT NULL") == [("a",)]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "edit",
    ["seq = 'five'", "hash = 'text'", "hash = prev_hash", "prev_hash = 7", "hash = NULL", "hash = CAST(x'ff' AS TEXT)"],
)
async def test_a_newest_row_that_was_changed_is_told_in_a_sentence_and_ends_nothing(
    opened: Opened, database: Database, edit: str
) -> None:
    async with opened() as journal:
        await three_rows(journal)
        database.do("CREATE TABLE kept AS SELECT * FROM journal")
        column = edit.partition(" ")[0]
        database.do("CREATE TABLE loose AS SELECT * FROM journal", "DROP TABLE journal")
        database.do("ALTER TABLE loose RENAME TO journal", f"UPDATE journal SET {edit} WHERE seq = 3")  # noqa: S608 - our own
        if column == "prev_hash":
            assert (await journal.record("d", [event("new")]))[0].seq == 4, "verify finds it"
            return
        for _ in range(2):
            with pytest.raises(JournalError, match=r"^the (store is not as the journal left it|journal could not rec)"):
                await journal.record("d", [event("new")])
        with pytest.raises(JournalError):
            await journal.upkeep.seal(date(2026, 3, 1), 3, NOON)
        database.do("DELETE FROM journal", "INSERT INTO journal SELECT * FROM kept")
        assert (await journal.record("d", [event("new")]))[0].seq == 4


async def test_a_time_of_the_newest_row_that_is_none_harms_nothing_and_is_found(
    opened: Opened, database: Database, url: str, key: bytes
) -> None:
    async with opened() as journal:
        await three_rows(journal)
        database.do("UPDATE journal SET at = 'noon' WHERE seq = 3")
        assert (await journal.record("d", [event("new")]))[0].seq == 4
    assert verify(url, key=key).broken_seq == 3


async def test_a_newest_row_that_was_changed_is_told_at_the_start(opened: Opened, database: Database) -> None:
    async with opened() as journal:
        await three_rows(journal)
    database.do("UPDATE journal SET at = 'noon' WHERE seq = 3")
    with pytest.raises(
        GatewayError, match=r"^store\.key: not the key of seq 3, the newest record, or that was changed"
    ):
        async with opened():
            pass


async def test_a_store_that_is_older_than_its_newest_anchor_is_refused_at_the_start(
    opened: Opened, database: Database, tmp_path: Path
) -> None:
    async with opened() as journal:
        await three_rows(journal)
    database.do("DELETE FROM journal WHERE seq = 3")
    why = r"^store\.url: the store ends at seq 2, and seq 3 was anchored at .*Z: it is an older copy, or rows were del"
    with pytest.raises(GatewayError, match=why):
        async with opened():
            pass
    async with opened(anchors=tmp_path / "new") as journal:
        assert await journal.record("d", [event("new")]) == [Recorded(3, new=True)]


async def test_a_store_with_another_row_than_the_one_that_was_anchored_is_refused(
    opened: Opened, database: Database, tmp_path: Path, anchors: Path
) -> None:
    async with opened() as journal:
        await three_rows(journal)
    database.do("DELETE FROM journal")
    async with opened(anchors=tmp_path / "other") as journal:
        await journal.record("d", [event(f"other/{number}") for number in range(5)])
    with pytest.raises(GatewayError, match=r"^store\.url: seq 3 is not the row that was anchored at "):
        async with opened():
            pass
    assert newest(anchors, site="liandu") is not None


async def test_an_anchored_row_that_has_left_since_is_no_fault(opened: Opened, tmp_path: Path) -> None:
    async with opened() as journal:
        await three_rows(journal)
    async with opened(anchors=tmp_path / "other") as journal:
        await journal.upkeep.seal(date(2026, 3, 1), 3, NOON)
        await journal.record("d", [event("last")])
        await journal.upkeep.leave(date(2026, 3, 1) + timedelta(days=1), journal.head.seq)
    async with opened() as journal:
        assert journal.head.seq == 4


def test_the_newest_anchor_of_a_site_is_found_at_the_end_of_a_long_file(anchors: Path) -> None:
    line = '{{"at":"","site":"{}","seq":{},"hash":"00"}}\n'
    many = [line.format(site, seq) for seq in range(1, 5000) for site in ("liandu", "qingtian")]
    anchors.write_text("".join(many) + '{"at":"2025-03-')
    assert anchors.stat().st_size > 2 * TAIL_BYTES
    found = newest(anchors, site="liandu")
    assert found is not None
    assert found.seq == 4999
    assert newest(anchors, site="songyang") is None
    assert newest(anchors.with_name("none"), site="liandu") is None
