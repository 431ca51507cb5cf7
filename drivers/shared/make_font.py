"""Make `unifont-15.0.01.bin` from the .hex file of GNU Unifont: `python -m drivers.shared.make_font FILE.hex`.

The result, zlib-compressed: a cell of 32 bytes for each code point of the basic plane, in order; rows from top to
bottom, the highest bit leftmost. An ASCII glyph is 8 px wide and takes the first 16 bytes of its cell; all others are
16 px wide, narrow ones in the middle. A cell of FF has no glyph.
"""

import sys
import zlib
from pathlib import Path

from drivers.shared.font import CELL, NOTHING


def wide(glyph: bytes) -> bytes:
    """Widen an 8-pixel glyph to 16 pixels; wide ones stay as they are."""
    return glyph if len(glyph) == CELL else b"".join((row << 4).to_bytes(2, "big") for row in glyph)


def make(hex_file: str) -> bytes:
    """Take the glyphs out of a Unifont .hex file (`4E00:0000…`, one a line)."""
    cells = [NOTHING] * 0x10000
    for line in hex_file.splitlines():
        code_point, bits = line.split(":")
        code, glyph = int(code_point, 16), bytes.fromhex(bits)
        cells[code] = glyph.ljust(CELL, b"\0") if code < 0x80 else wide(glyph)
    return b"".join(cells)


if __name__ == "__main__":
    target = Path(__file__).with_name("unifont-15.0.01.bin")
    target.write_bytes(zlib.compress(make(Path(sys.argv[1]).read_text(encoding="ascii")), 9))
