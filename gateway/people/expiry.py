"""Until when a token is good, as people say it."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.core.errors import WrongInput

SPAN = re.compile(r"([1-9][0-9]{0,3})([mhd])")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
HOW = "must be a time such as 90d, 12h or 30m, or a last day such as 2026-12-31"


def expiry(text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment behind `90d`, `12h`, `30m`, or `2026-12-31`: the last day at the site on which it is good.

    Raises WrongInput, also for a moment that is over.
    """
    if span := SPAN.fullmatch(text):
        return now + int(span[1]) * UNITS[span[2]]
    try:
        last = date.fromisoformat(text)
        end = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise WrongInput(f"{text!r:.100} {HOW}") from error
    if end <= now:
        raise WrongInput(f"{text!r} is over: a token must expire in the future")
    return end
