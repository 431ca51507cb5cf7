"""What people do with alarms: recorded before it takes effect."""

import asyncio

import pytest
from alarmhall import AlarmHall, rule, told

from gateway.alarms.desk import AlarmRefused, UnknownAlarm
from gateway.core.errors import JournalError

HOT = "hot.box"


async def hot(hall: AlarmHall) -> None:
    hall.tell("box", "heat", 40)
    await asyncio.sleep(0.01)


async def acknowledge(hall: AlarmHall) -> None:
    await hall.acknowledge(HOT, reason="seen")


async def shelve(hall: AlarmHall, for_s: float = 600) -> None:
    await hall.alarms.desk.shelve(HOT, for_s=for_s, actor="zhang", reason="fan on order")


def test_an_acknowledged_alarm_says_who_and_the_audit_says_why() -> None:
    async def story(hall: AlarmHall) -> None:
        await hot(hall)
        await acknowledge(hall)
        alarm = hall.alarms.find(HOT)
        assert (alarm["state"], alarm["actor"]) == ("acknowledged", "zhang")
        assert hall.shown() == {HOT}
        row = hall.journal.rows[-1]
        assert (row.type, row.retention, row.device) == ("alarm.acknowledged", "audit", "box")
        assert row.payload is not None
        assert (row.payload["actor"], row.payload["reason"]) == ("zhang", "seen")

    told(story, rules=[rule()])


def test_acknowledging_twice_is_one_event() -> None:
    async def story(hall: AlarmHall) -> None:
        await hot(hall)
        await acknowledge(hall)
        await acknowledge(hall)
        assert hall.steps(HOT) == ["alarm.raised", "alarm.acknowledged"]

    told(story, rules=[rule()])


def test_what_is_over_is_acknowledged_away() -> None:
    async def story(hall: AlarmHall) -> None:
        await hot(hall)
        hall.tell("box", "heat", 20)
        await asyncio.sleep(1)
        assert (hall.state(HOT), hall.shown(), hall.active("critical")) == ("returned", {HOT}, 0)
        await acknowledge(hall)
        assert (hall.open(), hall.shown()) == ({}, set())

    told(story, rules=[rule(point="heat", above=30, priority="critical")])


def test_a_decision_that_cannot_be_recorded_has_no_effect() -> None:
    async def story(hall: AlarmHall) -> None:
        await hot(hall)
        hall.journal.full = True
        with pytest.raises(JournalError):
            await acknowledge(hall)
        assert hall.state(HOT) == "active"

    told(story, rules=[rule()])


def test_a_shelved_alarm_is_out_of_sight_and_comes_back_by_itself() -> None:
    async def story(hall: AlarmHall) -> None:
        await hot(hall)
        await shelve(hall)
        assert (hall.state(HOT), hall.shown(), hall.active()) == ("shelved", set(), 0)
        await asyncio.sleep(599)
        assert hall.state(HOT) == "shelved"
        await asyncio.sleep(2)
        assert (hall.state(HOT), hall.shown()) == ("active", {HOT})
        assert hall.steps(HOT) == ["alarm.raised", "alarm.shelved", "alarm.unshelved"]

    told(story, rules=[rule()])


def test_what_was_acknowledged_before_it_was_shelved_is_so_when_it_comes_back() -> None:
    async def story(hall: AlarmHall) -> None:
        await hot(hall)
        await acknowledge(hall)
        await shelve(hall)
        await asyncio.sleep(600.1)
        assert hall.state(HOT) == "acknowledged"

    told(story, rules=[rule()])


def test_what_is_over_when_its_time_on_the_shelf_ends_is_over() -> None:
    async def story(hall: AlarmHall) -> None:
        await hot(hall)
        await shelve(hall)
        hall.tell("box", "heat", 20)
        await asyncio.sleep(599)
        assert hall.state(HOT) == "shelved"
        await asyncio.sleep(2)
        assert hall.open() == {}

    told(story, rules=[rule(point="heat", above=30, priority="critical")])


def test_an_alarm_is_shelved_before_the_work_that_will_raise_it_and_taken_off_after_it() -> None:
    async def story(hall: AlarmHall) -> None:
        await shelve(hall)
        await hot(hall)
        assert (hall.state(HOT), hall.shown()) == ("shelved", set())
        await hall.alarms.desk.unshelve(HOT, actor="zhang", reason=None)
        assert hall.state(HOT) == "active"

    told(story, rules=[rule()])


def test_the_time_on_the_shelf_can_be_begun_anew() -> None:
    async def story(hall: AlarmHall) -> None:
        await hot(hall)
        await shelve(hall, 60)
        await asyncio.sleep(50)
        await shelve(hall, 60)
        await asyncio.sleep(50)
        assert hall.state(HOT) == "shelved"
        await asyncio.sleep(11)
        assert hall.state(HOT) == "active"

    told(story, rules=[rule()])


