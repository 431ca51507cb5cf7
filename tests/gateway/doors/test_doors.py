"""Doors of a hall: what controllers tell, in whatever order it comes by; what is found, and which alarms it gives."""

import asyncio
from datetime import timedelta

import pytest
from doorhall import ACS, BACK, FRONT, LISHUI, BoxConfig, DoorHall, told

from gateway.core.access import Happening
from gateway.doors.config import DoorConfig


async def passes(hall: DoorHall, door: str = "d1", open_s: float = 4.0) -> None:
    """Somebody shows a card and passes."""
    hall.box.write(Happening.GRANTED, door)
    hall.box.swing(door, open=True)
    await asyncio.sleep(open_s)
    hall.box.swing(door, open=False)
    await asyncio.sleep(1.2)


@pytest.mark.parametrize("read_s", [0.0, 0.4, 2.5])
def test_a_card_explains_the_opening_behind_it_however_late_the_journal_is_read(read_s: float) -> None:
    async def story(hall: DoorHall) -> None:
        hall.journal.read_s = read_s
        for _ in range(5):
            await passes(hall)
            await asyncio.sleep(15)
        assert hall.found() == []
        assert [row.payload and row.payload["in_time"] for row in hall.rows("door.cycle")] == [True] * 5

    told(story)


def test_an_opening_without_a_card_is_forced_and_the_alarm_stays_until_somebody_has_seen_it() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.swing("d1", open=True)
        await asyncio.sleep(1.2)
        assert hall.found() == ["door.forced"]
        assert (hall.door()["state"], hall.door()["forced"]) == ("open", True)
        assert hall.alarm("door-forced.acs.d1") == "active"
        hall.box.swing("d1", open=False)
        await asyncio.sleep(1.2)
        assert hall.found() == ["door.forced", "door.restored"]
        assert hall.alarm("door-forced.acs.d1") == "returned"
        assert hall.found("back") == []

    told(story)


def test_an_open_door_is_warned_of_after_ten_seconds_and_held_after_fifteen() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.write(Happening.GRANTED, "d1")
        hall.box.swing("d1", open=True)
        await asyncio.sleep(0.9)
        opened = hall.door()["opened_at"]
        seen: list[tuple[float, str, str]] = []
        for _ in range(20):
            await asyncio.sleep(1)
            seen.append((hall.door()["open_for_s"], hall.door()["held"], hall.alarm("door-held.acs.d1")))
        for open_s, held, alarm in seen:
            assert held == ("no" if open_s < 10 else "warned" if open_s < 15 else "held")
            assert alarm == ("active" if held == "held" else "normal")
        ends = {row.type: row.at - opened for row in hall.rows("door.held_warning") + hall.rows("door.held")}
        assert ends == {"door.held_warning": timedelta(seconds=10), "door.held": timedelta(seconds=15)}
        hall.box.swing("d1", open=False)
        await asyncio.sleep(1.2)
        assert (hall.door()["open_for_s"], hall.door()["held"], hall.alarm("door-held.acs.d1")) == (
            None,
            "no",
            "normal",
        )
        assert [row.payload and row.payload["in_time"] for row in hall.rows("door.cycle")] == [False]
        counted = {"door": "front", "finding": "door.held"}
        assert hall.meters.registry.get_sample_value("hall_door_findings_total", counted) == 1

    told(story)


def test_what_is_forced_and_closed_again_between_two_polls_gives_an_alarm_all_the_same() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.swing("d1", open=True, tells=True)
        hall.box.swing("d1", open=False, tells=True)
        await asyncio.sleep(1.2)
        assert hall.found() == ["door.forced", "door.restored"]
        assert hall.alarm("door-forced.acs.d1") == "returned"
        assert hall.door()["state"] == "closed"

    told(story)


def test_what_the_device_calls_held_or_forced_is_the_same_alarm() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.swing("d1", open=True, tells=True)
        hall.box.write(Happening.ALARM, "d1", reason="forced")
        await asyncio.sleep(20)
        hall.box.write(Happening.ALARM, "d1", reason="held")
        await asyncio.sleep(1.2)
        assert hall.found() == ["door.forced", "door.held_warning", "door.held"]
        hall.box.write(Happening.ALARM, "d2", reason="forced")
        await asyncio.sleep(1.2)
        assert hall.rows("door.forced")[-1].payload == {"door": "back", "by": "device"}
        assert hall.found("back") == ["door.forced", "door.restored"]  # for its sensor says that it is closed

    told(story)


def test_a_timetable_and_a_lock_that_is_held_open_suspend_it() -> None:
    timetable = {**FRONT, "release": [{"days": ["fri"], "on": "09:01", "off": "09:02"}]}

    async def story(hall: DoorHall) -> None:
        await asyncio.sleep(60)
        assert hall.door()["released"] is True
        hall.box.swing("d1", open=True)
        await asyncio.sleep(30)
        hall.box.doors["d2"]["mode"] = "normally_open"
        await asyncio.sleep(1.2)
        hall.box.swing("d2", open=True)
        assert hall.found() == hall.found("back") == []
        await asyncio.sleep(60)
        assert hall.found() == ["door.held_warning", "door.held"]
        end = hall.rows("door.held")[0].at
        assert (end.minute, end.second) in [(2, 15), (2, 16)]
        assert hall.found("back") == []

    told(story, doors=[timetable, {"id": "back", "name": "后门", "door": "acs/d2"}])


