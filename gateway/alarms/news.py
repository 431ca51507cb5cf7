"""What an event of the journal says of a built-in alarm."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gateway.hub import Change


class News(NamedTuple):
    """Which alarm, and whether it is raised. `begins`: the thing of the hub that its condition begins with.

    `more` is told of it beside what the event has.
    """

    alarm: str
    raises: bool
    begins: Change
    more: Mapping[str, Any] = {}
