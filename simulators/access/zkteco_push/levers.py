"""The parameters of what can be done to a simulated ZKTeco controller."""

from typing import Annotated

import msgspec

Number = Annotated[int, msgspec.Meta(ge=1, le=8)]
Digits = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}$")]


class Swipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody shows a card at a door: user 1001 or 1002 is let pass, all others are not."""

    pin: Digits = "1001"
    card: Digits | None = None
    door: Number = 1
    out: bool = False


class AtDoor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something happens at a door."""

    door: Number = 1


class Fire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fire input opens all doors."""


class Fill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many more cards were shown; the oldest rows of a full log are lost."""

    count: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 10


class Skew(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Its clock is ahead by so many seconds."""

    seconds: Annotated[float, msgspec.Meta(ge=-1e8, le=1e8)] = 0.0


class Refuse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` commands cannot be carried out."""

    count: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 1
