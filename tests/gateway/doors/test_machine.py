"""One door by examples: when it is forced, when it is held, and what nobody can tell."""

from collections.abc import Sequence

import msgspec
import pytest

from gateway.core.access import Finding
from gateway.doors.door import Door, Held, Limits, Outcome
from gateway.doors.heard import Alarmed, Authorised, Fire, Heard, Locked, Position, Released, Sensed, Tick
from gateway.doors.machine import due, restarted, step

LIMITS = Limits(warn_s=10, held_s=15, authorised_s=8)
OPEN, CLOSED, UNKNOWN = (Sensed(position) for position in Position)
SHUT = Door(position=Position.CLOSED, since=0)


def told(*story: tuple[float, Heard], door: Door = SHUT) -> tuple[Door, list[Outcome]]:
    """What is found of a story: what is heard, and when."""
    found: list[Outcome] = []
    for at, heard in story:
        door, more = step(door, LIMITS, heard, at)
        found += more
    return door, found


def kinds(found: Sequence[Outcome]) -> list[tuple[str, float]]:
    return [(outcome.kind.value, outcome.at) for outcome in found]


AUTHORISED = (Authorised(), Locked(True), Fire(True), Released(True), Alarmed("duress"))


@pytest.mark.parametrize("heard", AUTHORISED, ids=lambda heard: type(heard).__name__)
def test_what_authorises_an_opening_keeps_it_from_being_forced(heard: Heard) -> None:
    _, found = told((1, heard), (9, OPEN))
    assert Finding.FORCED not in [outcome.kind for outcome in found]


def test_an_opening_outside_of_the_window_is_forced() -> None:
    door, found = told((1, Authorised()), (9.1, OPEN))
    assert kinds(found) == [("door.forced", 9.1)]
    assert (door.forced, found[0].by) == (True, "gateway")


def test_a_lock_authorises_as_long_after_it_has_locked_as_a_card_does() -> None:
    opened = (1, Locked(True)), (100, Locked(False))
    assert told(*opened, (108, OPEN))[1] == []
    assert kinds(told(*opened, (109, OPEN))[1]) == [("door.forced", 109)]


def test_an_open_door_is_warned_of_and_then_held_and_restored_when_it_closes() -> None:
    door, found = told((1, Authorised()), (2, OPEN), (11.9, Tick()), (12, Tick()), (17, Tick()), (60, Tick()))
    assert kinds(found) == [("door.held_warning", 12), ("door.held", 17)]
    assert (door.held, due(door, LIMITS)) == (Held.HELD, None)
    door, found = told((61, CLOSED), door=door)
    assert kinds(found) == [("door.restored", 61), ("door.cycle", 61)]
    assert (found[0].was, found[1].in_time, found[1].opened) == (("held",), False, 2)
    assert door.opened is None


@pytest.mark.parametrize(
    "over", [Sensed(Position.CLOSED, seen=True), UNKNOWN, Fire(True), Released(True), Alarmed("forced")]
)
def test_nothing_lasts_for_less_than_no_time_by_a_clock_of_whole_seconds(over: Heard) -> None:
    _, found = told((1, Alarmed("held")), (1, Authorised()), (5.4, Sensed(Position.OPEN, seen=True)), (4.5, over))
    assert found[-1].at == 5.4


def test_what_was_due_before_is_found_first_when_a_log_is_read_late() -> None:
    log = (100, Authorised()), (101, Sensed(Position.OPEN, seen=True)), (150, Sensed(Position.CLOSED, seen=True))
    assert kinds(told(*log)[1]) == [
        ("door.held_warning", 111),
        ("door.held", 116),
        ("door.restored", 150),
        ("door.cycle", 150),
    ]


def test_a_forced_door_is_held_as_well_each_once() -> None:
    _, found = told((5, OPEN), (5.5, OPEN), (40, Tick()), (41, Tick()), (42, CLOSED))
    assert [outcome.kind.value for outcome in found] == [
        "door.forced",
        "door.held_warning",
        "door.held",
        "door.restored",
        "door.cycle",
    ]
    assert (found[3].was, found[4].forced) == (("forced", "held"), True)


def test_a_door_that_closes_in_time_is_a_cycle_and_nothing_else() -> None:
    _, found = told((1, Authorised()), (2, OPEN), (9, CLOSED))
    assert kinds(found) == [("door.cycle", 9)]
    assert found[0].in_time is True


@pytest.mark.parametrize(("heard", "over"), [(Fire(True), Fire(False)), (Released(True), Released(False))])
def test_a_door_that_may_stand_open_is_not_held_and_has_its_whole_time_afterwards(heard: Heard, over: Heard) -> None:
    door, found = told((1, Authorised()), (2, OPEN), (20, heard))
    assert [outcome.was for outcome in found if outcome.kind is Finding.RESTORED] == [("held",)]
    door, found = told((500, Tick()), (1000, over), (1009.9, Tick()), (1015, Tick()), door=door)
    assert [each for each in kinds(found) if each[0].startswith("door.")] == [
        ("door.held_warning", 1010),
        ("door.held", 1015),
    ]


def test_a_fire_is_told_with_what_its_lock_did_and_does_not_end_because_its_device_is_lost() -> None:
    door, found = told((1, Fire(False)), (2, Locked(True)), (3, Fire(True)), (4, Fire(None)), (5, Fire(True)))
    assert kinds(found) == [("fire.released", 3)]
    assert (door.fire, found[0].unlocked) == (True, True)
    assert kinds(told((6, Fire(False)), door=door)[1]) == [("fire.over", 6)]


