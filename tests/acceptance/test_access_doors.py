"""Doors of a hall of processes: what is found of them over kills, and what is done once they are asked."""

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest
from accesshall import AccessHall, shared
from accesssite import CARD
from hall import until
from smalldisk import fill, on_small_disk, seen_by

pytestmark = [pytest.mark.timeout(120), pytest.mark.parametrize("store", ["sqlite"], indirect=True)]
ALL, ARCHIVE = "doors/zones/hall", "doors/zones/archive"
DEAD = {"offline", "timeout"}


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Generator[AccessHall]:
    for hall in shared(tmp_path_factory.mktemp("doors"), "acs", "acs2"):
        hall.start()
        asked = hall.do("doors/front", "set_delay", params={"seconds": 1}, reason="试")[1]
        assert asked["status"] == "confirmed", asked
        yield hall


@pytest.fixture
def hall(doors: AccessHall) -> AccessHall:
    """A hall all of whose doors are shut, and run by cards: each test leaves it so. Only what is new is told."""
    doors.online(2)
    until(lambda: locks(doors) == all_of("controlled", False), 5)  # who was let pass has a second
    doors.since = doors.seq()
    return doors


def locks(hall: AccessHall) -> dict[str, tuple[str, bool]]:
    """How each lock is run, and whether it is released, as somebody before the boxes sees it."""
    seen = {device: hall.seen(device)["doors"] for device in ("acs", "acs2")}
    places = {"front": ("acs", "1"), "back": ("acs", "2"), "side": ("acs2", "1")}
    found = {id_: seen[device][number] for id_, (device, number) in places.items()}
    return {id_: (lock["mode"], lock["unlocked"]) for id_, lock in found.items()}


def all_of(mode: str, unlocked: bool, *ids: str) -> Mapping[str, tuple[str, bool]]:
    return dict.fromkeys(ids or ("front", "back", "side"), (mode, unlocked))


def test_a_door_held_open_is_warned_of_and_an_alarm_once_over_kills(hall: AccessHall) -> None:
    hall.let_pass()
    hall.lever("acs", "swipe", card=CARD)
    hall.lever("acs", "open")
    until(lambda: hall.of("door.held_warning", "front"), 15)
    hall.kill()
    hall.again()
    until(lambda: hall.of("door.held", "front"), 10)
    until(lambda: hall.alarm("door-held.acs.door-1") == "active", 15)
    hall.kill()
    hall.again()
    stood = until(lambda: hall.door()["open_for_s"], 15)
    until(lambda: hall.door()["open_for_s"] > stood + 2.5, 10)  # longer than it may stand open
    hall.lever("acs", "close")
    until(lambda: hall.of("door.cycle", "front"), 15)
    until(lambda: hall.alarm("door-held.acs.door-1") == "normal", 15)
    assert [len(hall.of(type_, "front")) for type_ in ("door.held_warning", "door.held", "door.forced")] == [1, 1, 0]
    assert hall.raised("door-held.acs.door-1") == 1
    assert hall.door()["held"] == "no"


def test_a_door_that_is_forced_is_one_alarm_though_the_controller_says_so_too(hall: AccessHall) -> None:
    hall.lever("acs", "force", door=2)
    until(lambda: hall.alarm("door-forced.acs.door-2") == "active", 15)
    hall.kill()
    hall.again()
    hall.caught_up()
    assert len(hall.of("door.forced", "back")) == hall.raised("door-forced.acs.door-2") == 1
    assert hall.door("back")["forced"]
    hall.lever("acs", "close", door=2)
    until(lambda: hall.of("door.restored", "back"), 15)


def test_a_fire_is_recorded_and_no_door_is_locked_in_it(hall: AccessHall) -> None:
    assert hall.do("doors/front", "hold", reason="搬运")[1]["status"] == "confirmed"
    hall.lever("acs", "fire")
    until(lambda: len(hall.rows("fire.released")) == 2, 15)
    assert hall.alarm("fire-released.acs") == "active"
    refused = hall.do("doors/front", "release", reason="试")[1]
    assert refused["status"] == "rejected", refused
    assert locks(hall)["front"] == ("normally_open", True)
    hall.lever("acs", "fire", on=False)
    until(lambda: len(hall.rows("fire.over")) == 2, 15)
    assert hall.do("doors/front", "release", reason="火警解除")[1]["status"] == "confirmed"
    assert locks(hall) == all_of("controlled", False)


def test_doors_are_opened_with_a_reason_and_done_once_the_controller_says_so(hall: AccessHall) -> None:
    def released() -> Any:
        return hall.seen("acs")["doors"]["1"]["released"]

    before = released()
    status, problem = hall.do("doors/front", "open")
    assert status >= 400, problem
    assert "reason" in problem["detail"]
    assert released() == before
    assert hall.do("doors/front", "open", reason="送快递")[1]["status"] == "confirmed"
    assert released() == before + 1
    hall.lever("acs", "refuse_next")
    assert hall.do("doors/front", "open", reason="送快递")[1]["status"] == "rejected"
    hall.lever("acs", "mute")
    assert hall.do("doors/front", "open", reason="送快递")[1]["status"] in DEAD
    hall.lever("acs", "heal")
    hall.online(2)
    assert released() == before + 1
    audit = [row["payload"]["reason"] for row in hall.rows("command.requested")]
    assert audit == ["送快递"] * 3


