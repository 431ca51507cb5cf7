"""What is wanted of a lock whose controller obeys, and whose answer is lost: a hold ends, an evacuation does not."""

import asyncio

import pytest
from doorhall import TWO, DoorHall, modes, surely, told

from gateway.core.model import Stage


async def hold(hall: DoorHall, minutes: int = 1) -> Stage:
    return (await hall.ask("doors/front", "hold", params={"minutes": minutes})).status


def test_a_hold_whose_answer_is_lost_ends_in_time() -> None:
    async def story(hall: DoorHall) -> None:
        hall.box.mute = True
        assert await hold(hall) is Stage.OFFLINE
        hall.box.mute = False
        await asyncio.sleep(50)
        assert (modes(hall)[0], hall.door()["mode"]) == ("normally_open", "normally_open")
        assert hall.door()["hold_until"] is not None
        await asyncio.sleep(15)
        assert (modes(hall)[0], hall.door()["hold_until"]) == ("controlled", None)
        assert len(hall.rows("door.hold_over")) == 1

    told(story)


def test_a_hold_that_was_under_way_when_the_gateway_was_killed_ends_in_time() -> None:
    async def killed(hall: DoorHall) -> None:
        hall.box.slow_s = 3600
        asking = asyncio.create_task(hold(hall))
        await asyncio.sleep(1)
        assert modes(hall)[0] == "normally_open"
        hall.journal.full = True  # nothing more is recorded: it is killed
        asking.cancel()
        await asyncio.wait([asking])

    async def after(hall: DoorHall) -> None:
        hall.box.slow_s = 0
        await asyncio.sleep(45)
        assert modes(hall)[0] == "normally_open"
        await asyncio.sleep(20)
        assert modes(hall)[0] == "controlled"

    async def again(hall: DoorHall) -> None:
        hall.journal._noted.clear()
        hall.journal.full = False

    told(killed, again, after)


def test_an_evacuation_whose_answers_are_lost_is_not_ended_by_a_hold_before_it() -> None:
    async def story(hall: DoorHall) -> None:
        assert await hold(hall) is Stage.CONFIRMED
        for box in hall.boxes.values():
            box.mute = True
        result = await surely(hall, "evacuate")
        assert (result.status, modes(hall)) == (Stage.OFFLINE, ["normally_open"] * 3)
        for box in hall.boxes.values():
            box.mute = False
        await asyncio.sleep(90)
        assert modes(hall) == ["normally_open"] * 3
        assert hall.rows("door.hold_over") == []

    told(story, **TWO)


def test_an_evacuation_that_was_refused_leaves_a_hold_as_it_was() -> None:
    async def story(hall: DoorHall) -> None:
        await hold(hall)
        hall.box.deaf = True
        assert (await surely(hall, "evacuate")).status is Stage.REJECTED
        hall.box.deaf = False
        await asyncio.sleep(1.2)
        assert hall.door()["hold_until"] is not None
        await asyncio.sleep(65)
        assert modes(hall)[0] == "controlled"

    told(story)


@pytest.mark.parametrize("verb", ["release", "lockdown"])
def test_a_hold_goes_on_to_its_end_where_the_order_to_end_it_was_lost_on_its_way(verb: str) -> None:
    wanted = {"release": "controlled", "lockdown": "normally_closed"}[verb]

    async def story(hall: DoorHall) -> None:
        await hold(hall)
        hall.box.mute = True
        result = await (hall.ask("doors/front", "release") if verb == "release" else surely(hall, "lockdown"))
        assert result.status is Stage.OFFLINE
        hall.box.mute = False
        hall.box.doors["d1"]["mode"] = "normally_open"  # it had never come
        await asyncio.sleep(70)
        assert modes(hall)[0] == "controlled"

    async def silent(hall: DoorHall) -> None:
        await hold(hall)
        hall.box.mute = hall.box.gone = True
        await (hall.ask("doors/front", "release") if verb == "release" else surely(hall, "lockdown"))
        hall.box.mute = hall.box.gone = False
        await asyncio.sleep(70)
        assert modes(hall)[0] == wanted
        assert hall.rows("door.hold_over") == []

    told(story)
    told(silent)


def test_the_end_of_a_hold_does_not_overtake_an_evacuation() -> None:
    async def story(hall: DoorHall) -> None:
        await hold(hall)
        await asyncio.sleep(59.5)
        hall.journal.slow_s = 2.0
        await asyncio.sleep(1.0)  # the end of the hold is being recorded
        evacuating = asyncio.create_task(surely(hall, "evacuate"))
        await asyncio.sleep(20)
        hall.journal.slow_s = 0.0
        assert (await evacuating).status is Stage.CONFIRMED
        await asyncio.sleep(60)
        assert modes(hall)[:2] == ["normally_open"] * 2

    told(story)


def test_what_is_wanted_is_recorded_before_the_lock_is_moved() -> None:
    async def story(hall: DoorHall) -> None:
        hall.journal.slow_s = 0.5
        asking = asyncio.create_task(hall.ask("doors/front", "hold"))
        await asyncio.sleep(0.7)  # who asked what is recorded by now
        hall.journal.full = True
        result = await asking
        assert result.status is Stage.REJECTED
        assert "not recorded" in result.detail["reason"]
        assert hall.box.asked == []

    told(story)
