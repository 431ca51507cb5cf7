"""Every kind of tampering is found, at the first seq that it touched."""

import asyncio
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from stores import Database

from gateway.core.errors import GatewayError
from gateway.core.model import Event
from gateway.journal import ahead, stretch
from gateway.journal.anchors import load
from gateway.journal.batch import Call, commit
from gateway.journal.head import prepare
from gateway.journal.journal import Journal
from gateway.journal.rows import event_columns
from gateway.journal.schema import journal as table
from gateway.journal.store import writing
from gateway.journal.verify import Verdict, verify

Opened = Callable[..., AbstractAsyncContextManager[Journal]]
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
COLUMNS = [column.name for column in table.columns if column.name not in ("site", "seq")]


def event(source_key: str) -> Event:
    return Event(type="door.opened", source_key=source_key, payload={"door": 1}, clock_offset_s=0.5, part="left")


@pytest.fixture
async def written(opened: Opened) -> None:
    """Twelve rows, anchored at the end."""
    async with opened() as journal:
        for number in range(12):
            await journal.record("door-1", [event(f"log/{number}")])


def _threads(count: int, *_: object) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count)


def _two(_pid: int) -> set[int]:
    return {0, 1}


@pytest.fixture(params=["row by row", "in stretches"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How the rows are gone through; the stretches here in threads, as processes take their time to start."""
    if request.param == "in stretches":
        monkeypatch.setattr(ahead, "STRETCH_ROWS", 3)
        monkeypatch.setattr(ahead, "WORTH_ROWS", 0)
        monkeypatch.setattr(ahead, "ProcessPoolExecutor", _threads)
        monkeypatch.setattr("os.sched_getaffinity", _two)


@pytest.fixture
def tamper(written: None, database: Database) -> Database:
    return database


def whole(verdict: Verdict) -> tuple[bool, int, int, int | None]:
    return verdict.ok, verdict.rows, verdict.head, verdict.broken_seq


@pytest.mark.usefixtures("way", "written")
def test_a_whole_journal_is_said_to_be_whole(url: str, key: bytes, anchors: Path) -> None:
    verdict = verify(url, key=key, anchors=[anchors])
    assert whole(verdict) == (True, 12, 12, None)
    assert verdict.what == "site liandu: 12 rows are whole"


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("value", ["'edited'", "x'00ff'", "7", "CAST(x'ff41' AS TEXT)", "CAST(x'eda080' AS TEXT)"])
def test_an_edited_column_is_found_whatever_a_file_takes(
    tamper: Database, url: str, key: bytes, column: str, value: str
) -> None:
    tamper.do(f'UPDATE journal SET "{column}" = {value} WHERE seq = 5')  # noqa: S608 - names of our own
    assert whole(verify(url, key=key)) == (False, 4, 4, 5)


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
@pytest.mark.parametrize("column", COLUMNS)
def test_an_edited_column_is_found_in_a_database(tamper: Database, url: str, key: bytes, column: str) -> None:
    [(type_,)] = tamper.rows(f'SELECT pg_typeof("{column}")::text FROM journal LIMIT 1')  # noqa: S608 - our own
    value = {"text": "'edited'", "bytea": "'\\x00ff'"}.get(type_, "7")
    tamper.do(f'UPDATE journal SET "{column}" = {value} WHERE seq = 5')  # noqa: S608 - names of our own
    assert whole(verify(url, key=key)) == (False, 4, 4, 5)


@pytest.mark.parametrize("column", ["clock_offset_s", "device", "part"])
def test_an_emptied_column_is_found(tamper: Database, url: str, key: bytes, column: str) -> None:
    tamper.do(f"UPDATE journal SET {column} = NULL WHERE seq = 5")  # noqa: S608 - names of our own
    assert whole(verify(url, key=key)) == (False, 4, 4, 5)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_byte_that_is_no_text_is_not_taken_for_the_sign_that_stands_for_such(
    opened: Opened, database: Database, url: str, key: bytes
) -> None:
    async with opened() as journal:
        await journal.record("\ufffd", [event("a")])
    database.do("UPDATE journal SET device = CAST(x'ff' AS TEXT)")
    assert verify(url, key=key).broken_seq == 1


@pytest.mark.parametrize(
    ("edit", "broken", "what"),
    [
        ("UPDATE journal SET payload = '{\"door\":2}' WHERE seq = 5", 5, "another payload"),
        ("UPDATE journal SET payload = NULL, payload_hash = prev_hash WHERE seq = 5", 5, "does not fit its hash"),
        ("DELETE FROM journal WHERE seq = 5", 5, "is missing: seq 6 stands in its place"),
        ("DELETE FROM journal WHERE seq = 1", 1, "is missing: seq 2 stands in its place"),
        ("DELETE FROM journal WHERE seq < 12", 1, "is missing: seq 12 stands in its place"),
        ("UPDATE journal SET seq = 99 WHERE seq = 5; UPDATE journal SET seq = 5 WHERE seq = 6;"
         "UPDATE journal SET seq = 6 WHERE seq = 99", 5, "does not continue seq 4"),
        ("DELETE FROM journal WHERE seq = 5; UPDATE journal SET seq = -seq WHERE seq > 5;"
         "UPDATE journal SET seq = -seq - 1 WHERE seq < 0", 5, "does not continue seq 4"),
        ("UPDATE journal SET seq = 0 WHERE seq = 5", 1, "is missing: seq 0 stands in its place"),
        ("UPDATE journal SET site = 'other' WHERE seq = 5", 5, "is missing: seq 6 stands in its place"),
        ("DELETE FROM journal WHERE seq > 9", 10, "is missing, and all after it: seq 12 was anchored"),
        ("DELETE FROM journal", 1, "is missing, and all after it: seq 12 was anchored"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("way")
def test_tampering_is_found_and_named(
    tamper: Database, url: str, key: bytes, anchors: Path, edit: str, broken: int, what: str
) -> None:
    tamper.do(*edit.split(";"))
    verdict = verify(url, key=key, anchors=[anchors], site="liandu")
    assert whole(verdict) == (False, broken - 1, broken - 1, broken)
    assert verdict.what.startswith(f"site liandu: seq {broken} ")
    assert what in verdict.what


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("way")
def test_a_seq_that_is_no_number_is_found(tamper: Database, url: str, key: bytes) -> None:
    tamper.do("UPDATE journal SET seq = 'five' WHERE seq = 5")
    assert verify(url, key=key).what == "site liandu: seq 5 is missing: seq 6 stands in its place"


def test_a_cut_tail_is_whole_to_whoever_has_no_anchors(tamper: Database, url: str, key: bytes) -> None:
    tamper.do("DELETE FROM journal WHERE seq > 9")
    assert whole(verify(url, key=key)) == (True, 9, 9, None)


@pytest.mark.usefixtures("way", "written")
def test_another_key_fits_no_row(url: str) -> None:
    verdict = verify(url, key=bytes(32))
    assert whole(verdict) == (False, 0, 0, 1)
    assert "the key is another" in verdict.what


@pytest.mark.usefixtures("way")
async def test_a_journal_written_anew_with_the_key_differs_from_its_anchors(
    opened: Opened, tamper: Database, url: str, key: bytes, anchors: Path, tmp_path: Path
) -> None:
    tamper.do("DELETE FROM journal")
    async with opened(anchors=tmp_path / "new") as journal:
        await journal.record("door-1", [event(f"log/{number}") for number in range(12)])
    verdict = verify(url, key=key, anchors=[anchors])
    assert verdict.broken_seq == min(load(anchors)["liandu"].heads)
    assert "was anchored: the journal was written anew" in verdict.what


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_damaged_pages_are_told_in_one_sentence(tamper: Database, url: str, key: bytes) -> None:
    tamper.do("PRAGMA wal_checkpoint(TRUNCATE)")
    content = tamper.path.read_bytes()
    tamper.path.write_bytes(content[:100] + bytes(len(content) - 100))
    with pytest.raises(GatewayError, match=r"^the journal cannot be read: .*malformed"):
        verify(url, key=key)


def test_every_site_of_a_store_is_verified_on_its_own(database: Database, url: str, key: bytes, anchors: Path) -> None:
    engine = writing(url)
    for site in ("liandu", "qingtian"):
        head = prepare(engine, site=site, key=key)
        rows = [
            event_columns(event(f"{n}"), site=site, device=None, now=NOON) for n in range(3 if site == "liandu" else 5)
        ]
        commit(engine, [Call(rows, [], [])], site=site, key=key, head=head)
    engine.dispose()
    assert whole(verify(url, key=key)) == (True, 8, 5, None)
    assert verify(url, key=key).what == "site liandu: 3 rows are whole; site qingtian: 5 rows are whole"
    database.do("UPDATE journal SET type = 'x' WHERE site = 'qingtian' AND seq = 4")
    assert verify(url, key=key).what.startswith("site qingtian: seq 4 ")
    assert whole(verify(url, key=key, site="liandu")) == (True, 3, 3, None)
    anchors.write_text('{"at":"2025-03-01T01:02:03.000000Z","site":"songyang","seq":2,"hash":"00"}\n')
    assert verify(url, key=key, site="songyang", anchors=[anchors]).broken_seq == 1


async def test_an_empty_journal_is_whole(opened: Opened, url: str, key: bytes, anchors: Path) -> None:
    async with opened():
        pass
    assert verify(url, key=key, anchors=[anchors]).what == "the journal is empty"


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_missing_store_is_told_in_one_sentence(tmp_path: Path, url: str, key: bytes) -> None:
    for anchors in ([], [tmp_path / "none"]):
        with pytest.raises(GatewayError, match=r"^the journal cannot be read: unable to open database file$"):
            verify(url, key=key, anchors=anchors)


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_a_database_without_tables_is_told_in_one_sentence(url: str, key: bytes) -> None:
    with pytest.raises(GatewayError, match=r'^the journal cannot be read: relation "journal" does not exist$'):
        verify(url, key=key)


@pytest.mark.usefixtures("written")
def test_missing_anchors_are_told_in_one_sentence(tmp_path: Path, url: str, key: bytes) -> None:
    with pytest.raises(GatewayError, match=r"/none is missing: without anchors nobody can tell whether rows were cut"):
        verify(url, key=key, anchors=[tmp_path / "none"])


@pytest.mark.parametrize(
    ("edit", "whole_up_to"),
    [
        ("", 12),
        ("UPDATE journal SET type = 'x' WHERE seq = 8", 6),
        ("DELETE FROM journal WHERE seq = 4", 3),
        ("UPDATE journal SET prev_hash = hash WHERE seq = 1", 0),
        ("UPDATE journal SET seq = 9000000000000000000 WHERE seq = 12", 9),
    ],
)
def test_processes_prove_stretches_up_to_the_first_that_is_not_whole(
    tamper: Database, url: str, key: bytes, monkeypatch: pytest.MonkeyPatch, edit: str, whole_up_to: int
) -> None:
    monkeypatch.setattr(ahead, "STRETCH_ROWS", 3)
    monkeypatch.setattr(ahead, "WORTH_ROWS", 0)
    monkeypatch.setattr("os.sched_getaffinity", _two)
    tamper.do(*edit.split(";"))
    newest = tamper.rows("SELECT max(seq) FROM journal")[0][0]
    start = stretch.Walked(0, bytes(32), bytes(32), 0, None)
    assert ahead.proven(url, "liandu", key, stretch.Known(), start, newest=newest).seq == whole_up_to


@pytest.mark.usefixtures("written")
def test_reads_in_short_slices(url: str, key: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretch, "SLICE_ROWS", 5)
    assert verify(url, key=key).rows == 12


async def test_runs_in_another_process_while_the_gateway_writes(
    opened: Opened, url: str, key: bytes, anchors: Path
) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom gateway.journal.verify import verify\n"
        f"verdict = verify({url!r}, key=bytes.fromhex({key.hex()!r}), anchors=[Path({str(anchors)!r})])\n"
        "print(verdict.rows if verdict.ok else verdict.what)\n"
    )
    async with opened() as journal:
        await journal.record(None, [event("first")])
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": ":".join(sys.path)}
        )
        reading = asyncio.create_task(other.communicate())
        count = 1
        while not reading.done():
            await journal.record(None, [event(f"log/{count}")])
            count += 1
        output, _ = reading.result()
    assert 1 <= int(output) <= count


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_copy_of_a_stopped_store_can_be_verified_elsewhere(tamper: Database, tmp_path: Path, key: bytes) -> None:
    copy = tmp_path / "副本 100%.db"
    shutil.copy(tamper.path, copy)
    assert verify(f"sqlite:///{copy}", key=key).ok
