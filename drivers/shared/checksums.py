"""Checksums of wire formats."""

from functools import cache

POLYNOMIAL, DEGREE = 0x18005, 16
FEW = 1024
"""Bits that are looked up byte by byte: folding costs as much for so few."""


def _crc16_arc_entry(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0xA001 if value & 1 else 0)
    return value


CRC16_ARC = tuple(_crc16_arc_entry(value) for value in range(256))


def crc16_arc(data: bytes) -> int:
    """CRC-16/ARC: polynomial 0x8005 reflected, initial value 0, no final xor. `123456789` gives 0xBB3D."""
    return _crc16(data, 0)


def crc16_modbus(data: bytes) -> int:
    """CRC-16/MODBUS: CRC-16/ARC with the initial value 0xFFFF. `123456789` gives 0x4B37."""
    return _crc16(data, 0xFFFF)


def _crc16(data: bytes, crc: int) -> int:
    bits = 8 * len(data)
    if bits > FEW:
        data, crc = _folded(int.from_bytes(data, "little") ^ crc, bits), 0
    for byte in data:
        crc = crc >> 8 ^ CRC16_ARC[(crc ^ byte) & 0xFF]
    return crc


def _folded(rest: int, bits: int) -> bytes:
    """Fewer bits that leave the same remainder: a picture has so many that one after the other takes milliseconds.

    As polynomials: where the first bits are A, and as many and 16 more follow, A x^n is replaced by A (x^n mod P).
    Reflected: the first bit is the lowest.
    """
    while bits > FEW:
        many = 1 << (bits - DEGREE).bit_length() - 2
        first, rest = rest & (1 << many) - 1, rest >> many
        for shift in _shifts(many):
            rest ^= first << shift
        bits -= many
    return rest.to_bytes(bits // 8, "little")


@cache
def _shifts(many: int) -> tuple[int, ...]:
    """By how much A is shifted for each power in x^(many + 16) mod P; `many` is a power of two."""
    power = 0b10
    for _ in range(many.bit_length() - 1):
        power = _remainder(int(f"{power:b}", 4))  # its square: no carries
    power = _remainder(power << DEGREE)
    return tuple(DEGREE - exponent for exponent in range(DEGREE) if power >> exponent & 1)


def _remainder(value: int) -> int:
    for exponent in range(value.bit_length() - 1, DEGREE - 1, -1):
        if value >> exponent & 1:
            value ^= POLYNOMIAL << exponent - DEGREE
    return value


def sum16(data: bytes) -> int:
    """The sum of all bytes, its low 16 bits."""
    return sum(data) & 0xFFFF
