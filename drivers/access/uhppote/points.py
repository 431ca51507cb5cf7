"""What a controller and its doors tell, point by point."""

from collections.abc import Iterator

from drivers.access.uhppote.codec.doors import Control
from drivers.access.uhppote.codec.log import FIRE as FIRE_BIT
from drivers.access.uhppote.codec.log import FORCE_LOCK, Status
from drivers.access.uhppote.config import UhppoteConfig
from gateway.core.access import CLOCK_OFFSET, DOOR_POINTS, DOORS_LOGGED, FIRE, LISTENER_BOUND, SYSTEM_ERROR, Mode
from gateway.core.model import Point, Quality, Reading, Scalar

BUTTON = Point("button", "boolean", "whether the button inside is pressed")
DELAY = Point("delay_s", "integer", "how long its lock is released for somebody who may pass", unit="s")
DOOR = (*DOOR_POINTS, BUTTON, DELAY)
DEVICE = (
    FIRE,
    Point("force_lock", "boolean", "whether the input that keeps all doors locked is active"),
    CLOCK_OFFSET,
    Point("log_newest", "integer", "the index of the newest event in its log"),
    Point("log_behind", "integer", "events of its log that are not recorded yet"),
    LISTENER_BOUND,
    DOORS_LOGGED,
    SYSTEM_ERROR,
    Point(
        "strays",
        "integer",
        "packets since the start that answered nothing we had asked, or were pushed from another address than its own",
    ),
)
MODES = {
    Control.NORMALLY_OPEN: Mode.NORMALLY_OPEN,
    Control.NORMALLY_CLOSED: Mode.NORMALLY_CLOSED,
    Control.CONTROLLED: Mode.CONTROLLED,
}


def reading(part: str | None, point: str, value: Scalar) -> Reading:
    """A reading; without a value it is bad."""
    return Reading(part, point, value, Quality.BAD if value is None else Quality.GOOD)


def inputs(config: UhppoteConfig, status: Status) -> Iterator[Reading]:
    """The doors and the fire input. Only for a status whose events are recorded."""
    yield from burning(config, status)
    for door in config.doors:
        bit = door.number - 1
        yield reading(door.id, "open", status.open[bit] if door.sensor else None)
        yield reading(door.id, "unlocked", bool(status.relays >> bit & 1))
        yield reading(door.id, BUTTON.name, status.buttons[bit])


def unknown(config: UhppoteConfig, status: Status) -> Iterator[Reading]:
    """As above while what has happened is not recorded: whether it burns, and of the doors nothing."""
    yield from burning(config, status)
    for door in config.doors:
        for name in ("open", "unlocked", BUTTON.name):
            yield reading(door.id, name, None)


def burning(_: UhppoteConfig, status: Status) -> Iterator[Reading]:
    """Whether it burns: that waits for no event."""
    yield reading(None, FIRE.name, fire(status))


def fire(status: Status) -> bool:
    """Whether the fire input is active."""
    return bool(status.inputs & FIRE_BIT)


def own(status: Status, *, offset_s: float | None, behind: int | None, strays: int) -> Iterator[Reading]:
    """What it tells of itself."""
    yield reading(None, "force_lock", bool(status.inputs & FORCE_LOCK))
    yield reading(None, CLOCK_OFFSET.name, offset_s)
    yield reading(None, "log_newest", status.index)
    yield reading(None, "log_behind", behind)
    yield reading(None, SYSTEM_ERROR.name, status.error)
    yield reading(None, "strays", strays)
