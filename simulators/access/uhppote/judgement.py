"""Who may pass: how a controller decides by itself, and what it says when somebody may not."""

from collections.abc import Mapping
from datetime import datetime

from drivers.access.uhppote.codec.cards import ALWAYS, Card
from drivers.access.uhppote.codec.doors import AntiPassback, Control, Interlock
from drivers.access.uhppote.codec.schedules import Profile
from simulators.access.uhppote.state import Board

SWIPE, PC_CONTROL, NO_RIGHT, WRONG_PIN, PASSED_BACK = 1, 5, 6, 7, 8
FIRST_CARD, CLOSED, INTERLOCKED, WRONG_TIME, SUPERVISOR = 10, 11, 12, 15, 25
"""Reasons of events."""
FIRST_CARDS_ONLY = 3
SIDES: Mapping[int, tuple[tuple[set[int], set[int]], ...]] = {
    AntiPassback.OFF: (),
    AntiPassback.READERS_12_34: (({1}, {2}), ({3}, {4})),
    AntiPassback.READERS_13_24: (({1, 3}, {2, 4}),),
    AntiPassback.READERS_1_23: (({1}, {2, 3}),),
    AntiPassback.READERS_1_234: (({1}, {2, 3, 4}),),
}
"""Readers between which a card goes to and fro."""
TOGETHER: Mapping[int, tuple[set[int], ...]] = {
    Interlock.OFF: (),
    Interlock.DOORS_12: ({1, 2},),
    Interlock.DOORS_34: ({3, 4},),
    Interlock.DOORS_12_34: ({1, 2}, {3, 4}),
    Interlock.DOORS_123: ({1, 2, 3},),
    Interlock.DOORS_1234: ({1, 2, 3, 4},),
}
"""Doors of which only one may be open."""


def judge(board: Board, number: int, door: int, pin: int | None) -> int:
    """The reason of the event when a card is shown at a door: SWIPE where it may pass."""
    if board.pc_control:
        return PC_CONTROL
    card = board.cards.get(number)
    if card is None or not card.doors[door - 1]:
        return NO_RIGHT
    if not _valid(board, card, card.doors[door - 1]):
        return WRONG_TIME
    if board.doors[door].keypad and card.pin and card.pin != pin:
        return WRONG_PIN
    refused = _first_card(board, card, door)
    if refused:
        return refused
    if board.force_lock or board.doors[door].mode == Control.NORMALLY_CLOSED:
        return CLOSED
    if interlocked(board, door):
        return INTERLOCKED
    return SWIPE if _to_and_fro(board, number, door) else PASSED_BACK


def interlocked(board: Board, door: int) -> bool:
    """Whether a door must stay shut because another one is open."""
    groups = (group for group in TOGETHER[board.interlock] if door in group)
    return any(board.doors[other].open for group in groups for other in group - {door})


def _valid(board: Board, card: Card, profile: int) -> bool:
    now = board.time
    if card.begins is None or card.ends is None or not card.begins <= now.date() <= card.ends:
        return False
    return profile == ALWAYS or _within(board, profile, now)


def _within(board: Board, number: int, now: datetime) -> bool:
    """Whether a time profile, or one that is linked to it, holds now."""
    seen: set[int] = set()
    while number not in seen and (profile := board.profiles.get(number)):
        if _holds(profile, now):
            return True
        seen.add(number)
        number = profile.linked
    return False


def _holds(profile: Profile, now: datetime) -> bool:
    if profile.begins is None or profile.ends is None or not profile.begins <= now.date() <= profile.ends:
        return False
    hours = ((getattr(profile, f"begins_{n}"), getattr(profile, f"ends_{n}")) for n in (1, 2, 3))
    return profile.days[now.weekday()] and any(
        begins and ends and begins <= now.time() < ends for begins, ends in hours
    )


def _first_card(board: Board, card: Card, number: int) -> int:
    """What the rule of the first card says: it changes how the door is run. 0 where nobody is refused."""
    door, now = board.doors[number], board.time
    rule = door.first
    if rule is None or rule.begins is None or rule.ends is None:
        return 0
    if not rule.days[now.weekday()] or not rule.begins <= now.time() < rule.ends:
        return 0
    passed = door.first_passed is not None and door.first_passed.date() == now.date()
    if card.first[number - 1] and not passed:
        door.first_passed, passed = now, True
        door.mode = {0: Control.CONTROLLED, 1: Control.NORMALLY_OPEN, 2: Control.NORMALLY_CLOSED}[rule.active]
    return FIRST_CARD if not passed and rule.inactive == FIRST_CARDS_ONLY else 0


def _to_and_fro(board: Board, card: int, door: int) -> bool:
    """Whether a card comes from the other side; it is there then."""
    for place, sides in enumerate(SIDES[board.anti_passback]):
        for side, readers in enumerate(sides):
            if door in readers:
                if board.inside.get((card, place)) == side:
                    return False
                board.inside[card, place] = side
    return True
