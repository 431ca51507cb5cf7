"""Drives an LED screen behind an Onbon BX-5E, 5Q, 6E or 6Q card: pictures of texts, light, voice; how the card is."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from drivers.displays.onbon_dynamic.card import Card
from drivers.displays.onbon_dynamic.codec import areas, requests, state
from drivers.displays.onbon_dynamic.codec.requests import BRIGHTEST, Request
from drivers.displays.onbon_dynamic.config import MODELS, OnbonDynamicConfig
from drivers.displays.onbon_dynamic.pages import area, lay
from drivers.displays.onbon_dynamic.voice import voice
from drivers.shared.image import Panel
from drivers.shared.layout import drawn
from drivers.shared.text import printable
from gateway.core.contract import DeviceContext, convert
from gateway.core.errors import DeviceOffline, ProtocolError
from gateway.core.model import Command, Identity, Picture, Point, Reading, Scalar, Surface, Verb
from gateway.core.panel import DIM, PING, POWER, Laid, PanelDriver, Region, Sent
from gateway.core.screen import Brightness, Power, SetClock, Show, Speak

SET_CLOCK = Verb(name="set_clock", meaning="set the card's clock", params=SetClock, confirms=False)
SPEAK = Verb(name="speak", meaning="say something once all is said that waits", params=Speak, confirms=False)
POINTS = (
    Point("on", "boolean", "whether the LEDs are lit, as the card says"),
    Point("brightness", "integer", "the brightness, as the card says", unit="%"),
    Point("temperature_1", "number", "what its first sensor says; unknown without one", unit="°C", deadband=0.5),
    Point("temperature_2", "number", "what its second sensor says; unknown without one", unit="°C", deadband=0.5),
    Point("humidity", "number", "the humidity; unknown without a sensor", unit="%", deadband=1.0),
    Point("noise", "number", "the noise; unknown without a sensor", unit="dB", deadband=1.0),
    Point("clock_offset_s", "number", "how far its clock is ahead; unknown where that does not work", unit="s"),
)
NAMES = {model.device_type: name for name, model in MODELS.items()}


class OnbonDynamic(PanelDriver[OnbonDynamicConfig]):
    """One card. Texts are drawn here and sent as pixels; the card tells how it is, but not what it shows."""

    config_type = OnbonDynamicConfig
    points = POINTS
    verbs = (POWER, DIM, SET_CLOCK)

    def __init__(self, config: OnbonDynamicConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self._card: Card | None = None

    @property
    def card(self) -> Card:
        """The card. Raises DeviceOffline while there is none."""
        if self._card is None:
            raise DeviceOffline(f"{self.config.id} is not connected")
        return self._card

    def surface(self) -> Surface:
        """What every panel offers; a card of generation 6 speaks as well."""
        surface = super().surface()
        if self.config.card.generation < 6:
            return surface
        device = msgspec.structs.replace(surface.device, verbs=(*surface.device.verbs, SPEAK))
        return msgspec.structs.replace(surface, device=device)

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        """Ask whether it takes dynamic areas, and who it is. What it shows is unknown: it may have been restarted."""
        async with self.context.link(self.config.address) as link:
            self._card = Card(self.config, link)
            self.forget()
            try:
                await self.card.ask(Request(command=requests.PING), any_type=True)
                yield await self._identity()
            finally:
                self._card = None

    async def _identity(self) -> Identity:
        told = await self.card.tell(requests.PING, state.read_ping)
        if told is None:
            return Identity(parts=self.parts())
        model = NAMES.get(told.device_type)
        if model not in (None, self.config.model):
            raise ProtocolError(f"{self.config.id} is a {model}, the site file says {self.config.model}")
        firmware = printable(told.firmware.decode("ascii", "replace"), len(told.firmware))
        return Identity(model=model, firmware=firmware or None, parts=self.parts())

    async def poll(self, group: str) -> Sequence[Reading]:
        if group != PING:
            return await super().poll(group)
        status = await self.card.tell(requests.STATUS, state.read_status)
        self.values = {} if status is None else self._values(status)
        return self.readings()

    def _values(self, status: state.Status) -> dict[str, Scalar]:
        first, second = status.temperatures
        sensors = {"temperature_1": first, "temperature_2": second, "humidity": status.humidity, "noise": status.noise}
        step = self.config.sensor_step
        measured = {name: None if value is None else round(value * step, 3) for name, value in sensors.items()}
        offset = None if status.clock is None else round((status.clock - self._now()).total_seconds(), 1)
        return {"on": status.on, "brightness": _percent(status.brightness), "clock_offset_s": offset, **measured}

    def _now(self) -> datetime:
        """The right time at the place of the card."""
        return self.context.clock.now().astimezone(ZoneInfo(self.config.timezone)).replace(tzinfo=None)

    def lay(self, region: Region, show: Show) -> Laid:
        return lay(self.config, region, show)

    async def put(self, region: Region, show: Show, laid: Laid, sent: Sent) -> None:
        number = [*self.regions().values()].index(region)
        if laid.text:
            request = areas.show(area(self.config, number, region, show, laid.content), self.config.card.generation)
        else:
            request = areas.remove(number if self.config.regions else None)
        await self.card.ask(request, sent)

    async def do(self, command: Command, sent: Sent) -> Mapping[str, Scalar]:
        match command.verb:
            case "power":
                on = convert(Power, command.params).on
                await self.card.ask_natively(requests.power(on=on), sent)
                return {"on": on}
            case "brightness":
                level = -(-convert(Brightness, command.params).percent * (BRIGHTEST + 1) // 100) - 1
                await self.card.ask(requests.brightness(level), sent)
                return {"brightness": _percent(level)}
            case "set_clock":
                now = self._now()
                await self.card.ask_natively(Request(command=requests.SET_CLOCK, payload=state.clock_data(now)), sent)
                return {"clock": now.isoformat(timespec="seconds")}
            case "speak":
                said = voice(convert(Speak, command.params))
                await self.card.ask(requests.say(said), sent)
                return {"spoken": said.text.decode("gbk")}
            case _:
                return await super().do(command, sent)

    def check(self, verb: Verb, part: str | None, params: Mapping[str, object]) -> None:
        """Refuse what cannot be shown whole, or said at all, beside parameters that are wrong."""
        super().check(verb, part, params)
        if verb is SPEAK:
            voice(convert(Speak, params))

    def draw(self) -> Picture:
        """The acknowledged texts as they were sent; of a scrolling one its beginning."""
        regions = self.regions()
        panel = Panel(self.config.width, self.config.height)
        for place, (show, laid) in self.shown.items() if self.values.get("on") is not False else ():
            region = regions[place]
            bits = drawn(laid.content, region.width, region.height).cut(0, region.width)
            panel.paint(region.x, region.y, bits, self.config.form.shown(show.colour))
        return Picture(*panel.size, panel.png())


def _percent(level: int) -> int | None:
    """Of the brightest; None for a level that there is not. The lowest still shines."""
    return round(100 * (level + 1) / (BRIGHTEST + 1)) if level <= BRIGHTEST else None
