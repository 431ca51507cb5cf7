"""The log of a simulated controller: numbered from 1, the oldest events make room in blocks."""

from collections import deque

import msgspec

from drivers.access.uhppote.codec.log import NEWEST, OLDEST, EventRecord, Kind

CAPACITY, BLOCK = 204_800, 2_048
"""Of a real board: it was seen to hold the events 1 to 186 809, and later 2 049 to 206 817."""


class Ring:
    """Events, oldest first."""

    def __init__(self, capacity: int = CAPACITY, block: int = BLOCK) -> None:
        self.capacity, self.block = capacity, block
        self._records: deque[EventRecord] = deque()
        self.newest = 0

    @property
    def oldest(self) -> int:
        """The index of the oldest event that is still there, 0 where there is none."""
        return self.newest - len(self._records) + 1 if self._records else 0

    def add(self, record: EventRecord) -> EventRecord:
        """Write an event; gives it with its index."""
        self.newest += 1
        written = msgspec.structs.replace(record, index=self.newest)
        self._records.append(written)
        if len(self._records) > self.capacity:
            for _ in range(min(self.block, len(self._records) - 1)):
                self._records.popleft()
        return written

    def get(self, index: int) -> EventRecord:
        """The event of an index; one that says why not, where there is none."""
        if index == NEWEST:
            index = self.newest
        elif index == OLDEST:
            index = self.oldest
        if not 0 < index <= self.newest:
            return EventRecord()
        if index < self.oldest:
            return EventRecord(index=index, kind=Kind.OVERWRITTEN)
        return self._records[index - self.oldest]

    def clear(self) -> None:
        """Forget all, and begin at 1 again."""
        self._records.clear()
        self.newest = 0
