"""The doors service: hears what controllers tell of their doors, and judges each.

A controller records what happened before it publishes how its doors stand, so that a card explains the opening behind
it. Here the two come by different ways: a reading is heard only once the journal has been read up to its head as it
was when the reading was taken.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.core.access import Finding
from gateway.core.errors import JournalError
from gateway.core.model import Cursor, Event
from gateway.doors.config import DoorConfig
from gateway.doors.drills import Drills
from gateway.doors.entrance import Entrance
from gateway.doors.fires import Fires
from gateway.doors.heard import Fire
from gateway.doors.holds import Holds
from gateway.doors.locks import Locks
from gateway.doors.roll import Roll
from gateway.doors.targets import DoorTargets
from gateway.doors.timeline import Timeline
from gateway.doors.timetable import released
from gateway.doors.told import Level, happened_at, heard, level
from gateway.doors.views import detail, view
from gateway.journal.rows import Desired, Row
from gateway.supervisor.context import House
from gateway.supervisor.guard import Up, alone
from gateway.supervisor.life import Life

CURSOR = "doors"
PAGE = 500  # rows judged at once
LAZY = 500  # rows that may be read again after a kill, because none of them was about a door
GATHER_S = 0.01  # between hearing that something changed and looking: a controller tells of all its doors at once
LOOK_S = 1.0  # between two looks at all doors, whatever is heard


class Doors:
    """The doors of the site. `kept` are the rows of the last run. `run` is a body for `guard`."""

    def __init__(
        self,
        config: Callable[[], Sequence[DoorConfig]],
        *,
        zone: ZoneInfo,
        lives: Mapping[str, Life],
        house: House,
        kept: Sequence[Desired] = (),
    ) -> None:
        self._config, self._zone, self._lives, self._house = config, zone, lives, house
        self._time = Timeline(house.clock, zone)
        self._roll = Roll(self._time, kept)
        self._by_part: dict[tuple[str | None, str | None], Entrance] = {}
        fires = Fires(house, lambda: self.entrances, self._found, kept)
        self.locks = Locks(lives, house, fires, self._changed)
        self.drills = Drills(house, self.locks)
        self.targets = DoorTargets(self)
        self._holds = Holds(self.locks, house, self._changed)
        self._read = 0
        self._kept_read = 0
        self._stirred: dict[str, None] = {}
        self._wake = asyncio.Event()
        self.replaced()

    def replaced(self) -> None:
        """Take over the doors that the site file has now."""
        for gone in self._roll.take_over(self._config()):
            self._house.meters.forget_door(gone)
            if gone not in self.entrances:
                self._house.hub.hide(f"doors/{gone}")
        if self._roll.owed:
            self._house.journal.note(None, [], desired=self._roll.owed)
        self._by_part = {(each.config.device, each.config.part): each for each in self.entrances.values()}
        every = [each.config for each in self.entrances.values()]
        self._house.hub.places = {(each.device, each.part): each.zone for each in every if each.zone is not None}
        for entrance in self.entrances.values():
            self._show(entrance, self._level(entrance))
        self._stirred.update(dict.fromkeys(self.entrances))
        self._wake.set()

    @property
    def entrances(self) -> Mapping[str, Entrance]:
        """The doors by id."""
        return self._roll.entrances

    def zone(self, entrance: Entrance) -> str | None:
        """The zone of a door: its own, or that of its controller."""
        life = self._lives.get(entrance.config.device)
        return entrance.config.zone or (life.zone if life is not None else None)

    def all(self) -> list[dict[str, Any]]:
        """Every door as its view, in the order of the site file, and for how long each has been open."""
        now, found = self._house.clock.now(), list[dict[str, Any]]()
        for id_ in self.entrances:
            shown = self._house.hub.views[f"doors/{id_}"]
            open_s = max(0.0, (now - shown["opened_at"]).total_seconds()) if shown["state"] == "open" else None
            found.append({**shown, "open_for_s": open_s if open_s is None else round(open_s, 3)})
        return found

    def happened_at(self, row: Row, *, believed: bool = False) -> datetime:
        """When something happened that a controller told: by its own clock, where it is known how far that is off."""
        life = self._lives.get(row.device or "")
        own = getattr(life.driver.config, "timezone", None) if life is not None else None
        return happened_at(row, ZoneInfo(own) if own else self._zone, believed=believed)

    async def run(self, up: Up) -> None:
        """Hear and judge, for ever. Raises JournalError when it cannot be told how far the last run came."""
        self._read = self._kept_read = await self._start()
        up()
        with alone():
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow_hub())
                group.create_task(self._follow_journal())
                group.create_task(self._holds.run(self._roll.held))
                group.create_task(self._work())
                await asyncio.Event().wait()  # it must still wait when a child fails: decision 0010

    async def _start(self) -> int:
        """Up to which row the last run has judged; at the first run what is there is history."""
        kept = await self._house.journal.cursor(CURSOR)
        if kept is None:
            kept = str(self._house.journal.head.seq)
            await self._house.journal.move(CURSOR, kept)
        return max(self._read, int(kept))

    async def _follow_hub(self) -> None:
        with self._house.hub.subscribe("state", "availability") as changes:
            while True:
                devices = {change.key for change in await changes.take()}
                self._stir(each for each in self.entrances.values() if each.config.device in devices)

    async def _follow_journal(self) -> None:
        while True:
            await self._house.journal.beyond(max(self._read, self._house.journal.head.seq))
            self._wake.set()

    async def _work(self) -> None:
        looked = self._time.now() - LOOK_S
        while True:
            full = await self._something(looked)
            looked = self._time.now() if full else looked
            stirred, self._stirred = (dict.fromkeys(self.entrances) if full else self._stirred), {}
            levels = {id_: self._level(self.entrances[id_]) for id_ in stirred if id_ in self.entrances}
            self.locks.fires.seen(levels)
            with suppress(JournalError):  # what cannot be read could not be recorded either: the sensors go on
                await self._catch_up(self._house.journal.head.seq)
            for id_, read in levels.items():
                if (entrance := self.entrances.get(id_)) is not None:
                    self._stands(entrance, read)
            if full:
                self._keep_all()

    async def _something(self, looked: float) -> bool:
        """Wait until there is something to look at; says whether that is all of it."""
        due = [each.due for each in self.entrances.values()]
        wait_s = min([looked + LOOK_S, *(then for then in due if then is not None)]) - self._time.now()
        try:
            async with asyncio.timeout(max(0.0, wait_s)):
                await self._wake.wait()
                await asyncio.sleep(GATHER_S)
        except TimeoutError:
            return True
        self._wake.clear()
        return False

    async def _catch_up(self, head: int) -> None:
        """Hear all rows up to this one. Without doors there is nothing to hear."""
        if not self.entrances:
            self._read = head
        while self._read < head:
            rows = await self._house.journal.follow(self._read, PAGE)
            for row in rows:
                self._heard(row)
            self._read = rows[-1].seq if rows else head

    def _heard(self, row: Row) -> None:
        if (told := heard(row)) is None:
            return
        fires, own = self.locks.fires, self._by_part.get((row.device, row.part))
        at, claimed = self.happened_at(row), self.happened_at(row, believed=True)
        for each in fires.told_of(row, told) if isinstance(told, Fire) else [own] if own is not None else []:
            self._found(each, each.happened(told, at, recorded_at=row.at, seq=row.seq, claimed=claimed))

    def _stands(self, entrance: Entrance, read: Level) -> None:
        timetable = released(entrance.config.release, self._house.clock.now(), self._zone)
        self._take(entrance, entrance.stands(read, timetable=timetable))
        self._show(entrance, read)

    def _found(self, entrance: Entrance, events: Sequence[Event]) -> None:
        self._take(entrance, events)
        self._stir([entrance])

    def _take(self, entrance: Entrance, events: Sequence[Event]) -> None:
        """Record what was found of a door, with how it stands from then on."""
        if events or entrance.moved:
            self._house.journal.note(entrance.config.device, events, desired=[self._row(entrance)])
        for event in events:
            self._house.meters.door_findings.labels(entrance.config.id, event.type).inc()
            if event.type == Finding.CYCLE:
                self._house.meters.door_open.observe(event.payload["open_s"])

    def _keep_all(self) -> None:
        """Keep what was not worth a record of its own, and then how far the journal was read."""
        owed = [self._row(entrance) for entrance in self.entrances.values() if entrance.owed]
        if owed or self._read - self._kept_read >= LAZY:
            self._house.journal.note(None, [], desired=owed, cursor=Cursor(CURSOR, str(self._read)))
            self._kept_read = self._read

    def _row(self, entrance: Entrance) -> Desired:
        entrance.owed = entrance.moved = False
        return entrance.row()

    def _changed(self, entrance: Entrance) -> None:
        self._house.journal.note(entrance.config.device, [], desired=[self._row(entrance)])
        self._roll.let_go()
        self._stir([entrance])

    def _stir(self, entrances: Iterable[Entrance]) -> None:
        self._stirred.update((each.config.id, None) for each in entrances)
        if self._stirred:
            self._wake.set()

    def _level(self, entrance: Entrance) -> Level:
        device = self._house.hub.devices.get(entrance.config.device)
        return level(device, entrance.config.part, self._house.clock.now())

    def _show(self, entrance: Entrance, read: Level) -> None:
        why = detail(entrance, self._house.hub.devices.get(entrance.config.device))
        burns = self.locks.fires.burning(entrance.config.device)
        shown = view(entrance, read, zone=self.zone(entrance), detail=why, burns=burns)
        self._house.hub.show(f"doors/{entrance.config.id}", shown)
