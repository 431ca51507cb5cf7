"""A TCP wire to one device, or to the bus behind a serial server that passes bytes on as they are."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gateway.core.address import host_port
from gateway.core.errors import DeviceOffline
from gateway.wire.stream import StreamLink

UNHEARD_S = 4  # the other end's kernel confirms within milliseconds: then what waits in ours must never arrive at all
CONNECT_S = 3.0  # a LAN host answers SYN in under 1 ms; 3 s covers two lost SYNs (retransmitted after 1 s)


def reason(error: OSError) -> str:
    """Why, in the words of the system: asyncio has its own for an error number, and they do not say it."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


@asynccontextmanager
async def open_tcp(address: str) -> AsyncGenerator[StreamLink]:
    """Connect to `tcp://host:port`. Raises DeviceOffline."""
    host, port = host_port(address)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_S):
            transport, link = await loop.create_connection(lambda: StreamLink(address), host, port)
    except TimeoutError as error:
        raise DeviceOffline(f"{address} did not accept a connection within {CONNECT_S:g} s") from error
    except OSError as error:
        raise DeviceOffline(f"{address}: {reason(error)}") from error
    never_late(transport.get_extra_info("socket"))
    try:
        yield link
    finally:
        link.abort()


def never_late(sock: socket.socket) -> None:
    """End the connection when its other end is not heard of, also while nothing is sent.

    Else a question that has timed out stays in the kernel while a cable is out, and is put to the device minutes later.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 1), ("TCP_USER_TIMEOUT", UNHEARD_S * 1000)):
        sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
