"""Checksums of wire formats."""


def _crc16_arc_entry(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0xA001 if value & 1 else 0)
    return value


CRC16_ARC = tuple(_crc16_arc_entry(value) for value in range(256))


def crc16_arc(data: bytes) -> int:
    """CRC-16/ARC: polynomial 0x8005 reflected, initial value 0, no final xor. `123456789` gives 0xBB3D."""
    crc = 0
    for byte in data:
        crc = (crc >> 8) ^ CRC16_ARC[(crc ^ byte) & 0xFF]
    return crc


def sum16(data: bytes) -> int:
    """The sum of all bytes, its low 16 bits."""
    return sum(data) & 0xFFFF
