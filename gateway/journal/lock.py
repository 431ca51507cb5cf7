"""One gateway per store: a lock that the kernel frees when its holder dies, however it dies."""

import fcntl
import json
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from gateway.core.errors import GatewayError


class StoreInUse(GatewayError):
    """Another gateway holds the store."""


@contextmanager
def held(store: Path, *, site: str, since: datetime) -> Generator[None]:
    """Hold `STORE.lock`, with the holder's name inside. Raises StoreInUse, naming the holder; OSError.

    The file stays when the lock is freed: removing it could free the lock of the next holder.
    """
    path = Path(f"{store}.lock")
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreInUse(f"store.url: {store} is in use by {_holder(file)}") from None
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "site": site, "since": since.isoformat()}
        file.truncate(0)
        file.write(json.dumps(holder) + "\n")
        file.flush()
        yield


def _holder(file: TextIO) -> str:
    try:
        holder = json.loads(file.read())
        return "the gateway of site {site}, process {pid} on {host}, since {since}".format_map(holder)
    except (ValueError, KeyError, TypeError):
        return "another gateway that has only just started"
