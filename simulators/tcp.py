"""The base of every simulated box on TCP: it serves connections and lets the faults spoil them."""

import asyncio
import socket
import struct
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from gateway.core.twin import ConfigT, Lever, Twin
from simulators.faults import Faults, NoParams, lever

PIECE_GAP_S = 0.001
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time to linger: closing sends RST."""

Answer = Callable[[bytes], Iterable[bytes]]
"""Takes the bytes that came on one connection, gives the answers to what they complete."""


class Connection(asyncio.Protocol):
    """One connection to a box."""

    def __init__(self, answer: Answer, faults: Faults, connections: "set[Connection]") -> None:
        self._answer = answer
        self._faults = faults
        self._connections = connections
        self.silent = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # a stream server makes no other
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        if self.silent:
            return
        if self._faults.reset:
            self._faults.reset = None
            self.drop(reset=True)
            return
        for reply in self._answer(data):
            self._send(reply)

    def drop(self, *, reset: bool = False) -> None:
        """End the connection at once: with FIN, or with RST."""
        if reset:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._transport.abort()

    def _send(self, reply: bytes) -> None:
        faults = self._faults
        if faults.mute.on:
            return
        cut, faults.cut = faults.cut, None
        if cut:
            reply = reply[: cut.after]
        delay_s, size = faults.slow.seconds, faults.pieces.size or len(reply) or 1
        for start in range(0, len(reply), size):
            self._later(delay_s, reply[start : start + size])
            delay_s += PIECE_GAP_S
        if cut:
            self._later(delay_s, None)

    def _later(self, delay_s: float, piece: bytes | None) -> None:
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self._write, piece)
        else:
            self._write(piece)

    def _write(self, piece: bytes | None) -> None:
        if piece is None:
            self._transport.close()
        elif not (self.silent or self._transport.is_closing()):
            self._transport.write(piece)


class Refusal(asyncio.Protocol):
    """A connection to a box that is starting."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).abort()


class TcpTwin(Twin[ConfigT]):
    """A box that listens on TCP. A subclass says what it answers."""

    def __init__(self, config: ConfigT) -> None:
        super().__init__(config)
        self._faults = Faults()
        self._connections: set[Connection] = set()
        self._down_until = 0.0

    @abstractmethod
    def answers(self) -> Answer:
        """What answers one new connection; it may keep the beginning of a message."""

    @asynccontextmanager
    async def serve(self, host: str, port: int) -> AsyncGenerator[int]:
        server = await asyncio.get_running_loop().create_server(self._connection, host, port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            self.hang_up()
            await server.wait_closed()

    def levers(self) -> Mapping[str, Lever]:
        return {**self._faults.levers(), "half_open": lever(NoParams, self._half_open)}

    def hang_up(self, down_s: float = 0.0) -> None:
        """Drop all connections; new ones are dropped at once for `down_s`, as while a box starts."""
        self._down_until = time.monotonic() + down_s
        for connection in tuple(self._connections):
            connection.drop()

    def _connection(self) -> asyncio.Protocol:
        if time.monotonic() < self._down_until:
            return Refusal()
        return Connection(self.answers(), self._faults, self._connections)

    def _half_open(self, _: Any) -> None:
        """The connections of now stay open and silent for ever; new ones work."""
        for connection in self._connections:
            connection.silent = True
