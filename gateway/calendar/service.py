"""Keeps the rosters: reads their files when they change and when a day begins, and shows them as views."""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from gateway.calendar.config import RosterConfig
from gateway.calendar.entries import Days, Found, UnreadableCalendar
from gateway.calendar.reading import read
from gateway.hub import Hub
from gateway.supervisor.guard import Up

LOOK_S = 10.0  # between two looks at the files
REST_S = 600.0  # until a file that could not be used is tried again, unless it changes: a hostile one costs 20 s
log = logging.getLogger(__name__)


class Sight(NamedTuple):
    """What decides whether a file must be read again."""

    roster: RosterConfig
    today: date
    size: int
    changed_ns: tuple[int, int]  # its text, and its rights


class Calendar:
    """`run` is a body for `guard`. The view `roster/ID` has title, entries, complaints and `why`, if it is stale."""

    def __init__(self, config: Callable[[], Sequence[RosterConfig]], *, zone: ZoneInfo, hub: Hub) -> None:
        self._config, self._zone, self._hub = config, zone, hub
        self._seen: dict[str, Sight | None] = {}
        self._found: dict[str, Found] = {}
        self._resting: dict[str, tuple[Sight, float]] = {}

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
            self._resting.pop(gone, None)
            self._hub.hide(f"roster/{gone}")
        for roster in rosters.values():
            await self._look_at(roster)

    async def _look_at(self, roster: RosterConfig) -> None:
        today = self._hub.clock.now().astimezone(self._zone).date()
        try:
            status = await asyncio.to_thread(os.stat, roster.file)
            sight = Sight(roster, today, status.st_size, (status.st_mtime_ns, status.st_ctime_ns))
            if sight == self._seen.get(roster.id) or self._rests(sight):
                return
            found = await self._read(sight)
        except (OSError, UnreadableCalendar) as error:
            self._failed(roster, today, str(error))
            return
        if found.complaints:
            log.warning("roster %s: %s: %s", roster.id, roster.file, "; ".join(found.complaints[:5]))
        self._seen[roster.id], self._found[roster.id] = sight, found
        self._show(roster, found, None)

    async def _read(self, sight: Sight) -> Found:
        """Raises UnreadableCalendar, OSError."""
        roster = sight.roster
        try:
            return await read(roster.file, Days(sight.today, roster.days, self._zone))
        except UnreadableCalendar:
            self._resting[roster.id] = sight, self._hub.clock.monotonic() + REST_S
            raise

    def _rests(self, sight: Sight) -> bool:
        """Whether it could not be used a short while ago."""
        useless, until = self._resting.get(sight.roster.id, (None, 0.0))
        return sight == useless and self._hub.clock.monotonic() < until

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
