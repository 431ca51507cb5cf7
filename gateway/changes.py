"""What one subscriber of the hub has not heard of yet: latest wins, in bounded memory."""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple


class Change(NamedTuple):
    """What changed: `kind` is availability, device, state or view; `key` a device id or the name of a view.

    `device` is what it says of itself and which parts it has. What the hub no longer has when the change is taken
    is gone.
    """

    kind: str
    key: str
    part: str | None = None


class Subscription:
    """The changes that one subscriber has not taken yet: at most one entry for each thing that can change.

    `kinds` are those that it hears of; none named are all.
    """

    def __init__(self, *kinds: str) -> None:
        self._kinds = kinds
        self._dirty: dict[Change, None] = {}
        self._wake = asyncio.Event()

    def mark(self, change: Change) -> None:
        """Note a change; a second mark before it is taken adds nothing."""
        if not self._kinds or change.kind in self._kinds:
            self._dirty[change] = None
            self._wake.set()

    def waiting(self) -> Iterable[Change]:
        """What can be taken now, oldest first."""
        return self._dirty.keys()

    async def next(self) -> Change:
        """Wait for a change and take the oldest. What changes again before its turn keeps its place in the row."""
        await self._wake.wait()
        change = next(iter(self._dirty))
        del self._dirty[change]
        if not self._dirty:
            self._wake.clear()
        return change

    async def take(self) -> list[Change]:
        """Wait for changes and take all of them, oldest first."""
        await self._wake.wait()
        taken, self._dirty = list(self._dirty), {}
        self._wake.clear()
        return taken
