"""The pixels of a page. Pure.

    bytes    5E: row by row; for each 8 px a byte of each plane: highest bit leftmost, 0 is lit, 1 fills up
    words    6E: plane by plane; as above, but rows are filled up to 32 px
    rgb565   5Q: pixel by pixel, u16, the lower byte first
    rgb888   6Q: pixel by pixel, R G B

Source: both manuals, appendix 2, and the output of the vendor's encoder. Areas that begin inside of a byte or a word of
the screen are filled up on the left as well: none of ours do. Which plane is red, and the order of the bytes of a
pixel, are not confirmed: `swapped` is the other way round.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Literal, NamedTuple

from drivers.shared.image import RGB, Bits

DARK = b"\0\0\0"


class Coding(StrEnum):
    """How a series of cards has its pixels."""

    BYTES = "bytes"
    WORDS = "words"
    RGB565 = "rgb565"
    RGB888 = "rgb888"


UNITS = {Coding.BYTES: 8, Coding.WORDS: 32, Coding.RGB565: 1, Coding.RGB888: 1}
"""What is filled up, px: an area that begins at a multiple is not filled up on the left."""
PIXELS = {Coding.RGB565: 2, Coding.RGB888: 3}
"""The bytes of a pixel."""
LIGHTS = {"red": {"red"}, "green": {"green"}, "yellow": {"red", "green"}}


class Format(NamedTuple):
    """The pixels of one screen; `colours` is False where it has LEDs of one colour only: they are taken for red."""

    coding: Coding
    colours: bool = True
    swapped: bool = False

    @property
    def planes(self) -> Sequence[str]:
        """The colours of its planes in their order."""
        return ("red",) if not self.colours else ("green", "red") if self.swapped else ("red", "green")

    def shown(self, colour: str) -> str:
        """The colour that people see where this one is asked for."""
        return colour if self.colours else "red"

    def size(self, width: int, height: int) -> int:
        """The bytes of a page."""
        if self.coding in PIXELS:
            return PIXELS[self.coding] * width * height
        unit = UNITS[self.coding]
        return -(-width // unit) * unit // 8 * height * len(self.planes)


def encode(bits: Bits, colour: str, form: Format) -> bytes:
    """The page that shows a picture in one colour."""
    if form.coding in PIXELS:
        lit, dark = _pixel(RGB[colour], form), _pixel(DARK, form)
        pixels = {row: f"{row:0{bits.width}b}".encode() for row in bits.rows}  # large letters repeat each row
        coded = {row: line.replace(b"0", dark).replace(b"1", lit) for row, line in pixels.items()}
        return b"".join(coded[row] for row in bits.rows)
    lights = LIGHTS[form.shown(colour)]
    filled = {row: _filled(row, bits.width, form) for row in {0, *bits.rows}}
    planes = [[filled[row if plane in lights else 0] for row in bits.rows] for plane in form.planes]
    if form.coding is Coding.WORDS:
        return b"".join(b"".join(plane) for plane in planes)
    return b"".join(
        bytes(byte for group in zip(*rows, strict=True) for byte in group) for rows in zip(*planes, strict=True)
    )


def decode(data: bytes, width: int, height: int, form: Format) -> list[bytearray]:
    """The rows of a page, RGB. Raises ValueError for another size, and where something else than 1 fills up."""
    if len(data) != form.size(width, height):
        raise ValueError("wrong size of a bitmap")
    if form.coding in PIXELS:
        size = form.size(width, 1)
        return [_rgb_row(data[at : at + size], form) for at in range(0, height * size, size)]
    planes = {plane: _lines(data, index, width, height, form) for index, plane in enumerate(form.planes)}
    dark = ["0" * width] * height
    rows = zip(planes["red"], planes.get("green", dark), strict=True)
    return [
        bytearray(byte for pair in zip(red, green, strict=True) for byte in (255 * int(pair[0]), 255 * int(pair[1]), 0))
        for red, green in rows
    ]


def _filled(row: int, width: int, form: Format) -> bytes:
    fill = -width % UNITS[form.coding]
    dark = ~row & (1 << width) - 1
    return ((dark + 1 << fill) - 1).to_bytes((width + fill) // 8, "big")


def _lines(data: bytes, plane: int, width: int, height: int, form: Format) -> list[str]:
    """The rows of one plane, "1" for what is lit."""
    mine = (
        data[plane * len(data) // len(form.planes) :]
        if form.coding is Coding.WORDS
        else data[plane :: len(form.planes)]
    )
    size = form.size(width, 1) // len(form.planes)
    found: list[str] = []
    for at in range(0, height * size, size):
        line = f"{~int.from_bytes(mine[at : at + size], 'big') & (1 << 8 * size) - 1:0{8 * size}b}"
        if "1" in line[width:]:
            raise ValueError("a row is not filled up with 1")
        found.append(line[:width])
    return found


def _pixel(rgb: bytes, form: Format) -> bytes:
    if form.coding is Coding.RGB565:
        value = rgb[0] >> 3 << 11 | rgb[1] >> 2 << 5 | rgb[2] >> 3
        return value.to_bytes(2, "big" if form.swapped else "little")
    return rgb[::-1] if form.swapped else rgb


def _rgb_row(data: bytes, form: Format) -> bytearray:
    if form.coding is Coding.RGB565:
        order: Literal["big", "little"] = "big" if form.swapped else "little"
        return bytearray(b"".join(_rgb(int.from_bytes(data[at : at + 2], order)) for at in range(0, len(data), 2)))
    row = bytearray(data)
    if form.swapped:
        row[0::3], row[2::3] = data[2::3], data[0::3]
    return row


@lru_cache(maxsize=256)
def _rgb(value: int) -> bytes:
    """A pixel of 5, 6 and 5 bits."""
    return bytes([255 * (value >> 11) // 31, 255 * (value >> 5 & 63) // 63, 255 * (value & 31) // 31])
