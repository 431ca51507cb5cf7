"""What devices tell of doors, as the door hears it: rows of the journal, and readings of the hub. Pure."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.core.access import BURNS, BURNS_NO_LONGER, FIRE, Happening, Mode
from gateway.core.model import Scalar
from gateway.doors.heard import Alarmed, Authorised, Fire, Heard, Position, Sensed
from gateway.hub import DeviceView, Status
from gateway.journal.rows import Row

HAPPENED: dict[str, Heard] = {
    Happening.GRANTED: Authorised(),
    Happening.BUTTON: Authorised(),
    Happening.REMOTE: Authorised(),
    Happening.OPENED: Sensed(Position.OPEN, seen=True),
    Happening.CLOSED: Sensed(Position.CLOSED, seen=True),
}
FIRES: dict[tuple[str, str], Heard] = {
    (Happening.ALARM, BURNS): Fire(True),
    (Happening.OTHER, BURNS_NO_LONGER): Fire(False),
}
POSITIONS = {True: Position.OPEN, False: Position.CLOSED, None: Position.UNKNOWN}


class Level(NamedTuple):
    """How a door stands, by the newest readings; `at` is when its sensor was last read, `mode_at` when its mode was,
    `fire_at` when the fire input of its device was.

    `online_at`: since when its controller has answered without a break, None while it does not.
    """

    position: Position
    at: datetime
    unlocked: bool | None
    mode: Mode | None
    mode_at: datetime
    fire: bool | None
    fire_at: datetime
    online_at: datetime | None = None


def heard(row: Row) -> Heard | None:
    """What a row of the journal tells the door that it is of; None for what is not about how the door stands."""
    reason = str((row.payload or {}).get("reason"))
    if (row.type, reason) in FIRES:
        return FIRES[row.type, reason]
    if row.type == Happening.ALARM:
        return Alarmed(reason)
    return HAPPENED.get(row.type)


def happened_at(row: Row, zone: ZoneInfo, *, believed: bool = False) -> datetime:
    """When it happened: by the clock of the device, where it is known how far that is off, else when it was recorded.

    `zone` is that of the device. What the device says of the future is not believed. `believed`: a clock of which
    nobody knows how far it is off is taken to be right.
    """
    if row.device_at is None or (row.clock_offset_s is None and not believed):
        return row.at
    try:
        told = datetime.fromisoformat(row.device_at)
        told = told if told.tzinfo else told.replace(tzinfo=zone)
        return min(told.astimezone(UTC) - timedelta(seconds=row.clock_offset_s or 0.0), row.at)
    except (ValueError, OverflowError):  # it is kept as the device sent it
        return row.at


def level(view: DeviceView | None, part: str, now: datetime) -> Level:
    """How a door of a device stands. What is not known, or not declared, is None."""
    opened = _reading(view, part, "open")
    (mode, mode_at), (fire, fire_at) = _reading(view, part, "mode"), _reading(view, None, FIRE.name)
    return Level(
        position=POSITIONS[_flag(opened[0])],
        at=opened[1] or now,
        unlocked=_flag(_reading(view, part, "unlocked")[0]),
        mode=Mode(mode) if isinstance(mode, str) and mode in list(Mode) else None,
        mode_at=mode_at or now,
        fire=_flag(fire),
        fire_at=fire_at or now,
        online_at=view.since if view is not None and view.status is Status.ONLINE else None,
    )


def _reading(view: DeviceView | None, part: str | None, point: str) -> tuple[Scalar, datetime | None]:
    held = view.points.get(part, {}).get(point) if view is not None else None
    return (held.now.value, held.now.at) if held is not None else (None, None)


def _flag(value: Scalar) -> bool | None:
    return value if isinstance(value, bool) else None
