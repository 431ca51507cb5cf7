"""An emergency text: over everything on the screens of the hall, or of a zone, until the all-clear. Pure."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec

from gateway.core.model import Verb
from gateway.core.screen import Colour, Fit, Over, Show, Text

HALL = "hall"
"""What stands for all zones, and for what stands in none; no zone is called so."""


class Raise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `emergency`."""

    text: Annotated[Text, msgspec.Meta(min_length=1)]
    colour: Colour = Colour.RED


class AllClear(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`all_clear` has no parameters."""


VERBS = {
    verb.name: verb
    for verb in (
        Verb(
            name="emergency",
            meaning="show a text over everything",
            params=Raise,
            confirms=False,
            reasoned=True,
            urgent=True,
        ),
        Verb(name="all_clear", meaning="show what was shown before", params=AllClear, confirms=False, urgent=True),
    )
}


class Emergency(msgspec.Struct, frozen=True, kw_only=True):
    """An emergency as it is kept. `zone` is HALL, or the zone whose screens show it."""

    command_id: str
    zone: str
    text: str
    colour: Colour
    at: datetime
    actor: str

    def show(self) -> Show:
        """What the screen of a window shows of it."""
        return Show(self.text, self.colour, Fit.SCROLL)

    def over(self) -> Over:
        """What a board shows of it."""
        return Over(self.text, self.colour)


def emergency_from(params: Mapping[str, Any]) -> Emergency:
    """Read an emergency back from the desired state."""
    return msgspec.convert(dict(params), Emergency)


def newest(emergencies: Iterable[Emergency], zones: Collection[str] | None) -> Emergency | None:
    """The emergency that is shown in these zones (None: in any): of the hall's and theirs the one raised last."""
    fitting = [each for each in emergencies if each.zone == HALL or zones is None or each.zone in zones]
    return fitting[-1] if fitting else None
