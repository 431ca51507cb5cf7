"""What a Huidu card is: programmes, light, brightness, a clock; and what it does for each method of its SDK."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from drivers.displays.huidu.config import HuiduConfig
from drivers.shared.image import Panel
from drivers.shared.layout import Layout
from drivers.shared.markup import Element
from simulators.clock import BoxClock
from simulators.displays.huidu import screen
from simulators.displays.huidu.screen import attribute, choice, number, one

TIME = "%Y-%m-%d %H:%M:%S"


class Name(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The card says from now on that it is this."""

    model: str = "C16L"
    id: str = "C16L-D24-00622"
    firmware: str = "7.11.18.0"


class Card:
    """A card and its screen. Every command is taken whole or refused whole: ValueError with the name of an error."""

    def __init__(self, config: HuiduConfig, now: Callable[[], float] = time.monotonic) -> None:
        self._config, self.now = config, now
        self._zone = ZoneInfo(config.timezone)
        self.clock = BoxClock(self._true_time)
        self.name = Name()
        self.reboots = 0
        self.forget()
        self.methods: Mapping[str, Callable[[Element], Sequence[Element]]] = {
            "GetIFVersion": lambda asked: (Element("version", {"value": attribute(one(asked, "version"), "value")}),),
            "GetDeviceInfo": self._tell_name,
            "AddProgram": self._replace,
            "UpdateProgram": self._update,
            "GetProgram": self._tell_programmes,
            "OpenScreen": lambda _: self._light(on=True),
            "CloseScreen": lambda _: self._light(on=False),
            "SetLuminancePloy": self._dim,
            "GetLuminancePloy": self._tell_brightness,
            "SetTimeInfo": self._set_clock,
            "GetTimeInfo": self._tell_time,
        }

    def forget(self) -> None:
        """As after power-up. Whether a real card keeps its playlist in flash is not documented: this one does not."""
        self.on, self.brightness, self.mode = True, 100, "default"
        self._playlist: dict[str, Element] = {}
        self._areas: dict[str, Sequence[screen.Area]] = {}
        self._began = self.now()

    def somebody_elses(self, text: str) -> None:
        """Somebody puts a programme of their own in the place of all others."""
        page = screen.Page(Layout((text,), 16), "red", 30)
        self._areas = {"other": [screen.Area("other", 0, 0, self._config.width, self._config.height, [page])]}
        self._playlist = {"other": Element("program", {"guid": "other"})}

    def _true_time(self) -> datetime:
        return datetime.now(self._zone).replace(tzinfo=None)

    def _tell_name(self, _: Element) -> Sequence[Element]:
        device = {"cpu": "RK.px30", "model": self.name.model, "name": "", "id": self.name.id}
        size = {"width": str(self._config.width), "height": str(self._config.height), "rotation": "0"}
        version = {"fpga": "16.12.0.0", "app": self.name.firmware, "kernel": ""}
        return Element("device", device), Element("version", version), Element("screen", size)

    def _replace(self, asked: Element) -> Sequence[Element]:
        listed = one(asked, "screen")
        number(listed, "timeStamps", 10**15)
        self._areas = dict(screen.programmes(listed, self._config))
        self._playlist = {program.attributes["guid"]: program for program in listed.find("program")}
        self._began = self.now()
        return ()

    def _update(self, asked: Element) -> Sequence[Element]:
        listed = one(asked, "screen")
        changed = screen.programmes(listed, self._config)
        if not changed.keys() <= self._areas.keys():
            raise ValueError("kNodeNotExist")
        self._areas |= changed
        self._playlist |= {program.attributes["guid"]: program for program in listed.find("program")}
        self._began = self.now()
        return ()

    def _tell_programmes(self, _: Element) -> Sequence[Element]:
        return (Element("screen", {}, [_told(program) for program in self._playlist.values()]),)

    def _light(self, *, on: bool) -> Sequence[Element]:
        self.on = on
        return ()

    def _dim(self, asked: Element) -> Sequence[Element]:
        if {child.name for child in asked.children} != {"mode", "default", "ploy", "sensor"}:
            raise ValueError("kParseXmlFailed")
        sensor = one(asked, "sensor")
        for name, least, most in (("min", 1, 100), ("max", 1, 100), ("time", 5, 15)):
            number(sensor, name, most, least)
        brightness = number(one(asked, "default"), "value", 100, 1)
        self.mode = choice(one(asked, "mode"), "value", "default", "ploys", "sensor")
        self.brightness = brightness
        return ()

    def _tell_brightness(self, _: Element) -> Sequence[Element]:
        sensor = Element("sensor", {"max": "100", "count": "0", "min": "1", "time": "5"})
        values = (Element(name, {"value": str(value)}) for name, value in self._brightness().items())
        return *values, sensor, Element("ploy")

    def _brightness(self) -> Mapping[str, Any]:
        return {"mode": self.mode, "default": self.brightness}

    def _set_clock(self, asked: Element) -> Sequence[Element]:
        zone = attribute(one(asked, "timezone"), "value")
        choice(one(asked, "summer"), "enable", "true", "false")
        choice(one(asked, "sync"), "value", "none")
        if not zone.startswith(f"(UTC{_offset(datetime.now(self._zone))})"):
            raise ValueError("kInvalidParam")
        try:
            told = datetime.strptime(attribute(one(asked, "time"), "value"), TIME)  # noqa: DTZ007 - naive, as boxes are
        except ValueError:
            raise ValueError("kInvalidParam") from None
        self.clock.levers()["clock_skew"]({"seconds": (told - self._true_time()).total_seconds()})
        return ()

    def _tell_time(self, _: Element) -> Sequence[Element]:
        return (
            Element("timezone", {"value": f"(UTC{_offset(datetime.now(self._zone))})"}),
            Element("summer", {"enable": "false"}),
            Element("sync", {"value": "none"}),
            Element("time", {"value": f"{self.clock.now():{TIME}}"}),
        )

    def _lit(self) -> Sequence[tuple[screen.Area, screen.Page]]:
        elapsed_s = self.now() - self._began
        return [(area, area.page(elapsed_s)) for areas in self._areas.values() for area in areas] if self.on else []

    def seen(self) -> Mapping[str, Any]:
        """What a person sees (no text while the LEDs are off), and how the card is."""
        areas = [screen.seen(area, page) for area, page in self._lit()]
        return {
            "text": "\n".join(area["text"] for area in areas if area["text"]),
            "areas": areas,
            "on": self.on,
            "brightness": self.brightness,
            "clock": f"{self.clock.now():{TIME}}",
            "reboots": self.reboots,
        }

    def panel(self) -> Panel:
        """The framebuffer: what is lit now."""
        panel = Panel(self._config.width, self._config.height)
        for area, page in self._lit():
            screen.paint(panel, area, page)
        return panel


def _offset(now: datetime) -> str:
    return f"{now:%z}"[:3] + ":" + f"{now:%z}"[3:5]


def _told(element: Element) -> Element:
    """A programme as a card tells it: `resources` are called `resource` there."""
    name = "resource" if element.name == "resources" else element.name
    return Element(name, element.attributes, [_told(child) for child in element.children], element.text)
