"""Reads a roster from a table (CSV): a line for each time that somebody is there. Pure."""

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime, time

from gateway.calendar.entries import Days, Entry, Found, UnreadableCalendar, clean, decoded, found

COLUMNS = {
    "date": ("date", "日期"),
    "begin": ("begin", "开始"),
    "end": ("end", "结束"),
    "who": ("who", "姓名"),
    "what": ("what", "职务"),
    "where": ("where", "地点"),
}
NEEDED = ("date", "who")


def read_table(data: bytes, days: Days) -> Found:
    """The entries of a file whose first line names the columns, in English or Chinese. Raises UnreadableCalendar."""
    rows = csv.reader(io.StringIO(decoded(data)))
    entries: list[Entry] = []
    complaints: list[str] = []
    try:
        nothing: list[str] = []
        places = _places(next(rows, nothing))
        for row in rows:
            if any(cell.strip() for cell in row):
                try:
                    entries.append(
                        _entry({name: row[at].strip() for name, at in places.items() if at < len(row)}, days)
                    )
                except ValueError as error:
                    complaints.append(f"line {rows.line_num}: {error}")
    except csv.Error as error:
        raise UnreadableCalendar(f"line {rows.line_num}: {error}") from error
    return found(entries, complaints, days)


def _places(head: list[str]) -> Mapping[str, int]:
    """In which column each thing stands."""
    names = [cell.strip().lower() for cell in head]
    places = {key: names.index(name) for key, both in COLUMNS.items() for name in both if name in names}
    missing = [f"{COLUMNS[key][0]} ({COLUMNS[key][1]})" for key in NEEDED if key not in places]
    if missing:
        raise UnreadableCalendar(f"line 1: must name the columns {' and '.join(missing)}")
    return places


def _entry(cells: Mapping[str, str], days: Days) -> Entry:
    """Raises ValueError with one sentence."""
    day = _day(cells.get("date", ""))
    who = clean(cells.get("who"))
    if not who:
        raise ValueError("who (姓名) is empty")
    begin, end = _time(cells.get("begin", "")), _time(cells.get("end", ""))
    if begin and end and end <= begin:
        raise ValueError(f"it ends at {end:%H:%M}, before it begins at {begin:%H:%M}")
    if end and not begin:
        raise ValueError("it has an end, but no begin")
    return Entry(
        begin=datetime.combine(day, begin or time.min, days.zone),
        end=datetime.combine(day, end, days.zone) if end else None,
        all_day=begin is None,
        who=who,
        what=clean(cells.get("what")),
        where=clean(cells.get("where")),
    )


def _day(text: str) -> date:
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y.%m.%d"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise ValueError(f"{clean(text)!r} is no date such as 2026-11-23")


def _time(text: str) -> time | None:
    if not text:
        return None
    try:
        return datetime.strptime(text.replace("：", ":"), "%H:%M").time()  # noqa: DTZ007 - a time of day has no zone
    except ValueError:
        raise ValueError(f"{clean(text)!r} is no time of day such as 09:00") from None
