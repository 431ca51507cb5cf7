"""What is counted of a door, and how counts are added up. Pure.

What cannot be known any more, because payloads have expired or were erased, is null and never zero.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Literal, TypeVar

import msgspec

from gateway.core.access import Happening
from gateway.doors.compliance import DoorDay
from gateway.journal.tally import Tally

MOST_REASONS = 50
MOST_PERSONS = 100_000
NumberT = TypeVar("NumberT", int, float)


class Denied(msgspec.Struct, frozen=True):
    """How often somebody was refused for one reason; null where that is not known any more."""

    reason: str | None
    count: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted of a door, or of all.

    `late`: how many of `granted` to `remote` happened before the days that are counted, and were recorded in them.
    `persons`: how many different people were let pass. `opened` to `longest_s` are as in `DoorDay`. `gaps`: how often
    the log of its controller had lost events, and `lost` how many; what they were is not counted anywhere.
    """

    granted: int
    denied: int
    denied_by: list[Denied]
    buttons: int
    buttons_refused: int
    remote: int
    late: int
    persons: int | None
    opened: int | None
    in_time: int | None
    unsure: int | None
    held: int | None
    forced: int | None
    longest_s: float | None
    unknown_s: float | None
    gaps: int
    lost: int | None


class DoorLine(Line, frozen=True, kw_only=True):
    """One door."""

    door: str
    name: str


class Counts:
    """What is added up of one door, or of all. `gaps` are the events lost in each, by seq; `unknown` are seconds."""

    def __init__(self) -> None:
        self.types, self.erased, self.reasons = Counter[str](), Counter[str](), Counter[str | None]()
        self.people: set[str] = set()
        self.late = 0
        self.days: list[DoorDay] = []
        self.gaps: dict[int, int | None] = {}
        self.unknown: list[float | None] = []

    def add(self, tally: Tally) -> None:
        """Count rows that are alike."""
        self.types[tally.type] += tally.count
        self.erased[tally.type] += tally.count if tally.erased else 0
        if tally.type == Happening.DENIED:
            self.reasons[tally.reason] += tally.count
        if tally.type == Happening.GRANTED and tally.person is not None and len(self.people) <= MOST_PERSONS:
            self.people.add(tally.person)

    def merge(self, other: "Counts") -> None:
        """Add the counts of another door."""
        self.types += other.types
        self.erased += other.erased
        self.reasons += other.reasons
        self.people |= other.people
        self.late += other.late
        self.days += other.days
        self.gaps |= other.gaps
        self.unknown += other.unknown

    def line(self) -> Line:
        """All of it."""
        count, days = self.types, self.days
        judged = all(day.opened is not None for day in days)
        known = not self.erased[Happening.GRANTED] and len(self.people) <= MOST_PERSONS
        unknown = _sum(self.unknown)
        longest = [day.longest_s for day in days if day.longest_s is not None]
        return Line(
            granted=count[Happening.GRANTED],
            denied=count[Happening.DENIED],
            denied_by=[Denied(*each) for each in self.reasons.most_common(MOST_REASONS)],
            buttons=count[Happening.BUTTON],
            buttons_refused=count[Happening.BUTTON_REFUSED],
            remote=count[Happening.REMOTE],
            late=self.late,
            persons=len(self.people) if known else None,
            opened=_sum(day.opened for day in days),
            in_time=_sum(day.in_time for day in days),
            unsure=_sum(day.unsure for day in days),
            held=_sum(day.held for day in days),
            forced=_sum(day.forced for day in days),
            longest_s=max(longest, default=None) if judged else None,
            unknown_s=None if unknown is None else round(unknown, 3),
            gaps=len(self.gaps),
            lost=_sum(self.gaps.values()),
        )


def _sum(found: Iterable[NumberT | None]) -> NumberT | Literal[0] | None:
    """All of them added up; None where one is unknown."""
    every = list(found)
    known = [each for each in every if each is not None]
    return sum(known) if len(known) == len(every) else None
