"""The walk over the numbered log that a device keeps: every event once, in order; what is gone is told, never hidden.

A device that pushes its events loses some; its log has them all, numbered from 1, until it needs their room. The walk
reads on from a place. It knows a log that began anew by the events that it has read: their fingerprints are another's.
Where a read fails, the walk ends there, and the next one begins at the same place.
"""

from collections.abc import AsyncGenerator, Callable
from enum import Enum
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec

MOST = 60
"""Events between two commits; with those of the walk itself a commit has at most 64."""


class Missing(Enum):
    """Why there is no event of an index."""

    NONE = "none"
    """There never was one, in this log."""
    OVERWRITTEN = "overwritten"


RecordT = TypeVar("RecordT")
RecordIn = TypeVar("RecordIn", contravariant=True)


class Log(Protocol[RecordT]):
    """The log of a device, numbered from 1. What it raises ends the walk."""

    async def newest(self) -> int:
        """The index of the newest event, 0 for an empty log."""
        ...

    async def oldest(self) -> int:
        """The index of the oldest event that is still there, 0 for an empty log."""
        ...

    async def read(self, index: int) -> RecordT | Missing: ...

    def mark(self, record: RecordT) -> str:
        """What tells an event from another one that has its index in another log."""
        ...


class Place(msgspec.Struct, frozen=True):
    """How far which log has been read: the `epoch`-th that was seen, up to `index`, whose fingerprint is `mark`.

    `mark` is None where the event at `index` was never read.
    """

    epoch: int
    index: int
    mark: str | None = None

    def text(self) -> str:
        """As a cursor keeps it."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def of(cls, text: str) -> "Place":
        """What `text` gave. Raises ValueError."""
        return msgspec.json.decode(text, type=cls)


class Gap(NamedTuple):
    """Events that were never read and are gone, both ends included."""

    first: int
    last: int


class Found(msgspec.Struct, Generic[RecordT], frozen=True, kw_only=True):
    """What one commit has: the place after it, the events before that place, and what must be told beside them.

    `anew` says why another log is begun, or how the first one is; `left` how far the one before was read, or up to
    where the first one is not.
    """

    place: Place
    records: tuple[tuple[int, RecordT], ...] = ()
    gap: Gap | None = None
    anew: str | None = None
    left: int | None = None


class Start(NamedTuple, Generic[RecordIn]):
    """Where a log is begun that was never read: `oldest`, `newest`, or else from the events on that are wanted."""

    policy: str = "oldest"
    wanted: Callable[[RecordIn], bool] = lambda _: True


OTHER = "an event that was read is another one now"
FEWER = "its newest event has a smaller index than one that was read"


async def walk(log: Log[RecordT], place: Place | None, start: Start[RecordT]) -> AsyncGenerator[Found[RecordT]]:
    """Read on from a place until nothing is new. Each Found must be committed before the next one is asked for."""
    while True:
        newest = await log.newest()
        if place is None:
            found = await _begin(log, newest, start)
        elif newest < place.index:
            found = None if await _has(log, place) else await _anew(log, place, newest, FEWER)
        elif newest > place.index:
            found = await _on(log, place, newest)
        elif place.mark is None or await _still(log, place.index, place.mark):
            return
        else:
            found = await _anew(log, place, newest, OTHER)
        if found is None:
            return
        yield found
        place = found.place


async def _begin(log: Log[RecordT], newest: int, start: Start[RecordT]) -> Found[RecordT] | None:
    """The first place of all. What lies before it is never read."""
    why = f"it is read for the first time, from {start.policy}"
    if newest and start.policy == "oldest":
        found = await _whole(log, 1, newest)
        return found and msgspec.structs.replace(found, gap=None, anew=why, left=found.records[0][0] - 1)
    place = await _behind(log, newest, start) if newest else Place(1, 0)
    return Found(place=place, anew=why, left=place.index)


async def _behind(log: Log[RecordT], newest: int, start: Start[RecordT]) -> Place:
    """Behind the newest event that is not wanted: from the end backwards, as events need not be in order of time."""
    for index in range(newest, 0, -1):
        record = await log.read(index)
        if isinstance(record, Missing):
            return Place(1, index)
        if start.policy == "newest" or not start.wanted(record):
            return Place(1, index, log.mark(record))
    return Place(1, 0)


async def _anew(log: Log[RecordT], place: Place, newest: int, why: str) -> Found[RecordT]:
    """Another log, from its oldest event on. That it is another one is told even where it changes while it is read."""
    found = await _whole(log, place.epoch + 1, newest) if newest else None
    return msgspec.structs.replace(found or Found(place=Place(place.epoch + 1, 0)), anew=why, left=place.index)


async def _whole(log: Log[RecordT], epoch: int, newest: int) -> Found[RecordT] | None:
    """The first events of a log that was not read yet."""
    oldest = await log.oldest()
    records, _ = await _read(log, oldest, newest) if oldest else ([], None)
    if not records or not await _still(log, oldest, log.mark(records[0][1])):
        return None
    return _found(log, epoch, records, Gap(1, oldest - 1) if oldest > 1 else None)


async def _on(log: Log[RecordT], place: Place, newest: int) -> Found[RecordT] | None:
    """The next events. None where the log does not have what it said: the next walk will see why."""
    gap = None
    records, why = await _read(log, place.index + 1, newest)
    if why is not None and not records:  # a log may free room of which it then says that there was never anything
        oldest = await log.oldest()
        gap = Gap(place.index + 1, oldest - 1)
        records, _ = await _read(log, oldest, newest) if oldest > place.index + 1 else ([], None)
    if not records:
        return None
    first, record = records[0]
    known, mark = (place.index, place.mark) if place.mark and not gap else (first, log.mark(record))
    if not await _still(log, known, mark):
        return await _anew(log, place, newest, OTHER)
    return _found(log, place.epoch, records, gap)


async def _read(log: Log[RecordT], first: int, newest: int) -> tuple[list[tuple[int, RecordT]], Missing | None]:
    """The events from `first` on, as far as they are there, at most MOST; and why not further."""
    records: list[tuple[int, RecordT]] = []
    for index in range(first, min(newest, first + MOST - 1) + 1):
        record = await log.read(index)
        if isinstance(record, Missing):
            return records, record
        records.append((index, record))
    return records, None


async def _still(log: Log[RecordT], index: int, mark: str) -> bool:
    """Whether an event that was read is the same now, or can no longer be compared."""
    record = await log.read(index)
    return record is Missing.OVERWRITTEN or (not isinstance(record, Missing) and log.mark(record) == mark)


async def _has(log: Log[RecordT], place: Place) -> bool:
    """Whether the event of a place is there: then it was wrong that no event has so great an index."""
    record = await log.read(place.index)
    return not isinstance(record, Missing) and log.mark(record) == place.mark


def _found(log: Log[RecordT], epoch: int, records: list[tuple[int, RecordT]], gap: Gap | None) -> Found[RecordT]:
    last, record = records[-1]
    return Found(place=Place(epoch, last, log.mark(record)), records=tuple(records), gap=gap)
