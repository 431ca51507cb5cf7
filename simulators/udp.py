"""The base of every simulated box that is asked over UDP: one datagram is a question, its answers are datagrams."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

from gateway.core.twin import ConfigT, Lever
from simulators.faults import TCP, UDP, Faults, Misaddress
from simulators.outbox import Outbox
from simulators.tcp import Answer, TcpTwin

PEERS = 8  # a gateway that asks from a new port has left the old one


class Socket(asyncio.DatagramProtocol):
    """The socket of a box. Each datagram is heard by itself, and answered to where it came from."""

    def __init__(self, hear: Answer, faults: Faults) -> None:
        self._hear, self._faults = hear, faults
        self._outboxes: dict[Any, Outbox] = {}
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.clear()
        self.closed.set_result(None)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self._faults.loses():
            return
        for reply in self._hear(data):
            self._outbox(addr).send(reply)

    def clear(self) -> None:
        """Forget what has not been sent."""
        for outbox in self._outboxes.values():
            outbox.clear()
        self._outboxes.clear()

    def _outbox(self, peer: Any) -> Outbox:
        if peer not in self._outboxes:
            while len(self._outboxes) >= PEERS:
                self._outboxes.pop(next(iter(self._outboxes))).clear()
            write: Callable[[bytes], None] = partial(self._transport.sendto, addr=peer)
            self._outboxes[peer] = Outbox(self._faults, write=write, end=lambda: None)
        return self._outboxes[peer]


class UdpTwin(TcpTwin[ConfigT]):
    """A box that is asked over UDP; where its address is not `udp://`, it stands on a serial line as any other."""

    def __init__(self, config: ConfigT, *, misaddress: Misaddress | None = None) -> None:
        self._over_udp = str(config.model_dump()["address"]).startswith("udp:")
        super().__init__(config, misaddress=misaddress, wire=UDP if self._over_udp else TCP)
        self._socket: Socket | None = None

    @asynccontextmanager
    async def serve(self, host: str, port: int) -> AsyncGenerator[int]:
        loop = asyncio.get_running_loop()
        transport, self._socket = await loop.create_datagram_endpoint(
            lambda: Socket(self._heard, self._faults), local_addr=(host, port)
        )
        try:
            yield transport.get_extra_info("sockname")[1]
        finally:
            transport.abort()
            await self._socket.closed  # until then its port is taken
            self._socket = None

    def levers(self) -> Mapping[str, Lever]:
        """Without what needs a connection, where there is none."""
        missing = {"half_open"} if self._over_udp else set[str]()
        return {name: lever for name, lever in super().levers().items() if name not in missing}

    def hang_up(self, down_s: float = 0.0) -> None:
        super().hang_up(down_s)
        if self._socket is not None:
            self._socket.clear()

    def _heard(self, data: bytes) -> list[bytes]:
        return [] if self.down else list(self.answers()(data))
