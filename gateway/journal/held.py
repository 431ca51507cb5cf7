"""What the spool holds, in the order in which it came, within bounds.

What no longer fits is counted in one gap of its source, at its end. Of cursors, and of desired state that no event goes
with, only the newest of each subject is held: there are no more than the hall has.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence

import msgspec

from gateway.journal.entries import (
    Answer,
    Columns,
    Entry,
    EventsEntry,
    GapEntry,
    StandEntry,
    Subject,
    events,
    size_of,
    subject,
)
from gateway.journal.unwritten import Missing
from gateway.meters import Meters

EVENTS = 10_000  # a hall has a few hundred such events an hour
PAYLOAD_BYTES = 8 * 2**20
BATCH = 500  # entries or events, as the writer's
FULL, REFUSED, ENDED = "spool_full", "refused", "ended"


class Held:
    """Counts what it is given in the ledger. `events` are held, `missed` are counted in gaps, of this run.

    `missing` is what would be lost with it, gaps and all, by device; "" is the gateway itself.
    """

    def __init__(self, meters: Meters) -> None:
        self.events = self.missed = self.next_number = 0
        self.missing: dict[str, Missing] = {}
        self._meters = meters
        self._entries: deque[Entry] = deque()
        self._numbers: defaultdict[str | None, dict[int, None]] = defaultdict(dict)
        self._open: dict[Subject, GapEntry | StandEntry] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, device: str | None, rows: Sequence[Columns], desired: Sequence[Columns], answer: Answer) -> bool:
        """Take events of one source, if they fit."""
        size = size_of(rows)
        if self.events + len(rows) > EVENTS or self._bytes + size > PAYLOAD_BYTES:
            return False
        self._bytes += size
        self._open.pop((device,), None)
        entry = EventsEntry(self.next_number, device, answer, rows, desired)
        self._append(entry)
        self._add(device, entry.missing)
        return True

    def miss(self, device: str | None, reason: str, lost: Missing) -> bool:
        """Count accepted events that cannot be kept, in the gap at the end of their source; whether it is new."""
        found = self._open.get((device,))
        gap = found if isinstance(found, GapEntry) and found.reason == reason else None
        new = gap is None
        if gap is None:
            gap = GapEntry(self.next_number, device, reason, lost.first, lost.first)
            self._open[(device,)] = gap
            self._append(gap)
            self._meters.events_accepted.inc()  # the record of the gap is itself an event
        gap.last = lost.last
        gap.count += lost.count
        self._missed(reason, lost.count)
        self._add(device, lost)
        return new

    def stand(self, device: str | None, own: Subject, row: Columns, answer: Answer | None) -> None:
        """Take how something stands now, at the end, and let go how the same stood before."""
        entry = StandEntry(self.next_number, device, answer, own, row)
        if older := self._open.pop(own, None):
            self._entries.remove(older)
            self._forget(older)
        self._open[own] = entry
        self._append(entry)

    def waits(self, device: str | None, *, before: int) -> bool:
        """Whether anything of a source is held that came before the number `before`."""
        return next(iter(self._numbers.get(device, {})), before) < before

    def first(self, late: Callable[[Entry], bool]) -> list[Entry]:
        """What is to be written next, up to the first that is `late`; from now on none of it grows or is replaced.

        A gap that grows is not taken behind one of its source that could not be written, nor how something stands: so
        there are never more than two.
        """
        taken: list[Entry] = []
        subjects: set[Subject] = set()
        size = 0
        for entry in self._entries:
            own = subject(entry)
            size += max(1, events(entry))
            if (taken and size > BATCH) or own in subjects or late(entry):
                break
            taken.append(entry)
            if own is not None:
                subjects.add(own)
                if self._open.get(own) is entry:
                    del self._open[own]
        return taken

    def pop(self) -> None:
        """Let the first go: it is on disk."""
        self._forget(self._entries.popleft())

    def refuse(self) -> GapEntry | None:
        """Let the first go: no store can take its data. Gives the gap that stands in its place, where it was events."""
        entry = self._entries.popleft()
        self._forget(entry)
        self._missed(REFUSED, events(entry))
        if not isinstance(entry, EventsEntry):
            return None
        lost = entry.missing
        gap = GapEntry(entry.number, entry.device, REFUSED, lost.first, lost.last, lost.count)
        self._add(entry.device, lost)
        self._entries.appendleft(gap)
        self._numbers[entry.device] = {entry.number: None, **self._numbers[entry.device]}
        self.events += 1
        self._meters.events_accepted.inc()
        return gap

    def release(self) -> None:
        """Nobody need wait any longer: what is held is as safe as it can be for now."""
        for entry in self._entries:
            _end(entry)

    def _append(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._numbers[entry.device][entry.number] = None
        self.next_number += 1
        self.events += events(entry)

    def _forget(self, entry: Entry) -> None:
        self.events -= events(entry)
        self._bytes -= entry.size if isinstance(entry, EventsEntry) else 0
        del self._numbers[entry.device][entry.number]
        if not self._numbers[entry.device]:
            del self._numbers[entry.device]
        if not isinstance(entry, StandEntry):
            self._add(entry.device, msgspec.structs.replace(entry.missing, count=-entry.missing.count))
        _end(entry)

    def _add(self, device: str | None, lost: Missing) -> None:
        before = self.missing.pop(device or "", Missing(0, lost.first, lost.last))
        if count := before.count + lost.count:
            ends = min(before.first, lost.first), max(before.last, lost.last)
            self.missing[device or ""] = Missing(count, *ends)

    def _missed(self, reason: str, count: int) -> None:
        self.missed += count
        self._meters.gap_events.labels(reason).inc(count)


def _end(entry: Entry) -> None:
    if entry.answer is not None and not entry.answer.done():
        entry.answer.set_result(None)
