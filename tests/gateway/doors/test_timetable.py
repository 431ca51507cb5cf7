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
