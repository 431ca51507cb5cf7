"""WebSocket connections of devices: between aiohttp's socket and the inlet of the device's driver.

Each has one task that reads and one that writes, so that a peer which does not read never blocks another.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from gateway.wire.connection import Connection, End
from gateway.wire.inlet import QueueInlet

PING_S, DEAD_S = 5.0, 12.0  # a peer that is silent so long is asked; and given up, though its TCP still stands
CLOSE_S = 1.0  # for the peer's own close frame
MOST_BYTES = 64 * 1024  # of a message
GONE_CODE = 1012  # IANA's registry of close codes: service restart
LOST = End(1001, "nothing was heard for too long")
FORBIDDEN = End(4401, "this key is no longer valid")  # RFC 6455, 7.4.2: 4000 and up are for applications


async def converse(
    request: web.Request, inlet: QueueInlet, allowed: Callable[[], bool] = lambda: True
) -> web.StreamResponse:
    """Serve one connection until it ends.

    `allowed` is asked before every message, in and out, and every few seconds between: a key can be revoked meanwhile.
    """
    if inlet.full:
        return web.Response(status=503, text="too many connections")
    socket = web.WebSocketResponse(autoping=False, max_msg_size=MOST_BYTES, timeout=CLOSE_S, compress=False)
    await socket.prepare(request)
    connection = Connection(secrets.token_hex(8), request.path, dict(request.query))
    with inlet.connected(connection):
        reading = asyncio.create_task(_read(socket, connection, inlet, allowed))
        writing = asyncio.create_task(_write(socket, connection, allowed))
        waiting: set[asyncio.Future[Any]] = {reading, writing, connection.ended, inlet.closed}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, writing):
                task.cancel()
            await asyncio.wait((reading, writing))
    end = connection.ended.result() if connection.ended.done() else End(GONE_CODE, "come again")
    await socket.close(code=end.code, message=end.reason.encode())
    return socket


async def _read(
    socket: web.WebSocketResponse, connection: Connection, inlet: QueueInlet, allowed: Callable[[], bool]
) -> None:
    time = asyncio.get_running_loop().time
    heard = time()
    while (left_s := heard + DEAD_S - time()) > 0:
        try:
            message = await socket.receive(timeout=min(PING_S, left_s))
        except TimeoutError:
            message = None
        if not allowed():
            connection.end(*FORBIDDEN)
            return
        if message is None:
            await _send(socket.ping(), left_s)
            continue
        heard = time()
        if message.type is WSMsgType.PING:
            await _send(socket.pong(message.data), DEAD_S)
        elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            body = message.data.encode() if message.type is WSMsgType.TEXT else message.data
            inlet.received(connection, body)
        elif message.type is not WSMsgType.PONG:
            return
    connection.end(*LOST)


async def _write(socket: web.WebSocketResponse, connection: Connection, allowed: Callable[[], bool]) -> None:
    while True:
        body = await connection.outbox.get()
        if not allowed():
            connection.end(*FORBIDDEN)
            return
        if not await _send(socket.send_str(body.decode()), DEAD_S):
            connection.end(*LOST)
            return


async def _send(sending: Any, limit_s: float) -> bool:
    """Send a frame; False when the peer is gone, or does not take it in time."""
    try:
        async with asyncio.timeout(limit_s):
            await sending
    except (TimeoutError, ConnectionError):
        return False
    return True
