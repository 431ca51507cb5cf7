"""Reads the recorded wire to an LEDSender2010 card and imports nothing of ours: bytes in, texts of the regions out.

It keeps to the description of the wire alone: frames 55 … AA, packets of 8 bytes and data, programs of nested objects.
"""


def screens(wire: bytes, *, crc: bool) -> list[list[str]]:
    """The texts of all regions after each program or replacement. Raises on any bad byte."""
    shown: list[list[str]] = []
    stream, expected = b"", 0
    for packet in packets(wire, crc=crc):
        command, serial, data = number(packet, 0, 2), number(packet, 4, 4), packet[8:]
        if command == 0:
            stream, expected = b"", 1
        elif command == 2 and serial == expected and 0 < len(data) <= 512:
            stream, expected = stream + data, expected + 1
        elif command == 1 and serial == expected:
            shown.append(regions(stream, shown[-1] if shown else []))
        elif command in (0, 1, 2):
            raise ValueError("out of order")
    return shown


def packets(wire: bytes, *, crc: bool) -> list[bytes]:
    """Split into packets and undo the escapes, byte by byte."""
    found: list[bytes] = []
    body: bytearray | None = None
    escape = False
    for byte in wire:
        if body is None:
            if byte != 0x55:
                raise ValueError("no beginning")
            body = bytearray()
        elif escape:
            if byte not in (0x56, 0xAB, 0xBC):
                raise ValueError("bad escape")
            body.append(byte - 1)
            escape = False
        elif byte == 0xBB:
            escape = True
        elif byte == 0xAA:
            check = remainder(bytes(body[:-2])) if crc else 0
            if body[-2] << 8 | body[-1] != check:
                raise ValueError("wrong check")
            found.append(bytes(body[:-2]))
            body = None
        elif byte == 0x55:
            raise ValueError("a beginning in the middle")
        else:
            body.append(byte)
    return found


def remainder(message: bytes) -> int:
    """CRC-16 with polynomial 0x8005, bits in reverse order, all ones at first, as a plain division bit by bit."""
    register = 0xFFFF
    for byte in message:
        for bit in range(8):
            register = register >> 1 ^ 0xA001 * ((register ^ byte >> bit) & 1)
    return register


def number(data: bytes, at: int, size: int) -> int:
    return sum(data[at + place] << 8 * place for place in range(size))


def regions(stream: bytes, before: list[str]) -> list[str]:
    """The texts behind a program (21) or the replacement of an object (29)."""
    kind, size, count = number(stream, 0, 2), number(stream, 4, 4), number(stream, 8, 4)
    if size != len(stream) or count != 1 or stream[12:16] != b"\xff" * 4:
        raise ValueError("bad root")
    if kind == 0x29:
        mode, chapter, region, leaf, place = (number(stream, at, 2) for at in (20, 22, 24, 26, 28))
        if (mode, chapter, leaf, place) != (1, 0, 0, 0) or region >= len(before):
            raise ValueError("bad replacement")
        return [*before[:region], text_of(stream[32:]), *before[region + 1 :]]
    if kind != 0x21 or number(stream, 20, 2) != 0x3F or number(stream, 36, 4) != len(stream) - 20:
        raise ValueError("bad chapter")
    found: list[str] = []
    rest = stream[60:]
    while rest:
        region_size, leaf_size = number(rest, 8, 4), number(rest, 48, 4)
        if (number(rest, 0, 2), number(rest, 32, 2)) != (0x3E, 0x30) or leaf_size != region_size - 32:
            raise ValueError("bad region")
        found.append("".join(text_of(one) for one in split(rest[56:region_size], 4, number(rest, 40, 2))))
        rest = rest[region_size:]
    if len(found) != number(stream, 28, 2):
        raise ValueError("wrong count of regions")
    return found


def split(data: bytes, size_at: int, count: int) -> list[bytes]:
    """Objects behind one another, each with its size."""
    found: list[bytes] = []
    while data:
        size = number(data, size_at, 4)
        if not 0 < size <= len(data):
            raise ValueError("bad size")
        found.append(data[:size])
        data = data[size:]
    if len(found) != count:
        raise ValueError("wrong count")
    return found


def text_of(strings: bytes) -> str:
    """The text that stays of an object of texts: that of its last one."""
    if number(strings, 0, 2) != 0x3C or number(strings, 4, 4) != len(strings):
        raise ValueError("bad object")
    last = split(strings[28:], 20, number(strings, 26, 2))[-1]
    if number(last, 0, 2) != 0x33 or len(last) % 4 or last[-1]:
        raise ValueError("bad text")
    return last[32:].rstrip(b"\0").decode("gb18030")
