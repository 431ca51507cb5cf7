"""The life of an alarm, held against a table that was written beside it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alarms import lifecycle
from gateway.alarms.lifecycle import Alarm, State

AT = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = AT + timedelta(hours=1)
NORMAL, ACTIVE, ACKED, RETURNED = State.NORMAL, State.ACTIVE, State.ACKNOWLEDGED, State.RETURNED
SHELVED, SUPPRESSED = State.SHELVED, State.SUPPRESSED

STEPS: dict[str, Callable[[Alarm], Alarm]] = {
    "raise": lambda alarm: lifecycle.raised(alarm, AT),
    "raise behind": lambda alarm: lifecycle.raised(alarm, AT, root="r"),
    "clear": lambda alarm: lifecycle.cleared(alarm, AT),
    "clear latched": lambda alarm: lifecycle.cleared(alarm, AT, must_ack=True),
    "ack": lambda alarm: lifecycle.acknowledged(alarm, AT, "zhang"),
    "ack ends": lambda alarm: lifecycle.acknowledged(alarm, AT, "zhang", until_seen=True),
    "shelve": lambda alarm: lifecycle.shelved(alarm, AT, UNTIL, "zhang"),
    "unshelve": lambda alarm: lifecycle.unshelved(alarm, AT),
    "suppress": lambda alarm: lifecycle.suppressed(alarm, AT, "r"),
    "surface": lambda alarm: lifecycle.surfaced(alarm, AT),
    "close": lambda alarm: lifecycle.closed(alarm, AT),
}

# what a person sees, without what is hidden behind "shelved": that is (holds, behind a root) beside it
PLAIN: dict[str, dict[State, State]] = {
    "raise": dict.fromkeys((NORMAL, ACTIVE, ACKED, RETURNED, SUPPRESSED), ACTIVE),
    "raise behind": dict.fromkeys((NORMAL, ACTIVE, ACKED, RETURNED, SUPPRESSED), SUPPRESSED),
    "clear": {ACTIVE: NORMAL, ACKED: NORMAL, SUPPRESSED: NORMAL},
    "clear latched": {ACTIVE: RETURNED, ACKED: NORMAL, SUPPRESSED: NORMAL},
    "ack": {ACTIVE: ACKED, RETURNED: NORMAL},
    "ack ends": {ACTIVE: NORMAL, RETURNED: NORMAL},
    "suppress": {ACTIVE: SUPPRESSED, ACKED: SUPPRESSED},
    "surface": {SUPPRESSED: ACTIVE},
    "close": dict.fromkeys((ACTIVE, ACKED, RETURNED, SUPPRESSED), NORMAL),
}


class Naive:
    """The same life as a table."""

    def __init__(self) -> None:
        self.state, self.holds, self.behind, self.seen = NORMAL, False, False, False

    def step(self, name: str) -> None:
        if name == "shelve":
            self.seen = self.state is ACKED or (self.state is SHELVED and self.seen)
            self.state = SHELVED
        elif self.state is SHELVED:
            self.behind_the_shelf(name)
        else:
            self.state = PLAIN.get(name, {}).get(self.state, self.state)
            self.holds = self.state in (ACTIVE, ACKED, SUPPRESSED)
            self.behind = self.state is SUPPRESSED

    def behind_the_shelf(self, name: str) -> None:
        if name.startswith("raise"):
            self.holds, self.behind, self.seen = True, name == "raise behind", False
        elif name.startswith("clear"):
            self.holds, self.behind = False, False
        elif name == "suppress" and self.holds:
            self.behind = True
        elif name == "surface":
            self.behind, self.seen = False, self.seen and not self.behind
        elif name == "close":
            self.__init__()  # type: ignore[misc]  # it is as new
        elif name == "unshelve":
            announced = ACKED if self.seen else ACTIVE
            self.state = (SUPPRESSED if self.behind else announced) if self.holds else NORMAL


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=40))
def test_an_alarm_lives_as_the_table_says(story: list[str]) -> None:
    alarm, naive = Alarm(), Naive()
    for name in story:
        before, alarm = alarm, STEPS[name](alarm)
        naive.step(name)
        assert (alarm.state, alarm.on) == (naive.state, naive.holds), name
        assert alarm.rev == before.rev + 1 if alarm is not before else alarm.rev == before.rev
        assert (alarm.root is not None) is naive.behind or not alarm.on
        if alarm.state is NORMAL:
            assert alarm == Alarm(rev=alarm.rev, occurrence=alarm.occurrence, changed_at=alarm.changed_at)


@pytest.mark.parametrize("step", [name for name in STEPS if name not in ("raise", "raise behind", "shelve")])
def test_what_is_normal_stays_normal_and_takes_no_step(step: str) -> None:
    alarm = Alarm(rev=7)
    assert STEPS[step](alarm) is alarm


def test_a_second_raise_keeps_the_time_of_the_first_and_counts() -> None:
    alarm = lifecycle.raised(Alarm(), AT, detail={"value": 31})
    later = lifecycle.raised(lifecycle.cleared(alarm, AT, must_ack=True), UNTIL, detail={"value": 40})
    assert (later.since, later.changed_at, later.count, later.detail) == (AT, UNTIL, 2, {"value": 40})


def test_who_acknowledged_is_kept_until_it_is_raised_again() -> None:
    alarm = lifecycle.acknowledged(lifecycle.raised(Alarm(), AT), AT, "zhang")
    assert alarm.actor == "zhang"
    assert lifecycle.raised(alarm, AT).actor is None


def test_a_person_is_not_asked_to_acknowledge_what_was_never_announced() -> None:
    for hidden in (lifecycle.shelved(Alarm(), AT, UNTIL, "zhang"), lifecycle.raised(Alarm(), AT, root="r")):
        over = lifecycle.cleared(lifecycle.raised(hidden, AT, root="r"), AT, must_ack=True)
        assert lifecycle.unshelved(over, AT).state is NORMAL