def test_a_lockdown_of_a_zone_is_done_where_the_controller_says_so_and_names_the_door_of_one_that_is_dead(
    hall: AccessHall,
) -> None:
    hall.lever("acs2", "mute")
    status, answer = hall.do(ARCHIVE, "lockdown", reason="演练")
    told = answer["detail"]["doors"]
    assert (status, answer["status"] in DEAD, answer["confirmed"]) == (200, True, None), answer
    assert (told.keys(), told["back"]) == ({"back", "side"}, {"status": "confirmed", "device": "acs", **told["back"]})
    assert told["side"]["status"] in DEAD
    assert "acs2" in str(told["side"])
    hall.lever("acs2", "heal")
    hall.online(2)
    until(lambda: [hall.door(id_)["mode"] for id_ in ("back", "side")] == ["normally_closed", "controlled"], 15)
    assert locks(hall)["side"] == ("controlled", False)
    assert hall.do(ARCHIVE, "lockdown", reason="演练")[1]["status"] == "confirmed"
    assert locks(hall) == {"front": ("controlled", False), **all_of("normally_closed", False, "back", "side")}
    assert hall.do(ARCHIVE, "resume", reason="演练结束")[1]["status"] == "confirmed"
    assert locks(hall) == all_of("controlled", False)


def test_all_doors_are_opened_in_two_steps_and_a_controller_that_dies_between_them_is_named(hall: AccessHall) -> None:
    second = hall.begin_to("evacuate", ALL, "演练")
    assert locks(hall) == all_of("controlled", False)
    hall.lever("acs2", "mute")
    answer = hall.do(ALL, "evacuate", **second)[1]
    told = {door: each["status"] for door, each in answer["detail"]["doors"].items()}
    assert answer["status"] in DEAD
    assert told == {"front": "confirmed", "back": "confirmed", "side": answer["status"]}
    assert locks(hall) == {**all_of("normally_open", True), "side": ("controlled", False)}
    hall.lever("acs2", "heal")
    hall.online(2)
    assert hall.do(ALL, "evacuate", **hall.begin_to("evacuate", ALL, "演练"))[1]["status"] == "confirmed"
    assert locks(hall) == all_of("normally_open", True)
    assert hall.do(ALL, "resume", reason="演练结束")[1]["status"] == "confirmed"


def test_doors_that_are_locked_down_are_released_in_a_fire_and_nothing_locks_them_again_while_it_lasts(
    hall: AccessHall,
) -> None:
    def refused() -> None:
        for verb in ("lockdown", "resume"):
            answer = hall.do(ARCHIVE, verb, reason="试")[1]
            assert answer["status"] == answer["detail"]["doors"]["back"]["status"] == "rejected", answer
            assert "fire" in answer["detail"]["doors"]["back"]["reason"]
        assert hall.do("doors/front", "release", reason="试")[1]["status"] == "rejected"
        assert [locks(hall)[id_] for id_ in ("front", "back")] == [("normally_closed", True)] * 2

    assert hall.do(ALL, "lockdown", **hall.begin_to("lockdown", ALL, "演练"))[1]["status"] == "confirmed"
    assert locks(hall) == all_of("normally_closed", False)
    hall.lever("acs", "fire")
    until(lambda: len(hall.rows("fire.released")) == 2, 15)
    refused()
    hall.kill()
    hall.again()
    until(lambda: hall.door()["fire"], 15)
    refused()
    hall.lever("acs", "fire", on=False)
    until(lambda: len(hall.rows("fire.over")) == 2, 15)
    assert hall.do(ALL, "resume", reason="火警解除")[1]["status"] == "confirmed"
    assert locks(hall) == all_of("controlled", False)


def test_on_a_full_disk_an_evacuation_opens_the_doors_and_is_recorded_once_there_is_room(tmp_path: Path) -> None:
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
        assert hall.do(ALL, "resume", reason="试")[0] == 503
        status, answer = hall.do(ALL, "evacuate", **hall.begin_to("evacuate", ALL, "火警"))
        assert (status, answer["status"], answer["detail"]["recorded"]) == (200, "confirmed", False), answer
        assert [hall.seen("acs")["doors"][number]["mode"] for number in "12"] == ["normally_open"] * 2
        assert " asks evacuate of doors/zones/hall " in hall.log()
        ballast.unlink()
        audit = until(lambda: hall.rows("command.ended") and hall.rows("command.requested"), 20)
        assert {(row["payload"]["verb"], row["payload"]["reason"]) for row in audit} == {("evacuate", "火警")}
