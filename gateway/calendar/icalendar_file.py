"""Reads a roster from iCalendar (RFC 5545), repeating events included. Pure.

The summary of an event is who, its description what they are, its location where.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import recurring_ical_events  # type: ignore[import-untyped]  # it has no types
from icalendar import Calendar

from gateway.calendar.entries import Days, Entry, Found, UnreadableCalendar, clean, decoded, found
from gateway.site.positions import is_list

TOO_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}  # RFC 5545, 3.3.10: nobody receives visitors so often
MOST_A_DAY = 24  # times that one event may repeat within a day


def read_icalendar(data: bytes, days: Days) -> Found:
    """The entries of a calendar. Raises UnreadableCalendar."""
    try:
        calendar: Any = Calendar.from_ical(decoded(data))
    except (LookupError, ValueError) as error:  # what the library raises for text that is no calendar
        raise UnreadableCalendar(f"is no iCalendar file: {clean(error)}") from error
    try:
        complaints = [_drop(calendar, event) for event in list(_too_often(calendar))]
        events: Any = recurring_ical_events.of(calendar, skip_bad_series=True).between(days.begin, days.end)
        entries = [entry for event in events for entry in _entries(event, days, complaints)]
    except (LookupError, ValueError, TypeError, OverflowError) as error:
        raise UnreadableCalendar(f"has an event that cannot be understood: {clean(error)}") from error
    return found(entries, complaints, days)


def _too_often(calendar: Any) -> Iterator[Any]:
    """Events that would fill days with thousands of repeats."""
    for event in calendar.walk("VEVENT"):
        rules = event.get("RRULE", [])
        for rule in rules if is_list(rules) else [rules]:
            times = [len(rule.get(part, [0])) for part in ("BYHOUR", "BYMINUTE", "BYSECOND")]
            frequency = {str(part).upper() for part in rule.get("FREQ", [])}
            if TOO_OFTEN & frequency or times[0] * times[1] * times[2] > MOST_A_DAY:
                yield event
                break


def _drop(calendar: Any, event: Any) -> str:
    calendar.subcomponents.remove(event)
    return f"{clean(event.get('SUMMARY'))!r} repeats too often: it is left out"


def _entries(event: Any, days: Days, complaints: list[str]) -> Iterator[Entry]:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    who, what, where = (clean(event.get(name)) for name in ("SUMMARY", "DESCRIPTION", "LOCATION"))
    if not who:
        complaints.append(f"an event of {event.start} has no summary: it is left out")
    elif isinstance(event.start, datetime):
        begin, end = _local(event.start, days), _local(event.end, days)
        yield Entry(begin=begin, end=end if end > begin else None, all_day=False, who=who, what=what, where=where)
    else:
        for day in _whole_days(event.start, event.end, days):
            begin = datetime.combine(day, datetime.min.time(), days.zone)
            yield Entry(begin=begin, end=None, all_day=True, who=who, what=what, where=where)


def _whole_days(first: date, behind: date, days: Days) -> Iterator[date]:
    """The days of an event without times, of those that are shown; its end is the day after (RFC 5545, 3.6.1)."""
    day, behind = max(first, days.first), min(max(behind, first + timedelta(1)), days.end.date())
    while day < behind:
        yield day
        day += timedelta(1)


def _local(moment: datetime, days: Days) -> datetime:
    """By the clock of the site; a time without a zone is one of the site (RFC 5545, 3.3.5, form 1)."""
    return moment.astimezone(days.zone) if moment.tzinfo else moment.replace(tzinfo=days.zone)
