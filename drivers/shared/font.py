"""A 16-pixel bitmap font for ASCII and GBK: GNU Unifont 15.0.01, see `unifont-OFL.txt`; made by `make_font.py`."""

import zlib
from functools import cache, lru_cache
from importlib.resources import files

HEIGHT = 16
GBK_PART = 128 * 16


@cache
def _bitmaps() -> bytes:
    return zlib.decompress(files("drivers.shared").joinpath("unifont-15.0.01.bin").read_bytes())


@lru_cache(maxsize=1024)
def glyph(character: str) -> tuple[str, ...]:
    """The 16 rows of a character, from the top, as `0` and `1`: 8 pixels wide for ASCII, else 16.

    Raises UnicodeEncodeError for what GBK does not have.
    """
    code = character.encode("gbk")
    if len(code) == 1:
        start, width = 16 * code[0], 8
    else:
        start, width = GBK_PART + 32 * ((code[0] - 0x81) * 191 + code[1] - 0x40), 16
    bits = f"{int.from_bytes(_bitmaps()[start : start + 2 * width], 'big'):0{HEIGHT * width}b}"
    return tuple(bits[row * width : (row + 1) * width] for row in range(HEIGHT))
