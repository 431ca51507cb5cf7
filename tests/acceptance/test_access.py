"""Controllers of doors in a hall of processes: whatever is killed, the record is what their own logs say, once."""

import json
import time
from collections.abc import Generator
from pathlib import Path
from random import Random
from typing import Any

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


def test_a_gateway_killed_in_a_burst_has_every_event_once_in_order_and_told_it_on_mqtt(hall: AccessHall) -> None:
    chance = Random(5)
    told = hall.subscribe("hall/test/dev/acs/event")
    before = hall.rows()[-1]["seq"]  # of what was told before somebody listened
    hall.let_pass()
    with hall.swiping():
        for _ in range(2):
            time.sleep(chance.uniform(0.05, 0.7))
            hall.broker.stop()
            hall.kill()
            time.sleep(chance.uniform(0, 0.3))
            hall.again()
            hall.broker.restart()
    hall.caught_up()
    assert hall.stored() == hall.kept()
    assert hall.seen("acs")["log"]["newest"] > 100, "it was no burst"
    access = [row["seq"] for row in hall.rows(device="acs") if row["retention"] != "audit" and row["seq"] > before]
    until(lambda: hall.heard(told)[-1:] == access[-1:], 20)
    assert [seq for seq in hall.heard(told) if seq > before] == access
    hall.verified()


def test_a_gateway_killed_while_it_walks_a_backlog_goes_on_where_it_was(hall: AccessHall) -> None:
    chance = Random(6)
    hall.kill()
    for _ in range(3):
        hall.lever("acs", "fill", count=2000)
        hall.start_gateway(wait=False)
        hall.on_disk(hall.on_disk(0) + chance.randrange(1, 1000))
        hall.kill()
        assert hall.on_disk(0) < hall.seen("acs")["log"]["newest"], "nothing was left to walk"
    hall.start_gateway()
    hall.caught_up()
    assert hall.stored() == hall.kept()
    hall.verified()


def test_with_every_push_lost_an_event_is_stored_within_two_seconds(hall: AccessHall) -> None:
    hall.lever("acs", "push_loss", percent=100)
    for _ in range(3):
        hall.lever("acs", "swipe", card=CARD)
        hall.caught_up(STORED_S + SLACK_S)
    assert hall.stored() == hall.kept()


def test_a_log_that_was_overwritten_while_nobody_read_is_one_gap_with_its_bounds(hall: AccessHall) -> None:
    hall.kill()
    hall.lever("acs", "restore_defaults")
    hall.lever("acs", "capacity", events=100, block=10)
    hall.again()
    hall.lever("acs", "swipe", card=CARD)
    hall.caught_up()
    known = hall.stored()
    hall.kill()
    hall.lever("acs", "fill", count=500)
    hall.again()
    hall.caught_up()
    kept = hall.kept(epoch=known[-1].epoch)
    (gap,) = [row["payload"] for row in hall.rows("log.gap")]
    assert gap == {"from": known[-1].number + 1, "to": kept[0].number - 1, "epoch": known[-1].epoch}
    assert hall.stored() == [*known, *kept]
    until(lambda: hall.alarm("log-gap.acs") == "active", 5)
    assert hall.raised("log-gap.acs") == 1


@pytest.mark.parametrize("more", [0, 200])
def test_a_log_that_was_reset_is_a_new_one_and_nothing_is_lost(hall: AccessHall, more: int) -> None:
    hall.lever("acs", "fill", count=50)
    hall.lever("acs", "swipe", card=CARD)  # the new log has somebody else there: within a second both may be filled
    hall.caught_up()
    before = hall.stored()
    hall.kill()
    hall.lever("acs", "restore_defaults")
    hall.lever("acs", "fill", count=10 + more)
    hall.again()
    until(lambda: hall.stored()[len(before) :] == hall.kept(epoch=2), 20)
    assert hall.stored()[: len(before)] == before
    epochs = [row["payload"]["epoch"] for row in hall.rows("log.epoch")]
    assert epochs[-1:] == [2]
    until(lambda: hall.alarm("log-epoch.acs") == "active", 5)


