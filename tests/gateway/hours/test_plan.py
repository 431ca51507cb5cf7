"""What the hours want when: by the clock of the site, also when that is put forward or back."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.hours.config import HoursConfig
from gateway.hours.plan import Light, next_change, wanted

LISHUI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
STEPS = {"07:30": 80, "17:00": 40}


def hours(on: str = "07:30", off: str = "18:00", **more: Any) -> HoursConfig:
    return HoursConfig.model_validate({"id": "h", "devices": ["a"], "on": on, "off": off, **more})


def at(text: str, zone: ZoneInfo = LISHUI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "light"),
    [
        ("2026-11-23T07:29:59", Light(False)),
        ("2026-11-23T07:30", Light(True, 80)),
        ("2026-11-23T16:59:59", Light(True, 80)),
        ("2026-11-23T17:00", Light(True, 40)),
        ("2026-11-23T18:00", Light(False)),
        ("2026-11-28T12:00", Light(False)),  # a Saturday
    ],
)
def test_a_device_is_on_and_as_bright_as_its_hours_say(moment: str, light: Light) -> None:
    entry = hours(days=["mon", "tue", "wed", "thu", "fri"], brightness=STEPS)
    assert wanted([entry], at(moment), LISHUI) == light


def test_before_the_first_step_it_is_as_bright_as_after_the_last() -> None:
    entry = hours(on="06:00", brightness=STEPS)
    assert wanted([entry], at("2026-11-23T06:00"), LISHUI) == Light(True, 40)


def test_hours_on_one_day_go_together() -> None:
    entries = [hours("08:00", "12:00"), hours("14:00", "18:00", brightness={"14:00": 60})]
    lights = [wanted(entries, at(f"2026-11-23T{time}"), LISHUI) for time in ("11:00", "13:00", "15:00")]
    assert lights == [Light(True), Light(False), Light(True, 60)]


def test_the_next_change_is_the_next_boundary_within_a_week() -> None:
    entry = hours(days=["mon"], brightness=STEPS)
    found = [next_change([entry], at(moment), LISHUI) for moment in ("2026-11-23T07:30", "2026-11-23T18:00")]
    assert found == [at("2026-11-23T17:00"), at("2026-11-30T07:30")]
    assert next_change([], at("2026-11-23T07:30"), LISHUI) is None


def test_an_hour_that_the_clock_skips_begins_once() -> None:
    entry = hours("02:30", "04:00")  # on 29 March 2026 Berlin goes from 02:00 to 03:00
    moments = [datetime(2026, 3, 29, hour, minute, tzinfo=UTC) for hour, minute in ((0, 59), (1, 30), (2, 0))]
    assert [wanted([entry], moment, BERLIN).on for moment in moments] == [False, True, False]


def test_an_hour_that_the_clock_has_twice_begins_once_and_is_not_interrupted() -> None:
    entry = hours("02:30", "04:00")  # on 25 October 2026 Berlin goes from 03:00 back to 02:00
    moments = [datetime(2026, 10, 25, hour, minute, tzinfo=UTC) for hour, minute in ((0, 29), (0, 30), (1, 10), (3, 0))]
    assert [wanted([entry], moment, BERLIN).on for moment in moments] == [False, True, True, False]
    assert next_change([entry], moments[1], BERLIN) == moments[3]
