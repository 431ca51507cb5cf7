"""Drives an LED screen behind an LEDSender2010 card: a text in each region, light, brightness, clock."""

import math
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import ClassVar
from zoneinfo import ZoneInfo

from drivers.displays.ledsender import codec, program
from drivers.displays.ledsender.codec import Packet, Reply
from drivers.displays.ledsender.config import LedSenderConfig
from drivers.displays.ledsender.drawing import COLOURS, objects, paint
from drivers.shared.image import Panel
from drivers.shared.layout import Layout, arrange
from drivers.shared.text import encode_gb, printable
from gateway.core.contract import DeviceContext, Link, convert
from gateway.core.errors import CommandRejected, DeviceBusy, DeviceOffline
from gateway.core.model import Command, Identity, Picture, Point, Reading, Scalar, Verb
from gateway.core.panel import DIM, PING, POWER, Laid, PanelDriver, Region, Sent
from gateway.core.screen import MOST, Brightness, Fit, Power, SetClock, Show

AGAIN_S = 0.1  # as deployed software repeats a datagram; on a LAN a card answers within milliseconds
FACES = tuple(sorted(program.FONTS, reverse=True))
ON = Point("on", "boolean", "whether the card says that its LEDs are lit")
BRIGHTNESS = Point("brightness", "integer", "the brightness that the card tells, in seven steps", unit="%")
SET_CLOCK = Verb(name="set_clock", meaning="set the card's clock to the gateway's", params=SetClock, confirms=False)


