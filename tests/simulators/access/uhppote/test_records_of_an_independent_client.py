"""The calls of the public client uhppoted that take and give records; they look whose answer it is."""

from datetime import time, timedelta
from typing import Any

import pytest
from uhppotedhall import CARD, FROM, TO, WEEK, Hall, errors, structs

DAYS = structs.Weekdays(*WEEK)
FIRST = {1: False, 2: True, 3: False, 4: True}


def card(number: int = CARD) -> Any:
    return structs.Card(number, FROM, TO, {1: 1, 3: 29, 4: 1}, 7531, FIRST)


async def test_tells_its_state_with_the_newest_event_as_a_record(hall: Hall) -> None:
    calm = await hall.ask("get_status_record")
    assert (calm.event, calm.system.error, calm.system.info, calm.alarms.flags) == (None, 0, 0, 0)
    assert abs(calm.system.datetime - hall.twin.board.time) <= timedelta(seconds=1)
    assert {*calm.doors.values()} == {structs.Door(unlocked=0, open=False, button=False)}
    hall.twin.board.doors[3].button, hall.twin.board.error = True, 3
    await hall.ask("put_card_record", card())
    hall.pull("swipe", card=CARD, door=4, out=True)
    hall.pull("open", door=4)
    hall.pull("force", door=1)
    told = await hall.ask("get_status_record")
    assert (told.system.error, told.alarms.flags) == (3, 0)
    assert {number: (bool(door.unlocked), door.open, door.button) for number, door in told.doors.items()} == {
        1: (False, True, False),
        2: (False, False, False),
        3: (False, False, True),
        4: (True, True, False),
    }
    assert (told.event.index, told.event.kind, told.event.reason, told.event.door) == (2, 3, 38, 1)
    assert (told.event.card, told.event.direction, told.event.access_granted) == (0, 0, False)
    assert abs(told.event.timestamp - hall.twin.board.time) <= timedelta(seconds=1)


async def test_tells_each_input_by_a_bit_of_its_own(hall: Hall) -> None:
    """The client names bit 0 fire and bit 1 force-lock; the vendor has it the other way round, and so have we."""
    hall.pull("force_lock")
    locked = (await hall.ask("get_status_record")).alarms
    assert (locked.flags, locked.fire, locked.lock_forced) == (1, True, False)
    hall.pull("force_lock", on=False)
    hall.pull("fire")
    burning = (await hall.ask("get_status_record")).alarms
    assert (burning.flags, burning.fire, burning.lock_forced) == (2, False, True)


async def test_keeps_a_log_of_records(hall: Hall) -> None:
    hall.pull("capacity", events=10, block=4)
    await hall.ask("put_card_record", card())
    for _ in range(11):
        hall.pull("swipe", card=CARD, door=4, out=True)
    told = await hall.ask("get_event_record", 11)
    assert (told.index, told.kind, told.access_granted, told.reason) == (11, 1, True, 1)
    assert (told.door, told.direction, told.card) == (4, 2, CARD)
    assert abs(told.timestamp - hall.twin.board.time) <= timedelta(seconds=1)
    assert (await hall.ask("get_event_record", 0)).index == 5
    with pytest.raises(errors.EventOverwritten):
        await hall.ask("get_event_record", 4)
    with pytest.raises(errors.EventNotFound):
        await hall.ask("get_event_record", 12)


async def test_keeps_records_of_cards(hall: Hall) -> None:
    with pytest.raises(errors.CardNotFound):
        await hall.ask("get_card_record", CARD)
    assert await hall.ask("put_card_record", card())
    assert await hall.ask("put_card_record", card(7))
    assert not await hall.ask("put_card_record", card(0))
    assert await hall.ask("get_card_record", CARD) == card()
    assert await hall.ask("get_card_record_by_index", 1) == card()
    assert await hall.ask("get_card_record_by_index", 2) == card(7)
    with pytest.raises(errors.CardNotFound):
        await hall.ask("get_card_record_by_index", 3)


async def test_leaves_the_place_of_a_deleted_card_to_the_next_new_one(hall: Hall) -> None:
    for number in (5, 6, 7):
        await hall.ask("put_card_record", card(number))
    await hall.ask("delete_card", 6)
    assert (await hall.ask("get_cards")).cards == 2
    with pytest.raises(errors.CardDeleted):
        await hall.ask("get_card_record_by_index", 2)
    assert await hall.ask("get_card_record_by_index", 3) == card(7)
    await hall.ask("put_card_record", card(7))
    await hall.ask("put_card_record", card(8))
    assert [(await hall.ask("get_card_record_by_index", at)).card for at in (1, 2, 3)] == [5, 8, 7]
    await hall.ask("delete_all_cards")
    with pytest.raises(errors.CardNotFound):
        await hall.ask("get_card_record_by_index", 1)


async def test_keeps_records_of_time_profiles(hall: Hall) -> None:
    hours = {1: structs.TimeSegment(time(8, 30), time(11, 45)), 2: structs.TimeSegment(time(13, 0), time(17, 30))}
    never = structs.TimeSegment(time(0, 0), time(0, 0))
    profile = structs.TimeProfile(29, FROM, TO, DAYS, hours, 37)
    with pytest.raises(errors.TimeProfileNotFound):
        await hall.ask("get_time_profile_record", 29)
    assert await hall.ask("set_time_profile_record", profile)
    told = await hall.ask("get_time_profile_record", 29)
    assert told == structs.TimeProfile(29, FROM, TO, DAYS, {**hours, 3: never}, 37)
    assert not await hall.ask("set_time_profile_record", structs.TimeProfile(1, FROM, TO, DAYS, hours, 0))


async def test_takes_records_of_tasks(hall: Hall) -> None:
    assert await hall.ask("add_task_record", structs.Task(11, 3, FROM, TO, DAYS, time(8, 45), 7))
    assert not await hall.ask("add_task_record", structs.Task(13, 3, FROM, TO, DAYS, time(8, 45), 0))
    await hall.ask("refresh_tasklist")
    (task,) = hall.twin.board.tasks
    assert (task.begins, task.ends, task.days, task.at) == (FROM, TO, WEEK, time(8, 45))
    assert (task.door, task.doing, task.cards) == (3, 11, 7)


async def test_takes_passcodes_of_a_door_as_a_list(hall: Hall) -> None:
    assert await hall.ask("set_door_passcodes_record", 4, [12345, 999999, 1000000])
    assert hall.twin.board.doors[4].codes == (12345, 999999, 0, 0)
    assert not await hall.ask("set_door_passcodes_record", 5, [12345])
