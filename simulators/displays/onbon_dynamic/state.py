"""What a card with dynamic areas is: areas of pixels, light, clock, sensors, voice. Areas are lost without power."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from drivers.displays.onbon_dynamic.codec import areas, requests, state
from drivers.displays.onbon_dynamic.codec.frames import CAPACITY
from drivers.displays.onbon_dynamic.codec.requests import Request
from drivers.displays.onbon_dynamic.config import AREAS, OnbonDynamicConfig
from drivers.shared.image import Panel
from simulators.clock import BoxClock
from simulators.displays.onbon_dynamic.areas import Shown

ENCODINGS = ("gb2312", "gbk")
QUEUE = 64
"""How many sentences wait to be said, at most."""


class Refused(Exception):
    """What a card cannot do, by the error that it answers."""

    def __init__(self, error: int) -> None:
        super().__init__(requests.ERRORS[error])
        self.error = error


class Sensors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the sensors say, °C, % and dB; null is a sensor that is not there."""

    temperature_1: float | None = None
    temperature_2: float | None = None
    humidity: float | None = None
    noise: float | None = None


class Card:
    """A card and its screen. Every request is taken whole, or refused whole: ValueError, Refused."""

    def __init__(self, config: OnbonDynamicConfig, now: Callable[[], float] = time.monotonic) -> None:
        self._config, self._now = config, now
        zone = ZoneInfo(config.timezone)
        self.clock = BoxClock(lambda: datetime.now(UTC).astimezone(zone).replace(tzinfo=None))
        self._set_by = timedelta()
        self.level = requests.BRIGHTEST
        self.sensors = Sensors()
        self.reboots = 0
        self.forget()

    def forget(self) -> None:
        """As after power-up: dynamic areas are not kept, the LEDs are on, nobody speaks."""
        self.areas: dict[int, Shown] = {}
        self.on = True
        self.spoken: list[Mapping[str, Any]] = []

    def ping(self, request: Request) -> None:
        _length(request, 0)

    def update(self, request: Request) -> None:
        """Show an area, in the place of the one with its id."""
        area = areas.read_area(request.payload, self._config.card.generation)
        if area.id >= AREAS[self._config.card.generation] or len(request.payload) > CAPACITY + 1024:
            raise Refused(requests.MEMORY)
        if area.x + area.width > self._config.width or area.y + area.height > self._config.height:
            raise Refused(requests.SCREEN)
        self._check(area)
        self.areas[area.id] = Shown(area, self._config.form, self._now())

    def _check(self, area: areas.Area) -> None:
        if not area.pages or area.run_mode not in areas.RUN_MODES or min(area.width, area.height) == 0:
            raise ValueError("a field of the area is out of its range")
        if any(page.mode not in areas.MODES or not 0 < page.valid <= area.width for page in area.pages):
            raise ValueError("a field of a page is out of its range")

    def delete(self, request: Request) -> None:
        """Delete some areas, or all: FF."""
        count, ids = request.payload[:1], request.payload[1:]
        if count == areas.ALL and not ids:
            self.areas = {}
        elif count and count[0] == len(ids):
            self.areas = {number: shown for number, shown in self.areas.items() if number not in ids}
        else:
            raise ValueError("wrong number of areas")

    def brighten(self, request: Request) -> None:
        """Set one brightness for the whole day."""
        mode, *levels = request.payload or b"\xff"
        if mode != requests.MANUAL or len(levels) != requests.HALF_HOURS or max(levels) > requests.BRIGHTEST:
            raise ValueError("bad brightness")
        self.level = levels[0]

    def say(self, request: Request) -> None:
        """Say something when its turn has come."""
        if self._config.card.generation < 6:
            raise Refused(requests.COMMAND)
        voice = requests.read_voice(request.payload)
        if len(self.spoken) >= QUEUE:
            raise Refused(requests.MEMORY)
        text = voice.text.decode(ENCODINGS[voice.encoding])
        self.spoken.append({"text": text, "repeat": voice.repeat, "volume": 10 * voice.volume})

    def power(self, request: Request) -> None:
        if request.payload not in (b"\x00", b"\x01"):
            raise ValueError("neither on nor off")
        self.on = request.payload == b"\x01"

    def set_clock(self, request: Request) -> None:
        """Take over a time; the weekday must be its own."""
        now = state.read_clock(request.payload)
        if now is None or state.clock_data(now) != request.payload:
            raise Refused(requests.DATE)
        self._set_by += now - self.time()

    def time(self) -> datetime:
        """The time that the card believes in."""
        return self.clock.now() + self._set_by

    def status(self) -> state.Status:
        """What it tells of itself."""
        first, second, humidity, noise = (
            None if value is None else round(value / self._config.sensor_step)
            for value in msgspec.structs.astuple(self.sensors)
        )
        return state.Status(
            on=self.on,
            brightness=self.level,
            clock=self.time(),
            temperatures=(first, second),
            humidity=humidity,
            noise=noise,
        )

    def seen(self) -> Mapping[str, Any]:
        """What a person sees (nothing while the LEDs are off) and hears, and the areas that the card holds."""
        held = [shown.seen(self._now()) for _, shown in sorted(self.areas.items())]
        return {
            "text": "\n".join(area["text"] or "" for area in held if self.on),
            "on": self.on,
            "brightness": round(100 * (self.level + 1) / (requests.BRIGHTEST + 1)),
            "areas": held,
            "spoken": list(self.spoken),
            "clock": self.time().isoformat(timespec="seconds"),
            "reboots": self.reboots,
        }

    def panel(self) -> Panel:
        """The framebuffer: what is lit now. Of a moving text, its beginning."""
        screen = Panel(self._config.width, self._config.height)
        for _, shown in sorted(self.areas.items()) if self.on else ():
            screen.paste(shown.area.x, shown.area.y, shown.panel(self._now()))
        return screen


def _length(request: Request, length: int) -> None:
    if len(request.payload) != length:
        raise ValueError("wrong length of the payload")
