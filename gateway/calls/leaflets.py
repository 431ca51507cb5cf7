"""What there is to read beside the calls of a summary screen: who receives visitors when, and the map. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any

import msgspec

from gateway.calls.config import SummaryConfig
from gateway.core.screen import MOST_LEAFLETS, Leaflet

LINES = 8  # of a leaflet: as many as can be read from the last row of chairs
DAYS = "一二三四五六日"
VIEW = "roster/"


class Entry(msgspec.Struct, frozen=True):
    """An entry of a roster, as its view in the hub has it."""

    begin: datetime
    end: datetime | None
    all_day: bool
    who: str
    what: str
    where: str


def leaflets(config: SummaryConfig, views: Mapping[str, Mapping[str, Any]]) -> tuple[Leaflet, ...]:
    """The leaflets of a screen. Of rosters that are longer than there is room, the later days are left out."""
    pictures = [Leaflet(title="平面图", picture=config.map.name)] if config.map else []
    shown = [view for name in config.roster if (view := views.get(VIEW + name))]
    texts = chain.from_iterable(_sheets(view["title"], view["entries"]) for view in shown)
    return (*islice(texts, MOST_LEAFLETS - len(pictures)), *pictures)


def _sheets(title: str, entries: Sequence[Any]) -> Iterator[Leaflet]:
    lines = [_line(entry) for entry in msgspec.convert(entries, list[Entry])]
    for start in range(0, len(lines), LINES):
        yield Leaflet(title=title, rows=tuple(lines[start : start + LINES]))


def _line(entry: Entry) -> tuple[str, ...]:
    """When, who, what they are, where; a column that has nothing keeps its place."""
    day = f"{entry.begin:%m-%d} 周{DAYS[entry.begin.weekday()]}"
    end = f"–{entry.end:%H:%M}" if entry.end else ""
    when = day if entry.all_day else f"{day} {entry.begin:%H:%M}{end}"
    return when, entry.who, entry.what, entry.where
