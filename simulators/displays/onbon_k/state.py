"""What a BX-K card is: areas of text, lit or dark, forgotten when it restarts; and the pixels that they make."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from drivers.displays.onbon_k import areas, codec
from drivers.displays.onbon_k.config import OnbonKConfig
from drivers.shared.image import Panel

COLOUR = {escape: colour for colour, escape in areas.COLOURS.items()}
ESCAPE = re.compile(rb"(\\C[123])")


class Run(NamedTuple):
    """A stretch of text in one colour."""

    text: str
    colour: str


class Shown(NamedTuple):
    """An area on the screen, with its text as the card understood it."""

    area: areas.Area
    runs: Sequence[Run]

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


class Card:
    """A card and its screen. Every request is taken whole or refused whole, with ValueError."""

    def __init__(self, config: OnbonKConfig) -> None:
        self._config = config
        self.reboots = 0
        self.forget()

    def forget(self) -> None:
        """As after power-up: dynamic areas are not kept, the LEDs are on."""
        self.areas: dict[int, Shown] = {}
        self.on = True

    def power(self, request: codec.Request) -> None:
        if request.payload not in (b"\x01", b"\x02"):
            raise ValueError("neither on nor off")
        self.on = request.payload == b"\x01"

    def clear(self, request: codec.Request) -> None:
        _no_payload(request)
        self.areas = {}

    def show(self, request: codec.Request) -> None:
        """Delete and add areas; `extra` 1 clears first, 0 and the payload's length do not (vectors K5 and K3)."""
        if request.extra not in (0, 1, len(request.payload)):
            raise ValueError("bad process mode")
        delete, found = areas.read_areas(request.payload)
        new = {area.id: Shown(area, self._read(area)) for area in found}
        gone = self.areas if request.extra == 1 or delete == b"\xff" else delete
        self.areas = {id_: shown for id_, shown in self.areas.items() if id_ not in gone} | new

    def ping(self, request: codec.Request) -> None:
        _no_payload(request)

    def _read(self, area: areas.Area) -> Sequence[Run]:
        """The runs of text of an area that is inside of the screen and has no field out of its range."""
        x, width = area.x * self._config.x_unit_px, area.width * self._config.x_unit_px
        inside = x + width <= self._config.width and area.y + area.height <= self._config.height
        plain = area.kind == area.sound == area.extensions == 0 and area.run_mode <= 5
        if not (inside and width and area.height and plain):
            raise ValueError("the area is outside of the screen, or of a kind that this card does not have")
        if area.lines not in (1, 2) or area.wrap not in (1, 2) or not 1 <= area.mode <= 6:
            raise ValueError("bad layout")
        return _runs(area.text)

    def seen(self) -> Mapping[str, Any]:
        """What a person sees (nothing while the LEDs are off), and beside it the areas that the card holds."""
        lit = [shown for _, shown in sorted(self.areas.items())] if self.on else []
        held = [
            {name: getattr(shown.area, name) for name in ("id", "x", "y", "width", "height", "mode")}
            | {"text": shown.text}
            for shown in self.areas.values()
        ]
        return {
            "text": "\n".join(shown.text for shown in lit),
            "runs": [run._asdict() for shown in lit for run in shown.runs],
            "on": self.on,
            "areas": held,
            "reboots": self.reboots,
        }

    def panel(self) -> Panel:
        """The framebuffer: what is lit now. Of a moving text, its beginning."""
        screen = Panel(self._config.width, self._config.height)
        for _, (area, runs) in sorted(self.areas.items()) if self.on else ():
            part = Panel(area.width * self._config.x_unit_px, area.height)
            part.write(
                ((character, run.colour) for run in runs for character in run.text), wrap=area.wrap == areas.WRAP
            )
            screen.paste(area.x * self._config.x_unit_px, area.y, part)
        return screen


def _no_payload(request: codec.Request) -> None:
    if request.payload:
        raise ValueError("unexpected payload")


def _runs(text: bytes) -> Sequence[Run]:
    """Split a text at its colour escapes; without one it is red. Any other backslash, or bytes not GBK, are refused."""
    first, *rest = ESCAPE.split(text)
    pairs = [(areas.COLOURS["red"], first), *zip(rest[::2], rest[1::2], strict=True)]
    if any(b"\\" in part for _, part in pairs):
        raise ValueError("unknown escape")
    return [Run(part.decode("gbk"), COLOUR[escape]) for escape, part in pairs if part]
