"""The wire of a simulated browser: the key at the door, the WebSocket, and the faults that spoil it."""

import asyncio
import re
import socket
from contextlib import suppress

from simulators import websocket
from simulators.faults import Faults
from simulators.tcp import RESET_ON_CLOSE

FAULTS = frozenset({"mute", "slow", "pieces", "cut", "reset"})
"""What can go wrong with what the page sends."""
PATIENCE_S = 5.0
COOKIE = re.compile(r"hall_screen=([^;]+); HttpOnly; Max-Age=\d+; Path=(\S+); SameSite=Strict", re.IGNORECASE)


async def enter(host: str, port: int, screen: str, key: str) -> str:
    """Swap the key for the cookie. Raises ValueError when it is not that of this screen alone."""
    path = f"/screens/{screen}"
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            head = f"GET {path}?key={key} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            answer = (await reader.read()).decode()
        finally:
            writer.transport.abort()
    found = COOKIE.search(answer)
    if found is None or found[2] != path:
        raise ValueError(f"no cookie of this screen in {answer[:100]!r}")
    return found[1]


async def fetch(host: str, port: int, screen: str, cookie: str, name: str) -> bytes:
    """The body of a file below `voice/`; nothing where it does not come."""
    request = f"GET /screens/{screen}/voice/{name} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n"
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"{request}Cookie: hall_screen={cookie}\r\n\r\n".encode())
                head, _, body = (await reader.read()).partition(b"\r\n\r\n")
                return body if head.startswith(b"HTTP/1.1 200") else b""
            finally:
                writer.transport.abort()
    return b""


async def upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, screen: str, cookie: str) -> bool:
    """Open the WebSocket; False when the cookie is no longer good. Raises ValueError when it cannot be opened now."""
    host, port = writer.get_extra_info("peername")[:2]
    headers = {"Cookie": f"hall_screen={cookie}", "Origin": f"http://{host}:{port}"}
    request, accept = websocket.upgrade(f"/screens/{screen}/live", f"{host}:{port}", headers)
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    if head.startswith("HTTP/1.1 401"):
        return False
    if not head.startswith("HTTP/1.1 101") or accept not in head:
        raise ValueError(f"no WebSocket: {head[:40]!r}")
    return True


async def send(writer: asyncio.StreamWriter, data: bytes, faults: Faults) -> None:
    """Send bytes through the faults of the wire."""
    if faults.now.mute.on:
        return
    cut, reset = faults.strikes("cut"), faults.strikes("reset")
    if reset:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    if cut or reset:
        writer.write(data[: faults.now.cut.after if cut else 1])
        await asyncio.sleep(0)
        writer.transport.abort()
        return
    size = faults.now.pieces.size or len(data)
    for start in range(0, len(data), size):
        writer.write(data[start : start + size])
        await writer.drain()
        await asyncio.sleep(0)
