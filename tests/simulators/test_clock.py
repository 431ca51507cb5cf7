"""A box's clock goes wrong."""

from datetime import datetime, timedelta

from simulators.clock import BoxClock

NOON = datetime(2026, 7, 17, 12)  # noqa: DTZ001 - boxes have naive clocks


def test_a_clock_is_right_until_its_lever_is_pulled_and_drifts_from_then_on() -> None:
    true = [NOON]
    clock = BoxClock(lambda: true[0])
    assert clock.now() == NOON
    true[0] += timedelta(days=9)
    assert clock.now() == true[0]
    clock.levers()["clock_skew"]({"seconds": -300, "gains_s": 10})
    assert clock.now() == true[0] - timedelta(seconds=300)
    true[0] += timedelta(days=2)
    assert clock.now() == true[0] - timedelta(seconds=280)
    clock.levers()["clock_skew"]({})
    assert clock.now() == true[0]
