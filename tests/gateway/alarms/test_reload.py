"""A site file that is read again: what changed begins anew, everything else goes on."""

import asyncio

from alarmhall import AlarmHall, rule, told

from gateway.alarms.config import AlarmsConfig


async def reload(hall: AlarmHall, *rules: object, **built_in: object) -> None:
    """Take over a site file that was read again."""
    hall.alarms.configure(AlarmsConfig.model_validate({"rules": rules, "built_in": built_in}))
    await asyncio.sleep(1)


def test_new_rules_take_the_place_of_old_ones_and_an_alarm_of_both_lives_on() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.tell("box", "heat", 40)
        await asyncio.sleep(1)
        assert hall.open() == {"hot.box": "active", "warm.box": "active"}
        new = {"rules": [rule(point="heat", above=35)], "built_in": {"device-offline": {"enabled": False}}}
        hall.alarms.configure(AlarmsConfig.model_validate(new))
        await asyncio.sleep(1)
        assert hall.open() == {"hot.box": "active"}
        assert hall.steps("hot.box") == ["alarm.raised"]
        assert hall.steps("warm.box") == ["alarm.raised", "alarm.cleared"]
        payload = hall.journal.rows[-1].payload
        assert payload is not None
        assert payload["reason"] == "removed"
        hall.lose("box")
        await asyncio.sleep(60)
        assert set(hall.open()) == {"hot.box"}

    told(story, rules=[rule(), rule("warm", point="heat", above=25)])


def test_delays_of_what_did_not_change_run_on_when_the_site_file_is_read_again() -> None:
    slow = rule("slow", point="heat", above=30, on_delay_s=60)

    async def story(hall: AlarmHall) -> None:
        hall.plug("other")
        hall.tell("box", "heat", 40)
        hall.lose("other")
        for second in range(9):
            await reload(hall, {**slow, "devices": ["box", "other"]}, rule("new", point="heat", below=second))
        assert hall.open() == {}
        await asyncio.sleep(2)
        assert hall.open() == {"device-offline.other": "active"}
        await asyncio.sleep(50)
        assert hall.state("slow.box") == "active"

    told(story, rules=[slow])


def test_what_changed_begins_anew_when_the_site_file_is_read_again() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.tell("box", "heat", 40)
        await asyncio.sleep(8)
        await reload(hall, rule("slow", point="heat", above=30, on_delay_s=9))
        await asyncio.sleep(7)
        assert hall.open() == {}
        await asyncio.sleep(2)
        assert hall.open() == {"slow.box": "active"}

    told(story, rules=[rule("slow", point="heat", above=30, on_delay_s=10)])


def test_what_flaps_or_chatters_is_still_known_to_when_the_site_file_is_read_again() -> None:
    hot = rule(point="heat", above=30)

    async def story(hall: AlarmHall) -> None:
        for turn in range(5):
            hall.lose("box")
            await asyncio.sleep(1)
            hall.regain("box")
            hall.tell("box", "heat", 40 if turn < 3 else 20)
            await reload(hall, hot, rule("new", point="heat", below=turn))
            hall.tell("box", "heat", 20)
            await asyncio.sleep(1)
        assert hall.alarms.find("hot.box")["chattering"]
        await asyncio.sleep(12)
        assert hall.open() == {"device-offline.box": "active", "hot.box": "active"}

    told(story, rules=[hot])


def test_an_event_rule_is_still_told_of_its_events_when_the_site_file_is_read_again() -> None:
    forced = rule("forced", event="door.forced", clears="door.closed")

    async def story(hall: AlarmHall) -> None:
        await hall.happen("box", "door.forced")
        await reload(hall, forced, rule("new", event="door.held"))
        assert hall.open() == {"forced.box": "active"}
        await hall.happen("box", "door.closed")
        await hall.happen("box", "door.held")
        assert hall.open() == {"new.box": "active"}
        await reload(hall, forced, **{"device-offline": {"enabled": False}, "journal-unhealthy": {"enabled": False}})
        assert hall.open() == {}
        hall.lose("box")
        await asyncio.sleep(60)
        assert hall.open() == {}
        await reload(hall, forced)
        await asyncio.sleep(11)
        assert hall.open() == {"device-offline.box": "active"}

    told(story, rules=[forced])
