"""A UDP wire to one device: one datagram is a question, one datagram its answer. Other senders are not heard.

Datagrams are lost, and nobody is told. Where a driver says that its questions may be asked twice, they are.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from gateway.core.address import host_port
from gateway.core.errors import DeviceOffline
from gateway.wire.stream import AnswerT, StreamLink
from gateway.wire.tcp import reason

RESOLVE_S = 3.0  # a name server in the hall answers within milliseconds


class UdpLink(StreamLink, asyncio.DatagramProtocol):
    """A connected socket: the kernel keeps away what others send. Each answer is tried as a whole datagram.

    A time-out drops the socket, and with it the port that a late answer would come to. With `again_s` a question is
    sent again every so many seconds, within its time-out, until it is answered. Each of them may be answered: so the
    question behind one that was repeated comes from another port.
    """

    def __init__(self, name: str, *, again_s: float | None = None) -> None:
        super().__init__(name)
        self._again_s, self._request = again_s, b""

    def send(self, transport: asyncio.Transport, request: bytes) -> None:
        self._request = request
        cast(asyncio.DatagramTransport, transport).sendto(request)

    async def wait_for(self, answer: "asyncio.Future[AnswerT]", timeout_s: float, size: int) -> None:
        if self._again_s is None:
            await super().wait_for(answer, timeout_s, size)
            return
        now = asyncio.get_running_loop().time
        end, repeated = now() + timeout_s, False
        await super().wait_for(answer, min(self._again_s, timeout_s), size)
        while not (answer.done() or self.lost.done()) and (left_s := end - now()) > 0:
            self.write(self._request)
            repeated = True
            await super().wait_for(answer, min(self._again_s, left_s), size)
        if repeated and answer.done():
            await self._move()

    async def _move(self) -> None:
        """Go on from another port. Raises DeviceOffline."""
        before = cast(asyncio.Transport, self._transport)
        peer = before.get_extra_info("peername")[:2]
        try:
            await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, remote_addr=peer)
        except OSError as error:
            raise DeviceOffline(f"{self.name}: {reason(error)}") from error
        finally:
            before.abort()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.data_received(data)

    def error_received(self, exc: Exception) -> None:
        """The other side has nobody at this port."""
        self.abort()
        self.connection_lost(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        """A socket is gone; the link is only lost with the one that it has now."""
        if self._transport is not None and self._transport.is_closing():
            super().connection_lost(exc)


@asynccontextmanager
async def open_udp(address: str, *, again_s: float | None = None) -> AsyncGenerator[StreamLink]:
    """Speak to `udp://host:port`. Whether anybody is there, only an answer tells. Raises DeviceOffline.

    `again_s`: how often a question is sent again until it is answered; None for once.
    """
    loop, where = asyncio.get_running_loop(), host_port(address)
    try:
        async with asyncio.timeout(RESOLVE_S):
            made = loop.create_datagram_endpoint(lambda: UdpLink(address, again_s=again_s), remote_addr=where)
            _, link = await made
    except TimeoutError as error:
        raise DeviceOffline(f"{address}: its name was not found within {RESOLVE_S:g} s") from error
    except OSError as error:
        raise DeviceOffline(f"{address}: {reason(error)}") from error
    try:
        yield link
    finally:
        link.abort()
