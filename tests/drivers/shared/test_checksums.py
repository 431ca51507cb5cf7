from drivers.shared.checksums import crc16_arc, sum16


def test_crc_is_the_one_of_the_catalogue() -> None:
    assert crc16_arc(b"123456789") == 0xBB3D
    assert crc16_arc(b"") == 0


def test_sum_wraps_at_16_bits() -> None:
    assert sum16(b"\x01\x02") == 3
    assert sum16(b"\xff" * 258) == (0xFF * 258) & 0xFFFF != 0xFF * 258
