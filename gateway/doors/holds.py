"""Doors that are held open for some minutes: when these are over, their controllers are asked to go back to cards."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from gateway.core.errors import JournalError
from gateway.core.model import Command, Event, Result, Retention, Stage
from gateway.doors.entrance import Entrance
from gateway.doors.locks import Locks
from gateway.doors.wanted import DONE
from gateway.supervisor.context import House

LOOK_S = 1.0
RETRY_S = 10.0  # until a controller has confirmed: a door that nobody locks is a hole
DEADLINE_S = 10.0
ACTOR = "doors"


class Holds:
    """Ends holds. While a fire is on none ends; one that somebody else has ended is over."""

    def __init__(self, locks: Locks, house: House, changed: Callable[[Entrance], None]) -> None:
        self._locks, self._house, self._changed = locks, house, changed
        self._again: dict[str, float] = {}
        self._told: dict[str, Stage] = {}

    async def run(self, entrances: Callable[[], Iterable[Entrance]]) -> None:
        """End every hold whose time is over, for ever."""
        while True:
            now = self._house.clock.monotonic()
            async with asyncio.TaskGroup() as group:
                for each in entrances():
                    over = each.wanted.until is not None and each.wanted.until <= now
                    if over and self._again.get(each.config.id, now) <= now:
                        group.create_task(self._end(each))
            await asyncio.sleep(LOOK_S)

    async def _end(self, entrance: Entrance) -> None:
        id_, hold = entrance.config.id, entrance.wanted
        mode = hold.over
        if mode is None:
            entrance.want(msgspec.structs.replace(hold, until=None))
            self._changed(entrance)
            self._forget(id_)
            return
        if self._locks.fires.burning():
            return
        at = self._house.clock.now()
        command = Command(
            id=f"hold-over-{id_}-{at:%Y%m%dT%H%M%S}",
            verb="release",
            params={},
            deadline=self._house.clock.monotonic() + DEADLINE_S,
            actor=ACTOR,
            reason="the time for which it was held open is over",
        )
        if await self._told_before(entrance, command) and entrance.wanted is hold:
            self._tell_after(entrance, await self._locks.run(entrance, mode, command))

    async def _told_before(self, entrance: Entrance, command: Command) -> bool:
        """Record that the lock is asked, before it is; says whether that is on disk."""
        self._again[entrance.config.id] = self._house.clock.monotonic() + RETRY_S
        if entrance.config.id in self._told:
            return True
        try:
            await self._house.journal.record(entrance.config.device, [_event("hold_over", entrance, command.id)])
        except JournalError:
            return False
        return True

    def _tell_after(self, entrance: Entrance, result: Result) -> None:
        """Record how it went, where that is news."""
        id_ = entrance.config.id
        if self._told.get(id_) is not result.status:
            event = _event("hold_ended", entrance, result.command_id, status=result.status, detail=result.detail)
            self._house.journal.note(entrance.config.device, [event])
        self._told[id_] = result.status
        if result.status in DONE:
            self._forget(id_)

    def _forget(self, id_: str) -> None:
        self._told.pop(id_, None)
        self._again.pop(id_, None)


def _event(what: str, entrance: Entrance, command_id: str, **more: Any) -> Event:
    return Event(
        type=f"door.{what}",
        source_key=f"door/{entrance.config.id}/{what}/{command_id}",
        payload={"door": entrance.config.id, "command_id": command_id, "actor": ACTOR, **more},
        retention=Retention.AUDIT,
        part=entrance.config.part,
    )
