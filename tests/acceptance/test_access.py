"""The record of a hall of processes: whatever is killed, it is what the logs of the controllers say, once."""

import json
import time
from collections.abc import Generator
from pathlib import Path
from random import Random

import pytest
from accesshall import CARD, AccessHall
from hall import until

pytestmark = [pytest.mark.timeout(120), pytest.mark.parametrize("store", ["sqlite"], indirect=True)]


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
