"""A screen that is off is lit while an emergency is shown on it, and off again after the all-clear.

What was lit so is known by the name of its wish, which is kept: so a restart in between loses nothing.
"""

from collections.abc import Collection, Mapping
from typing import Any

from gateway.journal.rows import Desired
from gateway.supervisor.life import Life

VIEW = "emergency/screens"
"""The view in which the calls tell the devices that show an emergency."""


def devices(views: Mapping[str, Mapping[str, Any]]) -> Collection[str]:
    """The devices that show an emergency now."""
    found: Collection[str] = views.get(VIEW, {}).get("devices", ())
    return found


def was_dark(wish: Desired) -> bool:
    """Whether a device is on for an emergency only."""
    return wish.command_id == _name(wish.device)


def switched(life: Life, *, shows: bool) -> Desired | None:
    """What is wanted of a device's power now that it shows an emergency, or none; None where that is wanted already."""
    wanted = life.wishes.slot(None, "power").wanted
    if wanted is None or (wanted.params != {"on": False} if shows else not was_dark(wanted)):
        return None
    name = _name(life.id) if shows else f"{_name(life.id)}/over"
    wish = life.wishes.plan(
        part=None, verb="power", params={"on": shows}, expires_at=None, actor="emergency", command_id=name
    )
    life.wishes.want(wish)
    return wish


def _name(device: str) -> str:
    return f"emergency/{device}/power"
