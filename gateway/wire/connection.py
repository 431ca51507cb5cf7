"""One WebSocket connection of a device, without the socket: what waits to be sent, and how it ends."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

OUTBOX = 64  # messages that may wait to be sent: who is further behind gets a new start instead
MOST_REASON = 120  # bytes: a close frame holds 123 (RFC 6455, 5.5)
REFUSED_CODE = 1008  # RFC 6455, 7.4.1: policy violation
BUSY_CODE = 1013  # IANA's registry of close codes: try again later


class End(NamedTuple):
    """Why a connection ends: a close code and a reason for people."""

    code: int
    reason: str


class Connection:
    """A connection. `source` names it; it is never used again."""

    def __init__(self, source: str, path: str, query: Mapping[str, str]) -> None:
        self.source, self.path, self.query = source, path, query
        self.outbox: asyncio.Queue[bytes] = asyncio.Queue(OUTBOX)
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()

    def send(self, body: bytes) -> None:
        """Queue a message. Never waits: a peer that does not read is dropped, and blocks nobody else."""
        try:
            self.outbox.put_nowait(body)
        except asyncio.QueueFull:
            self.end(BUSY_CODE, f"{OUTBOX} messages are waiting to be read")

    def end(self, code: int, reason: str) -> None:
        """Have the connection closed. The first reason counts."""
        if not self.ended.done():
            self.ended.set_result(End(code, reason.encode()[:MOST_REASON].decode(errors="ignore")))

    def contact(self, method: str, body: bytes) -> "ConnectionContact":
        """What its driver gets."""
        return ConnectionContact(self, method, body)


class ConnectionContact:
    """A message of a connection, or its end. See `core.contract.Contact`."""

    cookie = ""

    def __init__(self, connection: Connection, method: str, body: bytes) -> None:
        self._connection, self.method, self.body = connection, method, body
        self.source, self.path, self.query = connection.source, connection.path, connection.query

    def answer(self, status: int, body: bytes = b"", media_type: str = "text/plain") -> None:
        if status >= 400:
            self._connection.end(REFUSED_CODE, body.decode(errors="replace"))
        elif body:
            self._connection.send(body)
