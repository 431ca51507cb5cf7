"""Drills: what would happen in a fire or a lockdown is measured and recorded, and no lock is moved."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.core.access import SET_MODE, Mode
from gateway.core.errors import CommandRejected, JournalError, NotSupported
from gateway.core.model import Command, Event, Result, Retention, Stage
from gateway.doors.entrance import Entrance
from gateway.doors.heard import Position
from gateway.doors.inputs import has_input
from gateway.doors.locks import BURNS, Locks
from gateway.doors.told import Level, level
from gateway.doors.verbs import DrillKind
from gateway.hub import DeviceView, Status
from gateway.supervisor.context import House

TYPE = "door.drill"
PAGE = 200
LOOK_S = 0.1  # between two looks whether a controller has spoken
SPARE_S = 1.0  # of the deadline, for the record
MODES = {DrillKind.FIRE: Mode.NORMALLY_OPEN, DrillKind.LOCKDOWN: Mode.NORMALLY_CLOSED}


class DoorReport(msgspec.Struct, frozen=True, kw_only=True):
    """A door in a drill: whether it would do as it shall, and `why` not.

    `answered_s`: how long after the beginning its controller told how it stands; null if it did not. `fire_input`: null
    where its controller has none, or nobody knows.
    """

    would: bool
    why: str | None
    online: bool
    answered_s: float | None
    state: Position
    unlocked: bool | None
    fire_input: bool | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A drill. `place` is a zone, or `hall`; `ready` of `of` doors would do as they shall."""

    drill: str
    kind: DrillKind
    place: str
    at: datetime
    actor: str
    reason: str | None
    took_s: float
    ready: int
    of: int
    doors: dict[str, DoorReport]


class Drills:
    """Rehearses, and reads the reports of earlier drills."""

    def __init__(self, house: House, locks: Locks) -> None:
        self._house, self._locks = house, locks

    async def run(self, kind: DrillKind, place: str, entrances: Sequence[Entrance], command: Command) -> Result:
        """Find out which doors would do as they shall; ends once the report is recorded."""
        begun_at, begun = self._house.clock.now(), self._house.clock.monotonic()
        answered = await self._answers(entrances, begun_at, begun, command.deadline - SPARE_S)
        doors = {each.config.id: self._report(kind, each, answered.get(each.config.id)) for each in entrances}
        report = Report(
            drill=command.id,
            kind=kind,
            place=place,
            at=begun_at,
            actor=command.actor,
            reason=command.reason,
            took_s=round(self._house.clock.monotonic() - begun, 3),
            ready=sum(door.would for door in doors.values()),
            of=len(doors),
            doors=doors,
        )
        detail: dict[str, Any] = msgspec.to_builtins(report)
        event = Event(
            type=TYPE,
            source_key=f"{TYPE}/{command.id}",
            payload=detail,
            retention=Retention.ACCESS,
            at=begun_at,
        )
        try:
            await self._house.journal.record(None, [event])
        except JournalError as error:
            return self._locks.result(command, Stage.REJECTED, {"reason": f"the drill is not recorded: {error}"})
        return self._locks.result(command, Stage.CONFIRMED, detail)

    async def reports(self, limit: int, seen: Callable[[str], bool]) -> list[Report]:
        """The newest drills of the places that are seen, newest first, without those erased. Raises JournalError."""
        found, after = list[Report](), 0
        while len(found) < limit:
            rows = await self._house.journal.read(type=TYPE, after=after, limit=PAGE, newest_first=True)
            told = [msgspec.convert(row.payload, Report) for row in rows if row.payload is not None]
            found += [report for report in told if seen(report.place)]
            if len(rows) < PAGE:
                break
            after = rows[-1].seq
        return found[:limit]

    async def _answers(
        self, entrances: Sequence[Entrance], begun_at: datetime, begun: float, until: float
    ) -> dict[str, float]:
        """How long each controller took to tell how its door stands, of those that did by then."""
        found: dict[str, float] = {}
        while True:
            passed_s = round(self._house.clock.monotonic() - begun, 3)
            for each in entrances:
                if each.config.id not in found and self._told_since(each, begun_at):
                    found[each.config.id] = passed_s
            if len(found) == len(entrances) or self._house.clock.monotonic() + LOOK_S > until:
                return found
            await asyncio.sleep(LOOK_S)

    def _told_since(self, entrance: Entrance, begun_at: datetime) -> bool:
        view = self._view(entrance)
        held = view.points.get(entrance.config.part, {}).get("open") if view is not None else None
        good = held.last_good if held is not None else None
        return good is not None and good.at is not None and good.at > begun_at

    def _report(self, kind: DrillKind, entrance: Entrance, answered_s: float | None) -> DoorReport:
        view = self._view(entrance)
        now = level(view, entrance.config.part, self._house.clock.now())
        online = view is not None and view.status is Status.ONLINE
        why = self._why_not(kind, entrance, now) if online else f"{entrance.config.device} is not online"
        return DoorReport(
            would=why is None,
            why=why,
            online=online,
            answered_s=answered_s,
            state=now.position,
            unlocked=now.unlocked,
            fire_input=now.fire,
        )

    def _why_not(self, kind: DrillKind, entrance: Entrance, now: Level) -> str | None:
        """Why a door that can be asked would not do as it shall. A fire releases by wire, whatever can be asked."""
        if kind is DrillKind.FIRE:
            return self._unseen(entrance, now)
        if self._locks.fires.burning(entrance.config.device):
            return BURNS
        try:
            self._locks.check(entrance, SET_MODE.name, {"mode": MODES[kind].value})
        except (CommandRejected, NotSupported) as error:
            return str(error)
        return "it stands open" if entrance.door.position is Position.OPEN else None

    def _unseen(self, entrance: Entrance, now: Level) -> str | None:
        """Why nobody could tell that a fire has released a door."""
        device = entrance.config.device
        if not has_input(self._view(entrance)):
            return f"{device} has no fire input"
        if not entrance.config.fire_input:
            return f"the fire input of {device} is not wired"
        if now.fire is None:
            return f"{device} does not tell of its fire input"
        return f"{device} does not tell of its lock" if now.unlocked is None else None

    def _view(self, entrance: Entrance) -> DeviceView | None:
        return self._house.hub.devices.get(entrance.config.device)
