"""A kill at any time neither loses nor doubles what is found of a door."""

import asyncio
from datetime import timedelta

import pytest
from doorhall import FRONT, DoorHall, Story, told
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.access import Happening


async def stays_open(hall: DoorHall) -> None:
    hall.box.write(Happening.GRANTED, "d1")
    hall.box.swing("d1", open=True)
    await asyncio.sleep(5)
    assert hall.door()["state"] == "open"


async def nothing(hall: DoorHall) -> None:
    await asyncio.sleep(5)


def test_a_door_that_is_open_over_a_restart_is_held_once_and_counts_from_its_opening() -> None:
    async def after(hall: DoorHall) -> None:
        await asyncio.sleep(20)
        held = hall.rows("door.held")[0]
        assert (held.payload or {})["open_s"] == 15
        assert hall.alarm("door-held.acs.d1") == "active"

    async def much_later(hall: DoorHall) -> None:
        await asyncio.sleep(20)
        assert hall.found() == ["door.held_warning", "door.held"]
        assert hall.alarm("door-held.acs.d1") == "active"
        hall.box.swing("d1", open=False)
        await asyncio.sleep(1.2)
        assert hall.found() == ["door.held_warning", "door.held", "door.restored"]
        assert hall.alarm("door-held.acs.d1") == "normal"

    told(stays_open, after, much_later)


def test_while_the_gateway_is_away_nobody_knows_how_a_door_stands() -> None:
    async def after(hall: DoorHall) -> None:
        assert hall.door()["state"] == "unknown"
        assert hall.door()["opened_at"] is not None
        assert hall.found() == []

    async def gone(hall: DoorHall) -> None:
        await stays_open(hall)
        hall.box.gone = True

    told(gone, after)


def test_a_door_of_which_nothing_is_heard_since_a_restart_is_told_to_be_unknown_once() -> None:
    async def known(hall: DoorHall) -> None:
        assert hall.door()["state"] == "closed"
        hall.box.gone = True

    async def silent(hall: DoorHall) -> None:
        await asyncio.sleep(5)
        assert hall.found() == []

    async def told_once(hall: DoorHall) -> None:
        begun = hall.clock.now() - timedelta(seconds=1.5)
        await asyncio.sleep(60)
        assert hall.found() == ["door.unknown"]
        assert abs(hall.rows("door.unknown")[0].at - begun) < timedelta(seconds=1)
        assert list((hall.rows("door.unknown")[0].payload or {})["was"]) == ["closed"]

    async def back(hall: DoorHall) -> None:
        await asyncio.sleep(60)
        assert hall.found() == ["door.unknown"]
        hall.box.gone = False
        await asyncio.sleep(30)
        assert hall.found() == ["door.unknown", "door.restored"]
        assert list((hall.rows("door.restored")[0].payload or {})["was"]) == ["unknown"]

    told(known, silent, told_once, back)


def test_what_happened_meanwhile_is_judged_by_the_log_of_the_device() -> None:
    async def before(hall: DoorHall) -> None:
        await asyncio.sleep(30)
        minute_ago = hall.clock.now() + timedelta(seconds=5)  # when the gateway is away
        hall.box.gone = True
        await asyncio.sleep(1.2)
        for at, what in ((0, Happening.GRANTED), (2, Happening.OPENED), (22, Happening.CLOSED), (40, Happening.OPENED)):
            told_at = (minute_ago + timedelta(seconds=at)).isoformat()
            hall.box.write(what, "d1", device_at=told_at, clock_offset_s=0.0)
        hall.box.doors["d1"]["open"] = True

    async def after(hall: DoorHall) -> None:
        await asyncio.sleep(60)
        hall.box.gone = False
        await asyncio.sleep(10)
        assert hall.found() == [
            "door.unknown",
            "door.restored",
            "door.held_warning",
            "door.held",
            "door.restored",
            "door.forced",
            "door.held_warning",
            "door.held",
        ]
        granted, forced = hall.rows("door.held")[0], hall.rows("door.forced")[0]
        assert (forced.at - granted.at) == timedelta(seconds=40 - 2 - 15)

    told(before, after)


def test_a_card_that_was_shown_before_a_restart_explains_the_opening_after_it() -> None:
    async def card(hall: DoorHall) -> None:
        hall.box.write(Happening.GRANTED, "d1")
        await asyncio.sleep(1.2)

    async def opening(hall: DoorHall) -> None:
        hall.box.swing("d1", open=True, tells=True)
        await asyncio.sleep(1.2)
        assert hall.found() == []
        assert hall.door()["state"] == "open"

    told(card, opening)


