"""Times of the week, by the clock of the site, as every section of the site file writes them.

Times of day are turned into moments of the zone first: a time that the clock skips or has twice (the change to summer
time and back) begins once, and lasts as long as it shall.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
MIDNIGHT = "24:00"
"""The end of a day."""


class Day(StrEnum):
    """A day of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEK = list(Day)


def _time(text: str) -> str:
    if not TIME.fullmatch(text):
        raise ValueError("must be a time of day from 00:00 to 23:59, such as 07:30")
    return text


def _end(text: str) -> str:
    if text != MIDNIGHT and (text == "00:00" or not TIME.fullmatch(text)):
        raise ValueError(f"must be a time of day from 00:01 to {MIDNIGHT}, such as 17:30")
    return text


Time = Annotated[str, AfterValidator(_time)]
"""A time of day, `HH:MM`."""
End = Annotated[str, AfterValidator(_end)]
"""A time of day at which something ends, up to 24:00."""


def moment(day: date, text: str, zone: ZoneInfo) -> datetime:
    """When a time of day comes on a day of a zone; UTC."""
    if text == MIDNIGHT:
        day, text = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(text), zone).astimezone(UTC)
