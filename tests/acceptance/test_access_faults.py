"""Wires and disks that fail in a hall of processes: nothing is lost, nothing is recorded twice."""

import time
from collections.abc import Generator
from pathlib import Path

import pytest
from accesshall import CARD, AccessHall, numbers
from hall import until
from smalldisk import fill, on_small_disk, seen_by

pytestmark = [pytest.mark.timeout(120), pytest.mark.parametrize("store", ["sqlite"], indirect=True)]
STORED_S = 2.0  # with every pushed event lost; SLACK_S for the test's own way to the box and the API
SLACK_S = 0.3


@pytest.fixture
def hall(tmp_path: Path) -> Generator[AccessHall]:
    with AccessHall(tmp_path, "acs") as hall:
        hall.start()
        yield hall
        assert "this is a bug" not in hall.log()


def test_with_every_push_lost_an_event_is_stored_within_two_seconds(hall: AccessHall) -> None:
    hall.lever("acs", "push_loss", percent=100)
    for _ in range(3):
        hall.lever("acs", "swipe", card=CARD)
        hall.caught_up(STORED_S + SLACK_S)
    assert hall.stored() == hall.kept()


def test_a_row_that_is_on_disk_before_its_ok_was_heard_is_recorded_once(tmp_path: Path) -> None:
    with AccessHall(tmp_path, "zk") as hall:
        hall.start()
        hall.lever("zk", "cut", after=1_000_000, count=10_000)  # it sends all, and hangs up before the answer
        hall.lever("zk", "swipe")
        until(lambda: len(hall.stored("zk")) == 1, 5)
        hall.kill()
        assert hall.seen("zk")["log"] == {"newest": 1, "taken": 0, "kept": 1}
        hall.lever("zk", "heal")
        hall.lever("zk", "swipe")
        hall.start_gateway()
        until(lambda: hall.seen("zk")["log"]["taken"] == 2, 10)
        assert numbers(hall.stored("zk")) == [1, 2]
        hall.verified()


def test_swipes_that_the_stream_does_not_tell_are_found_in_the_log_of_the_terminal(tmp_path: Path) -> None:
    with AccessHall(tmp_path, "hik") as hall:
        hall.start()
        for lever in ("swipe", "quiet", "swipe", "drop", "swipe"):
            hall.lever("hik", lever)
        until(lambda: len(hall.stored("hik")) == 3, 10)
        hall.kill()
        hall.lever("hik", "fill", count=200)
        hall.start_gateway()
        until(lambda: len(hall.stored("hik")) > 30, 10)
        hall.kill()
        hall.lever("hik", "quiet", on=False)
        hall.start_gateway()
        hall.lever("hik", "swipe")
        newest = hall.seen("hik")["log"]["newest"]
        until(lambda: numbers(hall.stored("hik"))[-1:] == [newest], 10)
        assert numbers(hall.stored("hik")) == list(range(1, newest + 1))
        assert hall.rows("log.gap") == []


def test_on_a_full_disk_the_place_in_the_log_stands_still_and_nothing_is_lost(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with AccessHall(tmp_path, "acs") as hall:
        hall.site.write_text(hall.site.read_text().replace("/hall.db", "/disk/hall.db"))
        hall.start(*on_small_disk(disk, size="8m"))
        assert hall.gateway is not None
        ballast = seen_by(hall.gateway.process.pid, disk / "ballast")
        fill(ballast)
        hall.lever("acs", "fill", count=1500)
        until(lambda: not hall._ready(), 20)
        full = hall.stored()
        newest = hall.seen("acs")["log"]["newest"]
        assert len(full) < newest
        time.sleep(1.0)
        assert hall.stored() == full == hall.kept()[: len(full)]
        ballast.unlink()
        until(hall._ready, 20)
        hall.caught_up()
        assert hall.stored() == hall.kept()
        assert hall.rows("log.gap") == []
