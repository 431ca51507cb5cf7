"""What may be asked of a controller and of its doors."""

from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Any

import msgspec

from drivers.access.uhppote.codec.cards import DELETED_CARD
from drivers.access.uhppote.codec.doors import AntiPassback, Interlock
from drivers.access.uhppote.codec.schedules import PROFILES, Doing
from drivers.access.uhppote.config import UhppoteConfig
from gateway.core.access import OPEN, SET_MODE
from gateway.core.contract import convert
from gateway.core.errors import CommandRejected
from gateway.core.known import lacks
from gateway.core.model import Verb
from gateway.core.rights import Right

CardNumber = Annotated[int, msgspec.Meta(ge=1, lt=DELETED_CARD)]
ProfileNumber = Annotated[int, msgspec.Meta(ge=PROFILES.start, lt=PROFILES.stop)]
Days = Annotated[tuple[Annotated[int, msgspec.Meta(ge=1, le=7)], ...], msgspec.Meta(min_length=1, max_length=7)]
"""Days of the week, 1 is Monday."""
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
MIDNIGHT = time(0, 0)
TIMES = ("begins_1", "ends_1", "begins_2", "ends_2", "begins_3", "ends_3")


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters."""


class SetDelay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seconds: Annotated[int, msgspec.Meta(ge=1, le=255)]


class OfCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    card: CardNumber


class PutCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`doors` are ids of doors, each with true for always or the number of a time profile; others are shut to it."""

    card: CardNumber
    begins: date
    ends: date
    doors: dict[str, bool | ProfileNumber] = {}
    first: list[str] = []


class OfProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    profile: ProfileNumber


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From one time of day to another."""

    begins: time
    ends: time


class SetProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    profile: ProfileNumber
    begins: date
    ends: date
    days: Days = EVERY_DAY
    hours: Annotated[list[Hours], msgspec.Meta(min_length=1, max_length=3)]
    linked: ProfileNumber | None = None


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is done to a door at a time of day; `cards` only for more_cards_on."""

    door: str
    doing: str
    at: time
    begins: date
    ends: date
    days: Days = EVERY_DAY
    cards: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0


class SetTasks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tasks: Annotated[list[Task], msgspec.Meta(max_length=64)]


class SetFirstCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Between two times a door is `active` once a first card has passed, and `inactive` before."""

    hours: Hours
    active: str
    inactive: str
    days: Days = EVERY_DAY


class SetAntiPassback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mode: str


class SetInterlock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mode: str


class SetKeypads(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    readers: Annotated[list[Annotated[int, msgspec.Meta(ge=1, le=4)]], msgspec.Meta(max_length=4)]


FIRST_CARD = {"controlled": 0, "normally_open": 1, "normally_closed": 2, "first_cards_only": 3}


def words(values: type[Doing] | type[AntiPassback] | type[Interlock]) -> dict[str, int]:
    """The words of an enumeration, as verbs have them."""
    return {value.name.lower(): int(value) for value in values}


CHOICES: Mapping[type[msgspec.Struct], Mapping[str, Mapping[str, int]]] = {
    SetAntiPassback: {"mode": words(AntiPassback)},
    SetInterlock: {"mode": words(Interlock)},
    Task: {"doing": words(Doing)},
    SetFirstCard: {"active": {word: FIRST_CARD[word] for word in list(FIRST_CARD)[:3]}, "inactive": FIRST_CARD},
}
"""The words that a parameter may be, with their numbers on the wire."""


PERSONAL = (("card", "card"),)
"""A card number tells who somebody is: its audit has the pseudonym that events of the card have."""


def _verb(
    name: str,
    meaning: str,
    params: type[msgspec.Struct],
    *,
    dangerous: bool = False,
    confirms: bool = True,
    locks: bool = False,
) -> Verb:
    """A verb that decides who may pass."""
    return Verb(
        name=name,
        meaning=meaning,
        params=params,
        right=Right.UNLOCK,
        reasoned=True,
        dangerous=dangerous,
        confirms=confirms,
        locks=locks,
        personal=PERSONAL if "card" in params.__struct_fields__ else (),
    )


DOOR = (
    OPEN,
    SET_MODE,
    _verb("set_delay", "say for how long its lock is released for who may pass", SetDelay),
    _verb("set_first_card", "run it otherwise once a first card has passed", SetFirstCard, confirms=False, locks=True),
)
DEVICE = (
    _verb("put_card", "let a card pass doors; a PIN that it has stays", PutCard),
    _verb("delete_card", "forget a card", OfCard),
    _verb("delete_cards", "forget all cards", Nothing, dangerous=True),
    Verb(name="count_cards", meaning="tell how many cards it knows", params=Nothing),
    _verb("find_card", "tell what a card may", OfCard),
    _verb("set_profile", "say when cards of a time profile may pass", SetProfile),
    Verb(name="find_profile", meaning="tell when cards of a time profile may pass", params=OfProfile),
    _verb("clear_profiles", "forget all time profiles", Nothing, dangerous=True),
    _verb("set_tasks", "have it do these things by its clock, and no others", SetTasks, confirms=False, locks=True),
    _verb("set_anti_passback", "say between which readers a card must go to and fro", SetAntiPassback),
    _verb("set_interlock", "say of which doors only one may be open", SetInterlock, confirms=False, locks=True),
    _verb("set_keypads", "say which readers ask for a PIN", SetKeypads, confirms=False),
    Verb(name="set_clock", meaning="set its clock", params=Nothing),
    _verb("restore_defaults", "have it forget everything: cards, log, settings", Nothing, dangerous=True, locks=True),
)


def check(config: UhppoteConfig, verb: Verb, params: Mapping[str, Any]) -> None:
    """Refuse what can never be done. Raises CommandRejected."""
    given = convert(verb.params, params)
    _choices(given)
    doors = {door.id for door in config.doors}
    named = [*getattr(given, "doors", ()), *getattr(given, "first", ())]
    for task in getattr(given, "tasks", ()):
        _choices(task)
        _ordered(task)
        named.append(task.door)
    for door in named:
        if door not in doors:
            raise CommandRejected(lacks(config.id, "door", door, doors))
    _ordered(given)


def week(days: tuple[int, ...]) -> tuple[bool, ...]:
    """The days of the week as the wire has them."""
    return tuple(day in days for day in EVERY_DAY)


def number(given: msgspec.Struct, name: str) -> int:
    """What a word is on the wire."""
    return CHOICES[type(given)][name][getattr(given, name)]


def _choices(given: msgspec.Struct) -> None:
    for name, allowed in CHOICES.get(type(given), {}).items():
        if getattr(given, name) not in allowed:
            raise CommandRejected(f"bad parameters: {name} must be one of {', '.join(allowed)}")


def _ordered(given: msgspec.Struct) -> None:
    """Days that end before they begin."""
    begins, ends = getattr(given, "begins", None), getattr(given, "ends", None)
    if begins is not None and ends is not None and ends < begins:
        raise CommandRejected("bad parameters: ends must not be before begins")
