"""When to look again: one heap for all alarms, so that ten thousand of them cost nothing while they wait."""

import asyncio
import heapq
from collections.abc import Hashable
from typing import Generic, TypeVar

SPARE = 64
KeyT = TypeVar("KeyT", bound=Hashable)


class Timers(Generic[KeyT]):
    """At most one time for each key; a new one replaces the old."""

    def __init__(self) -> None:
        self._due: dict[KeyT, float] = {}
        self._heap: list[tuple[float, int, KeyT]] = []
        self._count = 0
        self._sooner = asyncio.Event()

    def set(self, key: KeyT, due: float | None) -> None:
        """Be due then, in seconds of the loop's clock; None: never."""
        if self._due.get(key) == due:
            return
        if due is None:
            del self._due[key]
            return
        self._due[key] = due
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, key))
        if len(self._heap) > 2 * len(self._due) + SPARE:  # many were replaced before they came
            self._heap = [entry for entry in self._heap if not self._stale(entry)]
            heapq.heapify(self._heap)
        if self._heap[0][2] == key:
            self._sooner.set()

    def take(self, now: float) -> list[KeyT]:
        """The keys that are due, each once, and the earliest first."""
        taken: list[KeyT] = []
        while self._heap and (self._heap[0][0] <= now or self._stale(self._heap[0])):
            entry = heapq.heappop(self._heap)
            if not self._stale(entry):
                del self._due[entry[2]]
                taken.append(entry[2])
        return taken

    async def wait(self) -> None:
        """Wait until something may be due."""
        loop = asyncio.get_running_loop()
        self._sooner.clear()
        if self._heap and self._heap[0][0] <= loop.time():
            return
        try:
            async with asyncio.timeout_at(self._heap[0][0] if self._heap else None):
                await self._sooner.wait()
        except TimeoutError:
            return

    def _stale(self, entry: tuple[float, int, KeyT]) -> bool:
        return self._due.get(entry[2]) != entry[0]
