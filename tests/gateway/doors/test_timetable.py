"""When a door is released by its timetable."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.doors.config import ReleaseConfig
from gateway.doors.timetable import released

LISHUI = ZoneInfo("Asia/Shanghai")
WEEKDAYS = ReleaseConfig.model_validate({"days": ["mon", "fri"], "on": "08:30", "off": "11:30"})
DAILY = ReleaseConfig.model_validate({"on": "14:00", "off": "14:05"})


@pytest.mark.parametrize(
    ("day", "hour", "minute", "free"),
    [
        (17, 8, 29, False),
        (17, 8, 30, True),
        (17, 11, 29, True),
        (17, 11, 30, False),
        (18, 9, 0, False),
        (18, 14, 4, True),
    ],
)
def test_it_is_released_from_on_to_off_on_its_days(day: int, hour: int, minute: int, free: bool) -> None:
    now = datetime(2026, 7, day, hour, minute, tzinfo=LISHUI)  # the 17th is a Friday
    assert released([WEEKDAYS, DAILY], now, LISHUI) is free


def test_without_any_it_never_is() -> None:
    assert released([], datetime(2026, 7, 17, 9, tzinfo=LISHUI), LISHUI) is False


@pytest.mark.parametrize(
    ("day", "hour", "minute", "second", "free"),
    [(17, 21, 59, 59, False), (17, 23, 59, 59, True), (18, 0, 0, 0, True), (18, 5, 59, 59, True), (18, 6, 0, 0, False)],
)
def test_it_is_released_over_midnight_by_two_entries_without_a_second_between_them(
    day: int, hour: int, minute: int, second: int, free: bool
) -> None:
    evening = ReleaseConfig.model_validate({"days": ["fri"], "on": "22:00", "off": "24:00"})
    morning = ReleaseConfig.model_validate({"days": ["sat"], "on": "00:00", "off": "06:00"})
    now = datetime(2026, 7, day, hour, minute, second, 999_999 if second else 0, tzinfo=LISHUI)
    assert released([evening, morning], now, LISHUI) is free


def test_a_release_until_midnight_ends_there_where_the_night_has_another_hour() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    all_day = ReleaseConfig.model_validate({"days": ["sun"], "on": "00:00", "off": "24:00"})
    for day, hour, free in ((24, 23, False), (25, 0, True), (25, 23, True), (26, 0, False)):
        assert released([all_day], datetime(2026, 10, day, hour, 30, tzinfo=berlin), berlin) is free
