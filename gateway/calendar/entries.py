"""What a calendar file says of the days that are shown. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.errors import GatewayError

MOST_BYTES = 1024 * 1024
MOST_ENTRIES = 100
LONGEST_TEXT = 80


class UnreadableCalendar(GatewayError):
    """The file is no calendar, or too large; nothing of it is used."""


class Entry(msgspec.Struct, frozen=True):
    """Somebody is there: local times of the site; `end` None is open, `all_day` has no times of its own."""

    begin: datetime
    end: datetime | None
    all_day: bool
    who: str
    what: str
    where: str

    @property
    def place(self) -> tuple[datetime, datetime, str, str, str]:
        """What orders entries: by their begin, those with an open end first."""
        return self.begin, self.end or self.begin, self.who, self.what, self.where


class Days(NamedTuple):
    """The days that are asked for, by the clock of the site: `first` and the `number` of them."""

    first: date
    number: int
    zone: ZoneInfo

    @property
    def begin(self) -> datetime:
        """The first midnight."""
        return datetime.combine(self.first, datetime.min.time(), self.zone)

    @property
    def end(self) -> datetime:
        """The midnight after the last day."""
        return datetime.combine(self.first + timedelta(self.number), datetime.min.time(), self.zone)

    def have(self, entry: Entry) -> bool:
        """Whether some of an entry is within them."""
        return entry.begin < self.end and (entry.end or entry.begin) >= self.begin


class Found(NamedTuple):
    """What a file says: its entries in order, and a sentence for each place that could not be used."""

    entries: Sequence[Entry]
    complaints: Sequence[str]


def found(entries: Iterable[Entry], complaints: Sequence[str], days: Days) -> Found:
    """The entries of the days, in order; more than a screen will ever show are left out."""
    inside = sorted((entry for entry in entries if days.have(entry)), key=lambda entry: entry.place)
    complaints = complaints[:MOST_ENTRIES]
    if len(inside) > MOST_ENTRIES:
        complaints = [*complaints, f"more than {MOST_ENTRIES} entries: the later ones are left out"]
    return Found(inside[:MOST_ENTRIES], complaints)


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, with or without a mark, or GB18030, as Chinese spreadsheets save it.

    Raises UnreadableCalendar.
    """
    if len(data) > MOST_BYTES:
        raise UnreadableCalendar(f"has {len(data)} bytes; at most {MOST_BYTES} are read")
    for codec in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    raise UnreadableCalendar("is text neither in UTF-8 nor in GB18030")


def clean(text: object) -> str:
    """One line without what cannot be seen, cut to what a screen has room for."""
    return "".join(letter if letter.isprintable() else " " for letter in str(text or "")).strip()[:LONGEST_TEXT]
