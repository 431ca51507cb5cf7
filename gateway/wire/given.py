"""Sockets that systemd has opened for us: ports below 1024, which we may not open ourselves (sd_listen_fds(3))."""

import os
import socket
import stat
from functools import cache

FIRST = 3  # SD_LISTEN_FDS_START
Where = tuple[str, int]


@cache
def _given() -> dict[Where, int]:
    """The descriptors of the UDP sockets that were handed to this process, by where they are bound."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return {}
    count = os.environ.get("LISTEN_FDS", "")
    found: dict[Where, int] = {}
    for descriptor in range(FIRST, FIRST + int(count) if count.isdecimal() else FIRST):
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            os.set_inheritable(descriptor, False)
            with socket.socket(fileno=os.dup(descriptor)) as sock:
                if sock.family is socket.AF_INET and sock.type is socket.SOCK_DGRAM:
                    host, port = sock.getsockname()
                    found[host, port] = descriptor
    return found


def take(where: Where) -> socket.socket | None:
    """The UDP socket that is bound there, None where we were given none. It stays ours when this one is closed."""
    descriptor = _given().get(where)
    if descriptor is None:
        return None
    sock = socket.socket(fileno=os.dup(descriptor))
    sock.setblocking(False)
    return sock
