"""Make `unifont-15.0.01.bin` from the .hex file of GNU Unifont: `python -m drivers.shared.make_font FILE.hex`.

The result, zlib-compressed: 128 ASCII glyphs of 16 bytes (8 px wide), then one 32-byte glyph (16 px wide)
for each GBK code, lead byte 81-FE, trail byte 40-FE; rows from top to bottom, the highest bit leftmost.
Codes that GBK does not have are empty. Narrow glyphs of wide codes stand in the middle of their cell.
"""

import sys
import zlib
from pathlib import Path


def wide(glyph: bytes) -> bytes:
    """Widen an 8-pixel glyph to 16 pixels; wide ones stay as they are."""
    return glyph if len(glyph) == 32 else b"".join((row << 4).to_bytes(2, "big") for row in glyph)


def make(hex_file: str) -> bytes:
    """Take the ASCII and GBK characters out of a Unifont .hex file (`4E00:0000…`, one glyph a line)."""
    ascii_part, gbk_part = bytearray(128 * 16), bytearray(126 * 191 * 32)
    for line in hex_file.splitlines():
        code_point, bits = line.split(":")
        code, glyph = chr(int(code_point, 16)).encode("gbk", "ignore"), bytes.fromhex(bits)
        if len(code) == 2:
            start = 32 * ((code[0] - 0x81) * 191 + code[1] - 0x40)
            gbk_part[start : start + 32] = wide(glyph)
        elif b" " <= code < b"\x7f":
            ascii_part[16 * code[0] : 16 * code[0] + 16] = glyph
    return bytes(ascii_part + gbk_part)


if __name__ == "__main__":
    target = Path(__file__).with_name("unifont-15.0.01.bin")
    target.write_bytes(zlib.compress(make(Path(sys.argv[1]).read_text(encoding="ascii")), 9))
