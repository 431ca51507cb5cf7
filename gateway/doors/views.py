"""A door as others see it."""

from collections.abc import Mapping
from typing import Any

from gateway.core.access import DOOR
from gateway.core.known import unknown
from gateway.doors.entrance import Entrance
from gateway.doors.heard import Position
from gateway.doors.told import Level
from gateway.hub import DeviceView


def detail(entrance: Entrance, device: DeviceView | None) -> str | None:
    """Why nobody can ever hear of a door: its controller has told what it has, and the door is not among that."""
    if device is None or not device.seen:
        return None
    doors = [part.id for part in device.parts.values() if part.kind == DOOR]
    part = entrance.config.part
    return None if part in doors else f"{device.id}: {unknown(part, doors, 'door')}"


def view(entrance: Entrance, level: Level, *, zone: str | None, detail: str | None, burns: bool) -> Mapping[str, Any]:
    """All there is to know of a door. It says nothing of anybody. `burns`: no hold ends, as a fire is on somewhere."""
    config, door = entrance.config, entrance.door
    return {
        "door": config.id,
        "name": config.name,
        "zone": zone,
        "device": config.device,
        "part": config.part,
        "staff_entrance": config.staff_entrance,
        "state": door.position.value,
        "since": entrance.since,
        "opened_at": entrance.opened_at if door.position is not Position.CLOSED else None,
        "unlocked": level.unlocked,
        "mode": level.mode,
        "forced": door.forced,
        "held": door.held.value,
        "fire": door.fire or level.fire,
        "released": door.released,
        "hold_until": entrance.hold_until_at,
        "hold_overdue": entrance.overdue and not burns,
        "camera": config.camera,
        "detail": detail,
    }
