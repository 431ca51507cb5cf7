"""A page of what is sought, in bounded time: where no index helps, only so much of the journal is looked through."""

import time
from typing import Any, NamedTuple

from gateway.journal.journal import Journal
from gateway.journal.rows import Row

STRETCH_ROWS = 20_000  # looked through at once: 12 ms
LOOK_S = 0.1


class Page(NamedTuple):
    """Rows by seq. `next` is the `after` of the next page, None at the end, which is `upto` then."""

    rows: list[Row]
    next: int | None
    upto: int


async def search(
    journal: Journal, *, after: int, limit: int, newest_first: bool, text: str | None = None, **sought: Any
) -> Page:
    """One page of `Journal.read`. With `text` it may be shorter than `limit`, even empty, and not the last.

    Raises JournalError.
    """
    head, began = journal.head.seq, time.monotonic()
    if text is None:
        rows = await journal.read(after=after, limit=limit, newest_first=newest_first, **sought)
        last = rows[-1].seq if rows else 0  # a row may have come meanwhile
        return Page(rows, last if len(rows) == limit else None, max(head, last))
    found: list[Row] = []
    at = after or (head + 1 if newest_first else 0)
    while (at > 1) if newest_first else (at < head):
        low, high = (max(1, at - STRETCH_ROWS), at - 1) if newest_first else (at + 1, at + STRETCH_ROWS)
        found += await journal.read(
            limit=limit - len(found), newest_first=newest_first, text=text, among=(low, high), **sought
        )
        if len(found) == limit:
            return Page(found, found[-1].seq, head)
        at = low if newest_first else high
        if time.monotonic() - began > LOOK_S:
            break
    over = at <= 1 if newest_first else at >= head
    return Page(found, None if over else at, head)
