"""A TCP wire to one device: one exchange at a time, dropped at the first fault."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from gateway.core.errors import DeviceError, DeviceOffline

CONNECT_S = 3.0  # a LAN host answers SYN in under 1 ms; 3 s covers two lost SYNs (retransmitted after 1 s)
SEND_BUFFER = 65536  # a peer that does not read may hold this much of ours, no more

AnswerT = TypeVar("AnswerT")


class TcpLink(asyncio.Protocol):
    """One connection. `lost` gets its exception as soon as the wire breaks, idle or not."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turn = asyncio.Lock()
        self._transport: asyncio.Transport | None = None
        self._receive: Callable[[bytes], None] | None = None

    async def exchange(
        self,
        request: bytes,
        matches: Callable[[bytes], AnswerT | None],
        timeout_s: float,
        sent: Callable[[], None] | None = None,
    ) -> AnswerT:
        """See `core.contract.Link.exchange`."""
        async with self._turn:
            answer: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
            self._receive = _until_matched(matches, answer)
            try:
                self._write(request)
                if sent:
                    sent()
                return await self._answer(answer, timeout_s)
            finally:
                self._receive = None
                if not answer.done():
                    self.abort()  # cancelled or late: what still comes must never answer the next question

    async def _answer(self, answer: "asyncio.Future[AnswerT]", timeout_s: float) -> AnswerT:
        waiting: set[asyncio.Future[Any]] = {answer, self.lost}
        await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        if self.lost.done():
            self.lost.result()
        raise DeviceOffline(f"{self.name} did not answer within {timeout_s:g} s")

    def _write(self, request: bytes) -> None:
        transport = self._transport
        if self.lost.done():
            self.lost.result()
        if transport is None or transport.is_closing():
            raise DeviceOffline(f"{self.name}: the connection is closed")
        if transport.get_write_buffer_size() > SEND_BUFFER:
            raise DeviceOffline(f"{self.name} takes no more bytes")
        transport.write(request)

    def abort(self) -> None:
        """Drop the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._receive is not None:
            self._receive(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_exception(DeviceOffline(f"{self.name} closed the connection{f': {exc}' if exc else ''}"))
            self.lost.exception()  # looked at: an idle loss is noticed by the supervisor, or by nobody on purpose


def _until_matched(
    matches: Callable[[bytes], AnswerT | None], answer: "asyncio.Future[AnswerT]"
) -> Callable[[bytes], None]:
    def receive(data: bytes) -> None:
        if answer.done():
            return
        try:
            found = matches(data)
        except DeviceError as error:
            answer.set_exception(error)
        else:
            if found is not None:
                answer.set_result(found)

    return receive


def _reason(error: OSError) -> str:
    """Why, in the words of the system: asyncio has its own for an error number, and they do not say it."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


@asynccontextmanager
async def open_tcp(address: str) -> AsyncGenerator[TcpLink]:
    """Connect to `tcp://host:port`. Raises DeviceOffline."""
    parts = urlsplit(address)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_S):
            _, link = await loop.create_connection(lambda: TcpLink(address), parts.hostname or "", parts.port or 0)
    except TimeoutError as error:
        raise DeviceOffline(f"{address} did not accept a connection within {CONNECT_S:g} s") from error
    except OSError as error:
        raise DeviceOffline(f"{address}: {_reason(error)}") from error
    try:
        yield link
    finally:
        link.abort()
