"""What is asked of the locks: one controller after another says itself that it was done. Fire goes before everything.

Emergency release is wired, not commanded. What the gateway owes is never to lock a door again while a fire is on
anywhere in the hall.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

from gateway.core.access import DOOR, SET_MODE, Mode, may_lock
from gateway.core.errors import CommandRejected, JournalError, NotSupported
from gateway.core.model import Command, Event, PartKind, Result, Retention, Stage, Verb
from gateway.core.rights import Right
from gateway.doors.entrance import Entrance
from gateway.doors.fires import Fires
from gateway.doors.wanted import Wanted
from gateway.supervisor.context import House
from gateway.supervisor.life import Life
from gateway.trail import URGENT_S

WORST = (Stage.OFFLINE, Stage.TIMEOUT, Stage.REJECTED, Stage.ACKED, Stage.CONFIRMED)
"""How several commands ended together: as the first of these that any of them did."""
BURNS = "the fire alarm is on: no door is locked until that is over"

CANNOT = {
    Mode.NORMALLY_OPEN: "held open",
    Mode.CONTROLLED: "put back to cards",
    Mode.NORMALLY_CLOSED: "shut for everybody",
}


class Locks:
    """The locks of all doors. `changed` is told of a door that is run in another way from now on."""

    def __init__(
        self, lives: Mapping[str, Life], house: House, fires: Fires, changed: Callable[[Entrance], None]
    ) -> None:
        self._lives, self._house, self._changed = lives, house, changed
        self.fires = fires

    def others(self, entrance: Entrance) -> Mapping[str, Verb]:
        """What else can be asked of a door that wants the right `unlock`, by the names that its controller has."""
        verbs = self._verbs(entrance)
        return {verb.name: verb for verb in verbs if verb.right is Right.UNLOCK and verb.name != SET_MODE.name}

    def _verbs(self, entrance: Entrance) -> tuple[Verb, ...]:
        life = self._lives.get(entrance.config.device)
        return life.surface.kinds.get(DOOR, PartKind()).verbs if life is not None else ()

    def _cannot(self, entrance: Entrance, mode: Mode) -> str | None:
        """Why no lock of this kind is ever run like this, whatever its controller says."""
        config = entrance.config
        if config.device not in self._lives or any(verb.name == SET_MODE.name for verb in self._verbs(entrance)):
            return None
        return f"{config.id} cannot be {CANNOT[mode]}: {config.device} can only open this door once, by 'open'"

    def check(self, entrance: Entrance, verb: str, params: Mapping[str, Any]) -> None:
        """Say whether a controller can be asked this. Raises CommandRejected, NotSupported."""
        life = self._lives.get(entrance.config.device)
        if life is None:
            raise CommandRejected(f"{entrance.config.device} is not there any more")
        if verb == SET_MODE.name and (why := self._cannot(entrance, Mode(params["mode"]))):
            raise NotSupported(why)
        life.check(verb, entrance.config.part, params)

    async def run(
        self, entrance: Entrance, mode: Mode, command: Command, *, for_s: float | None = None, urgent: bool = False
    ) -> Result:
        """Run the lock like this from now on; `for_s`, if it is held open for a time. Ends when its device says so.

        What is wanted is kept before the device is asked: where the answer is lost, or the gateway is killed, a hold
        ends all the same, and none that was there before ends what is wanted now. `urgent`: where that cannot be kept,
        it is done all the same.
        """
        if why := self._burns(entrance, SET_MODE, {"mode": mode}):
            return self.result(command, Stage.REJECTED, {"reason": why})
        before, order = entrance.wanted, entrance.order(mode, for_s)
        entrance.want(order)
        status: Stage | None = None
        try:
            done = await self._run(entrance, mode, command, order, urgent=urgent)
            status = done.status
        finally:
            entrance.ended(order, before, status)
            self._changed(entrance)
        return done

    async def _shut(self, entrance: Entrance, command: Command) -> Result:
        """Shut a door for everybody. Where that cannot be it is held open no longer, and rejected all the same."""
        done = await self.run(entrance, Mode.NORMALLY_CLOSED, command)
        if done.status is not Stage.REJECTED or entrance.wanted.mode is not Mode.NORMALLY_OPEN:
            return done
        order = msgspec.structs.replace(command, id=f"{command.id}/cards")
        back = await self.run(entrance, Mode.CONTROLLED, order)
        return self.result(command, Stage.REJECTED, {**done.detail, "back_to_cards": back.status})

    async def _run(self, entrance: Entrance, mode: Mode, command: Command, order: Wanted, *, urgent: bool) -> Result:
        try:
            await self._keep(entrance, urgent=urgent)
        except JournalError as error:
            return self.result(command, Stage.REJECTED, {"reason": f"what is wanted is not recorded: {error}"})
        if entrance.wanted is not order:
            why = f"{entrance.config.id}: something else has been asked of it meanwhile"
            return self.result(command, Stage.REJECTED, {"reason": why})
        return await self.ask(entrance, SET_MODE.name, {"mode": mode.value}, command)

    async def _keep(self, entrance: Entrance, *, urgent: bool) -> None:
        """Keep what is wanted; in memory, where it is urgent and the journal takes nothing. Raises JournalError."""
        device, row = entrance.config.device, entrance.row()
        try:
            async with asyncio.timeout(URGENT_S if urgent else None):
                await self._house.journal.record(device, [], desired=[row])
        except (JournalError, TimeoutError):
            if not urgent:
                raise
            self._house.journal.note(device, [], desired=[row])

    async def run_all(self, entrances: Iterable[Entrance], mode: Mode, command: Command, *, place: str) -> Result:
        """Run the locks of a place like this, all at once; the result is there once every controller has said how it
        went. The record tells of it at each door.

        Those that cannot be run so are told apart. They fail a lockdown, for a card opens them all the same.
        """
        shut, urgent = mode is Mode.NORMALLY_CLOSED, mode is Mode.NORMALLY_OPEN
        run = self._shut if shut else partial(self.run, mode=mode, urgent=urgent)
        every = list(entrances)
        cannot = {each.config.id: why for each in every if (why := self._cannot(each, mode))}
        self._tell_asked(every, command, place)
        async with asyncio.TaskGroup() as group:
            able = [each for each in every if each.config.id not in cannot]
            asked = {each.config.id: group.create_task(run(each, command=command)) for each in able}
        results = {id_: task.result() for id_, task in asked.items()}
        refused = {id_: self.result(command, Stage.REJECTED, {"reason": why}) for id_, why in cannot.items()}
        self._tell_ended(every, results | refused)
        done = self._together(command, results)
        if not cannot:
            return done
        status = Stage.REJECTED if shut else done.status
        return self.result(command, status, {**done.detail, "cannot": cannot})

    def fire_over(self, entrance: Entrance, command: Command) -> Result:
        """Somebody says that a fire is over at a door."""
        why = self.fires.over(entrance)
        return self.result(command, Stage.REJECTED if why else Stage.CONFIRMED, {"reason": why} if why else {})

    def fires_over(self, entrances: Iterable[Entrance], command: Command, *, place: str) -> Result:
        """Somebody says that a fire is over at the doors of a place."""
        every = list(entrances)
        self._tell_asked(every, command, place)
        results = {each.config.id: self.fire_over(each, command) for each in every}
        self._tell_ended(every, results)
        return self._together(command, results)

    def _tell_asked(self, entrances: Iterable[Entrance], command: Command, place: str) -> None:
        """Record at each door what is asked of its place, for those who see no more than the door. Nothing waits for
        that: what is asked of the place is recorded by now.
        """
        told = {name: getattr(command, name) for name in ("verb", "params", "actor", "reason")}
        for each in entrances:
            self._note(each, "requested", {"command_id": command.id, "device": place, **told})

    def _tell_ended(self, entrances: Iterable[Entrance], results: Mapping[str, Result]) -> None:
        for each in entrances:
            self._note(each, "ended", msgspec.to_builtins(results[each.config.id]))

    def _note(self, entrance: Entrance, what: str, told: Mapping[str, Any]) -> None:
        config = entrance.config
        event = Event(
            type=f"command.{what}",
            source_key=f"door/{config.id}/{what}/{told['command_id']}",
            payload={**told, "door": config.id},
            retention=Retention.AUDIT,
            part=config.part,
        )
        self._house.journal.note(config.device, [event])

    def _together(self, command: Command, results: Mapping[str, Result]) -> Result:
        doors = {id_: {"status": result.status, **result.detail} for id_, result in results.items()}
        stages = {result.status for result in results.values()}
        worst = next((stage for stage in WORST if stage in stages), Stage.REJECTED)
        return self.result(command, worst, {"doors": doors})

    def result(self, command: Command, status: Stage, detail: dict[str, Any]) -> Result:
        """How a command ended, now."""
        confirmed = True if status is Stage.CONFIRMED else None
        return Result(
            command_id=command.id, status=status, at=self._house.clock.now(), detail=detail, confirmed=confirmed
        )

    async def ask(self, entrance: Entrance, verb: str, params: Mapping[str, Any], command: Command) -> Result:
        """Ask something of the controller of a door, for that door. Ends when it says so."""
        config = entrance.config
        try:
            self.check(entrance, verb, params)
            why = self._burns(entrance, self._lives[config.device].verb(verb, config.part), params)
        except (CommandRejected, NotSupported) as error:
            why = str(error)
        if why is not None:
            return self.result(command, Stage.REJECTED, {"reason": why})
        own = msgspec.structs.replace(
            command, id=f"{command.id}/{config.id}", verb=verb, part=config.part, params=params
        )
        done = await self._lives[config.device].execute(own)
        return msgspec.structs.replace(done, command_id=command.id, detail={"device": config.device, **done.detail})

    def _burns(self, entrance: Entrance, verb: Verb, params: Mapping[str, Any]) -> str | None:
        burns = may_lock(verb, params) and self.fires.burning(entrance.config.device)
        return f"{entrance.config.id}: {BURNS}" if burns else None
