"""Drives a card reader that speaks OSDP v2, alone on its wire or on a bus, and a door that is wired to it."""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from typing import Any

import msgspec

from drivers.access.osdp.codec import Wire
from drivers.access.osdp.config import OsdpConfig
from drivers.access.osdp.conversation import Conversation, Order
from drivers.access.osdp.installing import Installing
from drivers.access.osdp.key import read_key
from drivers.access.osdp.library import osdp_sys
from drivers.access.osdp.reports import Reports, capabilities, identity, presented, pressed
from drivers.access.osdp.surface import STATUS, surface
from drivers.access.osdp.verbs import Asked, Buzz, Light, Output, buzzed, lit, status, switched
from gateway.core.access import DOOR, Happening
from gateway.core.contract import DeviceContext, Driver, convert
from gateway.core.errors import CommandRejected, DeviceOffline
from gateway.core.model import Command, Event, Identity, Part, Reading, Retention, Stage, Surface, Verb

MAKES: Mapping[str, Callable[[Mapping[str, Any]], Asked]] = {
    "light": lambda params: lit(convert(Light, params)),
    "buzz": lambda params: buzzed(convert(Buzz, params)),
    "output": lambda params: switched(convert(Output, params)),
}
SETTLED_S = 0.3
"""A lock that was released for a time is looked at so long after that."""


