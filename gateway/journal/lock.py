"""One gateway per store: a lock that the system frees when its holder dies, however it dies."""

import fcntl
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from gateway.core.errors import GatewayError

NOT_YET = "another gateway that has only just started"


class StoreInUse(GatewayError):
    """Another gateway holds the store."""


class Holder(msgspec.Struct, frozen=True):
    """The gateway that has the store: its process, its machine, its site, and since when, RFC 3339."""

    pid: int
    host: str
    site: str
    since: str

    def __str__(self) -> str:
        return f"the gateway of site {self.site}, process {self.pid} on {self.host}, since {self.since}"


def this_gateway(site: str, since: datetime) -> Holder:
    """This process, as the holder of a store."""
    return Holder(os.getpid(), socket.gethostname(), site, since.isoformat())


@contextmanager
def held_file(store: Path, holder: Holder) -> Generator[None]:
    """Hold `STORE.lock`, with the holder's name inside. Raises StoreInUse, naming the holder; OSError.

    The file stays when the lock is freed: removing it could free the lock of the next holder.
    """
    path = Path(f"{store}.lock")
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreInUse(f"store.url: {store} is in use by {_named(file.read())}") from None
        file.truncate(0)
        file.write(msgspec.json.encode(holder) + b"\n")
        file.flush()
        yield


def _named(written: bytes) -> str:
    try:
        return str(msgspec.json.decode(written, type=Holder))
    except ValueError:
        return NOT_YET
