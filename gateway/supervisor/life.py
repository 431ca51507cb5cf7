"""One device's life: connect, poll, listen, carry out commands, keep its desired state, until something fails.

`Life.run` is one life, from connect to the first failure; `guard` starts the next one.
"""

import asyncio
import random
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import msgspec

from gateway.core.config import DeviceConfig
from gateway.core.contract import Driver
from gateway.core.errors import AuthFailed, CommandRejected, DeviceBusy, DeviceError, JournalError, NotSupported
from gateway.core.known import lacks
from gateway.core.model import Command, Event, PartKind, Result, Stage, Verb
from gateway.core.turn import Priority, limited, urgency
from gateway.hub import DeviceView, Held, Status
from gateway.journal.rows import Desired
from gateway.supervisor.context import GatewayContext, House
from gateway.supervisor.desired import Wishes
from gateway.supervisor.guard import EXPECTED, Up, alone
from gateway.supervisor.keeper import BUSY_S, Keeper
from gateway.supervisor.polling import poll_forever

CONNECT_S = 10.0  # TCP connect and identification of the slowest box on a LAN take under 5 s
ENDED = "the connection ended"
JOURNAL_FIRST_S, JOURNAL_LAST_S = 1.0, 5.0  # between two walks over a log while the journal takes nothing
MOST_COMMANDS = 32  # waiting for one device at a time: more means that nobody reads the answers


