"""Before HTTP: how many connections a listener holds, and how long one may stand still.

aiohttp bounds the time between two requests; nothing there bounds how many connections there are, how long the first
head of a request takes, or how long an answer waits for a peer that does not read it.
"""

import asyncio
from collections.abc import Callable
from typing import cast

MOST = 1000  # connections of a listener; LimitNOFILE of the unit has room for both listeners, devices and files
MOST_OF_ONE = 250  # of one address: behind a proxy that is everybody's
FAREWELLS = 20  # who is one too many is told so, if no more than these are being told so
FAREWELL_S = 1.0  # for who is one too many to read that
HEAD_S = 10.0  # for the first head of a request
STUCK_S = 30.0  # for a peer to read LEAST of what it asked for, or the rest of it
LEAST = 16 * 1024  # bytes: slower than any line that serves a hall
IDLE_S = 75.0  # between two requests, the head of the second included: longer than the 60 s of common proxies
LINGER_S = 1.0  # for the rest of a body that is refused: closed at once, a peer that still sends loses our answer
END_OF_HEAD = b"\r\n\r\n"  # RFC 9112, 2.1
REFUSAL = (
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n"
    "Retry-After: 5\r\nConnection: close\r\n\r\n{why}"
)


class Gate:
    """The connections of one listener. `inside` makes what serves one; `refused` is told of each that gets none."""

    def __init__(self, inside: Callable[[], asyncio.Protocol], refused: Callable[[], None]) -> None:
        self.inside, self.refused = inside, refused
        self.visitors: set[Visitor] = set()

    def excess(self, address: str) -> tuple[int, str]:
        """By how many there are too many, of this address or in all, and what is said of it; 0 is none."""
        own = sum(visitor.address == address for visitor in self.visitors) - MOST_OF_ONE
        return max(
            (own, f"too many connections from {address}: at most {MOST_OF_ONE}"),
            (len(self.visitors) - MOST, f"too many connections: at most {MOST}"),
        )

    def close(self) -> None:
        """End the connections that nothing serves; the others are ended by what serves them."""
        for visitor in self.visitors:
            visitor.turn_out()


class Visitor(asyncio.Protocol):
    """One connection, before what serves it."""

    transport: asyncio.Transport

    def __init__(self, gate: Gate) -> None:
        self.address = ""
        self._gate = gate
        self._inside: asyncio.Protocol | None = None
        self._head: bytes | None = b""
        self._limit: asyncio.TimerHandle | None = None
        self._unread = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.address = str((transport.get_extra_info("peername") or ("unknown",))[0])
        self._gate.visitors.add(self)
        excess, why = self._gate.excess(self.address)
        if excess > 0:
            self._refuse(why, farewell=excess <= FAREWELLS)
            return
        self.transport.set_write_buffer_limits(high=0)  # whatever is not read is looked at, a short answer too
        self._within(HEAD_S)
        self._inside = self._gate.inside()
        self._inside.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._inside is None:
            return
        if self._head is not None:
            self._head = (self._head + data).lstrip(b"\r\n")  # empty lines before a request are none (RFC 9112, 2.2)
            if END_OF_HEAD in self._head:
                self._head = None
                self._released()
            else:
                self._head = self._head[:1] + self._head[1:][1 - len(END_OF_HEAD) :]
        self._inside.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inside.eof_received() if self._inside else None

    def pause_writing(self) -> None:
        self._watch()
        if self._inside:
            self._inside.pause_writing()

    def resume_writing(self) -> None:
        self._released()
        if self._inside:
            self._inside.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gate.visitors.discard(self)
        self._released()
        if self._inside:
            self._inside.connection_lost(exc)

    def turn_out(self) -> None:
        """End this connection if it was one too many."""
        if self._inside is None:
            self.transport.abort()

    def _refuse(self, why: str, *, farewell: bool) -> None:
        self._gate.refused()
        if not farewell:
            self.transport.abort()
            return
        self.transport.write(REFUSAL.format(length=len(why.encode()), why=why).encode())
        self.transport.write_eof()  # closed at once, it would be reset with what was sent meanwhile, and not be read
        self._within(FAREWELL_S)

    def _watch(self) -> None:
        self._unread = self.transport.get_write_buffer_size()
        self._within(STUCK_S, self._stuck)

    def _stuck(self) -> None:
        if self._unread - self.transport.get_write_buffer_size() >= min(LEAST, self._unread):
            self._watch()
        else:
            self.transport.abort()

    def _within(self, seconds: float, then: Callable[[], None] | None = None) -> None:
        self._released()
        self._limit = asyncio.get_running_loop().call_later(seconds, then or self.transport.abort)

    def _released(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
