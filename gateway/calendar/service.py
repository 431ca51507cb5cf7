"""Keeps the rosters: reads their files when they change and when a day begins, and shows them as views."""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from gateway.calendar.config import RosterConfig
from gateway.calendar.entries import MOST_BYTES, Days, Found, UnreadableCalendar
from gateway.calendar.icalendar_file import read_icalendar
from gateway.calendar.table import read_table
from gateway.hub import Hub
from gateway.supervisor.guard import Up

LOOK_S = 10.0  # between two looks at the files
READ_S = 20.0
log = logging.getLogger(__name__)


class Sight(NamedTuple):
    """What decides whether a file must be read again."""

    roster: RosterConfig
    today: date
    size: int
    changed_ns: int


class Calendar:
    """`run` is a body for `guard`. The view `roster/ID` has title, entries, complaints and `why`, if it is stale."""

    def __init__(self, config: Callable[[], Sequence[RosterConfig]], *, zone: ZoneInfo, hub: Hub) -> None:
        self._config, self._zone, self._hub = config, zone, hub
        self._seen: dict[str, Sight | None] = {}
        self._found: dict[str, Found] = {}

    async def run(self, up: Up) -> None:
        """Look at the files, for ever."""
        up()
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Read what has changed; forget what the site file no longer has."""
        rosters = {roster.id: roster for roster in self._config()}
        for gone in self._seen.keys() - rosters.keys():
            del self._seen[gone]
            self._found.pop(gone, None)
            self._hub.hide(f"roster/{gone}")
        for roster in rosters.values():
            await self._look_at(roster)

    async def _look_at(self, roster: RosterConfig) -> None:
        today = self._hub.clock.now().astimezone(self._zone).date()
        try:
            status = await asyncio.to_thread(os.stat, roster.file)
            sight = Sight(roster, today, status.st_size, status.st_mtime_ns)
            if sight == self._seen.get(roster.id):
                return
            async with asyncio.timeout(READ_S):
                found = await asyncio.to_thread(_read, roster, Days(today, roster.days, self._zone))
        except (OSError, UnreadableCalendar, TimeoutError) as error:
            self._failed(roster, today, str(error) or f"could not be read within {READ_S:g} s")
            return
        if found.complaints:
            log.warning("roster %s: %s: %s", roster.id, roster.file, "; ".join(found.complaints[:5]))
        self._seen[roster.id], self._found[roster.id] = sight, found
        self._show(roster, found, None)

    def _failed(self, roster: RosterConfig, today: date, why: str) -> None:
        """Keep what is still to come of what was read before, and say once that it is stale."""
        if self._seen.get(roster.id) is not None or roster.id not in self._seen:
            log.warning("roster %s: %s cannot be used: %s", roster.id, roster.file, why)
        self._seen[roster.id] = None
        days = Days(today, roster.days, self._zone)
        before = self._found.get(roster.id, Found([], []))
        self._show(roster, Found([entry for entry in before.entries if days.have(entry)], before.complaints), why)

    def _show(self, roster: RosterConfig, found: Found, why: str | None) -> None:
        view = {
            "title": roster.title,
            "entries": msgspec.to_builtins(found.entries),
            "complaints": list(found.complaints),
            "why": why,
        }
        self._hub.show(f"roster/{roster.id}", view)


def _read(roster: RosterConfig, days: Days) -> Found:
    """Read a file, in a thread. Raises OSError, UnreadableCalendar."""
    with Path(roster.file).open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    return read_table(data, days) if roster.file.endswith(".csv") else read_icalendar(data, days)
