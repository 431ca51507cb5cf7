"""Doors that are held open for some minutes: when these are over, their controllers are asked to go back to cards."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from gateway.core.errors import JournalError
from gateway.core.model import Command, Event, Result, Retention, Stage
from gateway.doors.entrance import Entrance
from gateway.doors.locks import Locks
from gateway.doors.wanted import DONE
from gateway.supervisor.context import House
from gateway.trail import URGENT_S

log = logging.getLogger("gateway")
LOOK_S = 1.0
RETRY_S = 10.0  # until a controller has confirmed: a door that nobody locks is a hole
DEADLINE_S = 10.0
ACTOR = "doors"
OVER, GONE = "the time for which it was held open is over", "the site file has it no longer"


class Holds:
    """Ends holds; those of doors that the site file has no longer at once. While a fire is on none ends; one that
    somebody else has ended is over.
    """

    def __init__(self, locks: Locks, house: House, changed: Callable[[Entrance], None]) -> None:
        self._locks, self._house, self._changed = locks, house, changed
        self._again: dict[str, float] = {}
        self._told: dict[str, Stage] = {}

    async def run(self, entrances: Callable[[], Iterable[Entrance]]) -> None:
        """End every hold whose time is over, or whose door is gone, for ever."""
        while True:
            now = self._house.clock.monotonic()
            async with asyncio.TaskGroup() as group:
                for each in entrances():
                    over = each.wanted.until is not None and (each.left or each.wanted.until <= now)
                    if over and self._again.get(each.config.door, now) <= now:
                        group.create_task(self._end(each))
            await asyncio.sleep(LOOK_S)

    async def _end(self, entrance: Entrance) -> None:
        id_, door, hold = entrance.config.id, entrance.config.door, entrance.wanted
        mode = hold.over
        if mode is None:
            entrance.want(msgspec.structs.replace(hold, until=None))
            self._changed(entrance)
            self._forget(door)
            return
        if self._locks.fires.burning(entrance.config.device):
            return
        at = self._house.clock.now()
        command = Command(
            id=f"hold-over-{id_}-{at:%Y%m%dT%H%M%S}",
            verb="release",
            params={},
            deadline=self._house.clock.monotonic() + DEADLINE_S,
            actor=ACTOR,
            reason=GONE if entrance.left else OVER,
        )
        await self._tell_before(entrance, command)
        if entrance.wanted is hold:
            self._tell_after(entrance, await self._locks.run(entrance, mode, command, urgent=True))

    async def _tell_before(self, entrance: Entrance, command: Command) -> None:
        """Record that the lock is asked, before it is; in memory, where the journal takes nothing: a full disk must not
        keep a door unlocked.
        """
        device, door = entrance.config.device, entrance.config.door
        self._again[door] = self._house.clock.monotonic() + RETRY_S
        if door in self._told:
            return
        event = _event("hold_over", entrance, command.id)
        try:
            async with asyncio.timeout(URGENT_S):
                await self._house.journal.record(device, [event])
        except (JournalError, TimeoutError):
            log.warning("%s goes back to cards: %s; the journal takes nothing", entrance.config.id, command.reason)
            self._house.journal.note(device, [event])

    def _tell_after(self, entrance: Entrance, result: Result) -> None:
        """Record how it went, where that is news."""
        door = entrance.config.door
        if self._told.get(door) is not result.status:
            event = _event("hold_ended", entrance, result.command_id, status=result.status, detail=result.detail)
            self._house.journal.note(entrance.config.device, [event])
        self._told[door] = result.status
        if result.status in DONE:
            self._forget(door)

    def _forget(self, door: str) -> None:
        self._told.pop(door, None)
        self._again.pop(door, None)


def _event(what: str, entrance: Entrance, command_id: str, **more: Any) -> Event:
    return Event(
        type=f"door.{what}",
        source_key=f"door/{entrance.config.id}/{what}/{command_id}",
        payload={"door": entrance.config.id, "command_id": command_id, "actor": ACTOR, **more},
        retention=Retention.AUDIT,
        part=entrance.config.part,
    )