def test_what_cannot_be_done_is_said_in_one_sentence() -> None:
    async def story(hall: AlarmHall) -> None:
        with pytest.raises(AlarmRefused, match=r"^alarm hot\.box is normal: there is nothing to acknowledge$"):
            await acknowledge(hall)
        with pytest.raises(AlarmRefused, match="is not shelved"):
            await hall.alarms.desk.unshelve(HOT, actor="zhang", reason=None)
        for for_s in (59, 86_401, float("nan")):
            with pytest.raises(AlarmRefused, match="60 to 86400 s"):
                await shelve(hall, for_s)
        with pytest.raises(UnknownAlarm, match=r"^there is no alarm 'cold\.box'$"):
            await hall.acknowledge("cold.box", seen=0)
        assert hall.journal.rows == []

    told(story, rules=[rule()])


DOOR = rule("forced", event="door.forced")
FORCED = "forced.box"


def test_who_saw_an_older_occurrence_does_not_end_a_newer_one() -> None:
    async def story(hall: AlarmHall) -> None:
        await hall.happen("box", "door.forced")
        seen = hall.alarms.find(FORCED)["occurrence"]
        await hall.happen("box", "door.forced")
        with pytest.raises(AlarmRefused, match=f"has come again since: .* it is {seen} that is acknowledged"):
            await hall.acknowledge(FORCED, seen=seen)
        assert hall.state(FORCED) == "active"
        assert hall.steps(FORCED) == ["alarm.raised"]
        await hall.acknowledge(FORCED)
        assert hall.state(FORCED) == "normal"

    told(story, rules=[DOOR])


def test_what_comes_again_while_its_acknowledgement_is_recorded_stays_also_after_a_restart() -> None:
    async def story(hall: AlarmHall) -> None:
        await hall.happen("box", "door.forced")
        hall.journal.slow_s = 1.0
        deciding = asyncio.create_task(hall.acknowledge(FORCED))
        await asyncio.sleep(0.5)
        hall.journal.slow_s = 0.0
        await hall.happen("box", "door.forced")
        with pytest.raises(AlarmRefused, match="has come again since"):
            await deciding
        alarm = hall.alarms.find(FORCED)
        assert (alarm["state"], alarm["count"]) == ("active", 2)
        assert hall.steps(FORCED) == ["alarm.raised", "alarm.acknowledged", "alarm.raised"]
        assert (hall.journal.rows[-1].payload or {})["occurrence"] == alarm["occurrence"]
        kept = hall.journal.kept["alarms/forced.box"].params
        assert (kept["on"], kept["seen"], kept["occurrence"]) == (True, False, alarm["occurrence"])

    told(story, rules=[DOOR])


def test_what_comes_again_on_the_shelf_is_announced_though_the_one_before_was_acknowledged() -> None:
    async def story(hall: AlarmHall) -> None:
        await hall.happen("box", "door.forced")
        await hall.acknowledge("held.box")
        await hall.alarms.desk.shelve("held.box", for_s=600, actor="zhang", reason=None)
        await hall.happen("box", "door.forced")
        await asyncio.sleep(600.1)
        assert hall.state("held.box") == "active"

    told(story, rules=[rule("held", event="door.forced", clears="door.closed")])


def test_a_condition_that_holds_once_more_is_another_occurrence() -> None:
    async def story(hall: AlarmHall) -> None:
        await hot(hall)
        seen = hall.alarms.find(HOT)["occurrence"]
        await acknowledge(hall)
        assert hall.alarms.find(HOT)["occurrence"] == seen
        for heat in (20, 40):
            hall.tell("box", "heat", heat)
            await asyncio.sleep(0.01)
        with pytest.raises(AlarmRefused, match="has come again since"):
            await hall.acknowledge(HOT, seen=seen)
        assert hall.state(HOT) == "active"

    told(story, rules=[rule()])


def test_an_alarm_that_is_removed_while_its_acknowledgement_is_recorded_stays_removed() -> None:
    async def story(hall: AlarmHall) -> None:
        await hot(hall)
        hall.journal.slow_s = 1.0
        deciding = asyncio.create_task(acknowledge(hall))
        await asyncio.sleep(0.5)
        hall.alarms.remove("box")
        await deciding
        kept = hall.journal.kept["alarms/hot.box"].params
        assert (kept["on"], kept["seen"]) == (False, True)

    told(story, rules=[rule()])


def test_an_alarm_that_clears_while_its_acknowledgement_is_recorded_stays_cleared() -> None:
    async def story(hall: AlarmHall) -> None:
        await hot(hall)
        hall.journal.slow_s = 1.0
        deciding = asyncio.create_task(acknowledge(hall))
        await asyncio.sleep(0.5)
        hall.tell("box", "heat", 20)
        await deciding
        await asyncio.sleep(5)
        assert hall.open() == {}
        kept = hall.journal.kept["alarms/hot.box"].params
        assert (kept["on"], kept["seen"]) == (False, True)

    told(story, rules=[rule()])
