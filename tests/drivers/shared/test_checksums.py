from hypothesis import given
from hypothesis import strategies as st

from drivers.shared.checksums import crc16_arc, crc16_modbus, sum16


def test_crc_is_the_one_of_the_catalogue() -> None:
    assert crc16_arc(b"123456789") == 0xBB3D
    assert crc16_arc(b"") == 0
    assert crc16_modbus(b"123456789") == 0x4B37
    assert crc16_modbus(b"") == 0xFFFF


@given(st.binary(max_size=40))
def test_crc_is_that_of_the_division_bit_by_bit(data: bytes) -> None:
    register = 0
    for byte in data:
        for bit in range(8):
            register = register >> 1 ^ 0xA001 * ((register ^ byte >> bit) & 1)
    assert crc16_arc(data) == register


def test_sum_wraps_at_16_bits() -> None:
    assert sum16(b"\x01\x02") == 3
    assert sum16(b"\xff" * 258) == (0xFF * 258) & 0xFFFF != 0xFF * 258
