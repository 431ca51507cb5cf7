"""How times, addresses and flags stand in a packet. A date or time that cannot be is None: unknown, or not set."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from ipaddress import IPv4Address
from itertools import accumulate
from typing import Any

from drivers.access.uhppote.codec.packet import Form


def _flag(data: bytes) -> bool:
    return data != b"\0"


def _as_flag(value: object) -> bytes:
    return bytes([bool(value)])


BOOL = Form(1, _flag, _as_flag)
"""Any byte but 0 is true."""


def _bcd(size: int, make: Callable[..., Any], *numbers: tuple[str, int], before: str = "") -> Form:
    """A time as decimal digits: its numbers, by name, and how many digits each has."""
    ends = list(accumulate(digits for _, digits in numbers))
    places = [slice(end - digits, end) for (_, digits), end in zip(numbers, ends, strict=True)]

    def read(data: bytes) -> Any:
        digits = before + data.hex()
        try:
            return make(*(int(digits[place]) for place in places)) if digits.isdigit() else None
        except ValueError:
            return None

    def write(value: Any) -> bytes:
        if value is None:
            return bytes(size)
        digits = "".join(f"{getattr(value, name):0{width}}" for name, width in numbers)
        return bytes.fromhex(digits)[-size:]

    return Form(size, read, write)


_DATE = (("year", 4), ("month", 2), ("day", 2))
_TIME = (("hour", 2), ("minute", 2), ("second", 2))
DATETIME = _bcd(7, datetime, *_DATE, *_TIME)
DATE = _bcd(4, date, *_DATE)
SHORT_DATE = _bcd(3, date, *_DATE, before="20")
"""Without its century."""
TIME = _bcd(3, time, *_TIME)
HHMM = _bcd(2, time, *_TIME[:2])


def _packed(value: IPv4Address) -> bytes:
    return value.packed


def _pairs(data: bytes) -> str:
    return data.hex(":")


def _unpaired(value: str) -> bytes:
    return _sized(bytes.fromhex(value.replace(":", "")), 6)


IPV4 = Form(4, IPv4Address, _packed)
MAC = Form(6, _pairs, _unpaired)


def flags(count: int) -> Form:
    """So many booleans, a byte each."""

    def read(data: bytes) -> tuple[bool, ...]:
        return tuple(byte != 0 for byte in data)

    def write(values: Iterable[bool]) -> bytes:
        return _sized(bytes(map(int, values)), count)

    return Form(count, read, write)


def numbers(count: int, size: int = 1) -> Form:
    """So many numbers of `size` bytes."""

    def read(data: bytes) -> tuple[int, ...]:
        return tuple(int.from_bytes(data[at : at + size], "little") for at in range(0, len(data), size))

    def write(values: Iterable[int]) -> bytes:
        try:
            return _sized(b"".join(value.to_bytes(size, "little") for value in values), count * size)
        except OverflowError as error:
            raise ValueError(f"{values} do not fit into {size} bytes each") from error

    return Form(count * size, read, write)


def _bits(count: int) -> Form:
    def read(data: bytes) -> tuple[bool, ...]:
        return tuple(bool(data[0] >> number & 1) for number in range(count))

    def write(values: Iterable[bool]) -> bytes:
        return bytes([sum(1 << number for number, value in enumerate(values) if value)])

    return Form(1, read, write)


BITS4 = _bits(4)
"""Four booleans in the low bits of a byte, the first one lowest."""
FLAGS4, FLAGS7, U8X4, U32X4 = flags(4), flags(7), numbers(4), numbers(4, 4)


def _sized(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise ValueError(f"{len(data)} bytes, {size} are needed")
    return data
