"""What a pushing ZKTeco device offers, and the commands behind its verbs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from drivers.access.zkteco_push import codec
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
    SetMode,
)
from gateway.core.contract import convert
from gateway.core.errors import CommandRejected
from gateway.core.model import Command, PartKind, Point, Verb


class SetClock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`set_clock` has no parameters: it is the time of the gateway."""


POINTS = (
    Point("log_newest", "integer", "the number of the newest row of its log that is recorded"),
    Point("clock_offset_s", "number", "how far its clock is ahead", unit="s", deadband=1.0),
    Point("refused", "integer", "requests in its name that were refused, for their address, token or length"),
)
SET_CLOCK = Verb(name="set_clock", meaning="set the device's clock to the gateway's", params=SetClock)
DEVICE = PartKind(points=POINTS, verbs=(SET_CLOCK,), events=(*DOOR_EVENTS, *LOG_EVENTS, CLOCK_EVENT, RESTARTED))
KINDS: Mapping[str, PartKind] = {DOOR: PartKind(points=DOOR_POINTS, verbs=(OPEN, SET_MODE), events=DOOR_EVENTS)}
SHUT, FOR_EVER = 0, 255
"""For how many seconds the lock is released."""


def command_text(command: Command, door: int | None, *, open_s: int, local: datetime) -> str | None:
    """The command of a verb; None for a verb that there is not. `local` is the time that the device should show."""
    if door is None:
        return f"SET OPTIONS DateTime={codec.packed(local)}" if command.verb == "set_clock" else None
    if command.verb == "open":
        return codec.control(door, open_s)
    return codec.control(door, released_s(command.params)) if command.verb == "set_mode" else None


def released_s(params: Mapping[str, Any]) -> int:
    """For how many seconds the lock is released in a mode. Raises CommandRejected."""
    match convert(SetMode, params).mode:
        case Mode.CONTROLLED:
            return SHUT
        case Mode.NORMALLY_OPEN:
            return FOR_EVER
        case Mode.NORMALLY_CLOSED:
            raise CommandRejected("the door cannot be shut for everybody: the protocol has no command for that")
