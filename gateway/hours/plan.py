"""What the hours want at a moment, and when that changes next. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.hours.config import HoursConfig
from gateway.site.week import WEEK, moment

AHEAD_DAYS = 8  # hours come again within a week


class Light(NamedTuple):
    """What is wanted of a device; `percent` None: nothing is said of its brightness."""

    on: bool
    percent: int | None = None


def wanted(entries: Sequence[HoursConfig], now: datetime, zone: ZoneInfo) -> Light:
    """What the hours of one device want; outside all of them it is off."""
    today = now.astimezone(zone).date()
    for entry in entries:
        if _on(entry, today) and moment(today, entry.on, zone) <= now < moment(today, entry.off, zone):
            return Light(True, _percent(entry, today, now, zone))
    return Light(False)


def next_change(entries: Iterable[HoursConfig], now: datetime, zone: ZoneInfo) -> datetime | None:
    """The next moment in which any of these hours may want something else; None without hours."""
    return min((each for entry in entries for each in _moments(entry, now, zone) if each > now), default=None)


def _moments(entry: HoursConfig, now: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    today = now.astimezone(zone).date()
    for day in (today + timedelta(days=ahead) for ahead in range(AHEAD_DAYS)):
        if _on(entry, day):
            yield from (moment(day, each, zone) for each in (entry.on, entry.off, *entry.brightness))


def _percent(entry: HoursConfig, day: date, now: datetime, zone: ZoneInfo) -> int | None:
    steps = sorted(entry.brightness.items())
    begun = [percent for begin, percent in steps if moment(day, begin, zone) <= now]
    return next(reversed(begun or [percent for _, percent in steps]), None)


def _on(entry: HoursConfig, day: date) -> bool:
    return WEEK[day.weekday()] in entry.days