def test_a_door_that_the_site_file_no_longer_has_comes_back_as_a_new_one_with_its_numbers() -> None:
    async def forced(hall: DoorHall) -> None:
        hall.box.swing("d1", open=True)
        await asyncio.sleep(1.2)

    async def without(hall: DoorHall) -> None:
        hall.config = [each for each in hall.config if each.id != "front"]
        hall.doors.replaced()
        await asyncio.sleep(1.2)
        assert hall.alarms.all() == [] or "door-forced.acs.d1" not in {each["id"] for each in hall.alarms.all()}

    async def again(hall: DoorHall) -> None:
        assert (hall.door()["forced"], hall.door()["state"]) == (False, "open")
        hall.box.swing("d1", open=False)
        await asyncio.sleep(1.2)
        hall.box.swing("d1", open=True)
        await asyncio.sleep(1.2)
        assert hall.found() == ["door.forced", "door.forced"]

    told(forced, without, again)


async def two_good_passes(hall: DoorHall) -> None:
    hall.clock.ahead_s -= 365 * 86_400.0
    await asyncio.sleep(5)
    for _ in range(2):
        hall.box.write(Happening.GRANTED, "d1")
        hall.box.swing("d1", open=True, tells=True)
        await asyncio.sleep(4)
        hall.box.swing("d1", open=False, tells=True)
        await asyncio.sleep(3)
    assert hall.found() == []
    assert len(hall.rows("door.cycle")) == 2


def test_doors_are_not_blind_after_a_first_start_with_a_clock_that_was_a_year_ahead() -> None:
    told(two_good_passes)
    told(nothing, two_good_passes)

    async def set_back(hall: DoorHall) -> None:
        hall.clock.ahead_s -= 365 * 86_400.0

    async def passes(hall: DoorHall) -> None:
        hall.clock.ahead_s += 365 * 86_400.0  # it was set back while the gateway was away
        await two_good_passes(hall)

    told(nothing, set_back, passes)


def test_what_a_log_has_from_before_the_first_start_is_history() -> None:
    async def story(hall: DoorHall) -> None:
        hall.clock.ahead_s -= 60
        old = (hall.clock.now() - timedelta(hours=1)).isoformat()
        hall.box.write(Happening.OPENED, "d1", device_at=old, clock_offset_s=0.0)
        hall.box.write(Happening.CLOSED, "d1", device_at=old, clock_offset_s=0.0)
        await asyncio.sleep(5)
        assert hall.found() == []
        assert hall.rows("door.cycle") == []

    told(story)


REST_S = 1.5  # what a hall takes to begin
MOMENTS = st.tuples(st.sampled_from(["card", "open", "close", "alarm", "kill"]), st.sampled_from([0.1, 30.0]))
DAY = st.lists(MOMENTS, max_size=14).filter(lambda day: sum(what == "kill" for what, _ in day) <= 2)


def act(hall: DoorHall, what: str) -> None:
    """Have something happen at the front door; its log tells of every opening."""
    if what == "card":
        hall.box.write(Happening.GRANTED, "d1")
    elif what == "alarm":
        if hall.box.doors["d1"]["open"]:
            hall.box.write(Happening.ALARM, "d1", reason="held")
    elif hall.box.doors["d1"]["open"] is not (what == "open"):
        hall.box.swing("d1", open=what == "open", tells=True)


def play(day: list[tuple[str, float]], *, killing: bool) -> list[str]:
    """Live a day at the front door, with kills in it or with rests in their places; gives what was found."""
    found: list[str] = []

    def chapter(steps: list[tuple[str, float]]) -> Story:
        async def story(hall: DoorHall) -> None:
            for what, wait_s in steps:
                if what == "kill":
                    await asyncio.sleep(REST_S)
                else:
                    act(hall, what)
                    await asyncio.sleep(wait_s)
            await asyncio.sleep(0.0 if killing and steps is not chapters[-1] else 3.0)
            keys = [row.source_key for row in hall.journal.rows]
            assert len(keys) == len(set(keys))
            found[:] = [row.type for row in hall.journal.rows if row.payload and row.payload.get("door")]

        return story

    chapters: list[list[tuple[str, float]]] = [[]]
    for moment in day:
        if killing and moment[0] == "kill":
            chapters.append([])
        else:
            chapters[-1].append(moment)
    told(*map(chapter, chapters), doors=[FRONT])
    return found


@given(day=DAY)
@settings(max_examples=60, deadline=None)
def test_where_the_device_has_a_log_kills_change_nothing_of_what_is_found(day: list[tuple[str, float]]) -> None:
    assert play(day, killing=True) == play(day, killing=False)


@pytest.mark.parametrize("restarts", [1, 4])
def test_a_forced_door_is_told_once_over_many_restarts(restarts: int) -> None:
    async def forced(hall: DoorHall) -> None:
        hall.box.swing("d1", open=True)
        await asyncio.sleep(1.2)

    async def look(hall: DoorHall) -> None:
        await asyncio.sleep(1.2)
        assert hall.found()[:1] == ["door.forced"]
        assert hall.found().count("door.forced") == 1
        assert hall.alarm("door-forced.acs.d1") == "active"

    told(forced, *[look] * restarts)
