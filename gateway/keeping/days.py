"""Which day it is, for the record: days of the site that end once, whatever the clock does. Pure.

A row belongs to the day in which it was committed: its own time may be a device's, and wrong. Time that the record
lives by goes on at most CATCH_UP_DAYS a night, so that a clock that is set ahead by years erases next to nothing.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

GRACE_S = 900.0  # after a day's end: a clock that is set back by ten minutes comes back to no day that is sealed
CATCH_UP_DAYS = 7


class Mark(msgspec.Struct, frozen=True):
    """A day that has ended: `last_seq` was the newest row."""

    day: date
    last_seq: int


class Seen(msgspec.Struct, frozen=True):
    """How far a class has expired: the times, and the commits, in front of which nothing is left."""

    before: str = ""
    last_seq: int = 0


class State(msgspec.Struct):
    """What is known from one tick, and one run, to the next."""

    open: date | None = None
    ended: list[Mark] = []
    night: date | None = None
    believed: date | None = None
    head: int = 0
    seen: dict[str, Seen] = {}

    def turn(self, today: date, head: int, sealed: Mark) -> bool:
        """Let the day be `today`; `head` is the newest row, `sealed` the last sealed day. Whether anything changed."""
        if self.open is None or today < self.open:
            before = self.open, len(self.ended)
            self.ended = [mark for mark in self.ended if mark.day < today]
            self.open = max(today, sealed.day + timedelta(days=1))
            return (self.open, len(self.ended)) != before
        if today == self.open:
            return False
        if head > max([sealed.last_seq, *(mark.last_seq for mark in self.ended)]):
            self.ended.append(Mark(self.open, head))
        self.open = today
        return True

    def is_night(self, now: datetime, nightly: str) -> bool:
        """Whether tonight's run is due; `now` is in the zone of the site."""
        return now.date() != self.night and now.time() >= time.fromisoformat(nightly)

    def believe(self, today: date) -> date:
        """The day that the record lives by tonight."""
        if self.believed is None:
            return today
        return min(today, self.believed + timedelta(days=CATCH_UP_DAYS))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment in which a day begins at the site."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def next_turn(now: datetime, nightly: str) -> float:
    """Seconds until the next midnight or nightly hour; `now` is in the zone of the site."""
    today, zone = now.date(), now.tzinfo
    ahead = [
        datetime.combine(today + timedelta(days=1), time(), zone),
        *(datetime.combine(today + timedelta(days=more), time.fromisoformat(nightly), zone) for more in (0, 1)),
    ]
    return min(left for moment in ahead if (left := (moment.astimezone(UTC) - now.astimezone(UTC)).total_seconds()) > 0)
