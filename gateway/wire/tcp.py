"""A TCP wire to one device, or to the bus behind a serial server that passes bytes on as they are."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gateway.core.address import host_port
from gateway.core.errors import DeviceOffline
from gateway.wire.stream import StreamLink

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
            _, link = await loop.create_connection(lambda: StreamLink(address), host, port)
    except TimeoutError as error:
        raise DeviceOffline(f"{address} did not accept a connection within {CONNECT_S:g} s") from error
    except OSError as error:
        raise DeviceOffline(f"{address}: {reason(error)}") from error
    try:
        yield link
    finally:
        link.abort()
