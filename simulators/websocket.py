"""The client's side of a WebSocket, written anew: our server is not tried against its own library. Pure.

Source: RFC 6455, 4.1 (handshake), 5.2 (frames), 5.3 (mask). No extensions; a message is one frame.
"""

import base64
import hashlib
import os
import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
LONGEST = 1 << 20


class Frame(NamedTuple):
    """One frame."""

    opcode: int
    payload: bytes


def upgrade(path: str, host: str, headers: Mapping[str, str]) -> tuple[bytes, str]:
    """The request that opens a WebSocket, and what its answer must have in Sec-WebSocket-Accept."""
    key = base64.b64encode(os.urandom(16)).decode()
    wanted = {"Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    lines = [f"{name}: {value}" for name, value in {**wanted, "Sec-WebSocket-Key": key, **headers}.items()]
    accept = base64.b64encode(hashlib.sha1((key + MAGIC).encode(), usedforsecurity=False).digest()).decode()
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode(), accept


def encode(opcode: int, payload: bytes) -> bytes:
    """A masked frame: the client masks, the server does not."""
    size, mask = len(payload), os.urandom(4)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    else:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


class Decoder:
    """Frames of a server out of bytes that are cut anywhere. Raises ValueError where they are not the protocol."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that these bytes complete."""
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        if buffer[0] & 0xF0 != 0x80 or buffer[1] & 0x80:
            raise ValueError("a frame is cut in pieces, compressed or masked")
        size, start = buffer[1], 2
        if size >= 126:
            start += 2 if size == 126 else 8
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start])
        if size > LONGEST:
            raise ValueError(f"a frame of {size} bytes")
        if len(buffer) < start + size:
            return None
        frame = Frame(buffer[0] & 0x0F, bytes(buffer[start : start + size]))
        del buffer[: start + size]
        return frame
