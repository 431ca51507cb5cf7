"""UDP ports that devices share: one socket for each port, every datagram handed to the device whose key it has."""

import asyncio
import logging
import re
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext, suppress
from typing import NamedTuple

from gateway.core.contract import Contact, DatagramKey
from gateway.core.errors import GatewayError
from gateway.wire import given
from gateway.wire.given import Where
from gateway.wire.tcp import reason

log = logging.getLogger("gateway")

SPEC = re.compile(r"udp:(?:([0-9.]+):)?([0-9]{1,5})/(.+)")
AT_ONCE = 64  # datagrams read before the loop is let go: a flood must not stop the hall
LONGEST = 65536  # bytes of a datagram
BUFFER = 1 << 20  # bytes in the kernel: a switch that restarts sends a trap for each of its ports at once

Put = Callable[[Contact], bool]


class Place(NamedTuple):
    """A key as its driver reads it."""

    key_of: DatagramKey
    key: str


class DatagramContact:
    """One datagram. See `core.contract.Contact`."""

    method, path, query, cookie = "DATAGRAM", "", dict[str, str](), ""

    def __init__(self, sock: socket.socket, body: bytes, peer: Where) -> None:
        self._sock, self._peer, self.body, self.source = sock, peer, body, peer[0]

    def answer(self, status: int, body: bytes = b"", media_type: str = "text/plain") -> None:
        if body:
            with suppress(OSError):  # UDP promises nothing: who asks will ask again
                self._sock.sendto(body, self._peer)


class Port:
    """One bound port."""

    def __init__(self, where: Where, dropped: Callable[[str], None]) -> None:
        self.places: dict[Place, Put] = {}
        self._dropped = dropped
        self._sock = given.take(where) or _bound(where)
        asyncio.get_running_loop().add_reader(self._sock.fileno(), self._readable)

    @property
    def number(self) -> int:
        """The port that it is bound to."""
        port: int = self._sock.getsockname()[1]
        return port

    def close(self) -> None:
        """Give the port back."""
        asyncio.get_running_loop().remove_reader(self._sock.fileno())
        self._sock.close()

    def _readable(self) -> None:
        for _ in range(AT_ONCE):
            try:
                body, peer = self._sock.recvfrom(LONGEST)
            except OSError:  # nothing is left; or a peer refused an answer of ours, which Linux tells here
                return
            self._hand_over(DatagramContact(self._sock, body, (peer[0], peer[1])))

    def _hand_over(self, contact: DatagramContact) -> None:
        for key_of in {place.key_of for place in self.places}:
            key = key_of(contact.body, contact.source)
            put = self.places.get(Place(key_of, key)) if key is not None else None
            if put is not None:
                if not put(contact):
                    self._dropped("inlet.full")
                return
        self._dropped("inlet.unknown")


def _bound(where: Where) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        sock.bind(where)
    except OSError:
        sock.close()
        raise
    return sock


class Ports:
    """All ports of the process: bound while a device waits there. One that cannot be bound is told once each way."""

    def __init__(self, dropped: Callable[[str], None]) -> None:
        self._dropped = dropped
        self.ports: dict[Where, Port] = {}
        self._unbound: set[Where] = set()

    @contextmanager
    def joined(self, spec: str, key_of: DatagramKey | None, put: Put) -> Generator[None]:
        """Hand the datagrams of a UDP spec to `put` until left. Raises GatewayError, OSError."""
        with self._joined(spec, key_of, put) if spec.startswith("udp:") else nullcontext():
            yield

    @contextmanager
    def _joined(self, spec: str, key_of: DatagramKey | None, put: Put) -> Generator[None]:
        match = SPEC.fullmatch(spec)
        if match is None or key_of is None or int(match[2]) > 65535:
            raise GatewayError(f"inlet {spec!r} must be udp:PORT/KEY or udp:ADDRESS:PORT/KEY, and a key function")
        where, place = (match[1] or "0.0.0.0", int(match[2])), Place(key_of, match[3])  # noqa: S104 - devices are elsewhere
        port = self.ports.get(where) or self._opened(where)
        if place in port.places:
            raise GatewayError(f"inlet {spec!r} is already used by another device")
        port.places[place] = put
        try:
            yield
        finally:
            del port.places[place]
            if not port.places:
                del self.ports[where]
                port.close()

    def _opened(self, where: Where) -> Port:
        """Bind a port. Raises OSError."""
        name = f"udp:{where[0]}:{where[1]}"
        try:
            port = self.ports[where] = Port(where, self._dropped)
        except OSError as error:
            if where not in self._unbound:
                log.warning("%s cannot be listened to: %s", name, reason(error))
            self._unbound.add(where)
            raise
        if where in self._unbound:
            log.info("%s is listened to", name)
        self._unbound.discard(where)
        return port