class LedSender(PanelDriver[LedSenderConfig]):
    """One card. Power and brightness can be read back, a text only is acknowledged."""

    config_type = LedSenderConfig
    points: ClassVar[Sequence[Point]] = (ON, BRIGHTNESS)
    verbs: ClassVar[Sequence[Verb]] = (POWER, DIM, SET_CLOCK)

    def __init__(self, config: LedSenderConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self._link: Link | None = None
        self._busy = False

    def forget(self) -> None:
        super().forget()
        self._whole_until = -math.inf
        """Until when the card is taken to have all regions; then they are sent together again."""

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        """Ask the card whether it is lit. What it shows is unknown: it may have been restarted."""
        async with self.context.link(self.config.address, again_s=AGAIN_S) as link:
            self._link = link
            self.forget()
            try:
                self.values |= await self._state()
                yield Identity(parts=self.parts())
            finally:
                self._link = None

    async def poll(self, group: str) -> Sequence[Reading]:
        if group != PING:
            return await super().poll(group)
        if not self._busy:  # else it is being told something, and answers that
            self.values |= await self._state()
        return self.readings()

    def lay(self, region: Region, show: Show) -> Laid:
        room = partial(arrange, width=region.width, height=region.height, faces=FACES)
        encoded = [encode_gb(printable(text, MOST), escapes=False) for text in (show.text, *show.shorter)]
        for text in encoded:
            if layout := room([text.shown], moving=False):
                return Laid(text.shown, text.substituted, layout)
        first = encoded[0]
        layout = room([first.shown], moving=show.fit is Fit.SCROLL)
        if layout is None:
            where = f"{self.config.id}/{region.id}" if self.config.regions else self.config.id
            size = f"{region.width} x {region.height} pixels"
            raise CommandRejected(f"{first.shown} does not fit on {where}, which has {size}")
        return Laid(first.shown, first.substituted, layout)

    async def put(self, region: Region, show: Show, laid: Laid, sent: Sent) -> None:
        """See PanelDriver. One row in a region that has one row is replaced there; else the whole program is sent."""
        now, own = self.context.clock.monotonic(), self._objects(region, show, laid.content)
        number = [*self.regions().values()].index(region)
        replaces = self.config.replace and self.config.regions and now < self._whole_until
        with self._alone():
            if replaces and len(own) == len(self._page(number)) == 1:
                await self._replace(number, own[0], sent)
                return
            self._whole_until = -math.inf
            await self._send(self._program(number, own).encoded(), sent)
            self._whole_until = now + self.config.resend_s

    async def do(self, command: Command, sent: Sent) -> Mapping[str, Scalar]:
        card, told = self.config.card, dict[str, Scalar]()
        match command.verb:
            case "power":
                on = convert(Power, command.params).on
                packet, told["on"] = Packet(command=codec.SET_POWER, card=card, serial=int(on)), on
            case "brightness":
                level = max(1, round(convert(Brightness, command.params).percent * codec.BRIGHTEST / 100))
                packet = Packet(command=codec.SET_BRIGHTNESS, card=card, serial=level)
                told["brightness"] = _percent(level)
            case "set_clock":
                now = self.context.clock.now().astimezone(ZoneInfo(self.config.timezone))
                packet = Packet(command=codec.SET_TIME, card=card, data=codec.system_time(now))
                told["clock"] = now.isoformat(timespec="seconds")
            case _:
                return await super().do(command, sent)
        with self._alone():
            await self._ask(packet, sent)
        return told

    def draw(self) -> Picture:
        """The acknowledged texts, drawn with our own font; of a moving text its beginning."""
        regions = self.regions()
        panel = Panel(self.config.width, self.config.height)
        for number, region in enumerate(regions.values()) if self.values.get("on") is not False else ():
            for strings in self._page(number):
                paint(panel, region.x, region.y, strings)
        return Picture(*panel.size, panel.png())

    @property
    def _colours(self) -> int:
        return program.COLOURS[self.config.colours]

    def _page(self, number: int) -> tuple[program.Strings, ...]:
        """The objects that a region shows once it has come to rest, as far as the card has acknowledged."""
        part, region = [*self.regions().items()][number]
        shown = self.shown.get(part)
        show, layout = (shown.show, shown.laid.content) if shown else (Show(""), Layout((), FACES[-1]))
        return self._objects(region, show, layout, attention=False)

    def _objects(
        self, region: Region, show: Show, layout: Layout, *, attention: bool = True
    ) -> tuple[program.Strings, ...]:
        mono = self.config.colours == "mono"  # where only yellow is seen on every LED
        colour = program.YELLOW if mono else COLOURS[show.colour]
        blinks = attention and show.attention
        return objects(layout, region.width, region.height, colour=colour, attention=blinks)

    def _program(self, number: int, own: tuple[program.Strings, ...]) -> program.Program:
        """All regions as they are known, but for one."""
        places = enumerate(self.regions().values())
        regions = (
            program.Region(_rectangle(at), own if place == number else self._page(place)) for place, at in places
        )
        return program.Program(self._colours, tuple(regions))

    @contextmanager
    def _alone(self) -> Generator[None]:
        """What the card is told meanwhile is one thing. Raises DeviceBusy: two programs at once would be mixed."""
        if self._busy:
            raise DeviceBusy(f"{self.config.id} is being told something else")
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    async def _replace(self, number: int, strings: program.Strings, sent: Sent) -> None:
        """Replace the one object of a region. A card that refuses has lost what was there: it was restarted."""
        try:
            await self._send(program.Replacement(self._colours, number, 0, strings).encoded(), sent)
        except CommandRejected as error:
            raise DeviceOffline(f"{error}: it has lost what it showed") from error

    async def _send(self, stream: bytes, sent: Sent) -> None:
        """Send a program: its beginning, the bytes in order, its end. Each part is acknowledged.

        `sent` is called for the first of them and for the last.
        """
        ask, card = self._ask, self.config.card
        await ask(Packet(command=codec.BEGIN, card=card), sent)
        serial = 0
        for serial, start in enumerate(range(0, len(stream), codec.MOST_DATA), 1):
            data = stream[start : start + codec.MOST_DATA]
            await ask(Packet(command=codec.DATA, card=card, serial=serial, data=data))
        await ask(Packet(command=codec.END, card=card, serial=serial + 1), sent)

    async def _state(self) -> Mapping[str, Scalar]:
        card = self.config.card
        power = await self._ask(Packet(command=codec.GET_POWER, card=card))
        brightness = await self._ask(Packet(command=codec.GET_BRIGHTNESS, card=card))
        return {"on": power.serial == 1, "brightness": _percent(brightness.serial)}

    async def _ask(self, packet: Packet, sent: Sent | None = None) -> Reply:
        if self._link is None:
            raise DeviceOffline(f"{self.config.id} is not connected")
        matches = partial(self._reply, codec.Decoder(checked=self.config.checked), packet)
        wire = packet.wire(checked=self.config.checked)
        reply = await self._link.exchange(wire, matches, self.config.timeout_s, sent)
        if not codec.is_done(packet, reply, self.config.accepted):
            raise CommandRejected(f"{self.config.id} refused with result {_meaning(packet, reply)}")
        return reply

    def _reply(self, decoder: codec.Decoder, asked: Packet, data: bytes) -> Reply | None:
        """The card's answer to the question, in these bytes. Its address may stand on either side."""
        for found in decoder.feed(data):
            if isinstance(found, Packet) and self.config.card in (found.sender, found.card):
                reply = codec.read_reply(found)
                if reply is not None and codec.answers(asked, reply):
                    return reply
        return None


def _rectangle(region: Region) -> program.Rectangle:
    return program.Rectangle(region.x, region.y, region.x + region.width, region.y + region.height)


def _meaning(asked: Packet, reply: Reply) -> str:
    follows = reply.result == codec.TIMETABLE and asked.command in (codec.SET_POWER, codec.SET_BRIGHTNESS)
    return f"{reply.result}, it follows a timetable of its own" if follows else str(reply.result)


def _percent(level: int) -> int:
    return round(level * 100 / codec.BRIGHTEST)
