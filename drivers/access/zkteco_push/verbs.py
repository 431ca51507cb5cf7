"""What a pushing ZKTeco device offers, and the commands behind its verbs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from drivers.access.zkteco_push import codec
from drivers.shared.own_clock import WRITTEN
from gateway.core.access import CLOCK_OFFSET, DOOR, LOG_NEWEST, LOGGER_EVENTS, MODAL_DOOR, SET_CLOCK, Mode, SetMode
from gateway.core.contract import convert
from gateway.core.errors import CommandRejected
from gateway.core.model import Command, PartKind, Point

POINTS = (
    LOG_NEWEST,
    CLOCK_OFFSET,
    Point("refused", "integer", "requests in its name that were refused, for their address, token or length"),
)
DEVICE = PartKind(points=POINTS, verbs=(SET_CLOCK,), events=LOGGER_EVENTS)
KINDS: Mapping[str, PartKind] = {DOOR: MODAL_DOOR}
SHUT, FOR_EVER = 0, 255
"""For how many seconds the lock is released."""


def command_text(command: Command, door: int | None, *, open_s: int, local: datetime) -> str | None:
    """The command of a verb; None for a verb that there is not. `local` is the time that the device should show.

    Raises CommandRejected.
    """
    if door is None:
        return _set_clock(local) if command.verb == "set_clock" else None
    if command.verb == "open":
        return codec.control(door, open_s)
    return codec.control(door, released_s(command.params)) if command.verb == "set_mode" else None


def _set_clock(local: datetime) -> str:
    if local < WRITTEN:
        raise CommandRejected(f"the gateway's own clock is before {WRITTEN.year}: set that first")
    return f"SET OPTIONS DateTime={codec.packed(local)}"


def released_s(params: Mapping[str, Any]) -> int:
    """For how many seconds the lock is released in a mode. Raises CommandRejected."""
    match convert(SetMode, params).mode:
        case Mode.CONTROLLED:
            return SHUT
        case Mode.NORMALLY_OPEN:
            return FOR_EVER
        case Mode.NORMALLY_CLOSED:
            raise CommandRejected("the door cannot be shut for everybody: the protocol has no command for that")
