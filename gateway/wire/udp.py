"""A UDP wire to one device: one datagram is a question, one datagram its answer. Other senders are not heard."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from gateway.core.address import host_port
from gateway.core.errors import DeviceOffline
from gateway.wire.stream import StreamLink
from gateway.wire.tcp import reason

RESOLVE_S = 3.0  # a name server in the hall answers within milliseconds


class UdpLink(StreamLink, asyncio.DatagramProtocol):
    """A connected socket: the kernel keeps away what others send. Each answer is tried as a whole datagram.

    A time-out drops the socket, and with it the port that a late answer would come to.
    """

    def send(self, transport: asyncio.Transport, request: bytes) -> None:
        cast(asyncio.DatagramTransport, transport).sendto(request)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.data_received(data)

    def error_received(self, exc: Exception) -> None:
        """The other side has nobody at this port."""
        self.connection_lost(exc)
        self.abort()


@asynccontextmanager
async def open_udp(address: str) -> AsyncGenerator[StreamLink]:
    """Speak to `udp://host:port`. Whether anybody is there, only an answer tells. Raises DeviceOffline."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_S):
            _, link = await loop.create_datagram_endpoint(lambda: UdpLink(address), remote_addr=host_port(address))
    except TimeoutError as error:
        raise DeviceOffline(f"{address}: its name was not found within {RESOLVE_S:g} s") from error
    except OSError as error:
        raise DeviceOffline(f"{address}: {reason(error)}") from error
    try:
        yield link
    finally:
        link.abort()
