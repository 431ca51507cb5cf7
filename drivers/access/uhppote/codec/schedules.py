"""What a controller does by the clock: time profiles of cards, tasks of doors, first cards."""

from datetime import date, time
from enum import IntEnum

from drivers.access.uhppote.codec.box import Done
from drivers.access.uhppote.codec.forms import DATE, FLAGS7, HHMM
from drivers.access.uhppote.codec.packet import U8, Field, Message, layout

PROFILES = range(2, 255)
"""The numbers of time profiles."""


class Doing(IntEnum):
    """What a task does to its door."""

    CONTROLLED = 0
    NORMALLY_OPEN = 1
    NORMALLY_CLOSED = 2
    PROFILES_OFF = 3
    PROFILES_ON = 4
    CARD_ONLY = 5
    CARD_AND_PIN_IN = 6
    CARD_AND_PIN = 7
    MORE_CARDS_ON = 8
    MORE_CARDS_OFF = 9
    OPEN_ONCE = 10
    BUTTON_OFF = 11
    BUTTON_ON = 12


class GetProfile(Message, frozen=True, kw_only=True):
    function = 0x98
    fields = layout(profile=Field(8, U8))
    profile: int


_ENDS = ("begins_1", "ends_1", "begins_2", "ends_2", "begins_3", "ends_3")


class Profile(GetProfile, frozen=True, kw_only=True):
    """When cards may pass: days from `begins` to `ends`, on which `days` from Monday, in up to three times of day.

    `linked` is the number of a profile that holds beside it, 0 for none. Profile 0 in an answer: there is none.
    """

    fields = layout(
        profile=Field(8, U8),
        begins=Field(9, DATE),
        ends=Field(13, DATE),
        days=Field(17, FLAGS7),
        **{name: Field(24 + 2 * place, HHMM) for place, name in enumerate(_ENDS)},
        linked=Field(36, U8),
    )
    begins: date | None = None
    ends: date | None = None
    days: tuple[bool, ...] = (False,) * 7
    begins_1: time | None = None
    ends_1: time | None = None
    begins_2: time | None = None
    ends_2: time | None = None
    begins_3: time | None = None
    ends_3: time | None = None
    linked: int = 0


class SetProfile(Profile, frozen=True, kw_only=True):
    function = 0x88


class ProfileSet(Done, frozen=True, kw_only=True):
    function = 0x88


class ClearProfiles(Message, frozen=True, kw_only=True):
    function = 0x8A
    magic_at = 8


class ProfilesCleared(Done, frozen=True, kw_only=True):
    function = 0x8A


class AddTask(Message, frozen=True, kw_only=True):
    """From day to day, on which `days` from Monday, at a time of day: do something to a door. Needs RefreshTasks."""

    function = 0xA8
    fields = layout(
        begins=Field(8, DATE),
        ends=Field(12, DATE),
        days=Field(16, FLAGS7),
        at=Field(23, HHMM),
        door=Field(25, U8),
        doing=Field(26, U8),
        cards=Field(27, U8),
    )
    begins: date | None
    ends: date | None
    days: tuple[bool, ...]
    at: time | None
    door: int
    doing: int
    cards: int = 0


class TaskAdded(Done, frozen=True, kw_only=True):
    function = 0xA8


class ClearTasks(Message, frozen=True, kw_only=True):
    function = 0xA6
    magic_at = 8


class TasksCleared(Done, frozen=True, kw_only=True):
    function = 0xA6


class RefreshTasks(Message, frozen=True, kw_only=True):
    """Have what was added, and first cards, hold from now on."""

    function = 0xAC
    magic_at = 8


class TasksRefreshed(Done, frozen=True, kw_only=True):
    function = 0xAC


class SetFirstCard(Message, frozen=True, kw_only=True):
    """Between two times of day a door is run as `active` once a first card has passed, and as `inactive` before.

    0 controlled, 1 normally open, 2 normally closed; `inactive` 3: only first cards may pass.
    """

    function = 0xAA
    fields = layout(
        door=Field(8, U8),
        begins=Field(9, HHMM),
        active=Field(11, U8),
        ends=Field(12, HHMM),
        inactive=Field(14, U8),
        days=Field(15, FLAGS7),
    )
    door: int
    begins: time | None
    ends: time | None
    active: int
    inactive: int
    days: tuple[bool, ...]


class FirstCardSet(Done, frozen=True, kw_only=True):
    function = 0xAA
