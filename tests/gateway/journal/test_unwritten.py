"""What was only in memory when a process was killed is counted by the next one: no more, and nothing less."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from baddisk import Disk
from stores import Database

from gateway.core.model import Event
from gateway.journal.journal import Journal
from gateway.journal.unwritten import HALF, SIZE, Missing, place, unwritten
from gateway.journal.verify import verify
from gateway.meters import Meters

Opened = Callable[..., AbstractAsyncContextManager[Journal]]
CHILD = Path(__file__).with_name("holding_child.py")
HELD = {"led-1": Missing(3, "2026-03-01T00:00:00.000000Z", "2026-03-02T00:00:00.000000Z"), "": Missing(1, "a", "b")}


def event(number: int) -> Event:
    return Event(type="tick", source_key=f"tick/{number}", payload={"n": number}, volatile=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "liandu.unwritten"


def test_what_is_told_is_found_by_the_next_one(file: Path) -> None:
    for told in (HELD, {}, {"led-2": HELD["led-1"]}, HELD):
        with unwritten(file) as kept:
            kept.tell(told)
        with unwritten(file) as kept:
            assert kept.found == told
    assert (file.stat().st_size, file.stat().st_mode & 0o777) == (SIZE, 0o600)


def test_a_write_that_a_kill_cut_short_leaves_what_was_told_before(file: Path) -> None:
    with unwritten(file) as kept:
        kept.tell(HELD)
        half = kept._memory[:1]
        kept.tell({})
        kept._memory[:1] = half  # as if it had not come to the last byte
    with unwritten(file) as kept:
        assert kept.found == HELD


def test_more_than_fits_is_told_as_one_number(file: Path) -> None:
    many = {f"device-{number:060}": Missing(2, f"a{number:04}", f"b{number:04}") for number in range(3000)}
    assert HALF < 3000 * 60
    with unwritten(file) as kept:
        kept.tell(many)
    with unwritten(file) as kept:
        assert kept.found == {"": Missing(6000, "a0000", "b2999")}


@pytest.mark.parametrize("content", [b"a" * SIZE, b"b{}", b"", b"\xff" * SIZE])
def test_a_file_that_is_none_of_ours_is_no_hindrance(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with unwritten(file) as kept:
        assert kept.found == {}
        kept.tell(HELD)
    with unwritten(file) as kept:
        assert kept.found == HELD


async def test_the_file_stands_in_memory_where_systemd_gives_a_folder_there(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run := tmp_path / "run").mkdir()
    for folders in ("", f"{run}:/elsewhere"):
        monkeypatch.setenv("RUNTIME_DIRECTORY", folders)
        assert place("liandu", tmp_path) == (run if folders else tmp_path) / "liandu.unwritten"
    async with opened():
        assert [path.name for path in run.iterdir()] == ["liandu.unwritten"]


async def test_a_stop_on_a_full_disk_is_told_by_the_next_run(opened: Opened, url: str, key: bytes) -> None:
    async with opened() as journal:
        disk = Disk(journal)
        disk.full = True
        for number in range(3):
            await journal.note("d", [event(number)])
        journal.note(None, [event(4)])
    meters = Meters()
    async with opened(meters=meters) as journal:
        await journal._spool.passed("d")
        await journal._spool.passed(None)
        gaps = {row.device: row.payload for row in await journal.read(type="gap")}
        assert {device: payload and (payload["count"], payload["reason"]) for device, payload in gaps.items()} == {
            "d": (3, "ended"),
            None: (1, "ended"),
        }
        value = meters.registry.get_sample_value
        assert value("hall_events_accepted_total") == 6
        assert (value("hall_gap_events_total", {"reason": "ended"}), value("hall_events_recorded_total")) == (4, 2)
    async with opened() as journal:
        assert len(await journal.read()) == 2, "told once"
    assert verify(url, key=key).ok


@pytest.mark.parametrize("turn", range(3))
async def test_what_nobody_need_wait_for_is_recorded_or_told_after_a_kill(
    opened: Opened, database: Database, anchors: Path, turn: int
) -> None:
    released = await asyncio.to_thread(killed_after, 300 + 100 * turn, database.url, anchors)
    async with opened() as journal:
        for source in ("d", "e"):
            await journal._spool.passed(source)
        rows = await journal.read(limit=100_000)
    recorded = sum(row.type == "tick" for row in rows)
    told = sum(row.payload["count"] for row in rows if row.type == "gap" and row.payload)
    assert told > 0
    assert 0 <= recorded + told - released <= 1, "no more than the one that was under way"


def killed_after(lines: int, url: str, anchors: Path) -> int:
    """How many events nobody waited for any longer when the process was killed."""
    with subprocess.Popen(
        [sys.executable, str(CHILD), url, str(anchors)], stdout=subprocess.PIPE, env={"PYTHONPATH": ":".join(sys.path)}
    ) as child:
        assert child.stdout
        for _ in range(lines):
            child.stdout.readline()
        child.kill()
        return lines + len(child.stdout.read().splitlines())
