"""What a Hikvision access device offers."""

from collections.abc import Mapping

from drivers.access.hikvision import codec
from gateway.core.access import CLOCK_OFFSET, DOOR, LOG_NEWEST, LOGGER_EVENTS, MODAL_DOOR, SET_CLOCK, Mode
from gateway.core.model import PartKind, PollGroup

DEVICE = PartKind(points=(LOG_NEWEST, CLOCK_OFFSET), verbs=(SET_CLOCK,), events=LOGGER_EVENTS)
KINDS: Mapping[str, PartKind] = {DOOR: MODAL_DOOR}
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
