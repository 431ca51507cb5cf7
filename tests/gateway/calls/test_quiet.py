"""Quiet hours are those of the clock on the wall of the hall."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from gateway.calls.quiet import hours, is_quiet


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        *[("12:29", False), ("12:30", True), ("13:59", True), ("14:00", False), ("21:59", False)],
        *[("22:00", True), ("23:59", True), ("00:00", True), ("05:59", True), ("06:00", False)],
    ],
)
def test_from_the_first_minute_to_before_the_last_over_midnight_too(at: str, quiet: bool) -> None:
    assert is_quiet(time.fromisoformat(at), ["12:30-14:00", "22:00-06:00"]) is quiet


def test_twenty_four_is_midnight() -> None:
    assert is_quiet(time(23, 59), ["20:00-24:00"])
    assert not is_quiet(time(0, 0), ["20:00-24:00"])


@pytest.mark.parametrize("wrong", ["12-13", "24:00-01:00", "12:60-13:00", "12:30–14:00", "", "9:00-10:00"])
def test_what_are_no_hours_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match='must be hours such as "12:30-14:00"'):
        hours(wrong)


def test_hours_without_a_minute_are_refused() -> None:
    with pytest.raises(ValueError, match="begins and ends at the same time"):
        hours("08:00-08:00")


def test_summer_time_moves_with_the_wall_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before, after = (datetime(2026, 3, day, 11, 0, tzinfo=UTC).astimezone(berlin) for day in (28, 29))
    assert (is_quiet(before.time(), ["12:30-14:00"]), is_quiet(after.time(), ["12:30-14:00"])) == (False, True)
