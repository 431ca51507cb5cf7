"""Whether a door is released at a moment, by the timetable of the site file. Pure."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.doors.config import ReleaseConfig
from gateway.site.week import WEEK, moment


def released(entries: Iterable[ReleaseConfig], now: datetime, zone: ZoneInfo) -> bool:
    """Whether one of these times is now."""
    today = now.astimezone(zone).date()
    return any(
        WEEK[today.weekday()] in entry.days and moment(today, entry.on, zone) <= now < moment(today, entry.off, zone)
        for entry in entries
    )
