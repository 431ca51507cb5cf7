"""The newest rows, kept in memory: whoever follows the journal need not ask the store after each commit."""

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from gateway.journal import rows
from gateway.journal.rows import Row

MOST_ROWS = 1_000
MOST_CHARACTERS = 1 << 20  # of payloads


class Kept(NamedTuple):
    """A row and how long its payload is, in characters."""

    row: Row
    size: int


class Tail:
    """Rows without a gap, up to the newest that is committed; none where the store may have changed them since."""

    def __init__(self) -> None:
        self._kept: deque[Kept] = deque()
        self._size = 0

    def add(self, stored: Sequence[Mapping[str, Any]]) -> None:
        """Take what was committed, as columns, in the order of seq."""
        for each in stored:
            kept = Kept(rows.row(each), len(each["payload"]))
            if self._kept and self._kept[-1].row.seq + 1 != kept.row.seq:
                self.clear()
            self._kept.append(kept)
            self._size += kept.size
        while len(self._kept) > MOST_ROWS or self._size > MOST_CHARACTERS:
            self._size -= self._kept.popleft().size

    def clear(self) -> None:
        """Keep nothing of what was committed so far: payloads may be erased, days may have left."""
        self._kept.clear()
        self._size = 0

    def after(self, seq: int, limit: int) -> list[Row] | None:
        """The first rows behind `seq`, None where the store must be asked."""
        first = self._kept[0].row.seq if self._kept else seq + 2
        if first > seq + 1:
            return None
        place = seq + 1 - first
        return [kept.row for kept in islice(self._kept, place, place + limit)]
