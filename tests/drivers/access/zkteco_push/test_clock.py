"""What is known of the clock of a device before it tells."""

from datetime import UTC, datetime

from drivers.access.zkteco_push.clock import CURSOR, BoxClock
from gateway.core.model import Cursor

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def clock(kept: str | None = None) -> BoxClock:
    own = BoxClock("Asia/Shanghai", lambda: NOON)
    own.begin(kept)
    return own


def test_what_was_measured_is_owed_once() -> None:
    own = clock()
    assert (own.ahead_s, own.owed()) == (None, None)
    own.measure("2026-11-23 12:00:07")
    assert (own.ahead_s, own.owed()) == (7.0, Cursor(CURSOR, "7.0"))
    own.recorded(own.owed())
    assert own.owed() is None


def test_what_was_kept_counts_until_it_is_measured_and_is_not_written_again_for_less_than_a_second() -> None:
    own = clock("6.5")
    assert (own.ahead_s, own.measured_s) == (6.5, None)
    own.measure("2026-11-23 12:00:07")
    assert (own.ahead_s, own.owed()) == (7.0, None)
    own.measure("2026-11-23 12:00:08")
    assert own.owed() == Cursor(CURSOR, "8.0")


def test_a_clock_that_may_show_anything_is_unknown_on_disk_too_also_when_that_failed_once() -> None:
    own = clock("6.5")
    own.unknown()
    assert (own.ahead_s, own.owed()) == (None, Cursor(CURSOR, ""))
    own.unknown()
    assert own.owed() == Cursor(CURSOR, "")
    own.recorded(own.owed())
    assert own.owed() is None
    assert clock("").ahead_s is None


def test_a_time_that_is_none_measures_nothing() -> None:
    own = clock()
    own.measure("yesterday")
    own.measure(None)
    assert own.ahead_s is None
