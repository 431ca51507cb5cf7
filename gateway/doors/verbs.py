"""What can be asked of a door, of the doors of a zone, and of all doors."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import msgspec

from gateway.core.access import OPEN, Mode
from gateway.core.model import Verb
from gateway.core.rights import Right

ALL = "hall"
"""What stands for all doors, in whatever zone, and in none."""


class Hold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of `hold`: without `minutes`, until further notice."""

    minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] | None = None


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters."""


class DrillKind(StrEnum):
    """What is rehearsed."""

    FIRE = "fire"
    LOCKDOWN = "lockdown"


class Drill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of `drill`."""

    kind: DrillKind


def _verb(
    name: str,
    meaning: str,
    params: type[msgspec.Struct] = Nothing,
    *,
    dangerous: bool = False,
    urgent: bool = False,
) -> Verb:
    return Verb(
        name=name,
        meaning=meaning,
        params=params,
        right=Right.UNLOCK,
        reasoned=True,
        dangerous=dangerous,
        urgent=urgent,
    )


MODES = {
    "lockdown": Mode.NORMALLY_CLOSED,
    "evacuate": Mode.NORMALLY_OPEN,
    "resume": Mode.CONTROLLED,
    "release": Mode.CONTROLLED,
}
"""How a lock is run from then on."""
DRILL = _verb("drill", "rehearse a fire or a lockdown, and release nothing", Drill)
FIRE_OVER = _verb(
    "fire_over", "say that a fire is over of which its controller has told, and whose end it does not tell"
)
DOOR: Mapping[str, Verb] = {
    "open": _verb("open", OPEN.meaning),
    "hold": _verb("hold", "hold it open, until further notice or for some minutes", Hold),
    "release": _verb("release", "hold it open no longer: back to cards", Nothing),
    "fire_over": FIRE_OVER,
}
ZONE: Mapping[str, Verb] = {
    "lockdown": _verb("lockdown", "shut all of them for everybody"),
    "evacuate": _verb("evacuate", "hold all of them open", urgent=True),
    "resume": _verb("resume", "back to cards"),
    "drill": DRILL,
    "fire_over": FIRE_OVER,
}
HALL: Mapping[str, Verb] = {
    **ZONE,
    "lockdown": _verb("lockdown", "shut all doors for everybody", dangerous=True),
    "evacuate": _verb("evacuate", "hold all doors open", dangerous=True, urgent=True),
}
