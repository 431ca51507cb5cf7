"""The parameters of the levers of a simulated page."""

from typing import Annotated

import msgspec


class Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something is wrong while `on`."""

    on: bool = True


class Seconds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long, or by how much."""

    seconds: Annotated[float, msgspec.Meta(ge=-86400, le=86400)] = 0.0


class Refuse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next `count` contents cannot be shown."""

    count: Annotated[int, msgspec.Meta(ge=0)] = 1