def test_a_fire_is_recorded_and_announced_and_outlasts_its_controller() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.fire = True
        hall.box.doors["d1"] |= {"unlocked": True, "open": True}
        await asyncio.sleep(30)
        assert hall.found() == hall.found("back") == ["fire.released", "fire.lock"]
        assert [row.payload for row in hall.rows("fire.released")] == [
            {"door": "front", "unlocked": None},
            {"door": "back", "unlocked": None},
        ]
        assert [row.payload for row in hall.rows("fire.lock")] == [
            {"door": "front", "unlocked": True},
            {"door": "back", "unlocked": False},
        ]
        assert (hall.door()["fire"], hall.alarm("fire-released.acs")) == (True, "active")
        hall.box.gone = True
        await asyncio.sleep(30)
        assert (hall.door()["state"], hall.door()["fire"], hall.alarm("fire-released.acs")) == (
            "unknown",
            True,
            "active",
        )
        hall.box.gone, hall.box.fire = False, False
        await asyncio.sleep(8)
        assert hall.found("back")[2:] == ["door.unknown", "fire.over", "door.restored"]
        assert (hall.door()["fire"], hall.alarm("fire-released.acs")) == (False, "returned")
        await asyncio.sleep(15)
        assert hall.found()[-2:] == ["door.held_warning", "door.held"]

    told(story)


def test_a_lost_controller_makes_its_doors_unknown_and_hides_no_forced_one() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.swing("d1", open=True)
        await asyncio.sleep(1.2)
        hall.box.gone = True
        await asyncio.sleep(40)
        assert [hall.door(id_)["state"] for id_ in ("front", "back")] == ["unknown", "unknown"]
        assert (hall.door()["open_for_s"], hall.door()["forced"]) == (None, True)
        assert hall.found() == ["door.forced", "door.unknown"]
        assert hall.alarm("door-forced.acs.d1") == "active"
        assert hall.alarm("device-offline.acs") == "active"
        assert hall.alarm("door-unknown.acs.d1") == "suppressed"
        hall.box.gone = False
        hall.box.swing("d1", open=False)
        await asyncio.sleep(10)
        assert hall.found() == ["door.forced", "door.unknown", "door.restored"]
        assert hall.alarm("door-unknown.acs.d1") == "normal"

    told(story)


def test_a_sensor_that_says_nothing_is_unknown_and_gives_an_alarm_of_its_own() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.doors["d1"]["open"] = None
        await asyncio.sleep(13)
        assert hall.door()["state"] == "unknown"
        assert hall.alarm("door-unknown.acs.d1") == "active"

    told(story)


def test_a_door_that_its_controller_does_not_have_is_told_once_the_controller_says_what_it_has() -> None:
    why = "acs: there is no door 'd9'; there are: d1, d2"

    async def gone(hall: DoorHall) -> None:
        assert hall.door()["detail"] is None  # nobody knows what it has

    async def story(hall: DoorHall) -> None:
        assert [hall.door(id_)["detail"] for id_ in ("front", "back")] == [why, None]
        await asyncio.sleep(13)
        assert hall.alarm("door-unknown.acs.d9") == "active"
        assert hall.alarms.find("door-unknown.acs.d9")["detail"]["detail"] == why
        assert hall.alarm("door-unknown.acs.d2") == "normal"
        hall.box.gone = True
        await asyncio.sleep(3)
        assert [hall.door(id_)["detail"] for id_ in ("front", "back")] == [why, None]

    wrong = {**FRONT, "door": "acs/d9"}
    told(gone, doors=[wrong], devices=[])
    told(story, doors=[wrong, BACK])


def test_an_opening_counts_from_when_the_device_says_if_it_is_known_how_far_its_clock_is_off() -> None:
    async def story(hall: DoorHall) -> None:
        await asyncio.sleep(10)
        hall.box.write(Happening.GRANTED, "d1")
        told_at = (hall.clock.now() + timedelta(seconds=100 - 4)).replace(tzinfo=None).isoformat()
        hall.box.write(Happening.OPENED, "d1", device_at=told_at, clock_offset_s=100.0)
        hall.box.doors["d1"]["open"] = True
        await asyncio.sleep(1.2)
        assert 4 <= hall.door()["open_for_s"] <= 5.5

    told(story, devices=[BoxConfig(id="acs", driver="test.doors", timezone="UTC")])


