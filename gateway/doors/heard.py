"""What can be heard of a door."""

from enum import StrEnum
from typing import NamedTuple


class Position(StrEnum):
    """How a door stands. A sensor that nobody hears of is `unknown`, never `closed`."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Sensed(NamedTuple):
    """Its sensor. `seen`: the device saw it change; else somebody looked how it stands."""

    position: Position
    seen: bool = False


class Locked(NamedTuple):
    """Its lock: released or not, None while nobody knows."""

    unlocked: bool | None


class Authorised(NamedTuple):
    """Somebody may pass: by a card, the button, or from afar."""


class Fire(NamedTuple):
    """The fire input of its device; None while nobody knows, which changes nothing."""

    active: bool | None


class Released(NamedTuple):
    """Whether it is released by a timetable, or until further notice."""

    on: bool


class Alarmed(NamedTuple):
    """The device itself gives an alarm: what it says of forced and held is as good as what is found."""

    reason: str


class Tick(NamedTuple):
    """Time has passed."""


Heard = Sensed | Locked | Authorised | Fire | Released | Alarmed | Tick
