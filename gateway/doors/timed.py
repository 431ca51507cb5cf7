"""When a door is released by its timetable, by the steady clock: what is told late is judged by the time of then."""

from collections.abc import Sequence
from datetime import timedelta

from gateway.doors.config import ReleaseConfig
from gateway.doors.door import Span
from gateway.doors.timeline import Timeline
from gateway.doors.timetable import releases

BACK = timedelta(days=8)  # how late a log may be read


class Timed:
    """The timetable of one door."""

    def __init__(self, time: Timeline) -> None:
        self._time = time
        self._entries: Sequence[ReleaseConfig] = ()
        self._known: tuple[object, ...] = ()
        self._spans: tuple[Span, ...] = ()

    def spans(self, entries: Sequence[ReleaseConfig]) -> tuple[Span, ...]:
        """When these release it: of the last eight days, and of today."""
        if not entries:
            return ()
        zero = self._time.wall(0.0)
        today = self._time.wall(self._time.now()).astimezone(self._time.zone).date()
        known = today, round(zero.timestamp())  # somebody may have set the clock
        if entries is not self._entries or known != self._known:
            self._entries, self._known = entries, known
            found = releases(entries, today - BACK, today, self._time.zone)
            seconds = (((begin - zero).total_seconds(), (end - zero).total_seconds()) for begin, end in found)
            self._spans = tuple(Span(begin, end, "released") for begin, end in seconds)
        return self._spans
