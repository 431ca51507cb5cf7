"""The parameters of what can be done to a simulated Hikvision terminal."""

from typing import Annotated

import msgspec

Digits = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}$")]
Number = Annotated[int, msgspec.Meta(ge=1, le=256)]


class Swipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody shows a card at a door: employee 17 or 18 is let pass, all others are not."""

    employee: Digits = "17"
    card: Digits | None = None
    door: Number = 1


class AtDoor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something happens at a door."""

    door: Number = 1


class Fill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many more cards were shown, without a word in the stream; the oldest rows of a full log are lost."""

    count: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 10


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The stream tells the newest rows once more, as events of when nobody listened."""

    count: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 10


class Skew(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Its clock is ahead by so many seconds."""

    seconds: Annotated[float, msgspec.Meta(ge=-1e8, le=1e8)] = 0.0


class Refuse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` commands are refused."""

    count: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 1


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A search gives so many rows at once."""

    rows: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 30


class Quiet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The stream stays open and says nothing while `on`, not even that it lives."""

    on: bool = True
