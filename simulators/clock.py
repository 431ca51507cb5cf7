"""The clock of a simulated box, with its lever: most boxes have a cheap one, and nobody sets it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from gateway.core.twin import Lever
from simulators.faults import lever

DAY_S = 86_400


class Skew(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The box's clock is `seconds` ahead (or behind, below 0) and gains `gains_s` seconds a day; 0 lifts it."""

    seconds: Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)] = 0.0
    gains_s: Annotated[float, msgspec.Meta(ge=-DAY_S, le=DAY_S)] = 0.0


class BoxClock:
    """A naive clock, as boxes have: `true` is the right time at the place where the box stands."""

    def __init__(self, true: Callable[[], datetime]) -> None:
        self._true, self._skew, self._set_at = true, Skew(), true()

    def now(self) -> datetime:
        """The time that the box believes in."""
        true = self._true()
        days = (true - self._set_at) / timedelta(days=1)
        return true + timedelta(seconds=self._skew.seconds + days * self._skew.gains_s)

    def levers(self) -> Mapping[str, Lever]:
        """`clock_skew`: the clock goes wrong from now on."""
        return {"clock_skew": lever(Skew, self._go_wrong)}

    def _go_wrong(self, given: Skew) -> None:
        self._skew, self._set_at = given, self._true()
