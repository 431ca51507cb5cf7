"""Reads the recorded wire of a BX-K card, request side, and imports nothing of ours: bytes in, shown texts out."""

UNESCAPED = {0xA602: 0xA5, 0xA601: 0xA6, 0x5B02: 0x5A, 0x5B01: 0x5B}


def shown_texts(wire: bytes) -> list[str]:
    """The text on the screen after each frame that changes it; "" after a clear. Raises on any bad byte."""
    texts: list[str] = []
    for body in bodies(wire):
        header, data = body[:14], body[14:-2]
        if crc(body[:-2]) != int.from_bytes(body[-2:], "little"):
            raise ValueError("wrong CRC")
        if header[11] != 2 or int.from_bytes(header[12:], "little") != len(data):
            raise ValueError("wrong header")
        if data[:2] == b"\xa3\x10":
            texts.append("")
        elif data[:2] == b"\xa3\x06":
            texts.append(text_of(data))
    return texts


def bodies(wire: bytes) -> list[bytes]:
    """Split into frames and undo the escapes, byte by byte."""
    found: list[bytes] = []
    preamble, escape, body = 0, 0, b""
    for byte in wire:
        if escape:
            body, escape = body + bytes([UNESCAPED[escape << 8 | byte]]), 0
        elif byte in (0xA6, 0x5B):
            escape = byte
        elif byte == 0xA5 and not body:
            preamble += 1
        elif byte == 0x5A and preamble == 8:
            found.append(body)
            preamble, body = 0, b""
        elif byte in (0xA5, 0x5A):
            raise ValueError("bad frame")
        else:
            body += bytes([byte])
    return found


def crc(message: bytes) -> int:
    """CRC-16 with polynomial 0x8005, bits in reverse order, as a plain division bit by bit."""
    register = 0
    for byte in message:
        for bit in range(8):
            register = register >> 1 ^ 0xA001 * ((register ^ byte >> bit) & 1)
    return register


def text_of(data: bytes) -> str:
    """The text of the one area. Before it: command 5, delete count, area count, length 2, 23 more, size 4."""
    text = data[36:]
    if data[5:7] != b"\x00\x01" or data[7] + 256 * data[8] != len(data) - 9 or data[32] + 256 * data[33] != len(text):
        raise ValueError("not one area")
    if text[:3] not in (b"\\C1", b"\\C2", b"\\C3") or b"\\" in text[3:]:
        raise ValueError("bad escape")
    return text[3:].decode("gb18030")
