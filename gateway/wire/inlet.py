"""Inlets: a device that is the client comes to us, and its driver answers when it has recorded.

The web server hands every request for `/inlet/NAME` to `Inlets.take`, and so one for `/iclock/…?SN=NAME`; the driver
behind that name gets it from `contact()`. A request that meets a full queue, or that its driver leaves unanswered, is
told to come again.
"""

import asyncio
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import msgspec

from gateway.core.contract import Contact, DatagramKey
from gateway.core.errors import GatewayError
from gateway.wire.connection import BUSY_CODE, Connection
from gateway.wire.datagrams import Ports

WAITING = 32  # contacts of one device that may wait: a device sends one at a time, so this is many
MESSAGES = 256  # WebSocket messages of one device that may wait: every one of its connections may send at once
CONNECTIONS = 32  # of one device: a screen has one page, and people who look at it
ANSWER_S = 20.0  # devices give up on an HTTP answer after 10 to 30 s; then the answer helps nobody


class Kind(StrEnum):
    """What the web server serves an inlet on."""

    HTTP = "http"
    WS = "ws"
    SCREEN = "screen"
    ICLOCK = "iclock"


class Answer(msgspec.Struct, frozen=True):
    """What the device is told."""

    status: int
    body: bytes = b""
    media_type: str = "text/plain"


BUSY = Answer(503, b"busy, come again")


class HttpContact:
    """One request of a device, waiting for its answer."""

    def __init__(
        self, method: str, path: str, query: Mapping[str, str], body: bytes, source: str = "", cookie: str = ""
    ) -> None:
        self.method, self.path, self.query, self.body = method, path, query, body
        self.source, self.cookie = source, cookie
        self.answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def answer(self, status: int, body: bytes = b"", media_type: str = "text/plain") -> None:
        """See `core.contract.Contact.answer`. Does nothing when the device has already gone away."""
        if not self.answered.done():
            self.answered.set_result(Answer(status, body, media_type))


class QueueInlet:
    """The queue of one device's contacts, and its open connections. See `core.contract.Inlet`."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Contact] = asyncio.Queue()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._connections: set[Connection] = set()

    async def contact(self) -> Contact:
        return await self.queue.get()

    def push(self, body: bytes) -> None:
        for connection in self._connections:
            connection.send(body)

    @property
    def full(self) -> bool:
        """Whether it has as many connections as a device may have."""
        return len(self._connections) >= CONNECTIONS

    def put(self, contact: Contact, most: int = WAITING) -> bool:
        """Queue a contact; False when `most` are waiting already."""
        if self.queue.qsize() >= most:
            return False
        self.queue.put_nowait(contact)
        return True

    @contextmanager
    def connected(self, connection: Connection) -> Generator[None]:
        """A connection that is open until left; the driver is told when it ends, however much is waiting."""
        self._connections.add(connection)
        try:
            yield
        finally:
            self._connections.discard(connection)
            self.queue.put_nowait(connection.contact("CLOSE", b""))

    def received(self, connection: Connection, body: bytes) -> None:
        """Take a message of a connection. A device that sends faster than its driver reads loses the connection."""
        if not self.put(connection.contact("MESSAGE", body), MESSAGES):
            connection.end(BUSY_CODE, "too many messages are waiting")


def _uncounted(_: str) -> None:
    pass


class Inlets:
    """All inlets that are open now. `dropped` is told the reason of each datagram and request that no driver gets."""

    def __init__(self, dropped: Callable[[str], None] = _uncounted) -> None:
        self._open: dict[str, QueueInlet] = {}
        self._dropped = dropped
        self._ports = Ports(dropped)

    @contextmanager
    def open(self, spec: str, key: DatagramKey | None = None) -> Generator[QueueInlet]:
        """Open an inlet, see `core.contract.DeviceContext.inlet`. Raises GatewayError, OSError."""
        kind, _, name = spec.partition(":")
        if not name or kind not in (*Kind, "udp"):
            raise GatewayError(f"inlet {spec!r} must be http:NAME, ws:NAME, screen:NAME, iclock:SN or udp:PORT/KEY")
        if spec in self._open:
            raise GatewayError(f"inlet {spec!r} is already used by another device")
        inlet = QueueInlet()
        with self._ports.joined(spec, key, inlet.put):
            self._open[spec] = inlet
            try:
                yield inlet
            finally:
                del self._open[spec]
                inlet.closed.set_result(None)

    def find(self, kind: Kind, name: str) -> QueueInlet | None:
        """The inlet of this name that is open now."""
        return self._open.get(f"{kind}:{name}")

    def known(self, kind: Kind, name: str) -> bool:
        """Whether somebody waits at the inlet of this name; who comes in vain is counted."""
        found = self.find(kind, name) is not None
        if not found:
            self._dropped("inlet.unknown")
        return found

    async def take(self, name: str, contact: HttpContact, kind: Kind = Kind.HTTP) -> Answer:
        """Hand a contact to its driver and wait for the answer: 404 unknown, 503 when it cannot be answered now."""
        inlet = self.find(kind, name)
        if inlet is None:
            return Answer(404, b"no device here")
        if not inlet.put(contact):
            return BUSY
        waiting: set[asyncio.Future[Any]] = {contact.answered, inlet.closed}
        await asyncio.wait(waiting, timeout=ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
        return contact.answered.result() if contact.answered.done() else BUSY
