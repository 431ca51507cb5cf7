"""What is said of doors and asked of them: one vocabulary for every access driver and for `gateway/doors`.

A door is a part of the kind DOOR. A driver says what its device says, and decides nothing: whether a door was forced or
held open is found by `gateway/doors`, from DOOR_POINTS and DOOR_EVENTS of any source. So that it can tell an authorised
opening from a forced one, a driver publishes the points of a door only after it has recorded the events up to them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from gateway.core.model import EventType, PartKind, Point, Retention, Verb
from gateway.core.rights import Right
from gateway.core.screen import SetClock

DOOR = "door"
DURESS, TAMPER = "duress", "tamper"
"""Reasons that a device gives with an alarm: somebody is coerced, its housing is open. TAMPER may be a point too."""
FORCED, HELD = "forced", "held"
"""Reasons that a device gives with an alarm of a door."""
EMERGENCY, THEFT, ZONE = "emergency", "theft", "24 h zone"
"""The same: somebody calls for help, something is stolen, a detector that is never switched off has struck."""
NO_BATTERY, NO_MAINS, NO_READER, LOG_FULL = "battery lost", "mains lost", "reader lost", "the log is nearly full"
"""The same: the device itself must be mended, and nobody has done anything."""


class Mode(StrEnum):
    """How a lock is run."""

    CONTROLLED = "controlled"
    """Shut, and opened for who may pass."""
    NORMALLY_OPEN = "normally_open"
    """Released until further notice."""
    NORMALLY_CLOSED = "normally_closed"
    """Shut for everybody, cards included."""


class Open(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`open` has no parameters: the lock is released for as long as the device is set to."""


class SetMode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `set_mode`."""

    mode: Mode


OPEN = Verb(name="open", meaning="release the lock once", params=Open, right=Right.UNLOCK, reasoned=True)
SET_MODE = Verb(
    name="set_mode",
    meaning="say how the lock is run from now on",
    params=SetMode,
    right=Right.UNLOCK,
    reasoned=True,
    locks=True,
)
SET_CLOCK = Verb(name="set_clock", meaning="set the device's clock to the gateway's", params=SetClock)
DOOR_POINTS = (
    Point("open", "boolean", "whether the door stands open, by its sensor; null while nobody can tell"),
    Point("unlocked", "boolean", "whether its lock is released"),
    Point("mode", "text", "how its lock is run: controlled, normally_open or normally_closed"),
)
FIRE = Point("fire", "boolean", "whether the fire input of the device is active")
LOG_NEWEST = Point("log_newest", "integer", "the number of the newest row of its log that is recorded")
CLOCK_OFFSET = Point("clock_offset_s", "number", "how far its clock is ahead", unit="s", deadband=1.0)
LISTENER_BOUND = Point(
    "listener_bound", "boolean", "whether what it pushes can arrive here; unknown without a listener"
)
DOORS_LOGGED = Point("door_events", "boolean", "whether it has agreed to log doors that open and close, and buttons")
SYSTEM_ERROR = Point("system_error", "integer", "the number of its fault; 0 for none")


def may_lock(verb: Verb, params: Mapping[str, Any]) -> bool:
    """Whether a door may be locked by this: the one rule of what is refused while a fire is on."""
    return verb.locks and params.get("mode") != Mode.NORMALLY_OPEN


class Happening(StrEnum):
    """The types of what happens at a door, and in a device that controls doors."""

    GRANTED = "access.granted"
    DENIED = "access.denied"
    PRESENTED = "access.presented"
    BUTTON = "door.button"
    BUTTON_REFUSED = "door.button_refused"
    REMOTE = "door.remote_open"
    OPENED = "door.opened"
    CLOSED = "door.closed"
    ALARM = "door.device_alarm"
    GAP = "log.gap"
    EPOCH = "log.epoch"
    CLOCK = "clock.corrected"
    RESTARTED = "device.restarted"
    OTHER = "log.other"


BURNS, BURNS_NO_LONGER = "fire", "fire is over"
"""The reasons of ALARM and of OTHER by which a device tells of a fire, and of its end; without a part, of all doors."""


class Finding(StrEnum):
    """The types of what `gateway/doors` finds of a door, whatever its device says."""

    FORCED = "door.forced"
    HELD_WARNING = "door.held_warning"
    HELD = "door.held"
    UNKNOWN = "door.unknown"
    RESTORED = "door.restored"
    CYCLE = "door.cycle"
    FIRE = "fire.released"
    FIRE_LOCK = "fire.lock"
    FIRE_OVER = "fire.over"


def _access(name: Happening, meaning: str) -> EventType:
    return EventType(name, meaning, Retention.ACCESS)


DOOR_EVENTS = (
    _access(
        Happening.GRANTED, "somebody was let pass: `reason`, `direction` in, out or null, `person` if there was a card"
    ),
    _access(Happening.DENIED, "somebody was refused: `reason` in words, `code` as the device has it, `person`"),
    _access(Happening.PRESENTED, "a card was shown to a reader that decides nothing by itself: `person`"),
    _access(Happening.BUTTON, "the button inside released the lock"),
    _access(Happening.BUTTON_REFUSED, "the button inside was pressed in vain: `reason`"),
    _access(Happening.REMOTE, "the lock was released from afar"),
    _access(Happening.OPENED, "the door was opened, by the log of the device"),
    _access(Happening.CLOSED, "the door was closed, by the log of the device"),
    _access(
        Happening.ALARM, "the device itself gives an alarm: `reason` is forced, held, fire, duress, tamper or its own"
    ),
)
"""All may carry `index` and `epoch`: the place in the log of the device, and the how-manyth log that is."""
LOG_EVENTS = (
    _access(Happening.GAP, "the device no longer has events that were never read: `from` and `to`, both included"),
    _access(Happening.OTHER, "something else in the log of the device: `reason` in words, `code` as the device has it"),
    _access(Happening.EPOCH, "the log of the device began anew: `epoch` counts its logs, `why` says how that was seen"),
)
CLOCK_EVENT = EventType(
    Happening.CLOCK, "the clock of the device was set: `offset_s` is what it was off", Retention.AUDIT
)
RESTARTED = EventType(Happening.RESTARTED, "the device was without power or was reset: `reason`", Retention.ACCESS)
LOGGER_EVENTS = (*DOOR_EVENTS, *LOG_EVENTS, CLOCK_EVENT, RESTARTED)
"""Those of a device that controls doors and has a log and a clock."""
MODAL_DOOR = PartKind(points=DOOR_POINTS, verbs=(OPEN, SET_MODE), events=DOOR_EVENTS)
"""A door whose lock can be run in more than one way, and that has nothing else."""
