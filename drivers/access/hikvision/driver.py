"""Drives a Hikvision access terminal or controller: its stream is a hint, its log is the truth."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from drivers.access.hikvision import codec
from drivers.access.hikvision.client import Client, connected
from drivers.access.hikvision.codec import Lock
from drivers.access.hikvision.config import HikvisionConfig
from drivers.access.hikvision.multipart import Decoder, Noise
from drivers.access.hikvision.multipart import Part as Heard
from drivers.access.hikvision.verbs import CLOCK, COMMANDS, DEVICE, KINDS, MODES, polls
from drivers.access.hikvision.walk import Walk
from drivers.shared.markup import parse
from drivers.shared.own_clock import WRITTEN
from gateway.core.access import DOOR, Happening, SetMode
from gateway.core.contract import DeviceContext, Driver, convert
from gateway.core.errors import CommandRejected, DeviceBusy, DeviceOffline, JournalError, NotSupported, ProtocolError
from gateway.core.model import (
    Command,
    Event,
    Identity,
    Part,
    Quality,
    Reading,
    Retention,
    Scalar,
    Stage,
    Surface,
)

INFO, TIME = "/ISAPI/System/deviceInfo", "/ISAPI/System/time"
STREAM = "/ISAPI/Event/notification/alertStream"
PAGES = "/ISAPI/AccessControl/AcsEvent/capabilities?format=json"
STATUS = "/ISAPI/AccessControl/AcsWorkStatus?format=json"
CONTROL = "/ISAPI/AccessControl/RemoteControl/door/"
HEARTBEAT = "videoloss"
READ_S = 10.0
"""How long one poll reads a long log."""
LATE_S = 3.0
"""How long doors stay as they were told while the log is read."""


class Hikvision(Driver[HikvisionConfig]):
    """One device. Nothing of a person leaves it but the number that it knows somebody by."""

    config_type = HikvisionConfig
    _client: Client

    def __init__(self, config: HikvisionConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self._numbers = {door.id: door.number for door in config.doors}
        self._doors = config.doors
        """Those that it has, as far as is known."""
        self._zone = ZoneInfo(config.timezone)
        self._walk = Walk(config, context)

    def surface(self) -> Surface:
        return Surface(device=DEVICE, kinds=KINDS, polls=polls(self.config.poll_s, self.config.clock_s))

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        """Ask who it is, how much of its log it gives at once, and how far its clock is off: rows are recorded so."""
        async with connected(self.config, self.context.secret(self.config.password)) as self._client:
            identity = self._identity(await self._client.read(INFO))
            await self._walk.begin(self._client)
            self._walk.page_size = await self._page_size()
            await self._measure()  # when events happened is told from the first one on
            yield identity

    async def listen(self) -> None:
        """Hear the stream. Whatever it says but a heartbeat, once or again, is a reason to read the log."""
        async with self._client.stream(STREAM) as content:
            await self._read_on()
            decoder, due = Decoder(), self._due()
            while True:
                found = list(decoder.feed(await _piece(content, due)))
                await self._heed(found)
                due = self._due() if found else due

    def _due(self) -> float:
        return asyncio.get_running_loop().time() + self.config.heartbeat_s

    async def _heed(self, found: Sequence[Heard | Noise]) -> None:
        if any(isinstance(part, Heard) and part.body and codec.alert(part.body) != HEARTBEAT for part in found):
            await self._read_on()
        for part in found:
            if isinstance(part, Noise):
                raise ProtocolError(f"{STREAM}: {part.why}")

    async def poll(self, group: str) -> Sequence[Reading]:
        if group == CLOCK:
            await self._measure()
            return [_reading(None, "clock_offset_s", self._walk.offset_s)]
        asked, locks = self.context.clock.now(), await self._locks()
        try:
            async with asyncio.timeout(READ_S):
                await self._read_on()
        except TimeoutError:  # it goes on with the next poll
            locks = self._unknown
        newest = _reading(None, "log_newest", self._walk.place.serial if self._walk.place else None)
        return [newest, *self._told(locks, asked)]

    async def _locks(self) -> Mapping[int, Lock]:
        try:
            locks = codec.locks(await self._client.read(STATUS), [*self._numbers.values()])
        except ValueError as error:
            raise ProtocolError(f"{STATUS} answers no status: {error}") from error
        except DeviceBusy:
            self._lose_doors()
            raise
        doors = [door for door in self.config.doors if door.number in locks]
        if doors != self._doors:
            self._doors = doors
            self.context.parts(*self._parts())
        return locks

    async def _read_on(self) -> None:
        """Read the log. Doors are unknown while it is not recorded: one that was forced must not be told as closed."""
        late = asyncio.get_running_loop().call_later(LATE_S, self._lose_doors)
        try:
            await self._walk.on()
        except (DeviceBusy, JournalError):
            self._lose_doors()
            raise
        finally:
            late.cancel()

    def _lose_doors(self) -> None:
        self.context.publish(*self._told(self._unknown))

    @property
    def _unknown(self) -> Mapping[int, Lock]:
        return {door.number: Lock(open=None, unlocked=None, mode=None) for door in self._doors}

    def _told(self, locks: Mapping[int, Lock], at: datetime | None = None) -> list[Reading]:
        """How the doors stood when that was asked: what was recorded since then is newer."""
        told: list[Reading] = []
        for door in self._doors:
            lock = locks[door.number]
            told.append(_reading(door.id, "open", lock.open, at))
            told.append(_reading(door.id, "unlocked", lock.unlocked, at))
            told.append(_reading(door.id, "mode", MODES.get(lock.mode or 0), at))
        return told

    async def execute(self, command: Command) -> Mapping[str, Any]:
        match command.verb:
            case "open":
                return await self._control(command, "open")
            case "set_mode":
                return await self._control(command, COMMANDS[convert(SetMode, command.params).mode])
            case "set_clock":
                return await self._set_clock(command)
            case _:
                return await super().execute(command)

    async def _control(self, command: Command, cmd: str) -> Mapping[str, Any]:
        number = self._numbers.get(command.part or "")
        if number is None:
            raise NotSupported(f"{self.config.id} has no part {command.part!r}")
        self.context.stage(command, Stage.SENT)
        await self._order(f"{CONTROL}{number}", codec.remote_control(cmd))
        return {"cmd": cmd}

    async def _set_clock(self, command: Command) -> Mapping[str, Any]:
        """Set the clock once all is recorded that was logged by it. Ours is not passed on while it is wrong itself.

        The record is made first: no time that the device writes may jump without one.
        """
        if self.context.clock.now() < WRITTEN:
            raise CommandRejected(f"the gateway's own clock is before {WRITTEN.year}: set that first")
        before = await self._measure()
        await self._walk.on()
        try:
            codec.set_clock(before, self._local())
        except ValueError as error:
            raise CommandRejected(f"{self.config.id} tells a time that cannot be read: {error}") from error
        await self.context.record(self._corrected(command))
        self.context.stage(command, Stage.SENT)
        await self._order(TIME, codec.set_clock(before, self._local()))
        await self._measure()
        self.context.publish(_reading(None, "clock_offset_s", self._walk.offset_s))
        return {"offset_s": self._walk.offset_s}

    def _local(self) -> datetime:
        """What the clock of the device should show."""
        return self.context.clock.now().astimezone(self._zone)

    def _corrected(self, command: Command) -> Event:
        key, was = f"clock/{command.id}", self._walk.offset_s
        told = {"offset_s": was, "to": f"{self._local():%Y-%m-%dT%H:%M:%S}"}
        return Event(type=Happening.CLOCK, source_key=key, payload=told, retention=Retention.AUDIT, clock_offset_s=was)

    async def _order(self, path: str, body: bytes) -> None:
        """Have something done. Raises CommandRejected with what the device says."""
        why = codec.refusal(await self._client.ask("PUT", path, body))
        if why is not None:
            raise CommandRejected(f"{self.config.id} refuses: {why}")

    async def _measure(self) -> bytes:
        """Measure how far its clock is ahead; gives its answer."""
        asked = self.context.clock.now()
        answer = await self._client.read(TIME)
        at = codec.clock(answer, self._zone)
        middle = asked + (self.context.clock.now() - asked) / 2
        self._walk.offset_s = round((at - middle).total_seconds(), 1) if at is not None else None
        return answer

    async def _page_size(self) -> int:
        try:
            return codec.longest_page(await self._client.ask("GET", PAGES))
        except (CommandRejected, NotSupported):
            return codec.USUAL_PAGE

    def _identity(self, body: bytes) -> Identity:
        try:
            info = parse(body, codec.MOST)
        except ValueError as error:
            raise ProtocolError(f"{INFO} answers no XML: {error}") from error
        model, firmware, serial = (
            codec.child(info, name) or None for name in ("model", "firmwareVersion", "serialNumber")
        )
        return Identity(model=model, firmware=firmware, serial=serial, parts=self._parts())

    def _parts(self) -> tuple[Part, ...]:
        return tuple(Part(door.id, DOOR, door.name or door.id) for door in self._doors)


def _reading(part: str | None, point: str, value: Scalar, at: datetime | None = None) -> Reading:
    return Reading(part, point, value, Quality.BAD if value is None else Quality.GOOD, at)


async def _piece(content: aiohttp.StreamReader, due: float) -> bytes:
    """What comes next. Raises DeviceOffline for a stream that ends, or has not said anything whole for too long."""
    try:
        async with asyncio.timeout_at(due):
            data = await content.readany()
    except TimeoutError as error:
        raise DeviceOffline("its stream is silent, without a heartbeat") from error
    if not data:
        raise DeviceOffline("its stream has ended")
    return data