class Osdp(Driver[OsdpConfig]):
    """One reader. What it says is recorded before it is asked anything more: decision 0025."""

    config_type = OsdpConfig

    def __init__(self, config: OsdpConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self._wire, self._numbers = Wire(), count(1)
        self._keeps_quiet: set[int] = set()
        self._talk: Conversation | None = None
        self._installing = Installing(config, context)
        self._reports = Reports(config)
        self._look_at: deque[float] = deque()

    @property
    def talk(self) -> Conversation:
        """The conversation. Raises DeviceOffline while there is none."""
        if self._talk is None:
            raise DeviceOffline(f"{self.config.id} is not connected")
        return self._talk

    def surface(self) -> Surface:
        return surface(self.config)

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        """Shake hands. A reader that does not prove its key is not spoken to, unless it is being installed."""
        key = read_key(self.config.id, self.config.key, self.context)
        async with self.context.link(self.config.address) as link:
            talk = self._talk = Conversation(self.config, link, self._wire, key)
            self._reports = Reports(self.config)
            self._look_at.clear()
            self._keeps_quiet.clear()
            try:
                await self._installing.begin(talk)
                yield self._identity(talk)
            finally:
                self._talk = None

    def _identity(self, talk: Conversation) -> Identity:
        door = self.config.door
        parts = (Part(door.id, DOOR, door.name or door.id),) if door else ()
        self._reports.tell(secure=talk.panel.secure, capabilities=capabilities(talk.claims))
        return identity(talk.panel.identity(), parts)

    async def listen(self) -> None:
        talk = self.talk
        self.context.publish(*self._reports.readings())
        while self._installing.waits:
            await self._installing.serve(talk)
        self._reports.tell(secure=talk.panel.secure, capabilities=capabilities(talk.claims))
        self.context.publish(*self._reports.readings())
        while True:
            await talk.turn()
            await self._hear(talk)
            self._look(talk)

    async def _hear(self, talk: Conversation) -> None:
        """Record all that was said: only then the reader is asked more, which is what tells it that it was heard."""
        if ended := talk.ended():
            await self._end(*ended)
        for said in talk.events():
            await self._take(said)

    async def _end(self, order: Order, obeyed: bool) -> None:
        """Record what was obeyed, whether or not somebody still waits for it, and then tell who does."""
        if obeyed and order.event is not None and self.config.door is not None:
            clock = self.context.clock
            await self.context.record(msgspec.structs.replace(order.event, at=clock.now()))
            self._look_at.append(clock.monotonic() + self.config.door.open_s + SETTLED_S)
        if not obeyed and order.command["command"] == osdp_sys.CMD_STATUS:
            self._keeps_quiet.add(order.command["type"])
        order.end(obeyed=obeyed)

    def _look(self, talk: Conversation) -> None:
        """See whether a lock that was released for a time is locked again: not every reader says so by itself."""
        if self._look_at and self.context.clock.monotonic() >= self._look_at[0]:
            self._look_at.popleft()
            if osdp_sys.STATUS_REPORT_OUTPUT in self._asked_for():
                talk.give(Order(status(osdp_sys.STATUS_REPORT_OUTPUT)))

    async def _take(self, said: Mapping[str, Any]) -> None:
        if said["event"] == osdp_sys.EVENT_CARDREAD:
            await self._record(Happening.PRESENTED, *presented(said))
        elif said["event"] == osdp_sys.EVENT_KEYPRESS:
            await self._record("reader.keys", pressed(said))
        elif said["event"] == osdp_sys.EVENT_STATUS:
            for reason in self._reports.hear(said["type"], said["report"]):
                await self._record(Happening.ALARM, {"reason": reason})
            self.context.publish(*self._reports.readings())

    async def _record(self, type_: str, payload: dict[str, Any], person: str | None = None) -> None:
        await self.context.record(self._event(type_, payload, person))

    def _event(self, type_: str, payload: dict[str, Any], person: str | None = None, part: str | None = None) -> Event:
        at = self.context.clock.now()
        return Event(
            type=type_,
            source_key=f"{type_}/{at.isoformat()}/{next(self._numbers)}",
            payload=payload,
            retention=Retention.ACCESS,
            part=part,
            at=at,
            volatile=True,
            person=person,
        )

    async def poll(self, group: str) -> Sequence[Reading]:
        if group != STATUS:
            return await super().poll(group)
        if not self._installing.waits:
            for kind in self._asked_for():
                order = Order(status(kind))
                self.talk.give(order)
                await order.ended
        return self._reports.readings()

    def _asked_for(self) -> list[int]:
        """What it is asked for. A reader that refuses is not asked again: what it says by itself is all there is."""
        kinds = (osdp_sys.STATUS_REPORT_LOCAL, osdp_sys.STATUS_REPORT_INPUT, osdp_sys.STATUS_REPORT_OUTPUT)
        wired = kinds if self.config.door else kinds[:1]
        return [kind for kind in wired if kind not in self._keeps_quiet]

    async def execute(self, command: Command) -> Mapping[str, Any]:
        sent = partial(self.context.stage, command, Stage.SENT)
        if command.verb == "install_key":
            sent()
            return await self._installing.install()
        if self._installing.waits:
            raise CommandRejected(f"{self.config.id} has no key yet: ask install_key first")
        door = self.config.door
        if command.verb == "open" and door is not None:
            released = switched(Output(output=door.lock_output, on=True, seconds=door.open_s))
            opened = self._event(Happening.REMOTE, {"seconds": door.open_s}, part=door.id)
            await self._order(released, sent, opened)
            return {"seconds": door.open_s}
        if (make := MAKES.get(command.verb)) is None:
            return await super().execute(command)
        await self._order(make(command.params), sent)
        return {}

    async def _order(self, asked: Asked, sent: Callable[[], None], event: Event | None = None) -> None:
        asked.check(self.talk.claims)
        order = Order(asked.command, sent, event)
        self.talk.give(order)
        if not await order.ended:
            raise CommandRejected(f"{self.config.id} refused")

    def check(self, verb: Verb, part: str | None, params: Mapping[str, Any]) -> None:
        """Refuse to switch the lock of the door as if it were any output."""
        super().check(verb, part, params)
        door = self.config.door
        if verb.name == "output" and door is not None and params["output"] == door.lock_output:
            raise CommandRejected(f"output {door.lock_output} is the lock of {door.id!r}: ask `open` of the door")
