"""Asks everybody on the networks of this machine, and hears who answers."""

import asyncio
import fcntl
import socket
import struct
from collections.abc import Callable, Sequence
from typing import cast

from gateway.wire.given import Where

BROADCAST_OF = 0x8919  # SIOCGIFBRDADDR, netdevice(7)
FLAGS_OF, CAN_BROADCAST, IS_UP = 0x8913, 0x2, 0x1  # SIOCGIFFLAGS, IFF_BROADCAST, IFF_UP
TIMES = 3  # how often it is asked: UDP loses
MOST = 20_000  # datagrams that are heard at all: a flood must end

Hear = Callable[[bytes, str, int], None]


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, hear: Hear) -> None:
        self._hear, self._left = hear, MOST
        self.refused: OSError | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._left:
            self._left -= 1
            self._hear(data, addr[0], addr[1])

    def error_received(self, exc: Exception) -> None:
        self.refused = cast(OSError, exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(None)


async def ask_everybody(question: bytes, places: Sequence[Where], timeout_s: float, hear: Hear) -> dict[Where, str]:
    """Ask at each of these addresses, and hear what comes within `timeout_s`.

    Gives the addresses to which nothing can be sent, each with the reason. Raises OSError without a socket.
    """
    transport, ear = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Ear(hear),
        local_addr=("0.0.0.0", 0),  # noqa: S104 - who will answer is not known
        allow_broadcast=True,
    )
    failed: dict[Where, str] = {}
    try:
        for _ in range(TIMES):
            for place in places:
                ear.refused = None
                transport.sendto(question, place)  # what fails here is told at once
                if ear.refused is not None:
                    failed[place] = ear.refused.strerror or str(ear.refused)
            await asyncio.sleep(timeout_s / TIMES)
    finally:
        transport.abort()
        await ear.closed
    return failed


def broadcasts() -> list[str]:
    """The broadcast address of each interface that is up and has one, each once."""
    found: dict[str, None] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            try:
                (flags,) = struct.unpack_from("H", fcntl.ioctl(sock, FLAGS_OF, request), 16)
                if flags & CAN_BROADCAST and flags & IS_UP:
                    found[socket.inet_ntoa(fcntl.ioctl(sock, BROADCAST_OF, request)[20:24])] = None
            except OSError:  # it has no IPv4 address, or is gone by now
                continue
    return list(found)
