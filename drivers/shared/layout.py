"""How a text is put into a rectangle: as large as it fits, else a shorter text, else moving. Pure."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from drivers.shared.font import HEIGHT
from drivers.shared.image import Bits
from drivers.shared.text import cells

WORD = re.compile(r"[!-~]+|.", re.DOTALL)  # ASCII stays together: half a ticket is another ticket


class Layout(NamedTuple):
    """Rows of text, `height` pixels each; `moving`: one row that runs from right to left."""

    rows: tuple[str, ...]
    height: int
    moving: bool = False

    @property
    def text(self) -> str:
        """What is shown, in one line."""
        return "".join(self.rows)


def arrange(texts: Sequence[str], *, width: int, height: int, faces: Sequence[int], moving: bool) -> Layout | None:
    """Lay out the first of `texts` that fits, as large as one of `faces` (pixels, the largest first) lets it.

    Else the first of them `moving`, if it may; else None. Gaps at the end of a row count as used.
    """
    usable = [face for face in faces if face <= height]
    for text in texts:
        for face in usable:
            rows = wrapped(text, columns=2 * width // face)
            if len(rows) * face <= height:
                return Layout(rows, face)
    return Layout((texts[0],), usable[0], moving=True) if moving and usable else None


def wrapped(text: str, columns: int) -> tuple[str, ...]:
    """The rows of a text on `columns` half-width cells, at least 2; a word is only cut where a row cannot hold it."""
    rows, used = [""], 0
    for word in WORD.findall(text):
        for piece in [word] if len(word) <= columns else word:
            size = sum(map(cells, piece))
            if used + size > columns:
                rows.append("")
                used = 0
            if used or piece != " ":
                rows[-1] += piece
                used += size
    return tuple(rows)


def drawn(layout: Layout, width: int, height: int) -> Bits:
    """The layout in pixels, in the middle of a picture; a moving one on a picture as long as it needs."""
    scale = layout.height // HEIGHT
    widths = [8 * scale * sum(map(cells, row)) for row in layout.rows]
    bits = Bits(max(width, *widths) if layout.moving else width, height)
    y = (height - layout.height * len(layout.rows)) // 2
    for row, wide in zip(layout.rows, widths, strict=True):
        bits.write(0 if layout.moving else (width - wide) // 2, y, row, scale)
        y += layout.height
    return bits
