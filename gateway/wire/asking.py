"""How one question is put to a wire that several share, and how it comes to rest again."""

import asyncio
from typing import Any

from gateway.wire.stream import StreamLink, until_matched
from gateway.wire.turns import Turn

QUIET_S = 0.05  # the gaps inside of an answer are shorter, also where a serial server collects its bytes
QUIET_BYTES = 4  # at 300 baud these take longer
QUIET_MOST_S = 0.5  # a unit that never stops talking must not stop the others


async def ask(turn: Turn, wire: StreamLink) -> "asyncio.Future[Any]":
    """Put the question; gives its answer, which is not done where none came in time. Raises DeviceOffline: wire lost.

    What the driver hands us is called by the loop, not by the transport: its bug is logged and costs an answer,
    while a transport would take it for its own and end.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()
    matched = until_matched(turn.matches, answer)
    wire.receive = lambda data: loop.call_soon(matched, data)
    try:
        wire.write(turn.request)
        if turn.sent:
            loop.call_soon(turn.sent)
        await wire.wait_for(answer, turn.timeout_s, len(turn.request))
    finally:
        wire.receive = None
    if wire.lost.done() and not answer.done():
        wire.lost.result()
    return answer


async def quiet(wire: StreamLink) -> None:
    """Throw away what comes until nothing has come for a moment."""
    came, now = asyncio.Event(), asyncio.get_running_loop().time
    quiet_s, end = max(QUIET_S, QUIET_BYTES * wire.byte_s), now() + QUIET_MOST_S
    wire.receive = lambda _: came.set()
    try:
        while now() < end:
            came.clear()
            async with asyncio.timeout(quiet_s):
                await came.wait()
    except TimeoutError:
        return
    finally:
        wire.receive = None
