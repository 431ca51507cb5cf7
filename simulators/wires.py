"""The wires that simulated buses end at: a pseudo-terminal, or a TCP port as of a serial server in raw mode."""

import asyncio
import os
import tty
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

from gateway.core.address import Port
from simulators.bus import CHUNK_S, Bus
from simulators.tcp import TcpTwin, reset

MOST = 65536


@asynccontextmanager
async def serve_pty(twins: Sequence[TcpTwin[Any]], port: Port, *, chunk_s: float = CHUNK_S) -> AsyncGenerator[str]:
    """Serve boxes on one pseudo-terminal until left; gives its path. It knows neither parity nor modem lines."""
    near, far = os.openpty()  # `far` stays open here: without a reader on that side `near` would fail
    tty.setraw(near)
    tty.setraw(far)
    os.set_blocking(near, False)

    def hear(data: bytes) -> None:
        with suppress(BlockingIOError):  # nobody reads what is said: on a real wire it would be lost as well
            os.write(near, data)

    bus = _bus(twins, Bus(port, hear, chunk_s=chunk_s))
    loop = asyncio.get_running_loop()
    loop.add_reader(near, lambda: bus.say(os.read(near, MOST)))
    try:
        yield os.ttyname(far)
    finally:
        loop.remove_reader(near)
        bus.end()
        os.close(near)
        os.close(far)


class Server(asyncio.Protocol):
    """A connection to a serial server in raw mode: bytes go through as they are."""

    def __init__(self, bus: Bus, peers: "set[Server]") -> None:
        self._bus, self._peers = bus, peers
        self._silent = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # a stream server makes no other
        self._peers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._peers.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._silent:
            return
        if self._bus.resets():
            reset(self.transport)
        else:
            self._bus.say(data)

    def hear(self, data: bytes) -> None:
        """Pass on what is said on the bus."""
        if not self._silent:
            self.transport.write(data)

    def fall_silent(self) -> None:
        self._silent = True


@asynccontextmanager
async def serve_raw(
    twins: Sequence[TcpTwin[Any]], port: Port, *, host: str, tcp_port: int, chunk_s: float = CHUNK_S
) -> AsyncGenerator[int]:
    """Serve boxes behind one TCP port until left; gives the port, chosen by the system when `tcp_port` is 0."""
    peers: set[Server] = set()

    def hear(data: bytes) -> None:
        for peer in peers:
            peer.hear(data)

    bus = _bus(twins, Bus(port, hear, chunk_s=chunk_s, ends=peers))
    server = await asyncio.get_running_loop().create_server(lambda: Server(bus, peers), host, tcp_port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        bus.end()
        for peer in tuple(peers):
            peer.transport.abort()
        await server.wait_closed()


def _bus(twins: Sequence[TcpTwin[Any]], bus: Bus) -> Bus:
    for twin in twins:
        bus.plug(twin)
    return bus
