"""What the spool holds, in the order in which it came, within bounds.

What no longer fits is counted in one gap of its source, at its end. Of desired state that no event goes with, only the
newest of each subject is held: there are no more than the hall has.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence

from gateway.journal.entries import (
    Answer,
    Columns,
    Entry,
    EventsEntry,
    GapEntry,
    Subject,
    WishEntry,
    events,
    size_of,
    subject,
)
from gateway.meters import Meters

EVENTS = 10_000  # a hall has a few hundred such events an hour
PAYLOAD_BYTES = 8 * 2**20
BATCH = 500  # entries or events, as the writer's
FULL, REFUSED = "spool_full", "refused"


class Held:
    """Counts what it is given in the ledger. `events` are held, `missed` are counted in gaps, of this run."""

    def __init__(self, meters: Meters) -> None:
        self.events = self.missed = self.next_number = 0
        self._meters = meters
        self._entries: deque[Entry] = deque()
        self._numbers: defaultdict[str | None, dict[int, None]] = defaultdict(dict)
        self._open: dict[Subject, GapEntry | WishEntry] = {}
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
        self._append(EventsEntry(self.next_number, device, answer, rows, desired))
        return True

    def miss(self, device: str | None, reason: str, times: Sequence[str]) -> bool:
        """Count accepted events that cannot be kept, in the gap at the end of their source; whether it is new."""
        gap = self._open.get((device,))
        if new := not isinstance(gap, GapEntry) or gap.reason != reason:
            gap = GapEntry(self.next_number, device, reason, times[0], times[0])
            self._open[(device,)] = gap
            self._append(gap)
            self._meters.events_accepted.inc()  # the record of the gap is itself an event
        gap.last = times[-1]
        gap.count += len(times)
        self._missed(reason, len(times))
        return new

    def wish(self, device: str | None, row: Columns, answer: Answer | None) -> None:
        """Take desired state, in the place of what was wanted of the same subject."""
        entry = WishEntry(self.next_number, device, answer, row)
        own = (row["device"], row["part"], row["verb"])
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

        A gap that grows is not taken behind one of its source that could not be written, and wishes neither: so there
        are never more than two.
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
        times = [row["at"] for row in entry.rows]
        gap = GapEntry(entry.number, entry.device, REFUSED, times[0], times[-1], len(times))
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
        _end(entry)

    def _missed(self, reason: str, count: int) -> None:
        self.missed += count
        self._meters.gap_events.labels(reason).inc(count)


def _end(entry: Entry) -> None:
    if entry.answer is not None and not entry.answer.done():
        entry.answer.set_result(None)
