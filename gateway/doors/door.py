"""What is known of one door, and what is found of it. Pure."""

from enum import StrEnum

import msgspec

from gateway.core.access import Finding
from gateway.doors.heard import Position

NEVER = float("-inf")


class Held(StrEnum):
    """How far an opening has gone past its limits."""

    NO = "no"
    WARNED = "warned"
    HELD = "held"


class Limits(msgspec.Struct, frozen=True):
    """The limits of a door in seconds: warned after `warn_s`, held after `held_s`, authorised for `authorised_s`."""

    warn_s: float
    held_s: float
    authorised_s: float


class Door(msgspec.Struct, frozen=True):
    """What is known of a door.

    `opened`: when it was opened, until it is known to be closed. `excused`: its opening counts from here on, for until
    then it was right. `late`: this opening has been held once. `lost`: it was told that nobody knows how it stands.
    `before`: how it stood before a restart, until somebody has looked, or that was told. `burnt`: since when its lock
    is waited for in a fire, until it is released, or that was told.
    """

    position: Position = Position.UNKNOWN
    since: float = NEVER
    opened: float | None = None
    unlocked: bool | None = None
    authorised_until: float = NEVER
    excused: float = NEVER
    forced: bool = False
    held: Held = Held.NO
    late: bool = False
    lost: bool = False
    before: Position | None = None
    fire: bool = False
    released: bool = False
    burnt: float | None = None

    @property
    def suspended(self) -> bool:
        """Whether it may stand open."""
        return self.fire or self.released

    @property
    def wrong(self) -> tuple[str, ...]:
        """What is wrong with it, in words of the events."""
        found = {"forced": self.forced, self.held.value: self.held is not Held.NO, "unknown": self.lost}
        return tuple(name for name, holds in found.items() if holds)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. `was` is what is over, and `why`; `opened` is the opening that it is about."""

    kind: Finding
    at: float
    opened: float | None = None
    was: tuple[str, ...] = ()
    why: str | None = None
    by: str | None = None
    forced: bool = False
    in_time: bool | None = None
    unlocked: bool | None = None
