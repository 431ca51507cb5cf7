"""What one driver gets from the gateway: `core.contract.DeviceContext`, for one device."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import msgspec

from gateway.core.address import line_id
from gateway.core.config import SecretRef
from gateway.core.contract import Clock, Contact, DatagramKey, Inlet, Link
from gateway.core.errors import DeviceOffline
from gateway.core.model import Command, Cursor, Event, Part, Reading, Stage
from gateway.hub import Hub
from gateway.journal.journal import Journal
from gateway.journal.key import KEY_BYTES
from gateway.meters import Meters
from gateway.people.pseudonyms import Pseudonyms
from gateway.people.secrets import read_secret
from gateway.wire.hearing import Hearing
from gateway.wire.inlet import Inlets
from gateway.wire.line import Line
from gateway.wire.opening import open_wire


class House(NamedTuple):
    """What all devices share."""

    hub: Hub
    journal: Journal
    inlets: Inlets
    clock: Clock
    meters: Meters
    lines: Mapping[str, Line] = MappingProxyType({})
    pseudonyms: Pseudonyms = Pseudonyms(os.urandom(KEY_BYTES), "")
    """What is recorded in the place of who a device knows as `card:9896534`."""


class Open(Protocol):
    """What tells that it was lost."""

    @property
    def lost(self) -> "asyncio.Future[None]": ...


class OpenLink(Link, Open, Protocol):
    """A link, and what tells that it was lost."""


class WatchedInlet:
    """An inlet that notes when the device last came."""

    def __init__(self, inlet: Inlet, seen: Callable[[], None]) -> None:
        self._inlet, self._seen = inlet, seen
        self.push = inlet.push

    async def contact(self) -> Contact:
        """Wait for the next contact. The end of a connection is no sign of life."""
        contact = await self._inlet.contact()
        if contact.method != "CLOSE":
            self._seen()
        return contact


class GatewayContext:
    """The services of the house, bound to one device. See `core.contract.DeviceContext` for each method."""

    def __init__(self, device: str, house: House) -> None:
        self.device, self._house = device, house
        self.clock = house.clock
        self.log: logging.LoggerAdapter[Any] = logging.LoggerAdapter(logging.getLogger("gateway.device"), {})
        self.last_contact = 0.0
        self.on_parts: Callable[[], None] = lambda: None
        self.forgotten = False
        """Whether the house knows this device no longer: another life may have its id, and its place in the hub."""
        self._links: set[Open] = set()
        self._own: dict[str, Line] = {}
        self._on_stage: dict[str, Callable[[Stage], None]] = {}

    @asynccontextmanager
    async def link(self, address: str, *, again_s: float | None = None) -> AsyncGenerator[OpenLink]:
        async with self._opened(address, again_s) as link:
            self._links.add(link)
            try:
                yield link
            finally:
                self._links.discard(link)

    @asynccontextmanager
    async def stream(self, address: str) -> AsyncGenerator[Hearing]:
        async with open_wire(address) as wire:
            stream = Hearing(wire)
            self._links.add(stream)
            try:
                yield stream
            finally:
                self._links.discard(stream)

    @asynccontextmanager
    async def inlet(self, spec: str, key: DatagramKey | None = None) -> AsyncGenerator[WatchedInlet]:
        with self._house.inlets.open(spec, key) as inlet:
            yield WatchedInlet(inlet, self._seen)

    def publish(self, *readings: Reading) -> None:
        if not self.forgotten:
            self._house.hub.publish(self.device, *readings)

    async def record(self, *events: Event, cursor: Cursor | None = None) -> None:
        own = [self._own_event(event) for event in events]
        if cursor is None and all(event.volatile for event in own):
            await self._house.journal.note(self.device, own)
            return
        kept = Cursor(self._cursor_name(cursor.name), cursor.value) if cursor else None
        await self._house.journal.record(self.device, own, cursor=kept)

    async def cursor(self, name: str) -> str | None:
        return await self._house.journal.cursor(self._cursor_name(name))

    def parts(self, *parts: Part) -> None:
        if self.forgotten:
            return
        before = self._house.hub.devices[self.device].parts
        self._house.hub.parts(self.device, *parts)
        if before.keys() != self._house.hub.devices[self.device].parts.keys():
            self.on_parts()

    def stage(self, command: Command, stage: Stage) -> None:
        if command.id in self._on_stage:
            self._on_stage[command.id](stage)

    def secret(self, ref: SecretRef) -> str:
        return read_secret(ref)

    def mark(self, text: str) -> str:
        return self._house.pseudonyms.mark(text)

    @contextmanager
    def follow(self, command_id: str, told: Callable[[Stage], None]) -> Generator[None]:
        """Tell the stages of a command to `told`."""
        self._on_stage[command_id] = told
        try:
            yield
        finally:
            self._on_stage.pop(command_id, None)  # two wishes may have the same: ids are given by people

    async def lost(self) -> None:
        """Wait until a link that is open now is lost; raises its DeviceOffline. For ever without a link."""
        links = [link.lost for link in self._links]
        if not links:
            await asyncio.Event().wait()
        done, _ = await asyncio.wait(links, return_when=asyncio.FIRST_COMPLETED)
        for link in done:
            link.result()

    async def silent(self, after_s: float) -> None:
        """Wait until a passive device has not come for `after_s`; raises DeviceOffline."""
        while True:
            wait_s = self.last_contact + after_s - self.clock.monotonic()
            if wait_s <= 0:
                break
            await asyncio.sleep(wait_s)
        raise DeviceOffline(f"no contact for {after_s:g} s")

    def _opened(self, address: str, again_s: float | None) -> AbstractAsyncContextManager[OpenLink]:
        """What may answer late on a wire that stays the same takes turns, also where a device is alone on it."""
        line = line_id(address)
        if line is not None:
            return self._house.lines[line].link(self.device)
        if address.startswith(("serial:", "rfc2217:")):
            return self._alone(address)
        return open_wire(address, again_s=again_s)

    @asynccontextmanager
    async def _alone(self, address: str) -> AsyncGenerator[OpenLink]:
        line = self._own.get(address)
        if line is None:
            line = Line(self.device, address, clock=self.clock, meters=self._house.meters, shared=False)
            self._own[address] = line
        async with line.open(), line.link(self.device) as link:
            yield link

    def _own_event(self, event: Event) -> Event:
        """The event as it is recorded: its key is the device's own, and nobody stands in it by card or number."""
        payload = event.payload
        if event.person is not None:
            payload = {**payload, "person": self._house.pseudonyms.of(event.person)}
        key = f"{self.device}/{event.source_key}"
        return msgspec.structs.replace(event, source_key=key, payload=payload, person=None)

    def _seen(self) -> None:
        self.last_contact = self.clock.monotonic()

    def _cursor_name(self, name: str) -> str:
        return f"device/{self.device}/{name}"
