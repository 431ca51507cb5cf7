"""What is asked of the locks: one controller after another says itself that it was done. Fire goes before everything.

Emergency release is wired, not commanded. What the gateway owes is never to lock a door again while a fire is on: by
the input of the door's own controller, or, where nobody knows that, by the input of any other.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from gateway.core.access import FIRE, OPEN, SET_MODE, Mode
from gateway.core.errors import CommandRejected, JournalError, NotSupported
from gateway.core.model import Command, Result, Stage
from gateway.doors import records
from gateway.doors.entrance import Entrance
from gateway.doors.wanted import Wanted
from gateway.hub import Hub
from gateway.supervisor.context import House
from gateway.supervisor.life import Life

WORST = (Stage.OFFLINE, Stage.TIMEOUT, Stage.REJECTED, Stage.ACKED, Stage.CONFIRMED)
"""How several commands ended together: as the first of these that any of them did."""
BURNS = "the fire alarm is on: it stays released until that is over"


class Locks:
    """The locks of all doors. `changed` is told of a door that is run in another way from now on."""

    def __init__(self, lives: Mapping[str, Life], house: House, changed: Callable[[Entrance], None]) -> None:
        self._lives, self._house, self._changed = lives, house, changed

    def burning(self, entrance: Entrance) -> bool:
        """Whether this door must not be locked."""
        own = _fire(self._house.hub, entrance.config.device)
        if own is None and not entrance.door.fire:
            return any(_fire(self._house.hub, device) for device in self._house.hub.devices)
        return bool(own) or entrance.door.fire

    def check(self, entrance: Entrance, verb: str, params: Mapping[str, Any]) -> None:
        """Say whether a controller can be asked this. Raises CommandRejected, NotSupported."""
        life = self._lives.get(entrance.config.device)
        if life is None:
            raise CommandRejected(f"{entrance.config.device} is not there any more")
        life.check(verb, entrance.config.part, params)

    async def open(self, entrance: Entrance, command: Command) -> Result:
        """Release the lock once."""
        return await self._ask(entrance, OPEN.name, {}, command)

    async def run(self, entrance: Entrance, mode: Mode, command: Command, *, for_s: float | None = None) -> Result:
        """Run the lock like this from now on; `for_s`, if it is held open for a time. Ends when its device says so.

        What is wanted is kept before the device is asked: where the answer is lost, or the gateway is killed, a hold
        ends all the same, and none that was there before ends what is wanted now.
        """
        if why := self._refused(entrance, mode):
            return self.result(command, Stage.REJECTED, {"reason": why})
        before, order = entrance.wanted, entrance.order(mode, for_s)
        entrance.want(order)
        status: Stage | None = None
        try:
            done = await self._run(entrance, mode, command, order)
            status = done.status
        finally:
            entrance.ended(order, before, status)
            self._changed(entrance)
        return done

    async def _run(self, entrance: Entrance, mode: Mode, command: Command, order: Wanted) -> Result:
        try:
            row = records.row(entrance.config.id, entrance.kept())
            await self._house.journal.record(entrance.config.device, [], desired=[row])
        except JournalError as error:
            return self.result(command, Stage.REJECTED, {"reason": f"what is wanted is not recorded: {error}"})
        if entrance.wanted is not order:
            why = f"{entrance.config.id}: something else has been asked of it meanwhile"
            return self.result(command, Stage.REJECTED, {"reason": why})
        if refused := self._refused(entrance, mode):
            return self.result(command, Stage.REJECTED, {"reason": refused})
        return await self._ask(entrance, SET_MODE.name, {"mode": mode.value}, command)

    def _refused(self, entrance: Entrance, mode: Mode) -> str | None:
        return f"{entrance.config.id}: {BURNS}" if mode is not Mode.NORMALLY_OPEN and self.burning(entrance) else None

    async def run_all(self, entrances: Iterable[Entrance], mode: Mode, command: Command) -> Result:
        """Run several locks like this, all at once; the result is there once every controller has said how it went."""
        async with asyncio.TaskGroup() as group:
            asked = {each.config.id: group.create_task(self.run(each, mode, command)) for each in entrances}
        results = {id_: task.result() for id_, task in asked.items()}
        doors = {id_: {"status": result.status, **result.detail} for id_, result in results.items()}
        stages = {result.status for result in results.values()}
        return self.result(
            command, next((stage for stage in WORST if stage in stages), Stage.REJECTED), {"doors": doors}
        )

    def result(self, command: Command, status: Stage, detail: dict[str, Any]) -> Result:
        """How a command ended, now."""
        confirmed = True if status is Stage.CONFIRMED else None
        return Result(
            command_id=command.id, status=status, at=self._house.clock.now(), detail=detail, confirmed=confirmed
        )

    async def _ask(self, entrance: Entrance, verb: str, params: Mapping[str, Any], command: Command) -> Result:
        config = entrance.config
        try:
            self.check(entrance, verb, params)
        except (CommandRejected, NotSupported) as error:
            return self.result(command, Stage.REJECTED, {"reason": str(error)})
        own = msgspec.structs.replace(
            command, id=f"{command.id}/{config.id}", verb=verb, part=config.part, params=params
        )
        done = await self._lives[config.device].execute(own)
        return msgspec.structs.replace(done, command_id=command.id, detail={"device": config.device, **done.detail})


def _fire(hub: Hub, device: str) -> bool | None:
    """Whether the fire input of a device is active; None where it has none, or nobody knows."""
    view = hub.devices.get(device)
    held = view.points.get(None, {}).get(FIRE.name) if view is not None else None
    return held.now.value if held is not None and isinstance(held.now.value, bool) else None
