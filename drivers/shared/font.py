"""A 16-pixel bitmap font: the basic plane of GNU Unifont 15.0.01, see `unifont-OFL.txt`; made by `make_font.py`."""

import zlib
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

HEIGHT = 16
CELL = 32  # bytes of a code point
NOTHING = b"\xff" * CELL
SQUARE = "□"
"""What stands for a character that cannot be shown."""


class Glyph(NamedTuple):
    """A character in pixels: `rows` from the top, the lowest bit rightmost."""

    width: int
    rows: tuple[int, ...]


@cache
def _cells() -> bytes:
    return zlib.decompress(files("drivers.shared").joinpath("unifont-15.0.01.bin").read_bytes())


def _cell(character: str) -> bytes:
    return _cells()[CELL * ord(character) : CELL * (ord(character) + 1)] or NOTHING


def drawable(text: str) -> tuple[str, int]:
    """The text as it can be drawn, □ for what the font does not have, and how many characters that are."""
    shown = "".join(character if _cell(character) != NOTHING else SQUARE for character in text)
    return shown, sum(before != after for before, after in zip(text, shown, strict=True))


@lru_cache(maxsize=2048)
def glyph(character: str, scale: int = 1) -> Glyph:
    """A character, `scale` x 16 pixels high: half as wide for ASCII, else as wide as high; □ for what has no glyph."""
    cell = _cell(character)
    cell = cell if cell != NOTHING else _cell(SQUARE)
    size = 1 if character.isascii() else 2
    rows = [int.from_bytes(cell[size * row : size * (row + 1)], "big") for row in range(HEIGHT)]
    width = 8 * size
    stretched = [_stretch(row, width, scale) for row in rows]
    return Glyph(width * scale, tuple(row for row in stretched for _ in range(scale)))


def character(rows: Sequence[int], width: int) -> str | None:
    """The character whose glyph, at scale 1, has these rows; ASCII and CJK before what looks the same. Else None."""
    return _characters().get(b"".join(row.to_bytes(width // 8, "big") for row in rows))


@cache
def _characters() -> dict[bytes, str]:
    cells, ascii_codes, hanzi = _cells(), range(0x20, 0x7F), range(0x4E00, 0xA000)
    found = {cells[CELL * code : CELL * (code + 1)]: chr(code) for code in (*range(0xFFFF, 0x7F, -1), *hanzi)}
    del found[NOTHING]
    return found | {cells[CELL * code : CELL * code + HEIGHT]: chr(code) for code in ascii_codes}


@lru_cache(maxsize=2048)
def sized(character: str, height: int) -> Glyph:
    """A character as a card with letters of `height` pixels, at least 16, would draw it: the nearest pixels of ours."""
    width, rows = glyph(character)
    wide = width * height // HEIGHT
    near = [[row >> (width - 1 - column * HEIGHT // height) & 1 for column in range(wide)] for row in rows]
    bits = [sum(bit << wide - 1 - column for column, bit in enumerate(row)) for row in near]
    return Glyph(wide, tuple(bits[line * HEIGHT // height] for line in range(height)))


def _stretch(row: int, width: int, scale: int) -> int:
    return row if scale == 1 else int("".join(bit * scale for bit in f"{row:0{width}b}"), 2)
