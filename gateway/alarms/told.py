"""Conditions that somebody tells of: a service in code, or an event of the journal."""

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.alarms.condition import Verdict


class Told:
    """How a condition stands that somebody tells of: unknown at first, so that what was raised before a restart stays.

    A Look. Seconds are those of a monotonic clock.
    """

    def __init__(self) -> None:
        self._verdict = Verdict(None)
        self._until: float | None = None

    def over(self) -> None:
        """It does not hold."""
        self.say(False)

    def forget(self) -> None:
        """Nobody knows."""
        self._verdict, self._until = Verdict(None), None

    def say(self, holds: bool, detail: dict[str, Any] | None = None, *, until: float | None = None) -> None:
        """It holds, `until` then; or it does not."""
        self._verdict, self._until = Verdict(holds, detail or {}), until

    def __call__(self, now: float, _on: bool) -> Verdict:
        if self._until is None:
            return self._verdict
        if now >= self._until:
            self.say(False)
            return self._verdict
        return msgspec.structs.replace(self._verdict, again_s=self._until - now)


class Handle:
    """What a service holds of a condition that it declared."""

    def __init__(self, told: Told, look_again: Callable[[], None]) -> None:
        self._told, self._look_again = told, look_again

    def raise_(self, detail: dict[str, Any] | None = None) -> None:
        """It holds from now on; said again, nothing happens."""
        self._told.say(True, detail)
        self._look_again()

    def clear(self) -> None:
        """It is over."""
        self._told.over()
        self._look_again()
