"""The wire of Onbon's BX-5K and BX-6K font cards: bytes to frames and back. Pure.

    A5 x8 | escaped( header 14 | data n | check 2 ) | 5A, one or more

    header   dst u16 | src u16 | reserved 3 | barcode u8 = 0 | check u8 | display u8 | device type u8 |
             version u8 = 2 | n u16        check: 0 CRC-16/ARC, 1 sum16; display: 0 normal, 1 dynamic first
    escapes  those of all Onbon cards: drivers/shared/onbon.py
    request  group u8 | command u8 | reply wanted u8 = 1 | extra u16 | payload
    reply    A0 | 00 ACK, 01 NACK | error u8 | reserved 2

All numbers are little-endian. Source: the vendor's sample code (2021) and protocol analyser (2021) for the
"font card protocol"; the errors are those of the 6E manual, same family, unverified for K cards.
"""

import struct
from collections.abc import Sequence
from typing import Any

import msgspec

from drivers.shared import onbon
from drivers.shared.checksums import crc16_arc, sum16

ANY_SCREEN = 0xFFFE
GATEWAY = 0x8000
"""The address of who sends requests."""
ANY_TYPE = 0xFE
VERSION = 2
MAX_DATA = 1024
"""The most bytes of data in one frame (comment in the vendor's SDK header: all but the 5E, 6E, 6Q series)."""

PING, POWER, AREAS, CLEAR = b"\xa2\x00", b"\xa3\x00", b"\xa3\x06", b"\xa3\x10"
COLOURS = {"red": b"\\C1", "green": b"\\C2", "yellow": b"\\C3"}
"""The escapes that set the colour of the text behind them."""
STATIC, LEFT = 1, 3
SINGLE, MULTI = 1, 2
NO_WRAP, WRAP = 1, 2

GROUP, COMMAND, BUSY, CONTROLLER, PARAMETERS = 1, 2, 3, 17, 25
ERRORS = onbon.ERRORS

HEADER = struct.Struct("<HH3xBBBBBH")
AREA = struct.Struct("<BHHHHBBBHBBBBBBBBBI")
CHECKS = {0: crc16_arc, 1: sum16}
MAX_WIRE = onbon.most_wire(HEADER.size + MAX_DATA + 2)
Noise = onbon.Noise


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame, unescaped."""

    dst: int
    src: int = GATEWAY
    display: int = 0
    device_type: int = ANY_TYPE
    version: int = VERSION
    data: bytes

    def wire(self) -> bytes:
        """The frame as it is sent. Raises ValueError when a field does not fit."""
        if len(self.data) > MAX_DATA:
            raise ValueError(f"{len(self.data)} bytes of data, a frame takes {MAX_DATA}")
        try:
            head = HEADER.pack(self.dst, self.src, 0, 0, self.display, self.device_type, self.version, len(self.data))
        except struct.error as error:
            raise ValueError(f"bad header: {error}") from error
        checked = head + self.data
        return onbon.framed(checked + crc16_arc(checked).to_bytes(2, "little"))


class Decoder(onbon.Decoder[Frame]):
    """Turns bytes, cut anywhere, into frames and noise. Never raises; keeps at most one frame's bytes."""

    def __init__(self, *, preamble: int = 1) -> None:
        super().__init__(_frame, most=MAX_WIRE, preamble=preamble)


def _frame(plain: bytes) -> Frame | Noise:
    if len(plain) < HEADER.size + 2:
        return Noise("broken frame", plain)
    dst, src, barcode, check, display, device_type, version, length = HEADER.unpack_from(plain)
    if barcode or length > MAX_DATA or length != len(plain) - HEADER.size - 2:
        return Noise("wrong length", plain)
    if check not in CHECKS or CHECKS[check](plain[:-2]) != int.from_bytes(plain[-2:], "little"):
        return Noise("wrong checksum", plain)
    data = plain[HEADER.size : -2]
    return Frame(dst=dst, src=src, display=display, device_type=device_type, version=version, data=data)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a card. `extra` is reserved but in AREAS: 0, 1 (clear first) or the payload's length."""

    command: bytes
    payload: bytes = b""
    extra: int = 0
    wants_reply: bool = True

    def wire(self, screen: int) -> bytes:
        """The frame that asks it of a screen number. Raises ValueError when something does not fit."""
        data = self.command + bytes([self.wants_reply]) + struct.pack("<H", self.extra) + self.payload
        return Frame(dst=screen, data=data).wire()


