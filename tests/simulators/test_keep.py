"""What a simulated box keeps over a kill, and what is said of a file that is not its own."""

from pathlib import Path

import msgspec
import pytest

from gateway.core.errors import WrongInput
from simulators.keep import FOLDER, Keep


class Row(msgspec.Struct, frozen=True):
    number: int


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    return tmp_path / "box.jsonl"


def keep() -> Keep[Row]:
    return Keep("box", Row)


def test_the_next_start_finds_what_was_kept_in_its_order_and_only_its_owner_reads_the_file(file: Path) -> None:
    before = keep()
    for number in (1, 2):
        before.write(Row(number))
    assert list(keep().records()) == [Row(1), Row(2)]
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_a_kill_has_cut_off_is_dropped_and_the_next_record_stands_whole(file: Path) -> None:
    keep().write(Row(1))
    with file.open("ab") as cut:
        cut.write(b'{"numb')
    after = keep()
    assert list(after.records()) == [Row(1)]
    after.write(Row(2))
    assert list(keep().records()) == [Row(1), Row(2)]


def test_what_is_forgotten_stays_forgotten(file: Path) -> None:
    before = keep()
    before.write(Row(1))
    before.clear()
    before.write(Row(7))
    assert list(keep().records()) == [Row(7)]


@pytest.mark.parametrize("line", [b'"F7AA"', b"\xff\xfe", b"{}", b""])
def test_the_file_of_another_box_is_refused_with_its_place(file: Path, line: bytes) -> None:
    file.write_bytes(b'{"number":1}\n' + line + b"\n")
    with pytest.raises(WrongInput, match=r"box\.jsonl, line 2: not written by such a box: "):
        list(keep().records())


def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.chdir(tmp_path)
    nowhere = keep()
    nowhere.write(Row(1))
    nowhere.clear()
    assert (nowhere.on, list(nowhere.records()), list(tmp_path.iterdir())) == (False, [], [])
