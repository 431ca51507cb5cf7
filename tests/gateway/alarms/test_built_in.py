"""The built-in alarms, each from its cause to its end."""

import asyncio

import pytest
from alarmhall import AlarmHall, told
from hall_contract.scripted import virtually

from gateway.hub import DeviceView


def test_a_device_that_is_lost_is_an_alarm_after_the_delay_and_over_when_it_is_back() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.lose("box")
        await asyncio.sleep(9.9)
        assert hall.open() == {}
        await asyncio.sleep(0.2)
        assert hall.open() == {"device-offline.box": "active"}
        alarm = hall.alarms.find("device-offline.box")
        assert (alarm["detail"], alarm["zone"]) == ({"reason": "no answer within 1 s"}, "z1")
        assert alarm["guidance"]["zh"]
        hall.regain("box")
        await asyncio.sleep(5.1)
        assert hall.open() == {}
        assert hall.steps("device-offline.box") == ["alarm.raised", "alarm.cleared"]

    told(story)


def test_a_device_that_is_back_within_the_delay_is_no_alarm() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.lose("box")
        await asyncio.sleep(9)
        hall.regain("box")
        await asyncio.sleep(60)
        assert hall.journal.rows == []

    told(story)


def test_a_device_that_comes_and_goes_is_an_alarm_though_it_is_never_away_for_long() -> None:
    async def story(hall: AlarmHall) -> None:
        for _ in range(6):
            hall.lose("box")
            await asyncio.sleep(4)
            hall.regain("box")
            await asyncio.sleep(8)
        assert hall.open() == {"device-offline.box": "active"}
        assert "5 times" in hall.alarms.find("device-offline.box")["detail"]["reason"]
        await asyncio.sleep(310)
        assert hall.open() == {}

    told(story)


def test_a_device_that_never_comes_after_our_start_is_missed_after_a_minute() -> None:
    async def story(hall: AlarmHall) -> None:
        view = hall.hub.devices["box"]
        hall.hub.add(DeviceView("shy", "test.box", zone=None, name=None, surface=view.surface))
        await asyncio.sleep(60)
        assert hall.open() == {}
        await asyncio.sleep(11)
        assert hall.open() == {"device-offline.shy": "active"}

    told(story)


LINE = {"status": "online", "silent_since": None, "why": None, "devices": ["led-1", "led-2"], "online": 2}


@pytest.mark.parametrize("broken", [{"silent_since": "2026-01-01T00:00:00Z"}, {"status": "offline", "why": "gone"}])
def test_a_line_that_is_silent_is_the_root_of_its_devices(broken: dict[str, str]) -> None:
    async def main() -> None:
        hall = AlarmHall()
        hall.plug("led-1", "led-2", behind="line/bus")
        hall.hub.show("lines/bus", LINE)
        await hall.during(story)

    async def story(hall: AlarmHall) -> None:
        hall.hub.show("lines/bus", {**LINE, **broken})
        hall.lose("led-1", "led-2")
        await asyncio.sleep(11)
        assert hall.open() == {
            "line-silent.bus": "active",
            "device-offline.led-1": "suppressed",
            "device-offline.led-2": "suppressed",
        }
        assert hall.shown() == {"line-silent.bus"}

    virtually(main())


def test_a_journal_that_refuses_is_an_alarm_that_is_recorded_once_it_takes_records_again() -> None:
    async def story(hall: AlarmHall) -> None:
        await asyncio.sleep(1)
        hall.journal.full = True
        await asyncio.sleep(40)
        assert hall.open() == {"journal-unhealthy": "active"}
        assert "disk is full" in hall.alarms.find("journal-unhealthy")["detail"]["why"]
        assert hall.journal.rows == []
        hall.journal.full = False
        await asyncio.sleep(60)
        assert hall.open() == {"journal-unhealthy": "returned"}
        assert hall.steps("journal-unhealthy") == ["alarm.raised", "alarm.cleared"]

    told(story)


def test_a_journal_that_says_it_is_not_well_is_an_alarm() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.hub.show("journal/health", {"ok": False, "why": "no space left"})
        await asyncio.sleep(6)
        assert hall.alarms.find("journal-unhealthy")["detail"] == {"why": "no space left"}
        assert hall.open() == {"journal-unhealthy": "active"}

    told(story)


