"""When a door is released by the timetable of the site file. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.doors.config import ReleaseConfig
from gateway.site.week import WEEK, moment


def released(entries: Iterable[ReleaseConfig], now: datetime, zone: ZoneInfo) -> bool:
    """Whether one of these times is now."""
    today = now.astimezone(zone).date()
    return any(on <= now < off for on, off in releases(tuple(entries), today, today, zone))


def releases(
    entries: Sequence[ReleaseConfig], first: date, last: date, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    """From when until when it is released, of the days from `first` to `last`."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        for entry in entries:
            if WEEK[day.weekday()] in entry.days:
                yield moment(day, entry.on, zone), moment(day, entry.off, zone)
