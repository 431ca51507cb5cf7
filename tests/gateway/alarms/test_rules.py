"""The rules of a site: points and events that become alarms."""

import asyncio

import pytest
from alarmhall import TEXT, AlarmHall, rule, told

from gateway.alarms.condition import Condition, Priority, Text, Words

WORDS = Words(Text("门", "door"), Text("关", "close it"))


def test_a_value_above_its_limit_is_an_alarm_until_it_is_below_the_band() -> None:
    async def story(hall: AlarmHall) -> None:
        for value, state in ((30, "normal"), (31, "active"), (29, "active"), (28, "normal"), (29, "normal")):
            hall.tell("box", "heat", value)
            await asyncio.sleep(1)
            assert hall.state("hot.box") == state, value
        assert hall.steps("hot.box") == ["alarm.raised", "alarm.cleared"]

    told(story, rules=[rule(point="heat", above=30, band=2)])


def test_delays_keep_what_is_short_from_people() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.tell("box", "heat", 40)
        await asyncio.sleep(4)
        hall.tell("box", "heat", 20)
        await asyncio.sleep(4)
        hall.tell("box", "heat", 41)
        await asyncio.sleep(5.1)
        assert hall.state("hot.box") == "active"
        assert hall.alarms.find("hot.box")["detail"] == {"point": "heat", "value": 41}
        hall.tell("box", "heat", 20)
        await asyncio.sleep(9)
        assert hall.state("hot.box") == "active"
        await asyncio.sleep(1.1)
        assert hall.state("hot.box") == "normal"

    told(story, rules=[rule(point="heat", above=30, on_delay_s=5, off_delay_s=10)])


def test_a_value_that_is_unknown_neither_raises_nor_clears() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.tell("box", "heat", 40)
        await asyncio.sleep(1)
        hall.lose("box")
        await asyncio.sleep(1)
        assert hall.state("hot.box") == "active"
        hall.regain("box")
        hall.tell("box", "heat", float("nan"))
        await asyncio.sleep(60)
        assert hall.state("hot.box") == "active"

    told(story, rules=[rule()])


def test_a_point_that_is_bad_while_its_device_answers_is_an_alarm() -> None:
    async def story(hall: AlarmHall) -> None:
        await asyncio.sleep(1)
        assert hall.state("blind.box") == "active"
        hall.tell("box", "heat", 21)
        await asyncio.sleep(1)
        assert hall.state("blind.box") == "normal"

    told(story, rules=[rule("blind", point="heat", bad=True)])


def test_a_point_that_is_not_read_any_more_is_stale_whatever_the_wall_clock_says() -> None:
    async def story(hall: AlarmHall) -> None:
        for _ in range(40):
            hall.tell("box", "heat", 21)
            await asyncio.sleep(5)
        assert hall.state("stale.box") == "normal"
        await asyncio.sleep(40)
        assert hall.state("stale.box") == "active"
        hall.tell("box", "heat", 21)
        await asyncio.sleep(10)
        assert hall.state("stale.box") == "normal"

    told(story, rules=[rule("stale", point="heat", stale_s=30)])


def test_an_event_is_an_alarm_until_the_event_that_clears_it() -> None:
    async def story(hall: AlarmHall) -> None:
        await hall.happen("box", "door.forced")
        alarm = hall.alarms.find("forced.box")
        assert (alarm["state"], alarm["detail"]["event"], alarm["priority"]) == ("active", "door.forced", "high")
        await hall.happen("box", "door.closed")
        assert hall.state("forced.box") == "returned"  # high: somebody must still learn of it

    told(story, rules=[rule("forced", event="door.forced", clears="door.closed", priority="high")])


def test_an_event_is_an_alarm_for_its_time() -> None:
    async def story(hall: AlarmHall) -> None:
        await hall.happen("box", "door.held")
        await asyncio.sleep(50)
        await hall.happen("box", "door.held")
        await asyncio.sleep(50)
        assert (hall.state("held.box"), hall.alarms.find("held.box")["count"]) == ("active", 2)
        await asyncio.sleep(11)
        assert hall.state("held.box") == "normal"
        assert hall.steps("held.box") == ["alarm.raised", "alarm.cleared"]

    told(story, rules=[rule("held", event="door.held", clear_after_s=60)])


