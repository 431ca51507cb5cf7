"""An exported file proves itself: with the key who wrote it, without it that nothing was changed since."""

import csv
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from gateway.core.errors import WrongInput
from gateway.core.model import Event
from gateway.journal.export import ALL, Choice
from gateway.journal.journal import Journal
from gateway.journal.proof import Proof, beside, check, export

Opened = Callable[..., AbstractAsyncContextManager[Journal]]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def journal(opened: Opened) -> AsyncGenerator[Journal]:
    """Twelve rows of two devices and two types, an hour apart; the first six are sealed; the third is erased."""
    async with opened() as journal:
        for n in range(12):
            at, type_ = NOON + timedelta(hours=n), "door.opened" if n % 3 else "door.closed"
            event = Event(type=type_, source_key=f"{n}", payload={"n": n, "名": "王"}, at=at, clock_offset_s=-0.5 * n)
            await journal.record(f"door-{n % 2}", [event])
        await journal.upkeep.seal(date(2026, 3, 1), 6, NOON)
        await journal.upkeep.erase([3])
        yield journal


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "record.jsonl"


@pytest.fixture
def made(journal: Journal, url: str, key: bytes, file: Path) -> Proof:
    return export(url, file, site="liandu", key=key, choice=ALL)


def test_what_was_exported_is_told_and_proven(made: Proof, file: Path, key: bytes) -> None:
    assert (made.count, made.first_seq, made.last_seq, made.complete) == (12, 1, 12, True)
    assert [day.day for day in made.days] == ["2026-03-01"]
    found = check(file, key)
    assert (found.ok, found.rows, found.keyed) == (True, 12, True)
    assert found.what.endswith(
        "12 rows of site liandu, seq 1 to 12, as they were exported; none is missing between them;"
        " each written by the gateway"
    )
    assert [path.name for path in file.parent.glob("record*")] == ["record.jsonl", "record.jsonl.proof.json"]


def test_without_the_key_it_is_said_what_is_not_proven(made: Proof, file: Path) -> None:
    found = check(file, None)
    assert (found.ok, found.keyed) == (True, False)
    assert found.what.endswith("not proven without the key: that the gateway wrote them")


def test_a_default_that_is_spelled_out_is_proven_like_one_that_is_left_out(
    journal: Journal, url: str, key: bytes, file: Path
) -> None:
    spelled = "".join(["json", "l"])  # as the command line gives it: not the very object of the default
    choice = msgspec.structs.replace(ALL, format=spelled)
    export(url, file, site="liandu", key=key, choice=choice)
    assert check(file, key).ok


@pytest.mark.parametrize(
    ("choice", "seqs"),
    [
        (Choice(since=NOON + timedelta(hours=2), until=NOON + timedelta(hours=5)), [3, 4, 5]),
        (Choice(type="door.closed"), [1, 4, 7, 10]),
        (Choice(device="door-1", type="door.opened"), [2, 6, 8, 12]),
        (Choice(device="nobody"), []),
    ],
)
def test_a_choice_of_rows_is_exported_and_proven_as_a_choice(
    journal: Journal, url: str, key: bytes, file: Path, choice: Choice, seqs: list[int]
) -> None:
    proof = export(url, file, site="liandu", key=key, choice=choice)
    assert [json.loads(line)["seq"] for line in file.read_text().splitlines()] == seqs
    found = check(file, key)
    assert (found.ok, found.complete) == (True, proof.complete)
    assert proof.complete is (seqs in ([], [3, 4, 5]))


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('\\"n\\":4', '\\"n\\":5', "seq 5 has another payload than it was recorded with"),
        ('"seq":6,', '"seq":60,', ""),
        ('"site":"liandu"', '"site":"other"', "seq 1 is of another site"),
        ('{"site"', "{site", "line 1 is no row"),
        ("\n", "\n\n", "line 2 is no row"),
    ],
)
def test_a_changed_file_is_found(
    made: Proof, file: Path, key: bytes, keyed: bool, old: str, new: str, what: str
) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    found = check(file, key if keyed else None)
    assert not found.ok
    assert what in found.what


@pytest.mark.parametrize("keyed", [True, False])
def test_a_missing_row_is_found(made: Proof, file: Path, key: bytes, keyed: bool) -> None:
    rows = file.read_bytes().splitlines(keepends=True)
    for some in (rows[:-1], rows[1:], rows[:5] + rows[6:], [*rows[:4], rows[5], rows[4], *rows[6:]], []):
        file.write_bytes(b"".join(some))
        assert not check(file, key if keyed else None).ok


def test_a_file_that_somebody_else_made_is_found_with_the_key_only(made: Proof, file: Path, key: bytes) -> None:
    assert not check(file, bytes(32)).ok
    proof = json.loads(beside(file).read_text())
    proof["complete"] = False
    beside(file).write_text(json.dumps(proof))
    assert "its proof was not made with this key" in check(file, key).what


def test_a_file_without_its_proof_is_wrong_input(made: Proof, file: Path, key: bytes) -> None:
    beside(file).write_text("{}")
    with pytest.raises(WrongInput, match="is no proof of an export"):
        check(file, key)
    beside(file).unlink()
    with pytest.raises(WrongInput, match=r"record.jsonl.proof.json cannot be read: No such file"):
        check(file, key)


def test_a_table_for_spreadsheets_is_proven_as_a_whole(journal: Journal, url: str, key: bytes, tmp_path: Path) -> None:
    file = tmp_path / "doors.csv"
    made = export(url, file, site="liandu", key=key, choice=Choice(device="door-1", format="csv"))
    assert (made.count, made.complete) == (6, False)
    with file.open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    assert [(row["device"], json.loads(row["payload"])["n"]) for row in rows] == [
        ("door-1", n) for n in range(1, 12, 2)
    ]
    assert check(file, key).what.endswith("what each row says is proven by a JSON export alone")
    file.write_bytes(file.read_bytes().replace(b"2,", b"7,", 1))
    assert (check(file, key).ok, check(file, None).ok) == (False, False)
