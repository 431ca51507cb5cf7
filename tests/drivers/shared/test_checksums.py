from hypothesis import given
from hypothesis import strategies as st

from drivers.shared.checksums import crc16_arc, crc16_modbus, sum16


def test_crc_is_the_one_of_the_catalogue() -> None:
    assert crc16_arc(b"123456789") == 0xBB3D
    assert crc16_arc(b"") == 0
    assert crc16_modbus(b"123456789") == 0x4B37
    assert crc16_modbus(b"") == 0xFFFF


@given(st.binary(max_size=40) | st.binary(min_size=100, max_size=2000))
def test_crc_is_that_of_the_division_bit_by_bit(data: bytes) -> None:
    register = 0
    for byte in data:
        for bit in range(8):
            register = register >> 1 ^ 0xA001 * ((register ^ byte >> bit) & 1)
    assert crc16_arc(data) == register


@given(st.integers(min_value=600, max_value=20_000), st.integers(min_value=0, max_value=7))
def test_crc_of_a_picture_tells_which_bit_is_wrong(size: int, bit: int) -> None:
    picture = bytes(range(256)) * (size // 256)
    broken = bytes([picture[0] ^ 1 << bit]) + picture[1:]
    alone = bytes([1 << bit]) + bytes(len(picture) - 1)
    assert crc16_arc(picture) ^ crc16_arc(broken) == crc16_arc(alone) != 0


def test_sum_wraps_at_16_bits() -> None:
    assert sum16(b"\x01\x02") == 3
    assert sum16(b"\xff" * 258) == (0xFF * 258) & 0xFFFF != 0xFF * 258
