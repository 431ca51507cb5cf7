"""Days are sealed, payloads are erased, whole days leave: and the rest is proven as before."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from stores import Database

from gateway.core.errors import JournalError
from gateway.core.model import Event, Retention
from gateway.journal import upkeep as module
from gateway.journal.daily import days
from gateway.journal.journal import Journal
from gateway.journal.rows import stamp
from gateway.journal.upkeep import Old
from gateway.journal.verify import Verdict, verify

Opened = Callable[..., AbstractAsyncContextManager[Journal]]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST = date(2026, 3, 1)
SECRET = "Zhang-San-13800000000"


def event(number: int, retention: Retention = Retention.CALL, *, day: int = 0, ahead: int = 0) -> Event:
    at = NOON + timedelta(days=day + ahead)
    payload = {"n": number, "who": SECRET}
    return Event(type="tick", source_key=f"tick/{number}", payload=payload, retention=retention, at=at)


@pytest.fixture
async def journal(opened: Opened) -> AsyncGenerator[Journal]:
    """Four days of ten rows each, of all classes in turn; the first three are sealed."""
    async with opened() as journal:
        for day in range(4):
            await journal.record("d", [event(10 * day + n, list(Retention)[n % 4], day=day) for n in range(10)])
            if day < 3:
                await journal.upkeep.seal(FIRST + timedelta(days=day), journal.head.seq, NOON)
        yield journal


@pytest.fixture
async def sealed(journal: Journal) -> None:
    """The same, for tests that look at the store from outside."""


@pytest.fixture
def tamper(sealed: None, database: Database) -> Database:
    return database


async def with_payload(journal: Journal) -> list[int]:
    return [row.seq for row in await journal.read(limit=1000) if row.payload is not None]


def until(day: int) -> str:
    return stamp(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=day))


@pytest.mark.usefixtures("sealed")
def test_sealed_days_are_listed_with_their_rows(url: str) -> None:
    found = [
        (day.day, day.rows, day.first_seq, day.last_seq, day.end_hash is not None) for day in days(url, site="liandu")
    ]
    assert found == [
        ("2026-03-01", 10, 1, 10, True),
        ("2026-03-02", 10, 11, 20, True),
        ("2026-03-03", 10, 21, 30, True),
        (None, 10, 31, 40, False),
    ]


async def test_a_day_without_rows_leaves_nothing_to_seal(journal: Journal, url: str) -> None:
    assert await journal.upkeep.seal(date(2026, 3, 5), 30, NOON) is None
    assert len(days(url, site="liandu")) == 4


async def test_a_day_that_is_no_later_than_the_last_is_named_the_next_one(journal: Journal) -> None:
    assert await journal.upkeep.seal(date(2025, 1, 1), 40, NOON) == "2026-03-04"


async def test_payloads_of_a_class_expire_and_the_chain_stays_whole(
    journal: Journal, url: str, key: bytes, anchors: Path
) -> None:
    assert await journal.upkeep.expire(Retention.CALL, Old(until(2), 0)) == 4
    kept = await with_payload(journal)
    gone = [row.seq for row in await journal.read(limit=1000) if row.seq not in kept]
    assert {row.retention for row in await journal.read(limit=1000) if row.seq in gone} == {Retention.CALL}
    assert max(gone) <= 20
    assert verify(url, key=key).what == "site liandu: 40 rows are whole, 4 payloads erased"


async def test_what_comes_late_with_an_old_time_expires_the_next_night(journal: Journal) -> None:
    await journal.upkeep.expire(Retention.CALL, Old(until(1), 0))
    head = journal.head.seq
    await journal.record("d", [event(100, day=-5)])
    assert await journal.upkeep.expire(Retention.CALL, Old(until(1), 0, since=until(1), after=head)) == 1


async def test_what_was_seen_before_is_not_looked_at_again(journal: Journal) -> None:
    head = journal.head.seq
    assert await journal.upkeep.expire(Retention.CALL, Old(until(2), 0, since=until(1), after=head)) == 2


async def test_a_time_that_lies_ahead_of_its_own_commit_does_not_keep_a_payload_for_ever(opened: Opened) -> None:
    async with opened() as journal:
        await journal.record("d", [event(1, ahead=36_000), event(2)])
        await journal.upkeep.seal(FIRST, 2, NOON)
        assert await journal.upkeep.sealed_before(FIRST + timedelta(days=1)) == 2
        assert await journal.upkeep.sealed_before(FIRST) == 0
        assert await journal.upkeep.expire(Retention.CALL, Old(until(1), 2)) == 2


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_erased_bytes_are_in_no_file_of_the_store(journal: Journal, database: Database) -> None:
    files = [database.path, Path(f"{database.path}-wal")]
    assert any(SECRET.encode() in file.read_bytes() for file in files)
    await journal.upkeep.erase(range(1, 41))
    assert await journal.upkeep.scrub()
    assert [file.name for file in files if SECRET.encode() in file.read_bytes()] == []


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
async def test_no_scrub_is_promised_of_a_server(journal: Journal) -> None:
    await journal.upkeep.erase([1])
    assert await journal.upkeep.scrub() is False
    assert not journal.upkeep.unscrubbed


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_scrub_says_when_a_reader_prevents_it_and_holds_nobody_up(
    journal: Journal, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SCRUB_TRIES", 3)
    reader = database.connect()
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM journal").fetchone()
    await journal.upkeep.erase([1])
    task = asyncio.create_task(journal.upkeep.scrub())
    try:
        for number in range(100, 104):
            await asyncio.sleep(0.02)
            await asyncio.wait_for(journal.record("d", [event(number)]), 1)  # no record waits for it
        assert await task is False
        assert journal.upkeep.unscrubbed
    finally:
        reader.close()
    assert await journal.upkeep.scrub() is True
    assert not journal.upkeep.unscrubbed


async def test_rows_leave_by_whole_sealed_days_and_the_rest_is_proven(
    journal: Journal,
    url: str,
    key: bytes,
    database: Database,
    independent: Callable[[Database, bytes], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert independent(database, key) == 40
    monkeypatch.setattr(module, "SLICE_ROWS", 3)
    assert await journal.upkeep.leave(date(2026, 3, 3), journal.head.seq) == ["2026-03-01", "2026-03-02"]
    assert [row.seq for row in await journal.read(limit=1000)] == list(range(21, 41))
    verdict = verify(url, key=key)
    assert (verdict.ok, verdict.rows, verdict.head) == (True, 20, 40)
    assert verdict.what == "site liandu: 20 rows are whole, 20 before them have left"
    assert independent(database, key) == 20
    assert [day.left for day in days(url, site="liandu")] == [True, True, False, False]
    assert await journal.upkeep.leave(date(2026, 3, 3), journal.head.seq) == []


async def test_leaving_that_was_cut_in_the_middle_of_a_day_is_whole_and_goes_on(
    journal: Journal, url: str, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLICE_ROWS", 4)
    monkeypatch.setattr(module, "PAUSE_S", 3600)
    leaving = asyncio.create_task(journal.upkeep.leave(date(2026, 3, 2), journal.head.seq))
    while len(await journal.read(limit=1000)) == 40:  # noqa: ASYNC110 - a thread does it, and tells nobody
        await asyncio.sleep(0.001)
    leaving.cancel()
    await asyncio.wait({leaving})
    assert (verify(url, key=key).ok, verify(url, key=key).rows) == (True, 36)
    monkeypatch.setattr(module, "PAUSE_S", 0)
    assert await journal.upkeep.leave(date(2026, 3, 2), journal.head.seq) == ["2026-03-01"]
    assert verify(url, key=key).rows == 30


async def test_the_newest_row_never_leaves(journal: Journal, opened: Opened) -> None:
    await journal.upkeep.seal(date(2026, 3, 4), 40, NOON)
    await journal.upkeep.leave(date(2036, 1, 1), journal.head.seq)
    assert [row.seq for row in await journal.read(limit=1000)] == list(range(31, 41))
    assert (await journal.record("d", [event(99)]))[0].seq == 41


@pytest.mark.parametrize(
    ("edit", "broken", "what"),
    [
        ("UPDATE seals SET rows = 9 WHERE day = '2026-03-02'", 11, "the seal of 2026-03-02 is not as it was made"),
        ("UPDATE seals SET sealed_at = '2026-03-01T00:00:00.000000Z' WHERE day = '2026-03-02'", 11, "the seal of 2026"),
        ("UPDATE seals SET end_hash = seal WHERE day = '2026-03-03'", 21, "the seal of 2026-03-03"),
        ("DELETE FROM seals WHERE day = '2026-03-02'", 11, "the seal of 2026-03-03"),
        ("UPDATE seals SET day = '2026-03-12' WHERE day = '2026-03-03'", 21, "the seal of 2026-03-12"),
        ("DELETE FROM journal WHERE seq <= 10", 1, "seq 1 is missing: seq 11 stands in its place"),
        ("INSERT INTO departed VALUES ('liandu', 10, (SELECT end_hash FROM seals WHERE last_seq = 10), 'x');"
         "DELETE FROM journal WHERE seq <= 10", 1, "how far the rows have left is not as it was made"),
        ("DELETE FROM journal WHERE seq > 25", 26, "is missing, and all after it: seq 30 was sealed"),
    ],
)  # fmt: skip
def test_tampering_with_days_is_found(
    tamper: Database, url: str, key: bytes, edit: str, broken: int, what: str
) -> None:
    tamper.do(*edit.split(";"))
    verdict = verify(url, key=key)
    assert (verdict.ok, verdict.broken_seq) == (False, broken)
    assert what in verdict.what


@pytest.mark.parametrize("edit", ["day = 'someday'", "seal = end_hash", "last_seq = 31", "rows = 9"])
async def test_no_day_is_sealed_behind_a_seal_that_was_changed_and_records_go_on(
    journal: Journal, database: Database, edit: str
) -> None:
    database.do(f"UPDATE seals SET {edit} WHERE day = '2026-03-03'")  # noqa: S608 - our own
    with pytest.raises(JournalError, match=r"^the seal of (2026-03-03|someday) is not as it was made: no other is put"):
        await journal.upkeep.seal(date(2026, 3, 4), 40, NOON)
    assert (await journal.record("d", [event(99)]))[0].seq == 41


async def test_a_day_that_is_none_is_told_in_a_sentence(journal: Journal, database: Database) -> None:
    database.do("UPDATE seals SET day = 'someday' WHERE day = '2026-03-03'")
    with pytest.raises(
        JournalError, match=r"^the journal cannot be read: the seal of 'someday' is not as it was made$"
    ):
        await journal.upkeep.newest_seal()


@pytest.mark.parametrize(
    ("edit", "broken", "seal"),
    [
        ("DELETE FROM seals WHERE last_seq = 30", 21, 30),
        ("DELETE FROM seals WHERE last_seq > 10", 11, 20),
        ("DELETE FROM seals", 1, 10),
    ],
)
def test_seals_that_were_cut_off_at_the_end_are_found_by_the_anchors(
    tamper: Database, url: str, key: bytes, anchors: Path, edit: str, broken: int, seal: int
) -> None:
    assert verify(url, key=key, anchors=[anchors]).ok
    tamper.do(edit)
    assert verify(url, key=key).ok
    verdict = verify(url, key=key, anchors=[anchors])
    assert (verdict.ok, verdict.broken_seq) == (False, broken)
    assert verdict.what == f"site liandu: seq {broken}: the seal up to seq {seal} is not the one that was anchored"


async def test_a_day_that_was_sealed_anew_is_not_the_one_that_was_anchored(
    journal: Journal, database: Database, url: str, key: bytes, anchors: Path
) -> None:
    database.do("DELETE FROM seals WHERE last_seq = 30")
    await journal.upkeep.seal(date(2026, 3, 3), 40, NOON)
    verdict = verify(url, key=key, anchors=[anchors])
    assert verdict.what == "site liandu: seq 21: the seal up to seq 30 is not the one that was anchored"


async def test_tampering_with_what_has_left_is_found(
    journal: Journal, database: Database, url: str, key: bytes
) -> None:
    await journal.upkeep.leave(date(2026, 3, 2), journal.head.seq)
    database.do(
        "UPDATE departed SET seq = 20, hash = (SELECT end_hash FROM seals WHERE last_seq = 20)",
        "DELETE FROM journal WHERE seq <= 20",
    )
    assert "how far the rows have left is not as it was made" in verify(url, key=key).what


async def test_rows_that_leave_while_they_are_verified_are_no_fault(
    journal: Journal, url: str, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLICE_ROWS", 1)
    leaving = asyncio.create_task(journal.upkeep.leave(date(2026, 3, 4), journal.head.seq))
    verdicts: list[Verdict] = []
    while not leaving.done():
        verdicts.append(await asyncio.to_thread(verify, url, key=key))
    assert all(verdict.ok for verdict in verdicts)
    assert verify(url, key=key).rows == 10


async def test_a_store_without_tables_for_days_is_verified_as_before(
    opened: Opened, database: Database, url: str, key: bytes
) -> None:
    async with opened() as journal:
        await journal.record("d", [event(1)])
    database.do("DROP TABLE seals", "DROP TABLE departed")
    assert verify(url, key=key).rows == 1


async def test_upkeep_keeps_no_commit_waiting(opened: Opened) -> None:
    """A functional bound, far above what is measured: a slice takes milliseconds."""
    async with opened() as journal:
        for start in range(0, 20_000, 500):
            await journal.record("d", [event(start + n) for n in range(500)])
        expiring = asyncio.create_task(journal.upkeep.expire(Retention.CALL, Old(until(9), 0)))
        waits: list[float] = []
        number = 30_000
        while not expiring.done():
            number += 1
            begun = asyncio.get_running_loop().time()
            await journal.record("d", [event(number, Retention.DEVICE)])
            waits.append(asyncio.get_running_loop().time() - begun)
        assert await expiring == 20_000
        assert len(waits) > 20, "commits went on in between"
