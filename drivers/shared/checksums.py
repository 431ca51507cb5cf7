"""Checksums of wire formats."""

import struct
from array import array
from functools import cache


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
    table = _crc16_arc_words()
    words: tuple[int, ...] = struct.unpack_from(f"<{len(data) // 2}H", data)
    for word in words:
        crc = table[crc ^ word]
    return (crc >> 8) ^ CRC16_ARC[(crc ^ data[-1]) & 0xFF] if len(data) % 2 else crc


@cache
def _crc16_arc_words() -> "array[int]":
    """For two bytes at once: a picture in full colour has so many."""
    once = [CRC16_ARC[value & 0xFF] ^ value >> 8 for value in range(0x10000)]
    return array("H", (CRC16_ARC[value & 0xFF] ^ value >> 8 for value in once))


def sum16(data: bytes) -> int:
    """The sum of all bytes, its low 16 bits."""
    return sum(data) & 0xFFFF