class Life:
    """A device as the house runs it."""

    def __init__(self, config: DeviceConfig, driver_type: type[Driver[Any]], house: House) -> None:
        self.id, self._house, self._clock = config.id, house, house.clock
        self.context = GatewayContext(config.id, house)
        self.driver: Driver[Any] = driver_type(config, self.context)
        self.surface = self.driver.surface()
        self.view = DeviceView(config.id, config.driver, zone=config.zone, name=config.name, surface=self.surface)
        house.hub.add(self.view)
        for parent in config.depends_on:
            house.hub.depend(f"device/{config.id}", f"device/{parent}")
        self.wishes = Wishes(config.id, house.clock, self._show_wish)
        self.context.on_parts = self.wishes.again
        self._keeper = Keeper(self.driver, self.wishes, self.context, self.verb, self._points)
        self._group: asyncio.TaskGroup | None = None
        self._waiting = 0
        self.wake = asyncio.Event()
        """Set it, and a device that is offline is tried again at once."""
        self.refused = False
        """Whether it refused us: it is not tried again before somebody has looked."""
        self.line = house.lines[config.line] if config.line is not None else None
        if self.line is not None:
            house.hub.depend(f"device/{config.id}", f"line/{self.line.name}")
            self.line.join(config.id, self.wake.set)

    @property
    def zone(self) -> str | None:
        """Where it stands."""
        return self.view.zone

    async def run(self, up: Up) -> None:
        """Live once. Raises what ended the life: GatewayError, OSError, TimeoutError; a bug in a group."""
        with alone():
            async with AsyncExitStack() as stack:
                limit_s = None if self.surface.silent_after_s else CONNECT_S
                with urgency(Priority.PROBE):
                    async with limited(limit_s):
                        identity = await stack.enter_async_context(self.driver.connect())
                self._house.hub.online(self.id, identity)
                up()
                async with asyncio.TaskGroup() as group:
                    try:
                        self._start(group)
                        await asyncio.Event().wait()  # it must still wait when a child fails: decision 0010
                    finally:
                        self._group = None

    async def down(self, failure: BaseException) -> None:
        """What ends a life makes every point bad, and is an event the first time."""
        kind, why = type(failure).__name__, str(failure)
        if not isinstance(failure, EXPECTED):
            kind, why = "bug", "a bug: its traceback is in the log"
        news, self.refused = self.view.status is not Status.OFFLINE, isinstance(failure, AuthFailed)
        self._house.meters.device_errors.labels(self.id, kind).inc()
        self._house.meters.device_up.labels(self.id, self.view.driver).set(0)
        self._house.hub.offline(self.id, why or kind)  # every time: a connect that failed may have published before
        if news:
            self._note("device.offline", {"reason": why or kind})

    def forget(self) -> None:
        """Be known no longer, once stopped. What somebody still holds of this life writes nothing to the hub."""
        self.context.forgotten = True
        if self.line is not None:
            self.line.leave(self.id)
        self._house.hub.remove(self.id)
        self._house.meters.forget(self.id)

    async def execute(self, command: Command) -> Result:
        """Have a command carried out. Never raises for the device's sake: the Result says how it ended."""
        if self._group is None:
            why = self.view.why or (ENDED if self.view.seen else "it has not answered yet")
            return self._result(command, Stage.OFFLINE, {"reason": why})
        if self._waiting >= MOST_COMMANDS:
            return self._result(command, Stage.REJECTED, {"reason": f"{self.id} has {MOST_COMMANDS} commands waiting"})
        if command.deadline <= self._clock.monotonic():  # else its first bytes would still be sent
            return self._result(command, Stage.TIMEOUT, {"reason": "its deadline had passed before it came"})
        ended: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting += 1
        try:
            task = self._join(self._group, self._carry_out(command, ended))
            await asyncio.wait({task}, timeout=command.deadline - self._clock.monotonic())
        finally:
            self._waiting -= 1
        if ended.done():
            return ended.result()
        if task.done():  # cancelled with the life, before it began
            return self._result(command, Stage.OFFLINE, {"reason": ENDED})
        return self._result(command, Stage.TIMEOUT, {})

    def check(self, verb: str, part: str | None, params: Mapping[str, Any]) -> None:
        """Say whether a command can succeed on this device. Raises CommandRejected, NotSupported."""
        self.driver.check(self.verb(verb, part), part, params)

    def verb(self, name: str, part: str | None) -> Verb:
        """The declaration of a verb. Raises NotSupported, naming what there is.

        The parts of a device that has not answered yet are unknown: then any kind of part may have the verb.
        """
        verbs = {verb.name: verb for kind in self._kinds(part) for verb in kind.verbs}
        if name not in verbs:
            raise NotSupported(lacks(self.id, "verb", name, verbs))
        return verbs[name]

    def filed(self, part: str | None) -> tuple[str, str | None]:
        """Where the record has what is asked of it."""
        return self.id, part

    def _points(self, part: str | None) -> Mapping[str, Held]:
        return self.view.points.get(part, {})

    def _kinds(self, part: str | None) -> list[PartKind]:
        if part is None:
            return [self.surface.device]
        if part in self.view.parts:
            return [self.surface.kinds[self.view.parts[part].kind]]
        if self.view.seen:
            raise NotSupported(lacks(self.id, "part", part, self.view.parts))
        return list(self.surface.kinds.values())

    def _start(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._house.meters.device_up.labels(self.id, self.view.driver).set(1)
        join = partial(self._join, group)
        self._note("device.online", msgspec.to_builtins(self.view.identity))
        join(self.context.lost())
        join(self._listen())
        join(self._keeper.run(join))
        for poll in self.surface.polls:
            join(poll_forever(self.driver, poll, self.view, self._house))
        if self.surface.silent_after_s is not None:
            join(self.context.silent(self.surface.silent_after_s))

    def _join(self, group: asyncio.TaskGroup, part: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Make something a part of this life: if it fails, the life ends."""
        task = group.create_task(part)
        task.add_done_callback(self._left)
        return task

    def _left(self, part: "asyncio.Task[None]") -> None:
        if not part.cancelled() and part.exception():
            self._group = None  # at once: what joins a group that is ending already would not be ended with it

    async def _carry_out(self, command: Command, ended: "asyncio.Future[Result]") -> None:
        """Run one command; a fault of the wire ends the command and then the life."""
        result = self._result(command, Stage.OFFLINE, {"reason": ENDED})
        try:
            with urgency(Priority.COMMAND):
                async with asyncio.timeout_at(command.deadline):
                    detail = await self._unless_busy(command)
            confirmed = self.verb(command.verb, command.part).confirms
            status = Stage.CONFIRMED if confirmed else Stage.ACKED
            result = self._result(command, status, detail, confirmed=confirmed or None)
        except (CommandRejected, NotSupported, DeviceBusy, JournalError) as error:
            result = self._result(command, Stage.REJECTED, {"reason": str(error)})
        except TimeoutError:
            result = self._result(command, Stage.TIMEOUT, {})
        except (DeviceError, OSError) as error:
            result = self._result(command, Stage.OFFLINE, {"reason": str(error)})
            raise
        finally:
            ended.set_result(result)

    async def _unless_busy(self, command: Command) -> dict[str, Any]:
        """Execute; where the device is busy, ask again until the deadline."""
        while True:
            try:
                return dict(await self.driver.execute(command))
            except DeviceBusy:
                if self._clock.monotonic() + BUSY_S >= command.deadline:
                    raise
            await asyncio.sleep(BUSY_S)

    def _show_wish(self, wanted: Desired, stage: Stage, detail: Mapping[str, Any], ended: bool) -> None:
        if self.context.forgotten:
            return
        view = {"status": stage, "ended": ended, "detail": detail, "params": wanted.params}
        self._house.hub.show(f"wishes/{self.id}/{wanted.part or ''}/{wanted.verb}", view)

    async def _listen(self) -> None:
        """Listen, and begin again while the journal takes nothing: the device is well, and keeps its log."""
        wait_s = JOURNAL_FIRST_S
        while True:
            begun = self._clock.monotonic()
            try:
                with alone():
                    await self.driver.listen()
                return
            except JournalError as error:
                self._house.meters.device_errors.labels(self.id, type(error).__name__).inc()
            if self._clock.monotonic() - begun > JOURNAL_LAST_S:
                wait_s = JOURNAL_FIRST_S
            await asyncio.sleep(wait_s * random.uniform(0.75, 1.0))  # noqa: S311 - spreads devices, keeps no secret
            wait_s = min(2 * wait_s, JOURNAL_LAST_S)

    def _note(self, type_: str, payload: dict[str, Any]) -> None:
        at = self._clock.now()
        event = Event(type=type_, source_key=f"{self.id}/{type_}/{at.isoformat()}", payload=payload, at=at)
        self._house.journal.note(self.id, [event])

    def _result(
        self, command: Command, status: Stage, detail: dict[str, Any], *, confirmed: bool | None = None
    ) -> Result:
        at = self._clock.now()
        return Result(command_id=command.id, status=status, at=at, detail=detail, confirmed=confirmed)