def test_an_event_that_nothing_clears_is_over_once_it_was_seen_and_the_next_one_is_news() -> None:
    async def story(hall: AlarmHall) -> None:
        await hall.happen("box", "case.opened")
        await asyncio.sleep(86_400)
        assert hall.state("tamper.box") == "active"
        await hall.acknowledge("tamper.box")
        await asyncio.sleep(1)
        assert hall.state("tamper.box") == "normal"
        await hall.happen("box", "case.opened")
        assert hall.state("tamper.box") == "active"

    told(story, rules=[rule("tamper", event="case.opened")])


def test_an_event_of_another_part_or_device_is_no_alarm() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.plug("other")
        await hall.happen("box", "door.forced", part="d2")
        await hall.happen("other", "door.forced", part="d1")
        assert hall.state("forced.box.d1") == "normal"
        await hall.happen("box", "door.forced", part="d1")
        assert hall.state("forced.box.d1") == "active"

    told(story, rules=[rule("forced", event="door.forced", part="d1")])


def test_an_event_that_comes_again_after_it_was_seen_must_be_seen_again() -> None:
    async def story(hall: AlarmHall) -> None:
        await hall.happen("box", "door.forced")
        await hall.acknowledge("forced.box")
        assert hall.state("forced.box") == "acknowledged"
        await hall.happen("box", "door.forced")
        assert hall.state("forced.box") == "active"
        for _ in range(100):
            await hall.happen("box", "door.forced")
        assert hall.alarms.find("forced.box")["count"] == 102
        assert hall.steps("forced.box").count("alarm.raised") == 2  # counted, but only news is recorded

    told(story, rules=[rule("forced", event="door.forced", clears="door.closed")])


def test_an_alarm_that_chatters_is_held_until_it_has_been_calm() -> None:
    async def story(hall: AlarmHall) -> None:
        for _ in range(200):
            hall.tell("box", "heat", 31)
            await asyncio.sleep(2)
            hall.tell("box", "heat", 29)
            await asyncio.sleep(2)
        assert (hall.state("hot.box"), hall.alarms.find("hot.box")["chattering"]) == ("active", True)
        assert len(hall.steps("hot.box")) == 5
        await asyncio.sleep(59)
        assert (hall.state("hot.box"), hall.alarms.find("hot.box")["chattering"]) == ("normal", False)

    told(story, rules=[rule()])


def test_a_site_changes_what_a_built_in_alarm_says_and_how_soon() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.lose("box")
        await asyncio.sleep(3)
        alarm = hall.alarms.find("device-offline.box")
        assert (alarm["state"], alarm["priority"], alarm["guidance"]) == ("active", "critical", TEXT)
        assert alarm["title"]["en"] == "Device offline"

    own = {"priority": "critical", "on_delay_s": 2, "guidance": TEXT}
    told(story, built_in={"device-offline": own})


def test_a_device_that_is_removed_takes_its_alarms_with_it() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.lose("box")
        await asyncio.sleep(11)
        assert (hall.shown(), hall.active()) == ({"device-offline.box"}, 1)
        hall.hub.remove("box")
        await asyncio.sleep(1)
        assert (hall.open(), hall.shown(), hall.active()) == ({}, set(), 0)
        assert hall.steps("device-offline.box") == ["alarm.raised", "alarm.cleared"]

    told(story)


def test_a_service_declares_a_condition_and_tells_of_it() -> None:
    async def story(hall: AlarmHall) -> None:
        condition = Condition(name="door-held", subject="device/box", words=WORDS, device="box", part="d1")
        handle = hall.alarms.declare(condition)
        for _ in range(3):
            handle.raise_({"for_s": 20})
        await asyncio.sleep(1)
        assert hall.open() == {"door-held.box.d1": "active"}
        assert hall.alarms.find("door-held.box.d1")["count"] == 1
        handle.clear()
        await asyncio.sleep(1)
        assert hall.open() == {}
        handle.raise_()
        await asyncio.sleep(1)
        hall.alarms.withdraw("door-held.box.d1")
        assert hall.open() == {}

    told(story)


@pytest.mark.parametrize("priority", list(Priority))
def test_only_what_is_announced_and_holds_is_counted(priority: Priority) -> None:
    async def story(hall: AlarmHall) -> None:
        assert hall.active(priority) == 0
        hall.tell("box", "heat", 40)
        await asyncio.sleep(1)
        assert hall.active(priority) == 1
        await hall.acknowledge("hot.box")
        assert hall.active(priority) == 1
        await hall.alarms.desk.shelve("hot.box", for_s=60, actor="zhang", reason=None)
        assert hall.active(priority) == 0

    told(story, rules=[rule(point="heat", above=30, priority=priority)])
