"""A byte stream to one device or to a line: one exchange at a time. What carries the bytes is its transport."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, cast

from gateway.core.errors import DeviceError, DeviceOffline

SEND_BUFFER = 65536  # a peer that does not read may hold this much of ours, no more

AnswerT = TypeVar("AnswerT")


class StreamLink(asyncio.Protocol):
    """One connection. `lost` gets its exception as soon as the wire breaks, idle or not.

    `byte_s` is the time that one byte needs on the wire, 0 where that is nothing: a time-out counts from the
    last byte of the question.
    """

    ended: ClassVar[str] = "closed the connection"
    """What has happened to a wire that is lost."""

    def __init__(self, name: str, *, byte_s: float = 0.0) -> None:
        self.name, self.byte_s = name, byte_s
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.receive: Callable[[bytes], object] | None = None
        self._turn = asyncio.Lock()
        self._transport: asyncio.Transport | None = None

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
            self.receive = until_matched(matches, answer)
            try:
                self.write(request)
                if sent:
                    sent()
                await self.wait_for(answer, timeout_s, len(request))
                if answer.done():
                    return answer.result()
                if self.lost.done():
                    self.lost.result()
                raise DeviceOffline(f"{self.name} did not answer within {timeout_s:g} s")
            finally:
                self.receive = None
                if not answer.done():
                    self.abort()  # cancelled or late: what still comes must never answer the next question

    async def wait_for(self, answer: "asyncio.Future[AnswerT]", timeout_s: float, size: int) -> None:
        """Wait for the answer to a question of `size` bytes, until its time is over or the link is lost."""
        waiting: set[asyncio.Future[Any]] = {answer, self.lost}
        limit_s = timeout_s + size * self.byte_s
        await asyncio.wait(waiting, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)

    def write(self, request: bytes) -> None:
        """Hand bytes to the wire. Raises DeviceOffline when it is lost, or takes no more."""
        transport = self._transport
        if self.lost.done():
            self.lost.result()
        if transport is None or transport.is_closing():
            raise DeviceOffline(f"{self.name}: the connection is closed")
        if transport.get_write_buffer_size() > SEND_BUFFER:
            raise DeviceOffline(f"{self.name} takes no more bytes")
        self.send(transport, request)

    def send(self, transport: asyncio.Transport, request: bytes) -> None:
        """Give bytes to the transport."""
        transport.write(request)

    def abort(self) -> None:
        """Drop the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.receive is not None:
            self.receive(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_exception(DeviceOffline(f"{self.name} {self.ended}{f': {exc}' if exc else ''}"))
            self.lost.exception()  # looked at: an idle loss is noticed by the supervisor, or by nobody on purpose


def until_matched(
    matches: Callable[[bytes], AnswerT | None], answer: "asyncio.Future[AnswerT]"
) -> Callable[[bytes], None]:
    """What hands bytes to `matches` until it gives, or raises, the answer."""

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
