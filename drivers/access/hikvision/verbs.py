"""What a Hikvision access device offers."""

from collections.abc import Mapping

import msgspec

from drivers.access.hikvision import codec
from gateway.core.access import (
    CLOCK_EVENT,
    DOOR,
    DOOR_EVENTS,
    DOOR_POINTS,
    LOG_EVENTS,
    OPEN,
    RESTARTED,
    SET_MODE,
    Mode,
)
from gateway.core.model import PartKind, Point, PollGroup, Verb


class SetClock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`set_clock` has no parameters: it is the time of the gateway."""


POINTS = (
    Point("log_newest", "integer", "the number of the newest row of its log that is recorded"),
    Point("clock_offset_s", "number", "how far its clock is ahead", unit="s", deadband=1.0),
)
SET_CLOCK = Verb(name="set_clock", meaning="set the device's clock to the gateway's", params=SetClock)
DEVICE = PartKind(points=POINTS, verbs=(SET_CLOCK,), events=(*DOOR_EVENTS, *LOG_EVENTS, CLOCK_EVENT, RESTARTED))
KINDS: Mapping[str, PartKind] = {DOOR: PartKind(points=DOOR_POINTS, verbs=(OPEN, SET_MODE), events=DOOR_EVENTS)}
STATE, CLOCK = "state", "clock"
COMMANDS = {Mode.CONTROLLED: "close", Mode.NORMALLY_OPEN: "alwaysOpen", Mode.NORMALLY_CLOSED: "alwaysClose"}
MODES = {
    codec.CONTROLLED: Mode.CONTROLLED,
    codec.ALWAYS_OPEN: Mode.NORMALLY_OPEN,
    codec.ALWAYS_SHUT: Mode.NORMALLY_CLOSED,
}


def polls(poll_s: float, clock_s: float) -> tuple[PollGroup, ...]:
    """What is looked at, and how often."""
    return PollGroup(STATE, poll_s), PollGroup(CLOCK, clock_s)