def test_an_outlet_that_falls_behind_is_an_alarm_after_a_minute() -> None:
    async def story(hall: AlarmHall) -> None:
        good = {"status": "online", "why": None, "lag_events": 1000}
        for bad in ({**good, "lag_events": 1001}, {"status": "offline", "why": "no route", "lag_events": 0}):
            hall.hub.show("outlets/mqtt", bad)
            await asyncio.sleep(59)
            assert hall.open() == {}
            await asyncio.sleep(2)
            assert hall.open() == {"outlet-behind.mqtt": "active"}
            assert hall.alarms.find("outlet-behind.mqtt")["detail"] == bad
            hall.hub.show("outlets/mqtt", good)
            await asyncio.sleep(20)
            assert hall.open() == {}

    told(story)


def wish(status: str, *, ended: bool, **detail: object) -> dict[str, object]:
    return {"status": status, "ended": ended, "detail": detail, "params": {"text": "A012"}}


@pytest.mark.parametrize(("status", "reason"), [("queued", {}), ("rejected", {"reason": "too long"})])
def test_a_screen_that_does_not_take_its_content_is_an_alarm(status: str, reason: dict[str, str]) -> None:
    async def story(hall: AlarmHall) -> None:
        hall.hub.show("wishes/box//show", wish(status, ended=False, **reason))
        await asyncio.sleep(11)
        assert hall.open() == {"wrong-content.box": "active"}
        assert hall.alarms.find("wrong-content.box")["detail"] == {"status": status, **reason}
        hall.hub.show("wishes/box//show", wish("acked", ended=True))
        await asyncio.sleep(3)
        assert hall.open() == {}

    told(story)


def test_a_screen_that_says_it_shows_something_else_is_an_alarm() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.hub.show("wishes/box//show", wish("acked", ended=True, shown="A□12"))
        hall.tell("box", "text", "A□12")
        await asyncio.sleep(60)
        assert hall.open() == {}
        hall.tell("box", "text", "A011")
        await asyncio.sleep(11)
        assert hall.alarms.find("wrong-content.box")["detail"] == {"wanted": "A□12", "shown": "A011"}
        assert hall.state("wrong-content.box") == "active"

    told(story)


def test_a_screen_that_fell_back_to_an_older_board_is_an_alarm() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.hub.show("wishes/box//board", wish("confirmed", ended=True, rev=7))
        hall.tell("box", "last_rev", 7)
        await asyncio.sleep(60)
        assert hall.open() == {}
        hall.tell("box", "last_rev", 3)
        await asyncio.sleep(11)
        assert hall.open() == {"wrong-content.box.board": "active"}
        assert hall.alarms.find("wrong-content.box.board")["detail"] == {"wanted": 7, "shown": 3}

    told(story)


def test_what_a_screen_shows_is_not_judged_while_it_is_offline() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.lose("box")
        hall.hub.show("wishes/box//show", wish("queued", ended=False))
        await asyncio.sleep(60)
        assert hall.open() == {"device-offline.box": "active"}

    told(story)


def test_a_clock_that_is_off_is_an_alarm_by_its_point() -> None:
    async def story(hall: AlarmHall) -> None:
        hall.tell("box", "clock_offset_s", -5.1)
        await asyncio.sleep(31)
        assert hall.open() == {"clock-drift.box": "active"}
        hall.tell("box", "clock_offset_s", -4.5)
        await asyncio.sleep(60)
        assert hall.open() == {"clock-drift.box": "active"}
        hall.tell("box", "clock_offset_s", 0.3)
        await asyncio.sleep(31)
        assert hall.open() == {}

    told(story)


def test_the_clock_of_a_part_is_watched_as_well() -> None:
    async def story(hall: AlarmHall) -> None:
        await hall.happen("box", "motion", part="c1", offset_s=9.0)
        await asyncio.sleep(31)
        assert hall.open() == {"clock-drift.box.c1": "active"}
        assert hall.alarms.find("clock-drift.box.c1")["detail"] == {"clock_offset_s": 9.0}

    told(story)


def test_a_clock_that_is_off_is_an_alarm_by_the_times_of_its_events() -> None:
    async def story(hall: AlarmHall) -> None:
        await hall.happen("box", "card.swiped", part="d7", offset_s=61.0)
        await asyncio.sleep(31)
        assert hall.open() == {"clock-drift.box": "active"}
        await hall.happen("box", "card.swiped", part="d7", offset_s=0.1)
        await asyncio.sleep(31)
        assert hall.open() == {}

    told(story)
