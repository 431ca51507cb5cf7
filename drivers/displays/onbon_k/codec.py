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

GROUP, COMMAND, BUSY, CONTROLLER, PARAMETERS = 1, 2, 3, 17, 25
ERRORS = onbon.ERRORS

HEADER = struct.Struct("<HH3xBBBBBH")
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
