"""The dynamic areas of a simulated card: their pages in time, the pixels and the text on them."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from drivers.displays.onbon_dynamic.codec.areas import BLINK, HOLD_LAST, LEFT, LEFT_ON, LOOP, Area, Page
from drivers.displays.onbon_dynamic.codec.bitmaps import Format, decode
from drivers.shared.image import RGB, Bits, Panel
from simulators.reading import read

COLOURS = {lit: name for name, lit in RGB.items()}
DARK = b"\0\0\0"


class Shown:
    """An area on the screen since `since`, in seconds. Raises ValueError where a page cannot be decoded."""

    def __init__(self, area: Area, form: Format, since: float) -> None:
        self.area, self._since = area, since
        self._pages = [decode(page.bitmap, area.width, area.height, form) for page in area.pages]

    def page(self, now: float) -> Page:
        """The page that is on the screen; a moving one stands for all that move with it."""
        return self.area.pages[self._index(now)]

    def panel(self, now: float) -> Panel:
        """The pixels, as if nothing blinked; of a moving text the beginning."""
        panel = Panel(self.area.width, self.area.height)
        panel.rows = self._pages[self._index(now)]
        return panel

    @cached_property
    def text(self) -> str | None:
        """What people read; None where it is no text."""
        if self.moving:
            return read(_bits(self._strip()), moving=True)
        return read(_bits(self._pages[-1]))

    @cached_property
    def colour(self) -> str:
        """The colour of what is lit; several of them are mixed, and nothing lit has none."""
        lit = {bytes(row[at : at + 3]) for rows in self._pages for row in rows for at in range(0, len(row), 3)} - {DARK}
        return ("mixed" if len(lit) > 1 else COLOURS.get(lit.pop(), "mixed")) if lit else ""

    @property
    def moving(self) -> bool:
        """Whether its pages run from right to left."""
        return self.area.pages[0].mode in (LEFT, LEFT_ON)

    def seen(self, now: float) -> Mapping[str, Any]:
        """What people see, and how it is made."""
        place = {name: getattr(self.area, name) for name in ("id", "x", "y", "width", "height")}
        look = {"moving": self.moving, "blinking": self.page(now).mode == BLINK}
        return {**place, "text": self.text, "colour": self.colour, "pages": len(self.area.pages), **look}

    def _index(self, now: float) -> int:
        """Where it is in its pages: each stays for its time, then as the run mode says."""
        if self.moving or self.area.run_mode not in (LOOP, HOLD_LAST):
            return 0
        stays = [page.stay / 100 * page.repeat for page in self.area.pages]
        passed, whole = now - self._since, math.fsum(stays)
        if self.area.run_mode == LOOP and whole:
            passed %= whole
        for index, stay in enumerate(stays):
            if passed < stay:
                return index
            passed -= stay
        return len(stays) - 1

    def _strip(self) -> Sequence[bytes]:
        widths = [page.valid for page in self.area.pages]
        return [
            b"".join(bytes(page[row][: 3 * width]) for page, width in zip(self._pages, widths, strict=True))
            for row in range(self.area.height)
        ]


def _bits(rows: Sequence[bytes | bytearray]) -> Bits:
    """What is lit of rows of RGB."""
    bits = Bits(len(rows[0]) // 3, len(rows))
    bits.rows = [int("".join("1" if any(row[at : at + 3]) else "0" for at in range(0, len(row), 3)), 2) for row in rows]
    return bits
