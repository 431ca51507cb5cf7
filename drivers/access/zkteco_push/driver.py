"""Drives a ZKTeco controller or terminal that pushes: it is the client, and hears OK once its rows are on disk."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from drivers.access.zkteco_push import clock, codec
from drivers.access.zkteco_push.clock import BoxClock
from drivers.access.zkteco_push.codec import Row
from drivers.access.zkteco_push.config import ZktecoPushConfig
from drivers.access.zkteco_push.log import CURSOR, Log, Place, unreadable
from drivers.access.zkteco_push.orders import Orders
from drivers.access.zkteco_push.session import CURSOR as SESSION
from drivers.access.zkteco_push.session import HANDSHAKE, Session, attendance
from drivers.access.zkteco_push.standing import Standing
from drivers.access.zkteco_push.verbs import DEVICE, KINDS, command_text, released_s
from gateway.core.access import DOOR, Happening, SetMode
from gateway.core.contract import Contact, DeviceContext, Driver, Inlet, convert
from gateway.core.errors import DeviceOffline, JournalError, NotSupported
from gateway.core.model import Command, Cursor, Event, Identity, Part, Quality, Reading, Retention, Surface, Verb

BATCH = 64
"""Rows in one transaction."""
STAMP = "attlog"
LOGS = ("rtlog", "ATTLOG")
Read = Callable[[str, codec.Mark], Row | None]
Record = Callable[[Sequence[Row]], Awaitable[None]]


class ZktecoPush(Driver[ZktecoPushConfig]):
    """One device. What it is told OK for has been recorded before."""

    config_type = ZktecoPushConfig
    _inlet: Inlet
    _session: Session

    def __init__(self, config: ZktecoPushConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self._doors = {door.number: door.id for door in config.doors}
        self._numbers = {door.id: door.number for door in config.doors}
        self._log = Log(self._doors)
        self._orders = Orders(lambda command, stage: self.context.stage(command, stage))
        self._standing = Standing(self._doors)
        self._refused = 0
        self._heard = 0.0
        self._box_clock = BoxClock(config.timezone, lambda: self.context.clock.now())

    def surface(self) -> Surface:
        return Surface(device=DEVICE, kinds=KINDS, silent_after_s=self.config.silent_after_s)

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        """Wait for the device, until it has introduced itself. What it says then is taken as all that it says later."""
        async with self.context.inlet(f"iclock:{self.config.serial}") as self._inlet:
            kept = await self.context.cursor(SESSION)
            self._session = Session.of(kept) if kept else Session.new()
            if not kept:
                await self.context.record(cursor=self._session.cursor())
            self._log.place = Place.of(await self.context.cursor(CURSOR))
            self._box_clock.begin(await self.context.cursor(clock.CURSOR))
            self._standing.lose()
            self._heard = self.context.clock.monotonic()
            while not await self._take(await self._inlet.contact()):
                pass
            yield self._identity()

    async def listen(self) -> None:
        self._tell()
        while True:
            await self._take(await self._inlet.contact())
            self._tell()

    async def execute(self, command: Command) -> Mapping[str, Any]:
        """Wait until the device has fetched it and says how it went."""
        if command.part is not None and command.part not in self._numbers:
            raise NotSupported(f"{self.config.id} has no part {command.part!r}")
        local = self.context.clock.now().astimezone(ZoneInfo(self.config.timezone))
        door = self._numbers.get(command.part or "")
        text = command_text(command, door, open_s=self.config.open_s, local=local)
        if text is None:
            return await super().execute(command)
        code = await self._orders.carry_out(command, text)
        if command.verb == "set_mode":
            self.context.publish(Reading(command.part, "mode", convert(SetMode, command.params).mode))
        if command.verb == "set_clock":
            corrected = self._corrected(command)
            self._box_clock.unknown()
            await self._keep_clock(corrected)
        return {"returned": code}

    def check(self, verb: Verb, part: str | None, params: Mapping[str, Any]) -> None:
        super().check(verb, part, params)
        if verb.name == "set_mode":
            released_s(params)

    async def _take(self, contact: Contact) -> bool:
        """Answer one request; False for one that is not of the device, or of its introduction."""
        call = codec.call(contact.path)
        greets = call == "cdata" and contact.method == "GET"
        if not self.config.may_come_from(contact.source):
            return self._refuse(contact, 403)
        if not greets and not self._session.admits(call, contact.cookie, self.config):
            return self._refuse(contact, 401)
        self._heard = self.context.clock.monotonic()
        try:
            contact.answer(*await self._answer(contact, "greet" if greets else call))
        except JournalError:
            contact.answer(503, b"busy, come again")
            raise
        return not greets and call not in HANDSHAKE

    def _refuse(self, contact: Contact, status: int) -> bool:
        """Send somebody away. One who only pretends to be the device does not keep it online."""
        contact.answer(status, b"refused")
        self._refused += 1
        if self.context.clock.monotonic() - self._heard > self.config.silent_after_s:
            raise DeviceOffline(f"no contact for {self.config.silent_after_s:g} s but such as were refused")
        return False

    async def _answer(self, contact: Contact, call: str) -> tuple[int, bytes]:
        match call:
            case "greet":
                return 200, await self._greet(contact.query)
            case "registry":
                return await self._register(contact.body)
            case "push":
                return 200, self._session.configuration(self.config)
            case "ping":
                return 200, codec.OK
            case "getrequest":
                due = self._orders.due()
                self._orders.fetched(due)
                return 200, codec.commands(due)
            case "devicecmd":
                for done in codec.results(contact.body):
                    self._orders.settle(done)
                return 200, codec.OK
            case "rtdata":
                return 200, codec.lines({"DateTime": codec.packed(self.context.clock.now())}) + self._zone()
            case "cdata" | "querydata":
                return await self._keep(contact)
            case _:
                return 404, b"not served"

    async def _keep(self, contact: Contact) -> tuple[int, bytes]:
        """Take what is posted as a table. Users, templates and photos are not kept, and said to have arrived."""
        table = contact.query.get("table")
        lines = codec.posted(contact.body) if table in LOGS else []
        if len(lines) > codec.MOST_LINES:
            self._refused += 1
            return 413, b"more than is taken at once"
        match table:
            case "rtlog":
                self._standing.owes = True
                await self._take_lines(lines, codec.row, self._record)
                self._standing.owes = False
            case "ATTLOG":
                await self._take_lines(lines, codec.punch, self._punches)
                await self._stamp(contact.query.get("Stamp", ""))
            case "rtstate":
                self._see(codec.state(contact.body))
                await self._keep_clock()
            case "options":
                pass  # what is to be known of it came when it registered
            case _:
                return 200, codec.arrived(contact.query)
        return 200, codec.OK

    async def _take_lines(self, lines: Sequence[str], read: Read, record: Record) -> None:
        """Record the rows in these lines, in their order, then how many are none: one event, however many there are."""
        strange = list[str]()
        for first in range(0, len(lines), BATCH):
            found = [(line, read(line, self.context.mark)) for line in lines[first : first + BATCH]]
            strange += [line for line, row in found if row is None]
            if rows := [row for _, row in found if row is not None]:
                await record(rows)
        if strange:
            await self.context.record(unreadable(self.context.mark("\n".join(strange)), len(strange)))

    async def _record(self, rows: Sequence[Row]) -> None:
        events, place = self._log.read(rows, offset_s=self._box_clock.ahead_s)
        await self.context.record(*events, cursor=place.cursor())
        self._log.commit(rows, place)
        await self._keep_clock()

    async def _punches(self, rows: Sequence[Row]) -> None:
        await self.context.record(*self._log.punches(rows, offset_s=self._box_clock.ahead_s))

    async def _keep_clock(self, *events: Event) -> None:
        if (owed := self._box_clock.owed()) or events:
            await self.context.record(*events, cursor=owed)
            self._box_clock.recorded(owed)

    async def _stamp(self, stamp: str) -> None:
        if stamp.isdecimal() and len(stamp) <= 16:
            await self.context.record(cursor=Cursor(STAMP, stamp))

    async def _greet(self, query: Mapping[str, str]) -> bytes:
        """The device starts: a controller says so in `DeviceType`, all else keeps attendance."""
        self._standing.lose()
        self._box_clock.unknown()
        await self._keep_clock()
        if query.get("DeviceType") == "acc":
            return self._session.welcome(self.config)
        offset = self.context.clock.now().astimezone(ZoneInfo(self.config.timezone)).utcoffset() or timedelta()
        stamp = await self.context.cursor(STAMP) or "0"
        return attendance(self.config, stamp=stamp, zone_h=int(offset.total_seconds() // 3600))

    async def _register(self, body: bytes) -> tuple[int, bytes]:
        session = self._session.registered_by(codec.options(body))
        await self.context.record(cursor=session.cursor())
        self._session = session
        self.context.parts(*self._parts())
        return 200, codec.lines({"RegistryCode": session.code})

    def _see(self, state: codec.State | None) -> None:
        if state is None:
            self._standing.lose()
            return
        self._box_clock.measure(state.time)
        self._standing.see(state, self.context.clock.now())

    def _tell(self) -> None:
        """Publish what is known."""
        known = {
            "log_newest": self._log.place.index,
            "clock_offset_s": self._box_clock.measured_s,
            "refused": self._refused,
        }
        own = (
            Reading(None, name, value, Quality.BAD if value is None else Quality.GOOD) for name, value in known.items()
        )
        has = {door.id for door in self._session.doors(self.config)}
        self.context.publish(*own, *(told for told in self._standing.readings() if told.part in has))

    def _identity(self) -> Identity:
        model, firmware = self._session.model or None, self._session.firmware or None
        return Identity(model=model, firmware=firmware, serial=self.config.serial, parts=self._parts())

    def _parts(self) -> tuple[Part, ...]:
        return tuple(Part(door.id, DOOR, door.name or door.id) for door in self._session.doors(self.config))

    def _corrected(self, command: Command) -> Event:
        payload = {"offset_s": self._box_clock.measured_s}
        return Event(type=Happening.CLOCK, source_key=f"clock/{command.id}", payload=payload, retention=Retention.AUDIT)

    def _zone(self) -> bytes:
        return f",ServerTZ={self.context.clock.now().astimezone(ZoneInfo(self.config.timezone)):%z}".encode()
