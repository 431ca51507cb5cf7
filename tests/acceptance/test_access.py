"""The record of a hall of processes: whatever is killed or full, it is what the logs of the devices say, once."""

import json
from collections.abc import Generator
from pathlib import Path
from random import Random

import pytest
from accesshall import AccessHall, numbers, shared
from accesssite import CARD, DEVICES
from hall import until
from smalldisk import beside, fill, on_small_disk, outliving, seen_by

pytestmark = pytest.mark.timeout(120)
ON_SQLITE = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def all_boxes(tmp_path_factory: pytest.TempPathFactory) -> Generator[AccessHall]:
    for hall in shared(tmp_path_factory.mktemp("boxes")):
        hall.start()
        yield hall


@pytest.fixture
def boxes(all_boxes: AccessHall) -> AccessHall:
    """Boxes of every family, whose logs are no longer empty. A test may kill the gateway, and leaves it running."""
    all_boxes.since = 0
    all_boxes.online(len(DEVICES))
    return all_boxes


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
    with hall.swiping("acs"):
        for broker_goes_too in (False, True):
            hall.goes_on(chance.randrange(2, 30))
            hall.broker.stop()
            if not broker_goes_too:
                hall.goes_on(chance.randrange(15))
                hall.broker.restart()
                hall.goes_on(chance.randrange(2, 30))
            hall.kill()
            hall.goes_on(chance.randrange(15))
            hall.again()
            if broker_goes_too:
                hall.broker.restart()
    hall.caught_up()
    assert hall.stored() == hall.kept()
    assert hall.seen("acs")["log"]["newest"] > 100, "it was no burst"
    access = [row["seq"] for row in hall.rows(device="acs") if row["retention"] != "audit" and row["seq"] > before]
    until(lambda: hall.heard(told)[-1:] == access[-1:], 20)
    assert [seq for seq in hall.heard(told) if seq > before] == access
    hall.verified()


@ON_SQLITE
def test_no_card_number_is_in_the_store_the_log_mqtt_or_the_events(boxes: AccessHall) -> None:
    boxes.since = boxes.seq()
    boxes.subscribe("hall/#")
    boxes.let_pass()
    boxes.do("devices/acs", "find_card", params={"card": CARD}, reason="查")
    boxes.do("devices/acs", "put_card", params={"card": CARD, "doors": {"hatch": True}}, reason="错")
    boxes.lever("acs", "swipe", card=CARD)
    for device in ("zk", "hik"):
        boxes.lever(device, "swipe")
        boxes.lever(device, "swipe", card="5550199")
    boxes.lever("reader", "swipe", number=5550199)
    until(lambda: len(boxes.stored("zk")) == len(boxes.stored("hik")) == 2, 10)
    until(lambda: boxes.rows("access.presented", "reader"), 10)
    boxes.caught_up()
    (passed,) = boxes.rows("access.granted", "acs")
    cards = [row["payload"]["params"]["card"] for row in boxes.rows("command.requested")]
    assert cards == [passed["payload"]["person"]] * len(cards) != []
    (boxes.folder / "events.json").write_text(json.dumps(boxes.rows()) + boxes.get("/metrics"))
    files = [path for path in boxes.folder.rglob("*") if path.is_file() and path != boxes.twins_log]
    assert {"hall.db", "gateway.log", "events.json"} < {path.name for path in files}
    for number in (str(CARD), "9896534", "5550199"):
        assert [path.name for path in files if number.encode() in path.read_bytes()] == [], number


@ON_SQLITE
def test_a_gateway_killed_while_it_walks_a_backlog_goes_on_where_it_was(boxes: AccessHall) -> None:
    chance = Random(6)
    boxes.kill()
    for _ in range(2):
        boxes.lever("acs", "fill", count=1000)
        boxes.start_gateway(wait=False)
        boxes.on_disk(boxes.on_disk(0) + chance.randrange(1, 600))
        boxes.kill()
        assert boxes.on_disk(0) < boxes.seen("acs")["log"]["newest"], "nothing was left to walk"
    boxes.start_gateway()
    boxes.caught_up()
    assert boxes.stored() == boxes.kept()
    boxes.verified()


def test_a_log_that_was_reset_or_overwritten_while_nobody_read_is_told_and_all_that_is_left_is_recorded(
    hall: AccessHall,
) -> None:
    hall.lever("acs", "fill", count=50)
    reset(hall, 1, events=10)  # fewer than before
    reset(hall, 2, events=200)  # more
    assert hall.rows("log.gap") == []
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
    until(lambda: hall.alarm("log-gap.acs") == "active", 15)
    assert hall.raised("log-gap.acs") == 1
    hall.verified()


