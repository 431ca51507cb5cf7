"""What a BX-K card is: areas of text, lit or dark, forgotten when it restarts; and the pixels that they make."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from drivers.displays.onbon_k import areas, codec
from drivers.displays.onbon_k.config import OnbonKConfig
from drivers.shared.image import Panel
from simulators.clock import BoxClock

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


class Said(NamedTuple):
    """What a card with a voice has said."""

    text: str
    times: int
    volume: int
    speed: int
    person: int


MOST_SAID = 50


class Card:
    """A card and its screen. Every request is taken whole or refused whole, with ValueError.

    Its clock has a battery: it is right until somebody sets it, or pulls `clock_skew`, and it survives a restart.
    """

    def __init__(self, config: OnbonKConfig) -> None:
        self._config = config
        self.reboots = 0
        self.clock = BoxClock(lambda: datetime.now(ZoneInfo(config.timezone)).replace(tzinfo=None))
        self._set_by = timedelta()
        self.said: list[Said] = []
        self.forget()

    def forget(self) -> None:
        """As after power-up: dynamic areas are not kept, the LEDs are on, as bright as they can."""
        self.areas: dict[int, Shown] = {}
        self.on = True
        self.level = int(self._config.brightest)
        self.spans: Sequence[codec.Span] = ()

    def now(self) -> datetime:
        """The time of its clock."""
        return self.clock.now() + self._set_by

    @property
    def lit(self) -> bool:
        """Whether the LEDs may be lit now: switched on, and in a span of the timer where there is one."""
        at = self.now().time()
        inside = any(on <= at < off if on <= off else not off <= at < on for on, off in self.spans)
        return self.on and (inside or not self.spans)

    def set_clock(self, request: codec.Request) -> None:
        self._set_by += codec.read_clock(request.payload) - self.now()

    def set_light(self, request: codec.Request) -> None:
        level = codec.read_light(request.payload)
        if not 1 <= level <= self._config.brightest:
            raise ValueError("no such level")
        self.level = level

    def set_timer(self, request: codec.Request) -> None:
        self.spans = codec.read_timer(request.payload)

    def cancel_timer(self, request: codec.Request) -> None:
        _no_payload(request)
        self.spans = ()

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
        said = [self._hear(area.sound, new[area.id]) for area in found if area.sound]
        gone = self.areas if request.extra == 1 or delete == b"\xff" else delete
        self.areas = {id_: shown for id_, shown in self.areas.items() if id_ not in gone} | new
        self.said = [*self.said, *said][-MOST_SAID:]

    def ping(self, request: codec.Request) -> None:
        _no_payload(request)

    def _read(self, area: areas.Area) -> Sequence[Run]:
        """The runs of text of an area that is inside of the screen and has no field out of its range."""
        x, width = self._config.in_px(area.x), self._config.in_px(area.width)
        inside = x + width <= self._config.width and area.y + area.height <= self._config.height
        plain = area.kind == area.extensions == 0 and area.run_mode <= 5
        if not (inside and width and area.height and plain):
            raise ValueError("the area is outside of the screen, or of a kind that this card does not have")
        if area.lines not in (1, 2) or area.wrap not in (1, 2) or not 1 <= area.mode <= 6:
            raise ValueError("bad layout")
        return _runs(area.text)

    def _hear(self, sound: areas.Sound, shown: Shown) -> Said:
        """What a sound says, if this card can, and no field is out of its range."""
        if not (self._config.card.voice and sound.person <= 5 and sound.volume <= 10 and sound.speed <= 10):
            raise ValueError("no such voice")
        text = shown.text if sound.words is None else sound.words.decode("gbk")
        return Said(text, sound.repeat + 1, sound.volume, sound.speed, sound.person)

    def seen(self) -> Mapping[str, Any]:
        """What a person sees (nothing while the LEDs are off), and beside it the areas that the card holds."""
        lit = [shown for _, shown in sorted(self.areas.items()) if shown.runs] if self.lit else []
        held = [
            {name: getattr(shown.area, name) for name in ("id", "x", "y", "width", "height", "mode")}
            | {"text": shown.text}
            for shown in self.areas.values()
        ]
        return {
            "text": "\n".join(shown.text for shown in lit),
            "runs": [run._asdict() for shown in lit for run in shown.runs],
            "on": self.on,
            "brightness": self.level,
            "timer": [f"{on:%H:%M}-{off:%H:%M}" for on, off in self.spans],
            "clock": self.now().isoformat(timespec="seconds"),
            "said": [said._asdict() for said in self.said],
            "areas": held,
            "reboots": self.reboots,
        }

    def panel(self) -> Panel:
        """The framebuffer: what is lit now. Of a moving text, its beginning."""
        screen = Panel(self._config.width, self._config.height)
        for _, (area, runs) in sorted(self.areas.items()) if self.lit else ():
            part = Panel(self._config.in_px(area.width), area.height)
            part.write(
                ((character, run.colour) for run in runs for character in run.text), wrap=area.wrap == areas.WRAP
            )
            screen.paste(self._config.in_px(area.x), area.y, part)
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
