"""The root of a failure is announced; what follows from it is kept behind it."""

import asyncio

import pytest
from alarmhall import AlarmHall, MemoryJournal, Story, rule, told
from hall_contract.scripted import virtually

from gateway.core.model import Part


def behind_a_switch(story: Story) -> None:
    """Tell a story in a hall with three cards behind a switch."""

    async def main() -> None:
        hall = AlarmHall()
        hall.plug("switch")
        hall.plug("led-1", "led-2", "led-3", behind="device/switch")
        await hall.during(story)

    virtually(main())


LEDS = ("led-1", "led-2", "led-3")
FOLLOWERS = [f"device-offline.{led}" for led in LEDS]


def test_a_dead_switch_is_one_alarm_with_three_behind_it() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.lose(*LEDS)
        await asyncio.sleep(2)
        hall.lose("switch")  # noticed later than what is behind it
        await asyncio.sleep(15)
        assert hall.open() == {"device-offline.switch": "active", **dict.fromkeys(FOLLOWERS, "suppressed")}
        assert hall.shown() == {"device-offline.switch"}
        assert hall.hub.views["alarms/device-offline.switch"]["followers"] == FOLLOWERS
        assert hall.alarms.find("device-offline.led-2")["root"] == "device-offline.switch"
        assert hall.active() == 1

    behind_a_switch(story)


def test_what_is_noticed_before_its_root_goes_behind_it() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.lose(*LEDS)
        await asyncio.sleep(12)
        assert set(hall.open().values()) == {"active"}
        hall.lose("switch")
        await asyncio.sleep(0.1)
        assert set(hall.open().values()) == {"suppressed"}
        await asyncio.sleep(11)
        assert hall.shown() == {"device-offline.switch"}
        assert hall.steps("device-offline.led-1") == ["alarm.raised", "alarm.suppressed"]

    behind_a_switch(story)


def test_followers_that_come_back_with_their_root_are_never_announced() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.lose("switch", *LEDS)
        await asyncio.sleep(60)
        hall.regain("switch")
        await asyncio.sleep(10)
        assert set(hall.open()) == set(FOLLOWERS)
        hall.regain(*LEDS)
        await asyncio.sleep(60)
        assert hall.open() == {}
        payloads = [row.payload for row in hall.journal.rows if row.device == "led-1" and row.payload]
        assert [payload["state"] for payload in payloads] == ["suppressed", "normal"]

    behind_a_switch(story)


def test_a_follower_that_stays_away_after_its_root_is_back_is_announced() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.lose("switch", *LEDS)
        await asyncio.sleep(60)
        hall.regain("switch", "led-1", "led-2")
        await asyncio.sleep(34)
        assert hall.open() == {"device-offline.led-3": "suppressed"}
        await asyncio.sleep(2)
        assert hall.open() == {"device-offline.led-3": "active"}
        assert hall.steps("device-offline.led-3") == ["alarm.raised", "alarm.surfaced"]

    behind_a_switch(story)


def test_a_root_that_recovers_within_its_delay_lets_its_followers_go() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.lose("led-1")
        await asyncio.sleep(9)
        hall.lose("switch")
        await asyncio.sleep(3)
        assert hall.open() == {"device-offline.led-1": "suppressed"}
        hall.regain("switch")
        await asyncio.sleep(31)
        assert hall.open() == {"device-offline.led-1": "active"}

    behind_a_switch(story)


def test_an_outage_hides_only_the_alarms_that_it_explains() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.tell("box", "heat", 40)
        await asyncio.sleep(1)
        hall.lose("box")
        await asyncio.sleep(41)
        offline = {"device-offline.box": "active"}
        assert hall.open() == offline | {"hot.box": "active", "blind.box": "suppressed", "old.box": "suppressed"}

    told(story, rules=[rule(), rule("blind", point="heat", bad=True), rule("old", point="heat", stale_s=30)])


@pytest.mark.parametrize("ends", [{}, {"clears": "door.closed"}, {"clear_after_s": 600}])
def test_who_cuts_the_power_of_a_switch_hides_no_forced_door(ends: dict[str, object]) -> None:
    async def story(hall: AlarmHall) -> None:
        hall.plug("switch")
        hall.hub.depend("device/box", "device/switch")
        await hall.happen("box", "door.forced")
        hall.lose("switch", "box")
        await asyncio.sleep(15)
        assert hall.state("forced.box") == "active"
        await hall.happen("box", "door.forced")  # recorded before the power went, read after it
        assert (hall.state("forced.box"), hall.alarms.find("forced.box")["root"]) == ("active", None)
        assert hall.state("device-offline.box") == "suppressed"

    told(story, rules=[rule("forced", event="door.forced", **ends)])


def test_a_root_that_was_put_aside_still_holds_its_followers_back() -> None:
    async def story(hall: AlarmHall) -> None:
        await hall.alarms.desk.shelve("device-offline.switch", for_s=3600, actor="zhang", reason="new switch")
        hall.lose("switch", *LEDS)
        await asyncio.sleep(60)
        assert hall.shown() == set()
        assert hall.open() == {"device-offline.switch": "shelved", **dict.fromkeys(FOLLOWERS, "suppressed")}

    behind_a_switch(story)


def test_a_removed_root_lets_its_followers_go() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.lose("switch", *LEDS)
        await asyncio.sleep(12)
        hall.hub.remove("switch")
        await asyncio.sleep(35)
        assert hall.open() == dict.fromkeys(FOLLOWERS, "active")

    behind_a_switch(story)


def test_ten_alarms_in_ten_minutes_are_a_flood() -> None:
    async def story(hall: AlarmHall) -> None:
        for number in range(10):
            assert not hall.alarms.flood()
            hall.plug(f"d{number}")
            hall.lose(f"d{number}")
            await asyncio.sleep(11)
        assert hall.alarms.flood()
        await asyncio.sleep(600)
        assert not hall.alarms.flood()

    told(story)


def test_alarms_that_stood_before_a_restart_are_no_flood() -> None:
    lamps = [f"lamp-{number}" for number in range(12)]

    async def story(hall: AlarmHall) -> None:
        hall.lose(*lamps)
        await asyncio.sleep(11)
        assert hall.alarms.flood()

    async def again(hall: AlarmHall) -> None:
        await asyncio.sleep(1)
        assert len(hall.shown()) == len(lamps)
        assert not hall.alarms.flood()

    async def main() -> None:
        journal = MemoryJournal()
        for part in (story, again):
            hall = AlarmHall(journal)
            hall.plug(*lamps)
            if part is again:
                hall.lose(*lamps)
            await hall.during(part)

    virtually(main())


def test_what_comes_and_goes_leaves_nothing_behind() -> None:
    async def story(hall: AlarmHall) -> None:
        await asyncio.sleep(1)
        register = hall.alarms._register
        before = [len(register._kept), len(register._by_change), len(register._followers)]
        for number in range(100):
            hall.hub.parts("box", Part(f"c{number}", "channel", "C"))
            hall.plug("lamp", behind="device/box")
            await asyncio.sleep(0.1)
            hall.hub.remove("lamp")
            await asyncio.sleep(0.1)
        hall.hub.parts("box", Part("c1", "channel", "C1"))
        await asyncio.sleep(0.1)
        assert [len(register._kept), len(register._by_change), len(register._followers)] == before

    told(story)
