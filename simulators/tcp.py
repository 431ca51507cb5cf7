"""The base of every simulated box on TCP: it serves connections and lets the faults spoil them."""

import asyncio
import socket
import struct
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Protocol, cast

import msgspec

from gateway.core.twin import ConfigT, Lever, Twin
from simulators.accepting import accepting
from simulators.faults import TCP, Faults, Misaddress, NoParams, lever
from simulators.outbox import Outbox

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time to linger: closing sends RST."""

Answer = Callable[[bytes], Iterable[bytes]]
"""Takes the bytes that came on one connection, gives the answers to what they complete."""


class End(Protocol):
    """The far end of a TCP connection: a box, or the serial server before a bus of them."""

    def fall_silent(self) -> None:
        """Stay open, hear and say nothing any more."""
        ...


class Connection(asyncio.Protocol):
    """One connection to a box, by TCP unless it stands for a bus."""

    def __init__(self, answer: Answer, faults: Faults, connections: "set[Connection]", *, tcp: bool) -> None:
        self.answer = answer
        self._faults, self._tcp = faults, tcp
        self._connections = connections
        self._silent = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # a stream server makes no other
        self._outbox = Outbox(self._faults, write=self._transport.write, end=self._transport.close)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._outbox.clear()
        self._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._silent:
            return
        if self._tcp and self._faults.strikes("reset"):
            self._outbox.clear()
            reset(self._transport)
            return
        for reply in self.answer(data):
            self.send(reply)

    def send(self, reply: bytes) -> None:
        """Send something through the faults of the wire."""
        if not (self._silent or self._transport.is_closing()):
            self._outbox.send(reply)

    def fall_silent(self) -> None:
        self._silent = True
        self._outbox.clear()

    def drop(self) -> None:
        """End the connection at once."""
        self._outbox.clear()
        self._transport.abort()


def reset(transport: asyncio.Transport) -> None:
    """End a TCP connection with RST."""
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    transport.abort()


class Unplug(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The box has no power while `on`: connections are dropped, new ones too, and what it forgets is forgotten."""

    on: bool = True


class Refusal(asyncio.Protocol):
    """A connection to a box that is starting."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).abort()


class TcpTwin(Twin[ConfigT]):
    """A box that listens on TCP. A subclass says what it answers, and what a wrong id is where answers have one."""

    def __init__(self, config: ConfigT, *, misaddress: Misaddress | None = None, wire: frozenset[str] = TCP) -> None:
        super().__init__(config)
        self._faults = Faults(wire, misaddress=misaddress)
        self._connections: set[Connection] = set()
        self._ends: Collection[End] | None = self._connections
        self.ring: Callable[[], object] = lambda: None
        """Makes a connection on a wire that has none by itself, for a box that speaks first."""
        self._down_until: float | None = None
        self._unplugged = False

    @abstractmethod
    def answers(self) -> Answer:
        """What answers one new connection; it may keep the beginning of a message."""

    @asynccontextmanager
    async def serve(self, host: str, port: int) -> AsyncGenerator[int]:
        try:
            async with accepting(self.connection, host, port) as bound:
                yield bound
        finally:
            self.hang_up()

    def levers(self) -> Mapping[str, Lever]:
        faults, unplug = dict(self._faults.levers()), lever(Unplug, self._unplug)
        if self._ends is None:
            del faults["reset"]
            return {**faults, "unplug": unplug}
        return {**faults, "half_open": lever(NoParams, self._half_open), "unplug": unplug}

    def join(self, ends: Collection[End] | None) -> None:
        """Be on a bus from now on: `ends` are those of its serial server, None where the bus is at a serial port."""
        self._ends = ends

    def resets(self) -> bool:
        """Whether the next bytes on a connection are to be answered with a reset; it is counted."""
        return self._faults.strikes("reset")

    def power_lost(self) -> None:
        """Forget what the box forgets without power: nothing, where a subclass does not say otherwise."""

    def hang_up(self, down_s: float = 0.0) -> None:
        """Drop all connections; new ones are dropped at once for `down_s`, as while a box starts."""
        self._down_until = asyncio.get_running_loop().time() + down_s
        for connection in tuple(self._connections):
            connection.drop()

    @property
    def down(self) -> bool:
        """Whether the box has no power, or is starting: then it answers nobody."""
        starting = self._down_until is not None and asyncio.get_running_loop().time() < self._down_until
        return self._unplugged or starting

    def speak(self, data: bytes) -> None:
        """Say something that nobody asked for, on every connection, through the faults of the wire."""
        if not self._connections:
            self.ring()
        for connection in tuple(self._connections):
            connection.send(data)

    def connection(self) -> asyncio.Protocol:
        """What speaks to a new peer."""
        if self.down:
            return Refusal()
        return Connection(self.answers(), self._faults, self._connections, tcp=self._ends is self._connections)

    def _half_open(self, _: NoParams) -> None:
        """The TCP connections of now stay open and silent for ever; new ones work."""
        for end in self._ends or ():
            end.fall_silent()

    def _unplug(self, given: Unplug) -> None:
        if given.on and not self._unplugged:
            self.power_lost()
            self.hang_up()
        self._unplugged = given.on
