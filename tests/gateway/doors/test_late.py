"""What a controller tells late, for nobody could ask it: it is judged by what was so when it happened."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from doorhall import FRONT, LISHUI, DoorHall, told

from gateway.core.access import Happening


def log(hall: DoorHall, what: Happening) -> None:
    """Have something happen now, by the clock of the controller."""
    now = hall.clock.now().astimezone(LISHUI)
    hall.box.write(what, "d1", device_at=f"{now:%Y-%m-%dT%H:%M:%S}", clock_offset_s=0.0)


def front(on: str, off: str) -> dict[str, Any]:
    return {**FRONT, "release": [{"on": on, "off": off}]}


@pytest.mark.parametrize("open_s", [3, 600])
def test_a_door_that_was_forced_before_it_was_released_is_found(open_s: int) -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.gone = True
        await asyncio.sleep(30)
        log(hall, Happening.OPENED)
        await asyncio.sleep(open_s)
        log(hall, Happening.CLOSED)
        await asyncio.sleep(150)
        assert hall.door()["released"] is True
        hall.box.gone = False
        await asyncio.sleep(120)
        held = ["door.held_warning", "door.held", "door.restored"] if open_s > 15 else []
        assert hall.found() == ["door.unknown", "door.restored", "door.forced", *held, "door.restored"]
        assert [row.at.second in (31, 32) for row in hall.rows("door.forced")] == [True]

    told(story, doors=[front("09:02", "10:00")])


def test_a_door_that_was_forced_before_it_was_held_open_is_found() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.gone = True
        await asyncio.sleep(30)
        log(hall, Happening.OPENED)
        log(hall, Happening.CLOSED)
        await asyncio.sleep(30)
        hall.box.gone, hall.box.doors["d1"]["mode"] = False, "normally_open"
        await asyncio.sleep(120)
        assert "door.forced" in hall.found()

    told(story)


def test_a_door_that_was_opened_while_it_was_released_is_not_forced_afterwards() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.gone = True
        await asyncio.sleep(30)
        log(hall, Happening.OPENED)
        await asyncio.sleep(25)
        log(hall, Happening.CLOSED)
        await asyncio.sleep(120)
        hall.box.gone = False
        await asyncio.sleep(120)
        assert hall.found() == ["door.unknown", "door.restored"]

    told(story, doors=[front("08:00", "09:01")])


def test_what_was_done_while_the_gateway_was_away_is_judged_by_the_timetable_of_then() -> None:
    async def leaves(hall: DoorHall) -> None:
        hall.box.gone = True
        for minute in (10, 20):
            for what in (Happening.OPENED, Happening.CLOSED):
                hall.box.write(what, "d1", device_at=f"2026-07-17T09:{minute}:00", clock_offset_s=0.0)
        hall.clock.ahead_s += 1800

    async def comes_back(hall: DoorHall) -> None:
        hall.box.gone = False
        await asyncio.sleep(3)
        assert [row.at.minute for row in hall.rows("door.forced")] == [20]

    told(leaves, comes_back, doors=[front("09:05", "09:15")])


def test_a_door_that_opens_just_as_its_release_begins_is_not_forced() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.gone = True
        await asyncio.sleep((timedelta(minutes=1) - timedelta(seconds=2.5)).total_seconds())
        log(hall, Happening.OPENED)
        log(hall, Happening.CLOSED)
        hall.box.gone = False
        await asyncio.sleep(5)
        assert "door.forced" not in hall.found()

    told(story, doors=[front("09:01", "10:00")])
