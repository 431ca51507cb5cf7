"""Which day it is for the record, whatever the clock does."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.keeping.days import Mark, State, midnight, next_turn

LISHUI, BERLIN, BEIRUT = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Beirut")
DAY = date(2026, 7, 17)
NOTHING = Mark(date.min, 0)


def after(days: int) -> date:
    return DAY + timedelta(days=days)


def test_a_day_ends_when_the_next_one_begins_with_the_rows_that_it_had() -> None:
    state = State()
    assert state.turn(DAY, 5, NOTHING)
    assert not state.turn(DAY, 9, NOTHING)
    assert state.turn(after(1), 9, NOTHING)
    assert (state.open, state.ended) == (after(1), [Mark(DAY, 9)])


def test_days_without_rows_do_not_end() -> None:
    state = State(open=DAY)
    state.turn(after(1), 9, Mark(after(-1), 9))
    assert state.ended == []


def test_after_a_downtime_what_was_recorded_before_is_of_the_day_that_was_open() -> None:
    state = State(open=DAY)
    state.turn(after(30), 9, NOTHING)
    assert (state.open, state.ended) == (after(30), [Mark(DAY, 9)])


def test_a_clock_that_is_set_back_over_midnight_goes_on_with_the_day_that_it_left() -> None:
    state = State(open=DAY)
    state.turn(after(1), 9, NOTHING)
    assert state.turn(DAY, 12, NOTHING)
    assert (state.open, state.ended) == (DAY, [])
    state.turn(after(1), 15, NOTHING)
    assert state.ended == [Mark(DAY, 15)]


def test_a_clock_that_was_years_ahead_goes_on_behind_the_last_sealed_day() -> None:
    state = State(open=date(2036, 1, 1))
    state.turn(DAY, 20, Mark(DAY, 10))
    assert (state.open, state.ended) == (after(1), [])
    assert not state.turn(after(1), 30, Mark(DAY, 10))


def test_the_time_that_the_record_lives_by_goes_on_a_week_a_night_at_most() -> None:
    assert State().believe(DAY) == DAY
    assert State(believed=after(-1)).believe(DAY) == DAY
    assert State(believed=DAY).believe(date(2036, 1, 1)) == after(7)
    assert State(believed=date(2036, 1, 1)).believe(DAY) == DAY


def test_the_night_comes_once_a_day_at_its_hour() -> None:
    three = datetime(2026, 7, 17, 3, tzinfo=LISHUI)
    assert not State().is_night(three - timedelta(minutes=1), "03:00")
    assert State().is_night(three, "03:00")
    assert State(night=after(-1)).is_night(three + timedelta(hours=9), "03:00")
    assert not State(night=DAY).is_night(three + timedelta(hours=9), "03:00")


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (LISHUI, DAY, 24),
        (BERLIN, date(2026, 3, 29), 23),
        (BERLIN, date(2026, 10, 25), 25),
        (BEIRUT, date(2026, 3, 29), 23),  # its clocks are put forward at midnight: that day begins at one
    ],
)
def test_days_of_the_site_have_23_to_25_hours(zone: ZoneInfo, day: date, hours: int) -> None:
    assert midnight(day + timedelta(days=1), zone) - midnight(day, zone) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (datetime(2026, 7, 17, 23, 59, tzinfo=LISHUI), 60),
        (datetime(2026, 7, 17, 2, 0, tzinfo=LISHUI), 3600),
        (datetime(2026, 7, 17, 3, 0, tzinfo=LISHUI), 21 * 3600),
        (datetime(2026, 3, 29, 0, 30, tzinfo=BERLIN), 1.5 * 3600),  # 03:00 is one hour nearer that night
        (datetime(2026, 10, 25, 0, 0, tzinfo=BERLIN), 4 * 3600),
    ],
)
def test_the_next_turn_is_reckoned_in_real_seconds(now: datetime, seconds: float) -> None:
    assert next_turn(now, "03:00") == seconds
    assert next_turn(now.astimezone(UTC).astimezone(now.tzinfo), "03:00") == seconds
