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
from datetime import datetime, time

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
CLOCK, LIGHT, TIMER, NO_TIMER = b"\xa2\x03", b"\xa3\x02", b"\xa3\x01", b"\xa3\x08"

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


HEAD = 5
"""Bytes of a request before its payload."""
MANUAL, SLOTS = 1, 48
MOST_SPANS = 3
Span = tuple[time, time]
"""When the LEDs are lit: from, to; to the minute."""


def light(level: int) -> Request:
    """Set the brightness: mode u8 = 1 by hand | level u8 | 48 levels, one for each half hour. Raises ValueError.

    The half hours are for another mode; all have the same level, so that they cannot do harm. One other encoder
    leaves them out (vector K8).
    """
    return Request(command=LIGHT, payload=bytes([MANUAL, *[level] * (1 + SLOTS)]))


def read_light(payload: bytes) -> int:
    """The level of a brightness that is set by hand. Raises ValueError."""
    if payload[:1] != bytes([MANUAL]) or len(payload) not in (2, 2 + SLOTS):
        raise ValueError("not a brightness set by hand")
    return payload[1]


def set_clock(at: datetime) -> Request:
    """Set the card's clock to a naive time: year, month, day, hour, minute, second, weekday (Monday 1), in BCD.

    The year has its low byte first. Source: vector K7, and the vendor's Java sample.
    """
    year = divmod(at.year, 100)
    numbers = (year[1], year[0], at.month, at.day, at.hour, at.minute, at.second, at.isoweekday())
    return Request(command=CLOCK, payload=_bcd(*numbers))


def read_clock(payload: bytes) -> datetime:
    """The time that a clock is set to. Raises ValueError."""
    low, high, month, day, hour, minute, second, weekday = _from_bcd(payload, 8)
    at = datetime(high * 100 + low, month, day, hour, minute, second)  # noqa: DTZ001 - a card knows no time zone
    if weekday != at.isoweekday():
        raise ValueError("another day of the week")
    return at


def set_timer(spans: Sequence[Span]) -> Request:
    """Light the LEDs in these spans of every day, or always where there are none. Raises ValueError for too many.

    count u8 | for each: on hour, on minute, off hour, off minute, in BCD. Source: the vendor's C++ and C# samples,
    which hand this to their library and have three of them; the frame itself is unverified.
    """
    if len(spans) > MOST_SPANS:
        raise ValueError(f"{len(spans)} spans, a card takes {MOST_SPANS}")
    if not spans:
        return Request(command=NO_TIMER)
    numbers = [number for span in spans for at in span for number in (at.hour, at.minute)]
    return Request(command=TIMER, payload=bytes([len(spans)]) + _bcd(*numbers))


def read_timer(payload: bytes) -> tuple[Span, ...]:
    """The spans of a timer. Raises ValueError."""
    count = payload[0] if payload else 0
    if not 1 <= count <= MOST_SPANS:
        raise ValueError("no spans, or too many")
    numbers = _from_bcd(payload[1:], 4 * count)
    times = [time(hour, minute) for hour, minute in zip(numbers[::2], numbers[1::2], strict=True)]
    return tuple(zip(times[::2], times[1::2], strict=True))


def _bcd(*numbers: int) -> bytes:
    return bytes(number // 10 << 4 | number % 10 for number in numbers)


def _from_bcd(data: bytes, count: int) -> list[int]:
    if len(data) != count or any(byte >> 4 > 9 or byte & 15 > 9 for byte in data):
        raise ValueError(f"not {count} numbers in BCD")
    return [10 * (byte >> 4) + (byte & 15) for byte in data]
