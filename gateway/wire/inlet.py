"""Inlets: a passive device posts to us over HTTP, and its driver answers when it has recorded.

The web server hands every request for `/inlet/NAME` to `Inlets.take`; the driver behind that name gets it from
`contact()`. A request that meets a full queue, or that its driver leaves unanswered, is told to come again.
"""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from gateway.core.errors import GatewayError

WAITING = 32  # contacts of one device that may wait: a device sends one at a time, so this is many
ANSWER_S = 20.0  # devices give up on an HTTP answer after 10 to 30 s; then the answer helps nobody


class Answer(msgspec.Struct, frozen=True):
    """What the device is told."""

    status: int
    body: bytes = b""
    media_type: str = "text/plain"


BUSY = Answer(503, b"busy, come again")


class HttpContact:
    """One request of a device, waiting for its answer."""

    def __init__(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> None:
        self.method, self.path, self.query, self.body = method, path, query, body
        self.answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def answer(self, status: int, body: bytes = b"", media_type: str = "text/plain") -> None:
        """See `core.contract.Contact.answer`. Does nothing when the device has already gone away."""
        if not self.answered.done():
            self.answered.set_result(Answer(status, body, media_type))


class HttpInlet:
    """The queue of one device's contacts."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[HttpContact] = asyncio.Queue(WAITING)
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def contact(self) -> HttpContact:
        """Wait for the next contact."""
        return await self.queue.get()


class Inlets:
    """All inlets that are open now, by name."""

    def __init__(self) -> None:
        self._open: dict[str, HttpInlet] = {}

    @contextmanager
    def open(self, spec: str) -> Generator[HttpInlet]:
        """Open the inlet `http:NAME`. Raises GatewayError when the form is wrong or the name is taken."""
        scheme, _, name = spec.partition(":")
        if scheme != "http" or not name:
            raise GatewayError(f"inlet {spec!r} must be http:NAME")
        if name in self._open:
            raise GatewayError(f"inlet {spec!r} is already used by another device")
        inlet = self._open[name] = HttpInlet()
        try:
            yield inlet
        finally:
            del self._open[name]
            inlet.closed.set_result(None)

    async def take(self, name: str, contact: HttpContact) -> Answer:
        """Hand a contact to its driver and wait for the answer: 404 unknown, 503 when it cannot be answered now."""
        inlet = self._open.get(name)
        if inlet is None:
            return Answer(404, b"no device here")
        try:
            inlet.queue.put_nowait(contact)
        except asyncio.QueueFull:
            return BUSY
        waiting: set[asyncio.Future[Any]] = {contact.answered, inlet.closed}
        await asyncio.wait(waiting, timeout=ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
        return contact.answered.result() if contact.answered.done() else BUSY
