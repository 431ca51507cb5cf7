"""What an alarm is about, when its condition holds, and the delays that keep it from chattering. Pure.

The words are those of ANSI/ISA-18.2-2016 and IEC 62682:2014 (management of alarm systems): on-delay, off-delay,
deadband (here `band`), priority.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import cached_property
from math import isfinite
from typing import Any

import msgspec

from gateway.core.model import Quality, Scalar
from gateway.hub import Held


class Priority(StrEnum):
    """How soon a person must act. Four steps: ISA-18.2 advises three or four."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Text(msgspec.Struct, frozen=True):
    """A sentence in the two languages of the hall."""

    zh: str
    en: str


class Words(msgspec.Struct, frozen=True):
    """What people read of an alarm: its title, and what it means and what to do first."""

    title: Text
    guidance: Text


class Condition(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Something that a person must know when it holds.

    `subject` is the key of what it is about in the hub's edges, such as `device/led-01` or `line/rs485-a`. An `outage`
    is the root of what `follows` of its subject and of everything that depends on it: a lost device explains what
    `follows`, such as silence, and nothing else. `must_ack`: it stays until a person has seen it, even when it is
    over. `until_seen`: nothing else ends it. `quiet`: nobody may learn of it but those who act on it. `key` tells two
    conditions of one name apart.
    """

    name: str
    subject: str
    words: Words
    key: str = ""
    priority: Priority = Priority.MEDIUM
    device: str | None = None
    part: str | None = None
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    must_ack: bool = False
    until_seen: bool = False
    quiet: bool = False
    outage: bool = False
    follows: bool = False

    @cached_property
    def id(self) -> str:
        """The id of its alarm: `device-offline.led-01`, with a part `wrong-content.led-02.left`."""
        return ".".join(piece for piece in (self.name, self.device or "", self.part or "", self.key) if piece)


class Verdict(msgspec.Struct, frozen=True):
    """Whether a condition holds now: None where nobody can tell. `again_s`: look again then, whatever happens."""

    holds: bool | None
    detail: dict[str, Any] = {}
    again_s: float | None = None


Look = Callable[[float, bool], Verdict]
"""Finds out how a condition stands: given the monotonic seconds, and whether it is believed to hold."""


class Above(msgspec.Struct, frozen=True):
    """The value is above `limit`; it is over once it is `band` below the limit again, or lower."""

    limit: float
    band: float = 0.0


class Below(msgspec.Struct, frozen=True):
    """The value is below `limit`; it is over once it is `band` above the limit again, or higher."""

    limit: float
    band: float = 0.0


class Equals(msgspec.Struct, frozen=True):
    """The value is exactly this one; true is not 1."""

    value: Scalar


class Bad(msgspec.Struct, frozen=True):
    """The quality is bad: the value is unknown."""


class Stale(msgspec.Struct, frozen=True):
    """No good reading has come for `after_s` seconds."""

    after_s: float


Test = Above | Below | Equals | Bad | Stale


def judge(test: Test, held: Held, *, active: bool, age_s: float) -> bool | None:
    """Whether a point passes the test of its condition, which is `active` or not; None where its value is unknown.

    `age_s` is how long ago its newest good reading came.
    """
    value = held.now.value
    if isinstance(test, Bad):
        return held.now.quality is Quality.BAD
    if isinstance(test, Stale):
        return age_s >= test.after_s
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return None
    if isinstance(test, Equals):
        return isinstance(value, bool) is isinstance(test.value, bool) and value == test.value
    if isinstance(value, bool | str):
        return None
    if isinstance(test, Above):
        return value > test.limit - test.band if active and test.band else value > test.limit
    return value < test.limit + test.band if active and test.band else value < test.limit


class Delay:
    """Believes a verdict once it has stood long enough: `on` is what it believes, seconds are of a monotonic clock."""

    __slots__ = ("_since", "off_delay_s", "on", "on_delay_s")

    def __init__(self, on_delay_s: float, off_delay_s: float, *, on: bool = False) -> None:
        self.on, self.on_delay_s, self.off_delay_s = on, on_delay_s, off_delay_s
        self._since: float | None = None

    @property
    def pending(self) -> bool:
        """Whether the condition holds, but not yet for long enough."""
        return self._since is not None and not self.on

    @property
    def due(self) -> float | None:
        """When it will believe what it is told now; None when it believes it already."""
        return None if self._since is None else self._since + self._wait_s

    def feed(self, holds: bool | None, now: float) -> bool:
        """Take a verdict; says whether `on` has changed. What nobody can tell changes nothing, and stops the delay."""
        if holds is None or holds is self.on:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        if now < self._since + self._wait_s:
            return False
        self.on, self._since = holds, None
        return True

    @property
    def _wait_s(self) -> float:
        return self.off_delay_s if self.on else self.on_delay_s
