"""A fire of which only an event tells: nothing is locked until the device, or somebody, says that it is over."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from doorhall import ACS, ACS2, FRONT, OTHER, TWO, BoxConfig, DoorHall, surely, told

from gateway.alarms.desk import UnknownAlarm
from gateway.core.access import Happening
from gateway.core.errors import CommandRejected
from gateway.core.model import Stage

DUMB = [BoxConfig(id="acs", driver="test.doors", fire=False)]


async def burns(hall: DoorHall, part: str | None = "d1") -> None:
    hall.box.write(Happening.ALARM, part, reason="fire")
    await asyncio.sleep(2)


def test_a_fire_told_by_an_event_is_one_until_the_device_tells_of_its_end() -> None:
    async def story(hall: DoorHall) -> None:
        await burns(hall)
        assert (hall.door()["fire"], hall.door("back")["fire"]) == (True, None)
        hall.box.swing("d1", open=True)
        await asyncio.sleep(60)
        assert hall.found() == ["fire.released", "fire.lock"]
        for door in ("front", "back"):
            assert (await hall.ask(f"doors/{door}", "release")).status is Stage.REJECTED
        with pytest.raises(CommandRejected, match="the fire alarm is on"):
            await hall.ask("acs", "relock")
        hall.box.write(Happening.OTHER, None, reason="fire is over")
        await asyncio.sleep(2)
        assert hall.found() == ["fire.released", "fire.lock", "fire.over"]
        assert (await hall.ask("doors/back", "release")).status is Stage.CONFIRMED
        await asyncio.sleep(20)
        assert hall.found()[3:] == ["door.held_warning", "door.held"]

    told(story, devices=DUMB)


@pytest.mark.parametrize("told_by", ["log", "person"])
def test_a_fire_told_by_an_event_is_an_alarm_of_the_door_until_it_is_over(told_by: str) -> None:
    async def story(hall: DoorHall) -> None:
        await burns(hall)
        assert [hall.alarm(f"fire-released.acs.{part}") for part in ("d1", "d2")] == ["active", "normal"]
        assert hall.alarms.find("fire-released.acs.d1")["detail"] == {"door": "front", "name": "职工入口"}
        if told_by == "log":
            hall.box.write(Happening.OTHER, "d1", reason="fire is over")
        else:
            await hall.ask("doors/front", "fire_over")
        await asyncio.sleep(2)
        assert hall.alarm("fire-released.acs.d1") == "returned"

    told(story, devices=DUMB)


def test_a_fire_that_an_input_tells_of_is_one_alarm_of_the_device() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.fire = True
        await asyncio.sleep(2)
        assert hall.alarm("fire-released.acs") == "active"
        with pytest.raises(UnknownAlarm):
            hall.alarm("fire-released.acs.d1")

    told(story)


def test_a_fire_of_the_device_is_one_of_all_its_doors_over_a_restart_too() -> None:
    async def begins(hall: DoorHall) -> None:
        await burns(hall, None)
        assert (hall.door()["fire"], hall.door("back")["fire"]) == (True, True)

    async def goes_on(hall: DoorHall) -> None:
        assert (hall.door()["fire"], hall.door("back")["fire"]) == (True, True)
        assert (await hall.ask("doors/front", "release")).status is Stage.REJECTED

    told(begins, goes_on, devices=DUMB)


def test_somebody_says_that_a_fire_is_over_of_whose_end_nothing_tells() -> None:
    async def story(hall: DoorHall) -> None:
        await burns(hall, None)
        assert (await hall.ask("doors/front", "fire_over")).status is Stage.CONFIRMED
        await asyncio.sleep(1)
        assert (hall.door()["fire"], hall.door("back")["fire"]) == (None, True)
        result = await hall.ask("doors/zones/hall", "fire_over")
        assert (result.status, sorted(result.detail["doors"])) == (Stage.CONFIRMED, ["back", "front"])
        await asyncio.sleep(1)
        assert hall.found() == hall.found("back") == ["fire.released", "fire.over"]
        assert (await hall.ask("doors/front", "release")).status is Stage.CONFIRMED
        told = [row.payload or {} for row in hall.rows("command.requested")]
        asked = [each["verb"] for each in told if "door" not in each]  # what was asked of all is told at each, too
        assert asked == ["fire_over", "fire_over", "release"]

    told(story, devices=DUMB)


def test_nobody_says_that_a_fire_is_over_while_an_input_is_active() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.fire = True
        await asyncio.sleep(1.2)
        result = await hall.ask("doors/zones/hall", "fire_over")
        assert result.status is Stage.REJECTED
        assert result.detail["doors"]["front"]["reason"] == "front: the fire input of acs is active"
        assert result.detail["doors"]["side"]["status"] == "confirmed"
        assert hall.door()["fire"] is True

    told(story, **TWO)


def test_where_there_is_an_input_it_confirms_or_ends_a_fire_of_the_log() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.write(Happening.ALARM, "d2", reason="fire")
        await asyncio.sleep(3)
        assert hall.found() == hall.found("back") == ["fire.released", "fire.over"]
        hall.box.write(Happening.ALARM, None, reason="fire")
        hall.box.fire = True
        await asyncio.sleep(2)
        hall.box.write(Happening.OTHER, None, reason="fire is over")
        await asyncio.sleep(6)
        assert hall.found()[2:] == ["fire.released", "fire.lock"]
        hall.box.fire = False
        await asyncio.sleep(2)
        assert hall.found()[2:] == ["fire.released", "fire.lock", "fire.over"]

    told(story)


@pytest.mark.parametrize("logged", [False, True], ids=["input", "log"])
def test_who_runs_out_as_a_fire_begins_forces_no_door(logged: bool) -> None:
    async def story(hall: DoorHall) -> None:
        await asyncio.sleep(5.3)
        if logged:
            hall.box.write(Happening.ALARM, None, reason="fire")
        hall.box.fire = True
        hall.box.doors["d1"]["unlocked"] = True
        hall.box.swing("d1", open=True, tells=True)
        await asyncio.sleep(30)
        assert hall.found() == ["fire.released", "fire.lock"]

    told(story)


def test_who_ran_out_in_a_fire_while_its_controller_was_away_forced_no_door() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.gone = True
        await asyncio.sleep(30)
        hall.box.fire = True
        for second, what in enumerate((Happening.ALARM, Happening.OPENED, Happening.CLOSED)):
            part, more = (None, {"reason": "fire"}) if what is Happening.ALARM else ("d1", {})
            hall.box.write(what, part, device_at=f"2026-07-17T09:00:3{second}", clock_offset_s=0.0, **more)
        await asyncio.sleep(30)
        hall.box.gone = False
        await asyncio.sleep(120)
        assert [name for name in hall.found() if name.startswith(("fire", "door.forced"))] == [
            "fire.released",
            "fire.lock",
        ]

    told(story)


UNWATCHED: Mapping[str, Any] = {
    "doors": [FRONT],
    "devices": [ACS, BoxConfig(id="acs2", driver="test.doors", doors=("d1",))],
}


def test_a_fire_outlasts_a_controller_none_of_whose_doors_is_watched_over_a_restart_too() -> None:
    async def burns_and_is_lost(hall: DoorHall) -> None:
        hall.boxes["acs2"].fire = True
        await asyncio.sleep(2)
        hall.boxes["acs2"].gone = True
        await asyncio.sleep(5)
        assert (await surely(hall, "lockdown", "gate")).status is Stage.REJECTED

    async def is_back(hall: DoorHall) -> None:
        assert (await surely(hall, "lockdown", "gate")).status is Stage.REJECTED
        hall.boxes["acs2"].gone = hall.boxes["acs2"].fire = False
        await asyncio.sleep(120)
        assert (await surely(hall, "lockdown", "gate")).status is Stage.CONFIRMED

    told(burns_and_is_lost, is_back, **UNWATCHED)


def test_somebody_says_of_the_hall_that_a_fire_is_over_whose_controller_is_lost() -> None:
    async def story(hall: DoorHall) -> None:
        hall.boxes["acs2"].fire = True
        await asyncio.sleep(2)
        await hall.ask("doors/zones/hall", "fire_over")
        assert (await hall.ask("doors/front", "release")).status is Stage.REJECTED
        hall.boxes["acs2"].gone = True
        await asyncio.sleep(5)
        await hall.ask("doors/front", "fire_over")
        assert (await hall.ask("doors/front", "release")).status is Stage.REJECTED
        await hall.ask("doors/zones/hall", "fire_over")
        assert (await hall.ask("doors/front", "release")).status is Stage.CONFIRMED

    told(story, **UNWATCHED)


def test_a_fire_of_a_lost_controller_is_over_for_all_once_it_is_at_each_of_its_doors() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.fire = True
        await asyncio.sleep(2)
        hall.box.gone = True
        await asyncio.sleep(5)
        await hall.ask("doors/front", "fire_over")
        assert (await hall.ask("doors/side", "release")).status is Stage.REJECTED
        await hall.ask("doors/back", "fire_over")
        assert (await hall.ask("doors/side", "release")).status is Stage.CONFIRMED

    told(story, **TWO)


@pytest.mark.parametrize(
    ("everywhere", "comes", "locked"),
    [
        (None, False, Stage.REJECTED),
        (None, True, Stage.CONFIRMED),
        (False, False, Stage.CONFIRMED),
        (True, True, Stage.REJECTED),
    ],
)
def test_a_fire_of_a_log_is_one_of_all_doors_unless_anybody_may_have_told_it(
    everywhere: bool | None, comes: bool, locked: Stage
) -> None:
    acs2 = BoxConfig(
        id="acs2", driver="test.doors", doors=ACS2.doors, fire=ACS2.fire, silent_after_s=3600 * comes or None
    )

    async def story(hall: DoorHall) -> None:
        hall.boxes["acs2"].write(Happening.ALARM, "d1", reason="fire")
        await asyncio.sleep(2)
        assert (await hall.ask("doors/side", "release")).status is Stage.REJECTED
        with pytest.raises(CommandRejected, match="the fire alarm is on"):
            await hall.ask("acs2", "relock")
        assert (await hall.ask("doors/front", "release")).status is locked
        assert (await surely(hall, "lockdown", "gate")).detail["doors"]["front"]["status"] == locked

    told(story, doors=[FRONT, {**OTHER, "fire_everywhere": everywhere}], devices=[ACS, acs2])