@pytest.mark.parametrize(
    ("said", "at", "unlocked"),
    [
        ((), 8, None),
        (((4, Locked(True)),), 4, True),
        (((4, Locked(False)),), 8, False),
        (((4, CLOSED), (5, Locked(None)), (6, Locked(True)), (7, Locked(False))), 6, True),
    ],
)
def test_what_a_lock_says_after_a_fire_began_is_told_once(
    said: tuple[tuple[float, Heard], ...], at: float, unlocked: bool | None
) -> None:
    _, found = told((3, Fire(True)), *said, (9, Tick()), (20, Locked(True)))
    assert kinds(found) == [("fire.released", 3), ("fire.lock", at)]
    assert [outcome.unlocked for outcome in found] == [None, unlocked]


def test_what_a_lock_said_before_a_fire_does_not_pass_for_what_it_did() -> None:
    door, found = told((1, Locked(False)), (3, Fire(True)))
    assert found[0].unlocked is None
    assert due(door, LIMITS) == 8
    assert due(told((4, Fire(False)), door=door)[0], LIMITS) is None
    assert due(restarted(msgspec.structs.replace(door, before=None, position=Position.UNKNOWN), 100), LIMITS) == 105


def test_a_lost_sensor_is_unknown_and_never_closed() -> None:
    door, found = told((1, Authorised()), (2, OPEN), (5, UNKNOWN), (100, Tick()))
    assert kinds(found) == [("door.unknown", 5)]
    assert (door.position, due(door, LIMITS)) == (Position.UNKNOWN, None)
    door, found = told((101, OPEN), (102, Tick()), door=door)
    assert kinds(found) == [("door.restored", 101), ("door.held_warning", 101), ("door.held", 101)]
    assert (found[0].was, door.opened) == (("unknown",), 2)


def test_a_door_that_was_closed_while_nobody_looked_is_neither_in_time_nor_late() -> None:
    _, found = told((1, Authorised()), (2, OPEN), (5, UNKNOWN), (6, CLOSED))
    assert found[-1].in_time is None


def test_an_opening_that_nobody_saw_is_not_judged_and_one_that_the_device_saw_is() -> None:
    door, _ = told((5, UNKNOWN))
    assert Finding.FORCED not in [outcome.kind for outcome in told((50, OPEN), door=door)[1]]
    seen = Sensed(Position.OPEN, seen=True)
    assert Finding.FORCED in [outcome.kind for outcome in told((50, seen), door=door)[1]]


def test_a_restart_while_it_is_open_neither_loses_nor_doubles_what_is_found() -> None:
    before, _ = told((1, OPEN), (12, Tick()))
    door, found = told((13, UNKNOWN), (14, OPEN), (16, Tick()), (99, Tick()), door=restarted(before, 13))
    assert kinds(found) == [("door.held", 16)]
    after = restarted(door, 100)
    assert told((101, OPEN), (200, Tick()), door=after)[1] == []
    assert told((101, CLOSED), door=after)[1][0].was == ("forced", "held")


def test_a_log_that_tells_of_another_opening_ends_the_one_before() -> None:
    before, _ = told((1, OPEN), (20, Tick()))
    seen = Sensed(Position.OPEN, seen=True)
    _, found = told((45, Authorised()), (46, seen), door=restarted(before, 40))
    assert kinds(found) == [("door.restored", 46), ("door.cycle", 46)]


def test_an_opening_that_was_held_once_is_not_in_time_though_it_was_excused_and_warned_of_again() -> None:
    story = (0, Authorised()), (1, OPEN), (20, Released(True)), (30, Released(False)), (41, Tick()), (42, CLOSED)
    _, found = told(*story)
    assert [outcome.kind.value for outcome in found if outcome.by == "gateway"] == [
        "door.held_warning",
        "door.held",
        "door.held_warning",
    ]
    assert found[-1].in_time is False


def test_what_the_device_finds_itself_is_the_same_and_found_once() -> None:
    door, found = told((1, Alarmed("forced")), (1, Sensed(Position.OPEN, seen=True)), (2, Alarmed("held")))
    assert [(outcome.kind.value, outcome.by) for outcome in found] == [
        ("door.forced", "device"),
        ("door.held", "device"),
    ]
    found = told((1, Alarmed("held")), (2, OPEN))[1]
    assert [outcome.kind.value for outcome in found] == ["door.held"]
    assert told((3, Alarmed("forced")), (4, Alarmed("held")), (100, Tick()), door=door)[1] == []
    after, found = told((1, OPEN), (2, Alarmed("forced")), (17, Tick()), (18, Alarmed("held")))
    assert [outcome.kind.value for outcome in found] == ["door.forced", "door.held_warning", "door.held"]
    assert after.forced


def test_a_device_that_gives_an_alarm_for_a_door_that_is_seen_closed_is_over_with_that() -> None:
    _, found = told((1, Alarmed("forced")), (2, CLOSED))
    assert [(outcome.kind.value, outcome.was) for outcome in found] == [
        ("door.forced", ()),
        ("door.restored", ("forced",)),
    ]


@pytest.mark.parametrize("reason", ["tamper", "fire", "something of its own"])
def test_other_alarms_of_the_device_are_not_about_how_the_door_stands(reason: str) -> None:
    assert told((1, Alarmed(reason))) == (SHUT, [])


def test_while_a_fire_releases_it_the_device_may_call_it_what_it_likes() -> None:
    door, _ = told((1, Fire(True)), (1, Locked(True)))
    assert told((2, Alarmed("forced")), (3, Alarmed("held")), (4, OPEN), (100, Tick()), door=door)[1] == []
