"""Pictures of LED panels: text in pixels, and a PNG of them."""

import struct
import zlib
from collections.abc import Iterable
from math import isqrt

from drivers.shared.font import HEIGHT, glyph

RGB = {"red": b"\xff\x00\x00", "green": b"\x00\xff\x00", "yellow": b"\xff\xff\x00"}
SCALE = 4
"""The size of one LED in a picture, in pixels, where that does not make it larger than MOST_PIXELS."""
MOST_PIXELS = 4 * 1024 * 1024


class Bits:
    """A picture of `width` x `height` pixels that are lit or dark, dark at first. `rows`: the lowest bit rightmost."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.rows = [0] * height

    def draw(self, x: int, y: int, width: int, rows: Iterable[int]) -> None:
        """Light pixels of a smaller picture with its upper left corner at x, y; what is outside is lost."""
        shift, edge = self.width - x - width, (1 << self.width) - 1
        for place, row in enumerate(rows, y):
            if 0 <= place < self.height:
                self.rows[place] |= (row << shift if shift >= 0 else row >> -shift) & edge

    def write(self, x: int, y: int, text: str, scale: int = 1) -> None:
        """Draw a text from x, y, 16 x `scale` pixels high."""
        for character in text:
            width, rows = glyph(character, scale)
            self.draw(x, y, width, rows)
            x += width

    def cut(self, x: int, width: int) -> "Bits":
        """The columns from x, as a picture of its own; dark beyond the right edge."""
        part = Bits(width, self.height)
        part.draw(-x, 0, self.width, self.rows)
        return part


class Panel:
    """A panel of `width` x `height` LEDs, dark at first. `rows` has three bytes, RGB, for each LED."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.rows = [bytearray(3 * width) for _ in range(height)]

    def write(self, characters: Iterable[tuple[str, str]], *, wrap: bool) -> None:
        """Draw (character, colour) pairs from the upper left corner; what is outside of the panel is lost.

        With `wrap` a character that does not fit starts a new row of 16 pixels.
        """
        x = y = 0
        for character, colour in characters:
            width, rows = glyph(character)
            if wrap and x + width > self.width:
                x, y = 0, y + HEIGHT
            bits = Bits(width, HEIGHT)
            bits.rows = list(rows)
            self.paint(x, y, bits, colour)
            x += width

    def paint(self, x: int, y: int, bits: Bits, colour: str) -> None:
        """Light the LEDs that a picture lights, with its upper left corner at x, y; what is outside is lost."""
        room = min(bits.width, self.width - x)
        for row, line in zip(self.rows[y:], bits.rows, strict=False):
            if line and room > 0:
                pixels = f"{line:0{bits.width}b}"[:room].encode().replace(b"0", b"\0\0\0")
                dark = ~int.from_bytes(pixels.replace(b"1", b"\xff\xff\xff"))
                lit = int.from_bytes(pixels.replace(b"1", RGB[colour]))
                place = slice(3 * x, 3 * (x + room))
                row[place] = (int.from_bytes(row[place]) & dark | lit).to_bytes(3 * room)

    def paste(self, x: int, y: int, panel: "Panel") -> None:
        """Put a smaller panel onto this one; it must lie inside."""
        for row, line in zip(self.rows[y : y + panel.height], panel.rows, strict=True):
            row[3 * x : 3 * (x + panel.width)] = line

    @property
    def scale(self) -> int:
        """The size of one LED in the picture, in pixels: 1 to SCALE."""
        return max(1, min(SCALE, isqrt(MOST_PIXELS // (self.width * self.height))))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture, in pixels."""
        return self.width * self.scale, self.height * self.scale

    def png(self) -> bytes:
        """The panel as PNG, every LED a square of `scale` pixels."""
        size, scale, packer = struct.pack(">IIBBBBB", *self.size, 8, 2, 0, 0, 0), self.scale, zlib.compressobj(1)
        packed = [packer.compress((b"\x00" + _stretch(row, scale)) * scale) for row in self.rows]
        data = b"".join([*packed, packer.flush()])
        return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", size) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _stretch(row: bytearray, scale: int) -> bytes:
    wide = bytearray(scale * len(row))
    for place in range(3 * scale):
        wide[place :: 3 * scale] = row[place % 3 :: 3]
    return bytes(wide)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