def reset(hall: AccessHall, times: int, *, events: int) -> None:
    """Reset the log while nobody reads, and fill the new one: it is told so many times, and all of it recorded."""
    hall.lever("acs", "swipe", card=CARD, door=2)  # the new log has door 1 there: both may be filled within a second
    hall.caught_up()
    before = hall.stored()
    hall.kill()
    hall.lever("acs", "restore_defaults")
    hall.lever("acs", "fill", count=events)
    hall.again()
    epoch = before[-1].epoch + 1
    until(lambda: hall.stored()[len(before) :] == hall.kept(epoch=epoch), 20)
    assert hall.stored()[: len(before)] == before
    assert [row["payload"]["epoch"] for row in hall.rows("log.epoch")][-1] == epoch
    until(lambda: hall.ask("GET", "/alarms/log-epoch.acs")[1].get("count") == times, 15)
    assert hall.alarm("log-epoch.acs") == "active"


@ON_SQLITE
def test_a_row_that_is_on_disk_before_its_ok_was_heard_is_recorded_once(boxes: AccessHall) -> None:
    boxes.lever("zk", "cut", after=1_000_000, count=10_000)  # it sends all, and hangs up before the answer
    before = boxes.seen("zk")["log"]["taken"]
    boxes.lever("zk", "swipe")
    until(lambda: numbers(boxes.stored("zk"))[-1:] == [before + 1], 15)
    boxes.kill()
    assert boxes.seen("zk")["log"] == {"newest": before + 1, "taken": before, "kept": before + 1}
    boxes.lever("zk", "heal")
    chance = Random(7)
    with boxes.swiping("zk", card="5550199"):
        for _ in range(2):
            boxes.start_gateway()
            boxes.goes_on(chance.randrange(2, 30), "zk")
            boxes.kill()
    boxes.start_gateway()
    newest = boxes.seen("zk")["log"]["newest"]
    until(lambda: boxes.seen("zk")["log"]["taken"] == newest, 20)
    assert numbers(boxes.stored("zk")) == list(range(1, newest + 1))
    assert newest > 50, "it was no burst"
    boxes.verified()


@ON_SQLITE
def test_swipes_that_the_stream_does_not_tell_are_found_in_the_log_of_the_terminal(boxes: AccessHall) -> None:
    before = boxes.seen("hik")["log"]["newest"]
    for lever in ("swipe", "quiet", "swipe", "drop", "swipe"):
        boxes.lever("hik", lever)
    until(lambda: len(boxes.stored("hik")) == before + 3, 10)
    boxes.kill()
    boxes.lever("hik", "fill", count=200)
    boxes.start_gateway()
    until(lambda: len(boxes.stored("hik")) > 30, 10)
    boxes.kill()
    boxes.lever("hik", "quiet", on=False)
    boxes.start_gateway()
    boxes.lever("hik", "swipe")
    newest = boxes.seen("hik")["log"]["newest"]
    until(lambda: numbers(boxes.stored("hik"))[-1:] == [newest], 10)
    assert numbers(boxes.stored("hik")) == list(range(1, newest + 1))
    assert boxes.rows("log.gap") == []


@ON_SQLITE
def test_on_a_full_disk_the_place_in_the_log_stands_still_and_nothing_is_lost_over_a_kill(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with AccessHall(tmp_path, "acs") as hall:
        hall.site.write_text(hall.site.read_text().replace("/hall.db", "/disk/hall.db"))
        hall.start(*on_small_disk(disk, size="8m"))
        assert hall.gateway is not None
        pid = hall.gateway.process.pid
        fill(seen_by(pid, disk / "ballast"))
        hall.lever("acs", "fill", count=1500)
        until(lambda: not hall._ready(), 20)
        full = hall.stored()
        assert len(full) < hall.seen("acs")["log"]["newest"]
        hall.answers(10)
        assert hall.stored() == full == hall.kept()[: len(full)]
        with outliving(pid, disk / "hall.db") as other:
            hall.kill()
            hall.lever("acs", "swipe", card=CARD)
            hall.start_gateway(*beside(other), wait=False)
            assert hall.gateway.process.wait(20) == 1  # with which systemd starts it again
            assert hall.log().splitlines()[-1].endswith("cannot be opened: database or disk is full")
            seen_by(other, disk / "ballast").unlink()
            hall.again(*beside(other))
        hall.caught_up()
        assert hall.stored() == hall.kept()
        assert hall.rows("log.gap") == []
        hall.verified(*beside(hall.gateway.process.pid))
