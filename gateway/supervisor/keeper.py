"""Keeps the desired state of one device on the device, for as long as it is connected."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any

import msgspec

from gateway.core.contract import Driver
from gateway.core.errors import CommandRejected, DeviceBusy, NotSupported
from gateway.core.model import Command, Stage, Verb
from gateway.core.screen import BLANKS
from gateway.core.turn import Priority, limited, urgency
from gateway.hub import Held
from gateway.journal.rows import Desired
from gateway.supervisor.context import GatewayContext
from gateway.supervisor.desired import Key, Slot, Wishes
from gateway.supervisor.proof import CONTENT, difference

Start = Callable[[Coroutine[Any, Any, None]], object]

ACT_S = 30.0  # sending desired state never takes longer: a driver's own limits end it far earlier
PROOF_S = 30.0  # between two looks at whether a screen shows what was sent to it
BUSY_S = 0.2  # a card that is writing its flash says busy for a few hundred milliseconds


class Keeper:
    """Sends every wish after connect, after each change, every `resend_s` of its verb, and when a screen lost it."""

    def __init__(
        self,
        driver: Driver[Any],
        wishes: Wishes,
        context: GatewayContext,
        verb: Callable[[str, str | None], Verb],
        points: Callable[[str | None], Mapping[str, Held]],
    ) -> None:
        self._driver, self._wishes, self._context, self._verb = driver, wishes, context, verb
        self._points = points
        self._passive = driver.surface().passive

    async def run(self, start: Start) -> None:
        """Start one task for every slot, and for those that are added later."""
        kept: set[Key] = set()
        while True:
            self._wishes.added.clear()
            for key in [key for key in self._wishes.slots if key not in kept]:
                kept.add(key)
                start(self._keep(self._wishes.slots[key]))
            await self._wishes.added.wait()

    async def _keep(self, slot: Slot) -> None:
        slot.taken = None
        while True:
            slot.changed.clear()
            again_s = await self._deliver(slot, slot.wanted) if slot.wanted else None
            await self._due(slot, again_s)

    async def _due(self, slot: Slot, again_s: float | None) -> None:
        """Wait until it is to be sent again: something newer is wanted, its time has come, it is not what is shown."""
        since, wanted = self._context.clock.now(), slot.wanted
        proven = wanted is not None and wanted.verb in CONTENT and slot.delivered is not None
        while True:
            wait_s = again_s if not proven else min(PROOF_S, again_s or PROOF_S)
            try:
                async with asyncio.timeout(wait_s):
                    await slot.changed.wait()
                return
            except TimeoutError:
                again_s = None if again_s is None or wait_s is None else again_s - wait_s
                if again_s == 0 or not proven or self._wrong(slot, since):
                    return

    def _wrong(self, slot: Slot, since: datetime) -> bool:
        """Whether the device says, later than it was sent something, that it shows something else."""
        wanted, told = slot.wanted, slot.delivered
        return wanted is not None and told is not None and bool(difference(told, self._points(wanted.part), since))

    async def _deliver(self, slot: Slot, wanted: Desired) -> float | None:
        """Send one wish; gives the seconds after which to send it again."""
        if slot.left_s(self._context.clock.now()) == 0:
            slot.tell(wanted, Stage.EXPIRED, final=True)
            return None
        try:
            verb = self._verb(wanted.verb, wanted.part)
        except NotSupported as error:
            slot.tell(wanted, Stage.REJECTED, {"reason": str(error)})
            return None
        try:
            detail = await self._send(slot, wanted)
        except DeviceBusy:
            return BUSY_S
        except (CommandRejected, NotSupported) as error:
            slot.tell(wanted, Stage.REJECTED, {"reason": str(error)})
            return await self._clear(slot, wanted, verb)
        status = Stage.CONFIRMED if verb.confirms else Stage.ACKED
        slot.tell(wanted, status, detail, final=True, confirmed=verb.confirms or None)
        return verb.resend_s

    async def _clear(self, slot: Slot, wanted: Desired, verb: Verb) -> float | None:
        """Blank a screen that refuses what is wanted: an older number would send people to a window (decision 0027).

        One that has taken it before shows nothing older. Gives the seconds after which to send again what is wanted.
        """
        blank = next((each for each in BLANKS if issubclass(verb.params, type(each))), None)
        if blank is not None and slot.taken is not wanted:
            nothing, id_ = msgspec.to_builtins(blank), f"{wanted.command_id}/blank"
            try:
                await self._execute(slot, msgspec.structs.replace(wanted, params=nothing, command_id=id_))
            except DeviceBusy:
                return BUSY_S
            except (CommandRejected, NotSupported):  # it is told already that the screen refuses
                return verb.resend_s
        return verb.resend_s

    async def _send(self, slot: Slot, wanted: Desired) -> dict[str, Any]:
        with self._context.follow(wanted.command_id, lambda stage: slot.tell(wanted, stage)):
            return await self._execute(slot, wanted)

    async def _execute(self, slot: Slot, wanted: Desired) -> dict[str, Any]:
        command = Command(
            id=wanted.command_id,
            verb=wanted.verb,
            part=wanted.part,
            params=wanted.params,
            deadline=self._context.clock.monotonic() + ACT_S,
            actor=wanted.actor,
        )
        if self._passive:
            return await self._offer(slot, command)
        with urgency(Priority.COMMAND):
            async with limited(ACT_S):
                return dict(await self._driver.execute(command))

    async def _offer(self, slot: Slot, command: Command) -> dict[str, Any]:
        """Have a passive device fetch and confirm it. What it has not fetched gives way to what is newer."""
        executing = asyncio.ensure_future(self._driver.execute(command))
        waiting: set[asyncio.Future[Any]] = {executing, asyncio.ensure_future(slot.changed.wait())}
        try:
            left_s = slot.left_s(self._context.clock.now())
            await asyncio.wait(waiting, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            if executing.done():
                return dict(executing.result())
            raise DeviceBusy("it has not come yet")
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)
