"""Doors of a hall of processes: what is found of them over kills, and what is done once they are asked."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

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
