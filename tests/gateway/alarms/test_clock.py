"""A wall clock that is set neither raises an alarm, nor ends one, nor keeps one waiting."""

import asyncio

import pytest
from alarmhall import AlarmHall, Story, rule, told

BY_S = pytest.mark.parametrize("by_s", [-600.0, 600.0], ids=["back", "ahead"])
HOT = "hot.box"


async def offline(hall: AlarmHall) -> None:
    hall.lose("box")


async def online(hall: AlarmHall) -> None:
    hall.regain("box")


async def heat(hall: AlarmHall) -> None:
    hall.tell("box", "heat", 40)


async def held(hall: AlarmHall) -> None:
    await hall.happen("box", "door.held")


async def shelve(hall: AlarmHall) -> None:
    await heat(hall)
    await asyncio.sleep(0.01)
    await hall.alarms.desk.shelve(HOT, for_s=120, actor="zhang", reason=None)


@BY_S
@pytest.mark.parametrize(
    ("begin", "rules", "after_s", "alarm", "before", "then"),
    [
        (offline, [], 10, "device-offline.box", "normal", "active"),
        (heat, [rule(point="heat", above=30, on_delay_s=120)], 120, HOT, "normal", "active"),
        (heat, [rule(point="heat", stale_s=120)], 120, HOT, "normal", "active"),
        (held, [rule(event="door.held", clear_after_s=120)], 120, HOT, "active", "normal"),
        (shelve, [rule()], 120, HOT, "shelved", "active"),
    ],
    ids=["offline", "on_delay_s", "stale_s", "clear_after_s", "shelved"],
)
def test_time_that_an_alarm_waits_for_is_a_span(
    begin: Story, rules: list[object], after_s: float, alarm: str, before: str, then: str, by_s: float
) -> None:
    async def story(hall: AlarmHall) -> None:
        await begin(hall)
        await asyncio.sleep(after_s / 2)
        hall.clock.ahead_s = by_s
        await asyncio.sleep(after_s / 2 - 1)
        assert hall.state(alarm) == before
        await asyncio.sleep(after_s / 3)  # a point is looked at four times in the span after which it is stale
        assert hall.state(alarm) == then

    told(story, rules=rules)


@BY_S
def test_an_alarm_ends_after_its_delay(by_s: float) -> None:
    async def story(hall: AlarmHall) -> None:
        await offline(hall)
        await asyncio.sleep(11)
        await online(hall)
        hall.clock.ahead_s = by_s
        await asyncio.sleep(4.9)
        assert hall.state("device-offline.box") == "active"
        await asyncio.sleep(0.2)
        assert hall.state("device-offline.box") == "normal"

    told(story)
