"""Drives a UHPPOTE / Weigeng controller: its log into the journal, its doors, its cards."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from drivers.access.uhppote import points, verbs
from drivers.access.uhppote.asking import Asking
from drivers.access.uhppote.box_clock import BoxClock
from drivers.access.uhppote.care import Care
from drivers.access.uhppote.codec.box import Controller, GetController
from drivers.access.uhppote.codec.log import Status, pushed_by
from drivers.access.uhppote.config import UhppoteConfig
from drivers.access.uhppote.orders import ORDERS, set_clock
from drivers.access.uhppote.reader import Reader
from drivers.access.uhppote.search import SEARCH
from drivers.access.uhppote.wire import Wire
from gateway.core.access import DOOR, DOOR_EVENTS, LISTENER_BOUND, LOGGER_EVENTS, may_lock
from gateway.core.contract import DeviceContext, Driver, Inlet
from gateway.core.errors import CommandRejected, JournalError
from gateway.core.model import Command, Identity, Part, PartKind, PollGroup, Reading, Surface, Verb

STATUS, CARE = "status", "care"
LATE_S = 3.0
"""Its log is read in milliseconds; a busy machine may take longer without anything being wrong."""
APART_S = 0.05
"""So long its log is left alone once it had nothing new, whoever says that it has: anybody can send a datagram."""
VERBS = {verb.name: verb for verb in (*verbs.DOOR, *verbs.DEVICE)}
IN_TURN = frozenset({"set_mode", "set_delay", "put_card", "restore_defaults"})
"""The verbs that write what they have read; what is written meanwhile would be undone."""


class Uhppote(Driver[UhppoteConfig]):
    """One controller. What it pushes only wakes: what is recorded is read from its log, in order."""

    config_type = UhppoteConfig
    search = SEARCH

    def __init__(self, config: UhppoteConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self._wire = Wire(config, context)
        self._clock = BoxClock(config, context, self._wire)
        self._reader = Reader(config, context, self._wire, self._clock)
        self._care = Care(config, context, self._wire)
        self._news, self._unbound = asyncio.Event(), asyncio.Event()
        self._bound = False
        self._level_at = float("-inf")
        self._turn = asyncio.Lock()  # around what reads and writes again: decision 0026
        self._timed = asyncio.Lock()  # around reading the log, and setting the clock by which it is written
        self._anew = False
        """It was told to forget everything."""

    def surface(self) -> Surface:
        """Doors as parts; the log and the cards are the device's own."""
        return Surface(
            device=PartKind(points=points.DEVICE, verbs=verbs.DEVICE, events=LOGGER_EVENTS),
            kinds={DOOR: PartKind(points=points.DOOR, verbs=verbs.DOOR, events=DOOR_EVENTS)},
            polls=(PollGroup(STATUS, self.config.poll_s), PollGroup(CARE, self.config.care_s)),
        )

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        """Ask who it is."""
        who = await self._wire.ask(GetController(), Controller)
        self._care.begin()
        yield Identity(
            firmware=who.firmware,
            serial=str(self.config.serial),
            parts=tuple(Part(door.id, DOOR, door.name or door.id) for door in self.config.doors),
        )

    async def poll(self, group: str) -> Sequence[Reading]:
        match group:
            case "status":
                return await self._look()
            case "care":
                self._unbound.set()
                return [*await self._care.look_after(), *self._listening()]
            case _:
                return await super().poll(group)

    async def listen(self) -> None:
        """Read the log, and go on when something is new. Raises JournalError."""
        async with self._timed:
            await self._reader.begin()
        async with asyncio.TaskGroup() as group:
            if self.config.listener is not None:
                group.create_task(self._hear(f"{self.config.listener}/{self.config.serial}"))
            while True:  # the body must still wait when its task fails: decision 0010
                self._news.clear()
                place = self._reader.place
                async with self._timed:
                    await self._read_on()
                if self._reader.place == place:
                    await asyncio.sleep(APART_S)
                await self._news.wait()

    async def execute(self, command: Command) -> Mapping[str, Any]:
        asking = Asking(self.config, self.context, self._wire, command)
        if command.verb == "set_clock":
            async with self._timed:
                await self._reader.begin()  # an order may come before anybody has read
                await self._read_on()
                return await set_clock(asking, self._clock)
        if command.verb not in ORDERS:
            return await super().execute(command)
        async with self._turn if command.verb in IN_TURN else nullcontext():
            if may_lock(VERBS[command.verb], command.params) and points.fire(await self._wire.status()):
                raise CommandRejected(f"{self.config.id}: the fire input is active, no door is locked now")
            done = await ORDERS[command.verb](asking)
        self._after(command, done)
        return done

    def check(self, verb: Verb, part: str | None, params: Mapping[str, Any]) -> None:
        """Refuse doors that there are not, and days and times that cannot be, beside parameters that are wrong."""
        verbs.check(self.config, verb, params)

    def _after(self, command: Command, done: Mapping[str, Any]) -> None:
        """Tell what it has confirmed, at once and without another question, whose answer could be lost."""
        self._anew |= command.verb == "restore_defaults"
        self._news.set()
        if command.verb in {"set_mode", "set_delay"}:
            self.context.publish(*(points.reading(command.part, name, value) for name, value in done.items()))

    async def _look(self) -> Sequence[Reading]:
        """What a status tells; of the doors only where the events before it are recorded.

        Until then they stay as they were told, after LATE_S they are unknown. The clock is set only once all is
        recorded that was logged by it.
        """
        status = await self._wire.status()
        self._clock.look(status)
        self._care.notice(status)
        level, now = self._reader.has(status), self.context.clock.monotonic()
        self._level_at = now if level else self._level_at
        doors = points.inputs if level else points.burning if now - self._level_at < LATE_S else points.unknown
        self.context.publish(*self._own(status), *self._listening(), *doors(self.config, status))  # before any wait
        if not level:
            self._news.set()
        elif not self._timed.locked():
            async with self._timed:
                await self._clock.heed()
        return ()

    async def _read_on(self) -> None:
        """Record what is new, then tell of the doors."""
        epoch = self._epoch
        try:
            status = await self._reader.catch_up()
        except JournalError:
            self.context.publish(*points.unknown(self.config, await self._wire.status()))
            raise
        if self._anew or epoch not in (None, self._epoch):
            self._anew = False
            self._care.begin()
            self.context.publish(*await self._care.look_after())
        if status is not None and status is self._wire.latest:
            self.context.publish(*self._own(status), *points.inputs(self.config, status))

    @property
    def _epoch(self) -> int | None:
        return self._reader.place.epoch if self._reader.place else None

    def _own(self, status: Status) -> list[Reading]:
        behind = self._reader.behind(status)
        return [*points.own(status, offset_s=self._clock.offset_s, behind=behind, strays=self._wire.strays)]

    def _listening(self) -> list[Reading]:
        if self.config.listener is None:
            return []
        return [points.reading(None, LISTENER_BOUND.name, self._bound and self._care.directed)]

    async def _hear(self, spec: str) -> None:
        """Be woken by what it pushes. Where the port is taken it is tried again at each round of care."""
        while True:
            try:
                async with self.context.inlet(spec, pushed_by) as inlet:
                    await self._be_woken(inlet)
            except OSError:
                self._unbound.clear()
                await self._unbound.wait()

    async def _be_woken(self, inlet: Inlet) -> None:
        self._bound = True
        self.context.publish(*self._listening())
        try:
            while True:
                if self.config.may_push_from((await inlet.contact()).source):
                    self._news.set()
                else:
                    self._wire.strays += 1
        finally:
            self._bound = False
