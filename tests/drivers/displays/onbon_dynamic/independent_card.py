"""Reads what is sent to a card, and writes what one answers, from the manuals alone: it imports nothing of ours.

A request is ("dynamic" or "native", group and command, payload, seq); pixels are {(x, y): (red, green, blue)}.
"""

from typing import Any

PLAIN = {0xA602: 0xA5, 0xA601: 0xA6, 0x5B02: 0x5A, 0x5B01: 0x5B}


def number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def crc(message: bytes) -> int:
    """CRC-16, polynomial 0x8005, bits in reverse order: bit by bit."""
    register = 0
    for byte in message:
        for bit in range(8):
            register = register >> 1 ^ 0xA001 * ((register ^ byte >> bit) & 1)
    return register


def bodies(wire: bytes) -> list[bytes]:
    """Split into frames and undo the escapes, byte by byte. Raises on any bad byte."""
    found: list[bytes] = []
    preamble, escape, body = 0, 0, b""
    for byte in wire:
        if escape:
            body, escape = body + bytes([PLAIN[escape << 8 | byte]]), 0
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


def requests(wire: bytes) -> list[tuple[str, bytes, bytes, int]]:
    return [dynamic(body) if body[4] == 0xF0 else native(body) for body in bodies(wire)]


def dynamic(body: bytes) -> tuple[str, bytes, bytes, int]:
    header, data, check = body[:16], body[16:-2], body[-2:]
    if number(check) != crc(body[:-2]) or number(header[12:]) != len(data) or header[2:4] != b"\x00\x80":
        raise ValueError("bad dynamic frame")
    return "dynamic", data[1:3], payload(data), 0


def native(body: bytes) -> tuple[str, bytes, bytes, int]:
    size = 27 if body[4] == 5 else 28
    header, data = body[:size], body[size:]
    total = 0
    for byte in header:
        total ^= byte
    if total or number(header[22:24]) != len(data) or number(header[24:26]) != crc(data) or header[14] != 0x96:
        raise ValueError("bad native frame")
    return "native", data[1:3], payload(data), number(header[10:12])


def payload(data: bytes) -> bytes:
    if data[0] != 1 or number(data[3:5]) != len(data) - 5:
        raise ValueError("bad request")
    return data[5:]


def pages(update: bytes, generation: int) -> list[dict[str, Any]]:
    """The pages of the one area that is updated: where it is, how it comes, its bitmap."""
    rest, bitmaps = update, b""
    if generation == 6:
        if rest[:2] != b"\x01\x00":
            raise ValueError("not one area")
        rest = rest[2:]
    length, rest = number(rest[:4]), rest[4:]
    area, bitmaps = rest[:length], rest[length:]
    head = 22 if generation == 5 else 31
    names = {"id": area[0:1], "run_mode": area[1:2], "with_programs": area[4:5], "alone": area[7:8]}
    place = {"x": area[13:15], "y": area[15:17], "width": area[17:19], "height": area[19:21]}
    if area[12] != 0x10 or number(area[5:7]) or any(area[21:head]):
        raise ValueError("not a plain area")
    known = {name: number(data) for name, data in (names | place).items()}
    count, rest = number(area[head : head + 2]), area[head + 2 :]
    found: list[dict[str, Any]] = []
    for _ in range(count):
        size, page, rest = number(rest[:4]), rest[4 : 4 + number(rest[:4])], rest[4 + number(rest[:4]) :]
        if generation == 6:
            start, amount = number(page[18:22]), number(page[22:26])
            bitmap = bitmaps[start : start + amount]
            good = size == 26 and len(bitmap) == amount
        else:
            bitmap, good = page[13:], True
        if not good or page[0]:
            raise ValueError("bad page")
        how = {"mode": page[1], "speed": page[3], "stay": number(page[4:6]), "valid": number(page[7:9])}
        found.append(known | how | {"bitmap": bitmap})
    if rest or (generation == 5 and bitmaps):
        raise ValueError("something is left over")
    return found


def pixels(page: dict[str, Any], series: str, leds: int = 2) -> dict[tuple[int, int], tuple[int, int, int]]:
    """The pixels that are lit. `series` is 5E, 6E, 5Q or 6Q; `leds` the colours of an E screen."""
    return {
        (x, y): colour
        for y in range(page["height"])
        for x in range(page["width"])
        if any(colour := _pixel(page, series, leds, x, y))
    }


def _pixel(page: dict[str, Any], series: str, leds: int, x: int, y: int) -> tuple[int, int, int]:
    data, width, height = page["bitmap"], page["width"], page["height"]
    if series == "6Q":
        red, green, blue = data[3 * (y * width + x) :][:3]
        return red, green, blue
    if series == "5Q":
        value = number(data[2 * (y * width + x) :][:2])
        return value >> 11 and 255, value >> 5 & 0x3F and 255, value & 0x1F and 255
    if series == "6E":
        row = (width + 31) // 32 * 4
        places = [plane * row * height + y * row + x // 8 for plane in range(leds)]
    else:
        row = (width + 7) // 8 * leds
        places = [y * row + x // 8 * leds + plane for plane in range(leds)]
    lit = [0 if data[place] >> 7 - x % 8 & 1 else 255 for place in places]
    return (*lit, *[0] * (3 - leds))  # type: ignore[return-value]  # three, whatever `leds` is


def framed(body: bytes) -> bytes:
    escaped = b"".join(
        {0xA5: b"\xa6\x02", 0xA6: b"\xa6\x01", 0x5A: b"\x5b\x02", 0x5B: b"\x5b\x01"}.get(byte, bytes([byte]))
        for byte in body
    )
    return b"\xa5" * 8 + escaped + b"\x5a"


def reply(data: bytes, seq: int | None, *, version: int = 7) -> bytes:
    """The frame of a reply from screen 1: dynamic where there is no seq."""
    if seq is None:
        body = b"\x00\x80\x01\x00\xf0\x00\x74\x01" + bytes(4) + len(data).to_bytes(4, "little") + data
        return framed(body + crc(body).to_bytes(2, "little"))
    head = b"\x00\x80\x01\x00" + bytes([version, 0, 0x74, 1, 1, 0]) + (seq | 0x8000).to_bytes(2, "little")
    head += b"\x00\x90\x96\x5a" + bytes(6) + len(data).to_bytes(2, "little") + crc(data).to_bytes(2, "little")
    head += bytes(version >= 6)
    total = 0
    for byte in head:
        total ^= byte
    return framed(head + bytes([total]) + data)
