"""What is known of one door, and what is found of it. Pure."""

from enum import StrEnum
from typing import NamedTuple

import msgspec

from gateway.core.access import Finding
from gateway.doors.heard import Position

NEVER, FOR_EVER = float("-inf"), float("inf")


class Span(NamedTuple):
    """A time in which a door may stand open, its end not included, and `why`: `fire` or `released`."""

    begin: float
    end: float
    why: str


class Held(StrEnum):
    """How far an opening has gone past its limits."""

    NO = "no"
    WARNED = "warned"
    HELD = "held"


class Limits(msgspec.Struct, frozen=True):
    """The limits of a door in seconds: warned after `warn_s`, held after `held_s`, authorised for `authorised_s`.

    `timetable`: when it is released by that. `unsure_s`: so much earlier than it was a thing may seem to have been.
    """

    warn_s: float
    held_s: float
    authorised_s: float
    timetable: tuple[Span, ...] = ()
    unsure_s: float = 0.0


class Door(msgspec.Struct, frozen=True):
    """What is known of a door.

    `opened`: when it was opened, until it is known to be closed. `excused`: its opening counts from here on, for until
    then it was right. `late`: this opening has been held once. `lost`: it was told that nobody knows how it stands.
    `before`: how it stood before a restart, until somebody has looked, or that was told. `burnt`: since when its lock
    is waited for in a fire, until it is released, or that was told.

    What a log tells late is judged by what was so then: what allows something has its beginning, and what has allowed
    it is kept in `past`, oldest first.
    """

    position: Position = Position.UNKNOWN
    since: float = NEVER
    opened: float | None = None
    unlocked: bool | None = None
    unlocked_since: float = NEVER
    authorised_since: float = NEVER
    authorised_until: float = NEVER
    excused: float = NEVER
    forced: bool = False
    held: Held = Held.NO
    late: bool = False
    lost: bool = False
    before: Position | None = None
    fire: bool = False
    fire_since: float = NEVER
    released: bool = False
    released_since: float = NEVER
    past: tuple[Span, ...] = ()
    burnt: float | None = None

    @property
    def suspended(self) -> bool:
        """Whether it may stand open."""
        return self.fire or self.released

    def spans(self, limits: Limits) -> list[Span]:
        """When it may stand open, as far as that is known, by their beginnings."""
        fire = [Span(self.fire_since, FOR_EVER, "fire")] if self.fire else []
        released = [Span(self.released_since, FOR_EVER, "released")] if self.released else []
        return sorted([*self.past, *fire, *released, *limits.timetable])

    def allowed(self, limits: Limits, at: float, *why: str) -> bool:
        """Whether it may have stood open at that time, for one of these reasons."""
        spans = (span for span in self.spans(limits) if span.why in why)
        return any(span.begin - limits.unsure_s <= at < span.end for span in spans)

    def may_open(self, limits: Limits, at: float) -> bool:
        """Whether it was right to open it at that time."""
        leave = [(span.begin, span.end + limits.authorised_s) for span in self.spans(limits)]
        leave.append((self.authorised_since, self.authorised_until))
        leave += [(self.unlocked_since, FOR_EVER)] if self.unlocked else []
        return any(begin - limits.unsure_s <= at <= end for begin, end in leave)

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