@pytest.mark.parametrize("set_s", [600.0, -600.0])
def test_a_clock_that_is_set_makes_no_door_held_and_none_forgotten(set_s: float) -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.write(Happening.GRANTED, "d1")
        hall.box.swing("d1", open=True)
        await asyncio.sleep(5)
        hall.clock.ahead_s += set_s
        await asyncio.sleep(3)
        assert hall.found() == []
        hall.box.swing("d2", open=True)
        await asyncio.sleep(8.2)
        assert hall.found() == ["door.held_warning", "door.held"]
        assert hall.found("back") == ["door.forced"]

    told(story)


def test_what_happened_before_the_door_was_known_is_history() -> None:
    async def story(hall: DoorHall) -> None:
        long_ago = (hall.clock.now() - timedelta(days=90)).isoformat()
        for _ in range(3):
            hall.box.write(Happening.OPENED, "d1", device_at=long_ago, clock_offset_s=0.0)
            hall.box.write(Happening.CLOSED, "d1", device_at=long_ago, clock_offset_s=0.0)
        await asyncio.sleep(2)
        assert len(hall.rows("door.opened")) == 3
        assert hall.found() == []

    told(story)


@pytest.mark.parametrize("kind", [Happening.GAP, Happening.EPOCH])
def test_a_log_with_a_gap_or_a_new_one_is_announced_until_somebody_has_seen_it(kind: Happening) -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.write(kind, None, **{"from": 3, "to": 9})
        await asyncio.sleep(1.2)
        id_ = f"{kind.value.replace('.', '-')}.acs"
        found = hall.alarms.find(id_)
        assert (found["state"], found["detail"]["to"]) == ("active", 9)
        await asyncio.sleep(600)
        assert hall.alarm(id_) == "active"
        await hall.alarms.desk.acknowledge(id_, occurrence=found["occurrence"], actor="zhang", reason=None)
        await asyncio.sleep(0.1)
        assert hall.alarm(id_) == "normal"

    told(story)


def test_a_log_that_is_read_for_the_first_time_is_no_news() -> None:
    async def story(hall: DoorHall) -> None:
        for epoch in (1, 2):
            hall.box.write(Happening.EPOCH, None, epoch=epoch)
            await asyncio.sleep(1.2)
        assert hall.alarms.find("log-epoch.acs")["detail"]["epoch"] == 2
        assert hall.alarms.find("log-epoch.acs")["count"] == 1

    told(story)


def test_a_door_that_the_site_file_moves_is_judged_anew_and_one_that_it_drops_is_gone() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.swing("d1", open=True)
        await asyncio.sleep(1.2)
        hall.config = [DoorConfig.model_validate({**FRONT, "door": "acs/d2"})]
        hall.doors.replaced()
        await asyncio.sleep(1.2)
        assert (hall.door()["state"], hall.door()["forced"]) == ("closed", False)
        assert [door["door"] for door in hall.doors.all()] == ["front"]
        assert "doors/back" not in hall.hub.views
        hall.box.swing("d2", open=True)
        await asyncio.sleep(1.2)
        assert hall.found() == ["door.forced", "door.forced"]
        assert {id_: state for id_, state in shown(hall).items() if "forced" in id_} == {"door-forced.acs.d2": "active"}

    told(story)


def shown(hall: DoorHall) -> dict[str, str]:
    return {alarm["id"]: alarm["state"] for alarm in hall.alarms.all()}


def test_a_full_store_hides_no_forced_door_and_learns_of_it_later() -> None:
    async def story(hall: DoorHall) -> None:
        hall.journal.full = True
        hall.box.swing("d1", open=True)
        await asyncio.sleep(1.2)
        assert (hall.door()["state"], hall.door()["forced"]) == ("open", True)
        hall.journal.full = False
        await asyncio.sleep(1.2)
        assert hall.found() == ["door.forced"]
        assert hall.alarm("door-forced.acs.d1") == "active"

    told(story)


def test_what_cannot_be_read_does_not_stop_the_sensors() -> None:
    async def story(hall: DoorHall) -> None:
        hall.journal.unreadable = True
        hall.box.write(Happening.DENIED, "d2")
        hall.box.swing("d1", open=True)
        await asyncio.sleep(2)
        assert hall.door()["state"] == "open"

    told(story, devices=[ACS])


def test_what_happened_before_a_door_was_known_is_history_by_whatever_clock() -> None:
    """A device may send its whole log before anybody can ask how far its clock is off."""

    async def story(hall: DoorHall) -> None:
        ago = (hall.clock.now() - timedelta(hours=1)).astimezone(LISHUI).strftime("%Y-%m-%d %H:%M:%S")
        hall.box.write(Happening.ALARM, "d1", reason="forced", device_at=ago)
        hall.box.write(Happening.CLOSED, "d1", device_at=ago)
        await asyncio.sleep(2)
        assert len(hall.rows(Happening.ALARM)) == 1
        assert (hall.found(), hall.rows("alarm.raised")) == ([], [])
        hall.box.write(Happening.ALARM, "d1", reason="forced")
        await asyncio.sleep(2)
        assert hall.found()[:1] == ["door.forced"]

    told(story)
