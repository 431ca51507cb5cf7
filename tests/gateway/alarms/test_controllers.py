"""The built-in alarms by what a controller of doors tells of itself."""

import asyncio

from alarmhall import AlarmHall, told


def test_a_controller_whose_pushes_cannot_arrive_is_an_alarm_until_they_can() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.tell("box", "listener_bound", False)
        await asyncio.sleep(29)
        assert hall.open() == {}
        await asyncio.sleep(2)
        assert hall.open() == {"listener-unbound.box": "active"}
        hall.tell("box", "listener_bound", True)
        await asyncio.sleep(3)
        assert hall.open() == {}

    told(story)


def test_a_controller_that_does_not_log_its_doors_is_an_alarm_until_it_does() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.tell("box", "door_events", False)
        await asyncio.sleep(29)
        assert hall.open() == {}
        await asyncio.sleep(2)
        assert hall.open() == {"door-events-off.box": "active"}
        hall.tell("box", "door_events", None)
        await asyncio.sleep(60)
        assert hall.open() == {"door-events-off.box": "active"}  # what nobody knows is not over
        hall.tell("box", "door_events", True)
        await asyncio.sleep(3)
        assert hall.open() == {}

    told(story)


def test_the_fault_that_a_controller_tells_of_itself_is_an_alarm_with_its_number() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.tell("box", "system_error", 0)
        await asyncio.sleep(11)
        assert hall.open() == {}
        hall.tell("box", "system_error", 3)
        await asyncio.sleep(11)
        assert hall.open() == {"controller-fault.box": "active"}
        assert hall.alarms.find("controller-fault.box")["detail"] == {"system_error": 3}
        hall.tell("box", "system_error", 0)
        await asyncio.sleep(6)
        assert hall.open() == {}

    told(story)
