"""Of which days of the site the journal can know anything."""

from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.core.errors import WrongInput
from gateway.journal.reader import Reader
from gateway.site.week import moment


class KnownDays(NamedTuple):
    """Days from `since`, included, to `until`, excluded. Of what was before `recorded_from` nothing is known."""

    since: datetime
    until: datetime
    recorded_from: datetime

    def within(self, first: date, last: date, zone: ZoneInfo, *, now: datetime) -> tuple[date, date]:
        """Without the days before the journal begins, and those that are still to come."""
        return max(first, self.recorded_from.astimezone(zone).date()), min(last, now.astimezone(zone).date())


async def known_days(journal: Reader, first: date, last: date, zone: ZoneInfo, *, now: datetime) -> KnownDays:
    """The days from `first` to `last`. Raises WrongInput where nothing can be known of any, JournalError."""
    since, until = moment(first, "00:00", zone), moment(last + timedelta(days=1), "00:00", zone)
    oldest = [row.at for row in await journal.read(limit=1)] or [now]
    if now <= since:
        raise WrongInput(f"{first} has not begun yet")
    if until <= oldest[0]:
        raise WrongInput(f"the journal begins on {oldest[0].astimezone(zone).date()}: nothing is known of {last}")
    return KnownDays(since, until, oldest[0])
