"""What an LEDSender2010 card is: a program in its RAM, light, brightness, a clock; and the pixels that they make."""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec

from drivers.displays.ledsender import codec, program
from drivers.displays.ledsender.config import LedSenderConfig
from drivers.displays.ledsender.drawing import HEIGHTS, NAMES, paint
from drivers.displays.ledsender.program import Program, Rectangle, Replacement, Strings
from drivers.shared.image import Panel

WAYS_IN, WAYS_OUT, FASTEST = 25, 18, 5


class Card:
    """A card and its screen. Every program is taken whole or refused whole, with ValueError."""

    def __init__(self, config: LedSenderConfig) -> None:
        self._config = config
        self.reboots = 0
        self.forget()

    def forget(self) -> None:
        """As after power-up: nothing in RAM, the LEDs are on, as bright as they can be. The clock has a battery."""
        self.program: Program | None = None
        self.on, self.brightness = True, codec.BRIGHTEST
        self.clock: datetime | None = None

    def load(self, stream: bytes) -> None:
        """Show a program, or replace one of its objects."""
        new = program.read(stream)
        if new.colours != program.COLOURS[self._config.colours]:
            raise ValueError("a program for other LEDs")
        self.program = self._checked(self._replaced(new) if isinstance(new, Replacement) else new)

    def _replaced(self, new: Replacement) -> Program:
        """The program with one object replaced, which must be there."""
        regions = list(self.program.regions if self.program else ())
        if new.region >= len(regions) or new.number >= len(regions[new.region].objects):
            raise ValueError("there is no such object")
        objects = list(regions[new.region].objects)
        objects[new.number] = new.strings
        regions[new.region] = msgspec.structs.replace(regions[new.region], objects=tuple(objects))
        return Program(new.colours, tuple(regions))

    def _checked(self, new: Program) -> Program:
        for region in new.regions:
            edges = region.rectangle
            _inside(edges, self._config.width, self._config.height)
            for strings in region.objects:
                _inside(strings.rectangle, edges.right - edges.left, edges.bottom - edges.top)
                _known(strings)
        return new

    def rows(self) -> list[dict[str, Any]]:
        """Every object that the card holds, as it stays."""
        held: list[dict[str, Any]] = []
        for number, region in enumerate(self.program.regions if self.program else ()):
            for strings in region.objects:
                (left, top, right, bottom), last = strings.rectangle, strings.texts[-1]
                x, y = region.rectangle.left + left, region.rectangle.top + top
                where = {"x": x, "y": y, "width": right - left, "height": bottom - top, "region": number}
                how = {"colour": NAMES[last.colour], "font": HEIGHTS[last.font], "enter": last.enter}
                blinks = any(text.stay == program.BLINKING for text in strings.texts)
                held.append({"text": last.text.decode("gbk").strip(), "blinks": blinks, **where, **how})
        return held

    def seen(self) -> Mapping[str, Any]:
        """What a person sees (no text while the LEDs are off), and beside it the objects that the card holds."""
        held = self.rows()
        lines = ["".join(row["text"] for row in rows) for _, rows in groupby(held, key=lambda row: row["region"])]
        return {
            "text": "\n".join(line for line in lines if line) if self.on else "",
            "regions": lines if self.on else [""] * len(lines),
            "objects": held,
            "on": self.on,
            "brightness": self.brightness,
            "clock": self.clock.isoformat() if self.clock else None,
            "reboots": self.reboots,
        }

    def panel(self) -> Panel:
        """The framebuffer: what is lit now. Of a moving text, its beginning."""
        screen = Panel(self._config.width, self._config.height)
        for region in self.program.regions if self.program and self.on else ():
            for strings in region.objects:
                paint(screen, region.rectangle.left, region.rectangle.top, strings)
        return screen


def _inside(edges: Rectangle, width: int, height: int) -> None:
    if not (0 <= edges.left < edges.right <= width and 0 <= edges.top < edges.bottom <= height):
        raise ValueError("a rectangle is empty, or outside of what it is in")


def _known(strings: Strings) -> None:
    """Whether all its texts are of kinds that the card has."""
    for text in strings.texts:
        ways = text.enter < WAYS_IN and text.leave < WAYS_OUT and text.stay in (program.STILL, program.BLINKING)
        if not ways or max(text.enter_speed, text.leave_speed) > FASTEST:
            raise ValueError("an unknown way to come, stay or go")
        if text.colour not in NAMES or text.font not in HEIGHTS:
            raise ValueError("an unknown colour or font")
        text.text.decode("gbk")
