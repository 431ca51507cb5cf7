"""What systemd is told: ready, stopping, a status line, and a heartbeat from the event loop."""

import asyncio
import logging
import os
import socket

from gateway.core.contract import Clock
from gateway.meters import Meters

log = logging.getLogger("gateway")
BEAT_S = 0.5  # often enough to see a loop that hangs, 0.01 % of a core


def notify(*states: str) -> None:
    """Send states such as READY=1 to systemd; does nothing where systemd does not listen.

    Never blocks: the queue of an unread socket is full after about ten messages, and then the message is dropped.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as sender:
            sender.connect("\0" + address[1:] if address[0] == "@" else address)
            sender.send("\n".join(states).encode())
    except OSError as error:
        log.debug("systemd was not told %s: %s", states, error)


async def beat(clock: Clock, meters: Meters) -> None:
    """Measure how late the loop wakes, and feed systemd's watchdog from it, for ever."""
    due = clock.monotonic() + BEAT_S
    while True:
        await asyncio.sleep(due - clock.monotonic())
        meters.loop_lag.observe(max(0.0, clock.monotonic() - due))
        notify("WATCHDOG=1")
        due = clock.monotonic() + BEAT_S
