"""Pictures of LED panels: text in pixels, and a PNG of them."""

import struct
import zlib
from collections.abc import Iterable

from drivers.shared.font import HEIGHT, glyph

RGB = {"red": b"\xff\x00\x00", "green": b"\x00\xff\x00", "yellow": b"\xff\xff\x00"}
SCALE = 4
"""The size of one LED in a picture, in pixels."""


class Panel:
    """A panel of `width` x `height` LEDs, dark at first. `rows` has three bytes, RGB, for each LED."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.rows = [bytearray(3 * width) for _ in range(height)]

    def write(self, characters: Iterable[tuple[str, str]], *, wrap: bool) -> None:
        """Draw (character, colour) pairs from the upper left corner; what is outside of the panel is lost.

        With `wrap` a character that does not fit starts a new row of 16 pixels. Raises UnicodeEncodeError
        for a character that GBK does not have.
        """
        x = y = 0
        for character, colour in characters:
            bits = glyph(character)
            if wrap and x + len(bits[0]) > self.width:
                x, y = 0, y + HEIGHT
            self._draw(x, y, bits, RGB[colour])
            x += len(bits[0])

    def _draw(self, x: int, y: int, bits: tuple[str, ...], rgb: bytes) -> None:
        for row, line in zip(self.rows[y : y + HEIGHT], bits, strict=False):
            for column, bit in enumerate(line[: self.width - x if x < self.width else 0], x):
                if bit == "1":
                    row[3 * column : 3 * column + 3] = rgb

    def paste(self, x: int, y: int, panel: "Panel") -> None:
        """Put a smaller panel onto this one; it must lie inside."""
        for row, line in zip(self.rows[y : y + panel.height], panel.rows, strict=True):
            row[3 * x : 3 * (x + panel.width)] = line

    def png(self) -> bytes:
        """The panel as PNG, every LED a square of `SCALE` pixels."""
        size = struct.pack(">IIBBBBB", self.width * SCALE, self.height * SCALE, 8, 2, 0, 0, 0)
        data = b"".join((b"\x00" + _stretch(row)) * SCALE for row in self.rows)
        return (
            b"\x89PNG\r\n\x1a\n"
            + _chunk(b"IHDR", size)
            + _chunk(b"IDAT", zlib.compress(data, 1))
            + _chunk(b"IEND", b"")
        )


def _stretch(row: bytearray) -> bytes:
    return b"".join([row[start : start + 3] * SCALE for start in range(0, len(row), 3)])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
