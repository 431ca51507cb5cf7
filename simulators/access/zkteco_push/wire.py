"""The wire of a simulated device that pushes: one request on one connection, through the faults of the wire."""

import asyncio
import socket
from contextlib import suppress

import msgspec

from simulators.faults import Faults
from simulators.tcp import RESET_ON_CLOSE

FAULTS = frozenset({"mute", "slow", "pieces", "cut", "reset"})
"""What can go wrong with what it posts; `slow` delays the news that a command is done."""
PATIENCE_S = 5.0
MOST_ANSWER = 65536


class Answer(msgspec.Struct, frozen=True):
    """What a server said."""

    status: int
    body: bytes


class Wire:
    """How a device reaches its server. `half_open` lets the next request stop in the middle."""

    def __init__(self, host: str, port: int, faults: Faults, *, hang_s: float) -> None:
        self._host, self._port, self._faults, self._hang_s = host, port, faults, hang_s
        self.half_open = False

    async def ask(self, method: str, target: str, body: str = "", *, cookie: str = "") -> Answer | None:
        """Make one request; None when no answer came."""
        if self._faults.now.mute.on:
            return None
        with suppress(OSError, TimeoutError, ValueError, IndexError):
            async with asyncio.timeout(PATIENCE_S):
                return await self._ask(self._request(method, target, body.encode(), cookie))
        return None

    async def _ask(self, request: bytes) -> Answer | None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            if await self._spoiled(writer, request):
                return None
            head, _, answer = (await reader.read(MOST_ANSWER)).partition(b"\r\n\r\n")
            while rest := await reader.read(MOST_ANSWER):
                answer += rest
        finally:
            writer.transport.abort()
        return Answer(int(head.split(b" ")[1]), answer)

    def _request(self, method: str, target: str, body: bytes, cookie: str) -> bytes:
        head = f"{method} /iclock/{target} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
        shown = f"Cookie: token={cookie}\r\n" if cookie else ""
        kind = "Content-Type: application/push;charset=UTF-8\r\n"
        return f"{head}{shown}Connection: close\r\n{kind}Content-Length: {len(body)}\r\n\r\n".encode() + body

    async def _spoiled(self, writer: asyncio.StreamWriter, request: bytes) -> bool:
        """Send a request through the faults of the wire; True when no answer will come."""
        cut, reset = self._faults.strikes("cut"), self._faults.strikes("reset")
        if cut or reset or self.half_open:
            writer.write(request[: self._faults.now.cut.after if cut else len(request) // 2])
            if reset:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            elif self.half_open:
                self.half_open = False
                await asyncio.sleep(self._hang_s)
            return True
        size = self._faults.now.pieces.size or len(request)
        for start in range(0, len(request), size):
            writer.write(request[start : start + size])
            await writer.drain()
            await asyncio.sleep(0)
        return False
