"""The least that a driver can be run by: a link that writes at once and hands on what comes, and no gateway."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from gateway.clock import SystemClock
from gateway.core.address import host_port

AnswerT = TypeVar("AnswerT")


class BareLink(asyncio.Protocol, asyncio.DatagramProtocol):
    """A socket, without turns, late answers or reconnect."""

    def __init__(self, *, udp: bool) -> None:
        self._udp = udp
        self._matches: Callable[[bytes], Any] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._udp:
            self._write: Callable[[bytes], None] = cast(asyncio.DatagramTransport, transport).sendto
        else:
            self._write = cast(asyncio.Transport, transport).write

    def data_received(self, data: bytes) -> None:
        if self._matches is not None and (found := self._matches(data)) is not None:
            self._matches = None
            self._answer.set_result(found)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.data_received(data)

    async def exchange(
        self,
        request: bytes,
        matches: Callable[[bytes], AnswerT | None],
        timeout_s: float,
        sent: Callable[[], None] | None = None,
    ) -> AnswerT:
        self._matches = matches
        answer: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._answer = cast("asyncio.Future[Any]", answer)
        self._write(request)
        if sent is not None:
            sent()
        return await asyncio.wait_for(answer, timeout_s)


@asynccontextmanager
async def open_bare(address: str) -> AsyncGenerator[BareLink]:
    """Connect to tcp:// or udp://."""
    loop, where = asyncio.get_running_loop(), host_port(address)
    transport: asyncio.BaseTransport
    if address.startswith("udp:"):
        transport, link = await loop.create_datagram_endpoint(lambda: BareLink(udp=True), remote_addr=where)
    else:
        transport, link = await loop.create_connection(lambda: BareLink(udp=False), *where)
    try:
        yield link
    finally:
        transport.close()


class BareContext:
    """What a driver of screens asks of its gateway, without one."""

    clock = SystemClock()

    @asynccontextmanager
    async def link(self, address: str, *, again_s: float | None = None) -> AsyncGenerator[Any]:
        async with open_bare(address) as link:
            yield link

    def publish(self, *readings: object) -> None:
        """Nobody wants to know."""

    def stage(self, command: object, stage: object) -> None:
        """Nobody wants to know."""
