"""When a condition holds, and when it is believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alarms.condition import Above, Bad, Below, Condition, Delay, Equals, Stale, Test, Text, Words, judge
from gateway.core.model import Quality, Reading, Scalar
from gateway.hub import Held

WORDS = Words(Text("名", "name"), Text("做", "do"))


def held(value: Scalar) -> Held:
    return Held(Reading(None, "heat", value, Quality.BAD if value is None else Quality.GOOD))


@pytest.mark.parametrize(
    ("test", "value", "active", "holds"),
    [
        (Above(30), 30, False, False),
        (Above(30), 30.1, False, True),
        (Above(30, band=2), 29, True, True),
        (Above(30, band=2), 28, True, False),
        (Above(30, band=2), 29, False, False),
        (Above(30), 30, True, False),
        (Below(20), 20, False, False),
        (Below(20), 19, False, True),
        (Below(20, band=5), 24, True, True),
        (Below(20, band=5), 25, True, False),
        (Above(0), True, False, None),
        (Above(0), "7", False, None),
        (Above(0), None, True, None),
        (Equals("battery"), "battery", False, True),
        (Equals("battery"), "mains", False, False),
        (Equals(value=True), True, False, True),
        (Equals(value=True), 1, False, False),
        (Equals(1), 1.0, False, True),
        (Equals(1), None, False, None),
        (Bad(), None, False, True),
        (Bad(), 1, True, False),
    ],
)
def test_a_point_is_judged(test: Test, value: Scalar, active: bool, holds: bool | None) -> None:
    assert judge(test, held(value), active=active, age_s=0) is holds


def test_a_point_is_stale_once_no_reading_has_come_for_so_long() -> None:
    assert judge(Stale(30), held(7), active=False, age_s=29.9) is False
    assert judge(Stale(30), held(7), active=False, age_s=30) is True


def test_a_verdict_is_believed_once_it_has_stood_for_the_delay() -> None:
    delay = Delay(10, 5)
    assert not delay.feed(True, 100)
    assert (delay.pending, delay.due) == (True, 110)
    assert not delay.feed(True, 109.9)
    assert delay.feed(True, 110)
    assert (delay.on, delay.pending, delay.due) == (True, False, None)
    assert not delay.feed(False, 120)
    assert (delay.on, delay.due) == (True, 125)
    assert delay.feed(False, 125)
    assert not delay.on


@pytest.mark.parametrize("between", [False, None])
def test_what_comes_and_goes_within_the_delay_is_never_believed(between: bool | None) -> None:
    delay = Delay(10, 0)
    for second in range(0, 100, 9):
        assert not delay.feed(True, second)
        assert not delay.feed(between, second + 8)
    assert (delay.on, delay.due) == (False, None)


def test_what_nobody_can_tell_leaves_an_alarm_as_it_is() -> None:
    delay = Delay(0, 0, on=True)
    assert not delay.feed(None, 1)
    assert delay.on


EIGHTHS = st.integers(1, 64).map(lambda number: number / 8)  # seconds that add up without rounding


@given(st.lists(st.tuples(st.sampled_from([True, False, None]), EIGHTHS), max_size=30))
def test_a_delay_believes_exactly_what_has_stood_unbroken(story: list[tuple[bool | None, float]]) -> None:
    delay, now = Delay(5, 3), 0.0
    on, changed_at, last = False, 0.0, None
    for verdict, passes_s in story:
        delay.feed(verdict, now)
        if verdict != last:
            last, changed_at = verdict, now
        if verdict is not None and verdict is not on and now - changed_at >= (3 if on else 5):
            on = verdict
        assert delay.on is on
        now += passes_s


def test_an_alarm_is_named_by_its_condition_and_what_it_is_about() -> None:
    condition = Condition(name="wrong-content", subject="device/led-2", words=WORDS, device="led-2", part="left")
    assert condition.id == "wrong-content.led-2.left"
    assert Condition(name="journal-unhealthy", subject="journal", words=WORDS).id == "journal-unhealthy"
    assert Condition(name="line-silent", subject="line/a", words=WORDS, key="a").id == "line-silent.a"