def read_request(frame: Frame) -> Request:
    """The request in a frame. Raises ValueError when there is none."""
    if len(frame.data) < 5 or frame.data[2] > 1:
        raise ValueError("not a request")
    extra = int.from_bytes(frame.data[3:5], "little")
    return Request(command=frame.data[:2], payload=frame.data[5:], extra=extra, wants_reply=frame.data[2] == 1)


class Reply(msgspec.Struct, frozen=True):
    """What a card answers: an ACK, or a NACK with its error."""

    ok: bool
    error: int = 0

    def wire(self, request: Frame, *, src: int, device_type: int = ANY_TYPE) -> bytes:
        """The frame that answers `request`."""
        data = bytes([0xA0, not self.ok, self.error, 0, 0])
        return Frame(dst=request.src, src=src, device_type=device_type, data=data).wire()


def read_reply(frame: Frame) -> Reply | None:
    """The reply in a frame, None when it is none."""
    if len(frame.data) < 3 or frame.data[0] != 0xA0 or frame.data[1] > 1:
        return None
    return Reply(ok=frame.data[1] == 0, error=frame.data[2])


class Area(msgspec.Struct, frozen=True):
    """An area of text on the screen, as on the wire: `x` and `width` in units of the model, `y` and `height` in px.

    `kind` 0 is text, `run_mode` 0 loops, `timeout` counts s, `mode` is STATIC, 2 fast, LEFT, 4 right, 5 up, 6 down.
    """

    kind: int = 0
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0
    id: int = 0
    line_space: int = 0
    run_mode: int = 0
    timeout: int = 5
    sound: int = 0
    extensions: int = 0
    align: int = 0
    lines: int = MULTI
    wrap: int = NO_WRAP
    mode: int = STATIC
    exit: int = 0
    speed: int = 0
    hold: int = 8
    text: bytes = b""


def show(area: Area, *, extra: int = 0) -> Request:
    """Put one area onto the screen. Raises ValueError when something does not fit.

    delete count u8 (FF all) | ids | area count u8 | for each: length u16 | area 27 | text
    """
    *fields, text = msgspec.structs.astuple(area)
    try:
        body = AREA.pack(*fields, len(text)) + text
        return Request(command=AREAS, extra=extra, payload=struct.pack("<BBH", 0, 1, len(body)) + body)
    except struct.error as error:
        raise ValueError(f"bad area: {error}") from error


def remove(area: int) -> Request:
    """Take one area off the screen, by its id."""
    return Request(command=AREAS, payload=bytes([1, area, 0]))


def read_areas(payload: bytes) -> tuple[bytes, Sequence[Area]]:
    """What to delete (ids; FF is all) and the areas in the payload of AREAS. Raises ValueError."""
    found: list[Area] = []
    try:
        ids = 0 if payload[0] == 0xFF else payload[0]
        delete = payload[1 : 1 + ids] or payload[:1].strip(b"\x00")
        count, rest = payload[1 + ids], payload[2 + ids :]
        for _ in range(count):
            (length,) = struct.unpack_from("<H", rest)
            *numbers, size = AREA.unpack_from(rest, 2)
            text, rest = rest[2 + AREA.size : 2 + length], rest[2 + length :]
            if not AREA.size + size == length == AREA.size + len(text):
                raise ValueError("wrong length of an area")
            values: list[Any] = [*numbers, text]
            found.append(Area(*values))
    except (IndexError, struct.error) as error:
        raise ValueError(f"cut off: {error}") from error
    if rest:
        raise ValueError("bytes behind the last area")
    return delete, found