def test_a_door_held_open_is_warned_of_and_an_alarm_once_over_kills(hall: AccessHall) -> None:
    hall.let_pass()
    hall.lever("acs", "swipe", card=CARD)
    hall.lever("acs", "open")
    until(lambda: hall.of("door.held_warning", "front"), 5)
    hall.kill()
    hall.again()
    until(lambda: hall.of("door.held", "front"), 10)
    until(lambda: hall.alarm("door-held.acs.door-1") == "active", 5)
    hall.kill()
    hall.again()
    stood = until(lambda: hall.door()["open_for_s"], 5)
    until(lambda: hall.door()["open_for_s"] > stood + 2.5, 10)  # longer than it may stand open
    hall.lever("acs", "close")
    until(lambda: hall.of("door.cycle", "front"), 5)
    until(lambda: hall.alarm("door-held.acs.door-1") == "normal", 5)
    assert [len(hall.of(type_, "front")) for type_ in ("door.held_warning", "door.held", "door.forced")] == [1, 1, 0]
    assert hall.raised("door-held.acs.door-1") == 1
    assert hall.door()["held"] == "no"


def test_a_door_that_is_forced_is_one_alarm_though_the_controller_says_so_too(hall: AccessHall) -> None:
    hall.lever("acs", "force", door=2)
    until(lambda: hall.alarm("door-forced.acs.door-2") == "active", 5)
    hall.kill()
    hall.again()
    hall.caught_up()
    assert len(hall.of("door.forced", "back")) == hall.raised("door-forced.acs.door-2") == 1
    assert hall.door("back")["forced"]


def test_a_fire_is_recorded_and_no_door_is_locked_in_it(hall: AccessHall) -> None:
    assert hall.do("doors/front", "hold", reason="搬运")[1]["status"] == "confirmed"
    hall.lever("acs", "fire")
    until(lambda: len(hall.rows("fire.released")) == 2, 5)
    assert hall.alarm("fire-released.acs") == "active"
    refused = hall.do("doors/front", "release", reason="试")[1]
    assert refused["status"] == "rejected", refused
    assert hall.seen("acs")["doors"]["1"]["mode"] == "normally_open"
    hall.lever("acs", "fire", on=False)
    until(lambda: len(hall.rows("fire.over")) == 2, 5)
    assert hall.do("doors/front", "release", reason="火警解除")[1]["status"] == "confirmed"
    assert hall.seen("acs")["doors"]["1"]["mode"] == "controlled"


def test_doors_are_opened_with_a_reason_and_done_once_the_controller_says_so(hall: AccessHall) -> None:
    def released() -> Any:
        return hall.seen("acs")["doors"]["1"]["released"]

    status, problem = hall.do("doors/front", "open")
    assert status >= 400, problem
    assert "reason" in problem["detail"]
    assert released() == 0
    assert hall.do("doors/front", "open", reason="送快递")[1]["status"] == "confirmed"
    assert released() == 1
    hall.lever("acs", "refuse_next")
    assert hall.do("doors/front", "open", reason="送快递")[1]["status"] == "rejected"
    hall.lever("acs", "mute")
    assert hall.do("doors/front", "open", reason="送快递")[1]["status"] != "confirmed"
    hall.lever("acs", "heal")
    hall.online(1)
    assert released() == 1
    audit = [row["payload"]["reason"] for row in hall.rows("command.requested")]
    assert audit == ["送快递"] * 3


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


def test_no_card_number_is_in_the_store_the_log_mqtt_or_the_events(tmp_path: Path) -> None:
    with AccessHall(tmp_path) as hall:
        hall.start()
        hall.subscribe("hall/#")
        hall.let_pass()
        hall.do("devices/acs", "find_card", params={"card": CARD}, reason="查")
        hall.do("devices/acs", "put_card", params={"card": CARD, "doors": {"hatch": True}}, reason="错")
        hall.lever("acs", "swipe", card=CARD)
        for device in ("zk", "hik"):
            hall.lever(device, "swipe")
            hall.lever(device, "swipe", card="5550199")
        until(lambda: len(hall.stored("zk")) == len(hall.stored("hik")) == 2, 10)
        hall.caught_up()
        (passed,) = hall.rows("access.granted", "acs")
        cards = [row["payload"]["params"]["card"] for row in hall.rows("command.requested")]
        assert cards == [passed["payload"]["person"]] * len(cards) != []
        (tmp_path / "events.json").write_text(json.dumps(hall.rows()) + hall.get("/metrics"))
        files = [path for path in tmp_path.rglob("*") if path.is_file() and path != hall.twins_log]
        assert {"hall.db", "gateway.log", "events.json"} < {path.name for path in files}
        for number in (str(CARD), "9896534", "5550199"):
            assert [path.name for path in files if number.encode() in path.read_bytes()] == [], number
