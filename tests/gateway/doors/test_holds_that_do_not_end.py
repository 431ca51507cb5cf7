"""A hold that its controller does not end, or of which nobody can tell whether it goes on: neither excuses a door."""

import asyncio

from doorhall import FRONT, OTHER, BoxConfig, DoorHall, modes, told

OVERDUE = "door-hold-overdue.acs.d1"


async def hold(hall: DoorHall, **params: int) -> None:
    await hall.ask("doors/front", "hold", params=params)


def test_a_hold_that_its_controller_refuses_to_end_is_an_alarm_and_excuses_the_door_no_longer() -> None:
    async def story(hall: DoorHall) -> None:
        await hold(hall, minutes=1)
        hall.box.deaf = True
        await asyncio.sleep(50)
        hall.box.swing("d1", open=True, tells=True)
        await asyncio.sleep(20)
        assert (hall.door()["released"], hall.door()["hold_overdue"], hall.alarm(OVERDUE)) == (False, True, "normal")
        await asyncio.sleep(15)
        assert hall.found()[-3:] == ["door.hold_ended", "door.held_warning", "door.held"]
        assert (hall.alarm(OVERDUE), hall.alarm("door-held.acs.d1")) == ("active", "active")
        assert hall.alarms.find(OVERDUE)["detail"]["door"] == "front"

    async def after(hall: DoorHall) -> None:
        await asyncio.sleep(5)
        assert hall.alarm(OVERDUE) == "active"
        hall.box.deaf = False
        await asyncio.sleep(12)
        assert (modes(hall)[0], hall.door()["hold_overdue"], hall.alarm(OVERDUE)) == ("controlled", False, "normal")
        assert hall.alarm("door-held.acs.d1") == "active"

    told(story, after)


def test_a_hold_that_ends_in_time_or_waits_for_the_end_of_a_fire_is_no_alarm() -> None:
    async def story(hall: DoorHall) -> None:
        await hold(hall, minutes=1)
        hall.boxes["acs2"].fire = True
        await asyncio.sleep(300)
        assert (modes(hall)[0], hall.door()["hold_overdue"]) == ("normally_open", False)
        hall.boxes["acs2"].fire = False
        await asyncio.sleep(60)
        assert modes(hall)[0] == "controlled"
        assert not [row for row in hall.rows("alarm.raised") if row.payload and row.payload["alarm"] == OVERDUE]

    fire = BoxConfig(id="acs2", driver="test.doors", doors=("d1",))
    told(story, doors=[FRONT, OTHER], devices=[BoxConfig(id="acs", driver="test.doors"), fire])


async def goes_and_comes_back(hall: DoorHall, *, mode: str | None) -> None:
    """As a controller that begins anew: its locks are shut, or it does not tell."""
    hall.box.gone = True
    await asyncio.sleep(30)
    hall.box.doors["d1"].update(mode=mode, unlocked=None)
    hall.box.gone = False
    await asyncio.sleep(30)


def test_a_controller_that_comes_back_and_does_not_tell_how_its_locks_are_run_excuses_no_door() -> None:
    async def story(hall: DoorHall) -> None:
        await hold(hall)
        await asyncio.sleep(5)
        await goes_and_comes_back(hall, mode=None)
        assert (hall.door()["mode"], hall.door()["released"]) == (None, False)
        hall.box.swing("d1", open=True, tells=True)
        await asyncio.sleep(20)
        found = ["door.forced", "door.held_warning", "door.held"]
        assert hall.found()[-3:] == found
        await goes_and_comes_back(hall, mode=None)
        assert "released" not in {(row.payload or {})["why"] for row in hall.rows("door.restored")}
        assert hall.found().count("door.held") == 1

    told(story)


def test_who_passes_a_held_door_while_its_controller_is_lost_forces_nothing() -> None:
    async def story(hall: DoorHall) -> None:
        await hold(hall)
        await asyncio.sleep(5)
        hall.box.gone = True
        await asyncio.sleep(5)
        for open_ in (True, False):
            hall.box.swing("d1", open=open_, tells=True)
        await goes_and_comes_back(hall, mode=None)
        assert hall.found() == ["door.unknown", "door.restored"]

    told(story)


def test_a_hold_that_was_confirmed_in_this_connection_excuses_a_door_whose_controller_tells_no_mode() -> None:
    async def story(hall: DoorHall) -> None:
        await goes_and_comes_back(hall, mode=None)
        await hold(hall)
        hall.box.doors["d1"].update(mode=None)
        await asyncio.sleep(5)
        hall.box.swing("d1", open=True, tells=True)
        await asyncio.sleep(60)
        assert (hall.door()["released"], hall.alarm("door-held.acs.d1")) == (True, "normal")

    told(story)
