"""Doors that are held open for some minutes while the site file names, moves or drops them: every hold ends."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from doorhall import BACK, FRONT, DoorHall, modes, surely, told

from gateway.core.model import Stage
from gateway.doors.config import DoorConfig

RENAMED = {**FRONT, "id": "front-east"}
MOVED = {**FRONT, "door": "acs/d2"}


def replace(hall: DoorHall, *doors: Mapping[str, Any]) -> None:
    hall.config = [DoorConfig.model_validate(door) for door in doors]
    hall.doors.replaced()


async def hold(hall: DoorHall, minutes: int = 1) -> None:
    assert (await hall.ask("doors/front", "hold", params={"minutes": minutes})).status is Stage.CONFIRMED
    await asyncio.sleep(10)


def test_a_held_door_that_is_called_otherwise_is_held_until_its_time_is_over() -> None:
    async def story(hall: DoorHall) -> None:
        await hold(hall)
        until = hall.door()["hold_until"]
        replace(hall, RENAMED, BACK)
        await asyncio.sleep(30)
        assert (modes(hall)[0], hall.door("front-east")["hold_until"]) == ("normally_open", until)
        await asyncio.sleep(30)
        assert (modes(hall)[0], hall.door("front-east")["hold_until"]) == ("controlled", None)
        hall.box.swing("d1", open=True, tells=True)
        await asyncio.sleep(30)
        assert hall.found("front-east")[-3:] == ["door.forced", "door.held_warning", "door.held"]
        assert hall.alarm("door-held.acs.d1") == "active"

    told(story)


def test_a_door_that_is_called_otherwise_while_it_stands_open_is_held_under_its_new_name() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.swing("d1", open=True, tells=True)
        await asyncio.sleep(20)
        replace(hall, RENAMED, BACK)
        assert [door["door"] for door in hall.doors.all()] == ["front-east", "back"]
        assert "doors/front" not in hall.hub.views
        await asyncio.sleep(20)
        assert hall.found("front-east") == ["door.held_warning", "door.held"]
        assert hall.alarm("door-held.acs.d1") == "active"

    told(story)


@pytest.mark.parametrize("doors", [(MOVED,), (BACK,), ()], ids=["moved", "dropped", "all dropped"])
def test_a_held_door_that_the_site_file_has_no_longer_goes_back_to_cards_at_once(doors: tuple[Any, ...]) -> None:
    async def story(hall: DoorHall) -> None:
        await hold(hall, minutes=60)
        replace(hall, *doors)
        await asyncio.sleep(3)
        assert modes(hall) == ["controlled", "controlled"]
        assert [row.payload and row.payload["status"] for row in hall.rows("door.hold_ended")] == ["confirmed"]
        await asyncio.sleep(120)
        assert len(hall.box.asked) == 2

    told(story)


async def refuses(hall: DoorHall) -> None:
    await hold(hall, minutes=60)
    hall.box.deaf = True
    replace(hall, MOVED)
    await asyncio.sleep(5)
    assert modes(hall)[0] == "normally_open"


async def ends(hall: DoorHall) -> None:
    hall.box.deaf = False
    await asyncio.sleep(15)
    assert modes(hall) == ["controlled", "controlled"]
    hall.box.asked.clear()


async def nothing_more(hall: DoorHall) -> None:
    await asyncio.sleep(120)
    assert hall.box.asked == []


def test_a_hold_of_a_door_that_is_gone_is_ended_over_a_restart_too() -> None:
    told(refuses, ends, nothing_more, then=[MOVED])


def test_a_door_that_comes_back_before_its_hold_was_ended_is_held_until_its_time_is_over() -> None:
    async def story(hall: DoorHall) -> None:
        await refuses(hall)
        replace(hall, FRONT)
        await asyncio.sleep(30)
        assert (hall.door()["released"], hall.door()["state"]) == (True, "closed")
        assert hall.door()["hold_until"] is not None

    async def after(hall: DoorHall) -> None:
        hall.box.deaf = False
        await asyncio.sleep(60)
        assert modes(hall)[0] == "normally_open"
        await asyncio.sleep(3600)
        assert modes(hall)[0] == "controlled"

    told(story, after)


@pytest.mark.parametrize("doors", [[MOVED], [BACK], []], ids=["moved", "dropped", "all dropped"])
def test_a_hold_ends_where_the_site_file_was_changed_while_the_gateway_was_away(doors: list[Any]) -> None:
    told(lambda hall: hold(hall, minutes=60), ends, nothing_more, then=doors)


def test_a_held_door_that_was_called_otherwise_while_the_gateway_was_away_is_held_until_its_time_is_over() -> None:
    async def after(hall: DoorHall) -> None:
        await asyncio.sleep(30)
        assert modes(hall)[0] == "normally_open"
        assert hall.door("front-east")["hold_until"] is not None
        await asyncio.sleep(30)
        assert modes(hall)[0] == "controlled"

    told(hold, after, nothing_more_of_the_last, then=[RENAMED, BACK])


async def nothing_more_of_the_last(hall: DoorHall) -> None:
    hall.box.asked.clear()
    await nothing_more(hall)


def test_an_evacuation_outlives_its_doors_in_the_site_file() -> None:
    async def story(hall: DoorHall) -> None:
        await hold(hall)
        await surely(hall, "evacuate")
        replace(hall, MOVED)
        await asyncio.sleep(120)
        assert modes(hall) == ["normally_open"] * 2

    told(story)


def test_two_doors_that_change_their_names_keep_their_holds() -> None:
    async def story(hall: DoorHall) -> None:
        await hold(hall)
        replace(hall, {**FRONT, "id": "back"}, {**BACK, "id": "front"})
        assert hall.door("front")["hold_until"] is None
        assert hall.door("back")["hold_until"] is not None
        await asyncio.sleep(60)
        assert modes(hall) == ["controlled"] * 2

    told(story)
