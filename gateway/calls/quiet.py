"""Quiet hours: times of the day, by the clock of the site, at which nothing is spoken. Pure."""

import re
from collections.abc import Iterable
from datetime import time

HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")


def hours(text: str) -> tuple[time, time]:
    """From when until before when; an end before the begin is one of the next day. Raises ValueError."""
    found = HOURS.fullmatch(text)
    if found is None:
        raise ValueError('must be hours such as "12:30-14:00", from 00:00 to 24:00')
    begin, end = time(int(found[1]), int(found[2])), time(int(found[3] or 0), int(found[4] or 0))
    if begin == end:
        raise ValueError("begins and ends at the same time: who wants no voice at all leaves the area out")
    return begin, end


def is_quiet(at: time, quiet: Iterable[str]) -> bool:
    """Whether a time of the day is within any of these hours."""
    return any(begin <= at < end if begin < end else at >= begin or at < end for begin, end in map(hours, quiet))
