"""Drives an LED screen behind an Onbon BX-5K or BX-6K card: a text in each region, light, clock, timer, voice."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from drivers.displays.onbon_k import areas, codec
from drivers.displays.onbon_k.config import OnbonKConfig
from drivers.displays.onbon_k.verbs import SET_CLOCK, SPEAK, TIMED, TIMER, Timer, spans, told
from drivers.shared.image import Panel
from drivers.shared.text import cells_used, cut, encode_gb, printable
from gateway.core.contract import DeviceContext, Link, convert
from gateway.core.errors import CommandRejected, DeviceBusy, DeviceOffline
from gateway.core.model import Command, Identity, Picture, Reading, Surface
from gateway.core.panel import BRIGHTNESS, DIM, ON, PING, POWER, Laid, PanelDriver, Region, Sent, Shown
from gateway.core.screen import MOST, Brightness, Fit, Power, Show, Speak

ALIVE = codec.Request(command=codec.PING)


class OnbonK(PanelDriver[OnbonKConfig]):
    """One card. It acknowledges, but cannot be read back."""

    config_type = OnbonKConfig
    points = (ON, BRIGHTNESS, TIMED)
    verbs = (POWER, DIM, SET_CLOCK, TIMER)

    def __init__(self, config: OnbonKConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self._link: Link | None = None

    def forget(self) -> None:
        super().forget()
        self._newest: dict[str, Shown] = {}
        """By region, what it was sent last: where `shown` is what it has acknowledged."""

    def surface(self) -> Surface:
        surface = super().surface()
        if not self.config.card.voice:
            return surface
        device = msgspec.structs.replace(surface.device, verbs=(*surface.device.verbs, SPEAK))
        return msgspec.structs.replace(surface, device=device)

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        """Ping the card once. What it shows is unknown: it may have been restarted."""
        async with self.context.link(self.config.address) as link:
            self._link = link
            self.forget()
            try:
                await self._ask(ALIVE)
                yield Identity(parts=self.parts())
            finally:
                self._link = None

    async def poll(self, group: str) -> Sequence[Reading]:
        if group != PING:
            return await super().poll(group)
        await self._ask(ALIVE)
        return self.readings()

    def lay(self, region: Region, show: Show) -> Laid:
        columns, rows = region.width // 8, region.height // 16
        where = f"{self.config.id}/{region.id}" if self.config.regions else self.config.id
        texts = [printable(text, MOST) for text in (show.text, *show.shorter)]
        encoded = [encode_gb(text) for text in texts]
        for text in encoded:
            if cells_used(text.shown, columns) <= columns * rows:
                return Laid(text.shown, text.substituted, (text, False))
        if show.fit is Fit.SCROLL:
            moving = encode_gb(cut(texts[0], lambda part: len(encode_gb(part).data) <= areas.MOST_TEXT))
            return Laid(moving.shown, moving.substituted, (moving, True))
        first = encoded[0]
        room = f"{columns * rows} in {rows} row{'s' if rows > 1 else ''}"
        needed = cells_used(first.shown, columns)
        raise CommandRejected(f"{first.shown} needs {needed} half-width cells, screen {where} has {room}")

    async def put(self, region: Region, show: Show, laid: Laid, sent: Sent) -> None:
        before, now = self._newest.get(region.id), Shown(show, laid)
        self._newest[region.id] = now  # before it is sent: who speaks behind it on the wire must not bring back the old
        text, _ = laid.content
        number = [*self.regions().values()].index(region)
        gone = areas.remove(number) if self.config.regions else codec.Request(command=codec.CLEAR)
        try:
            await self._ask(areas.show(self._area(region, now)) if text.data else gone, sent)
        except (CommandRejected, DeviceBusy):
            self._newest |= {region.id: before} if before else {}
            raise

    async def do(self, command: Command, sent: Sent) -> Mapping[str, Any]:
        match command.verb:
            case "power":
                power = convert(Power, command.params)
                await self._ask(codec.Request(command=codec.POWER, payload=b"\x01" if power.on else b"\x02"), sent)
                return {"on": power.on}
            case "brightness":
                percent = convert(Brightness, command.params).percent
                await self._ask(codec.light(-(-percent * self.config.brightest // 100)), sent)
                return {"brightness": percent}
            case "set_clock":
                return {"clock": await self._set_clock(sent)}
            case "timer":
                return {"timer": await self._set_timer(convert(Timer, command.params), sent)}
            case "speak" if self.config.card.voice:
                return await self._speak(convert(Speak, command.params), sent)
            case _:
                return await super().do(command, sent)

    def draw(self) -> Picture:
        """The acknowledged texts, drawn with our own font; of a scrolling one its beginning."""
        regions = self.regions()
        panel = Panel(self.config.width, self.config.height)
        for place, (show, laid) in self.shown.items() if self.values.get("on") is not False else ():
            region, (text, moving) = regions[place], laid.content
            own = Panel(region.width, region.height)
            own.write(((character, show.colour) for character in text.shown), wrap=not moving)
            panel.paste(region.x, region.y, own)
        return Picture(*panel.size, panel.png())

    async def _set_clock(self, sent: Sent | None = None) -> str:
        zone = ZoneInfo(self.config.timezone)
        at = self.context.clock.now().astimezone(zone).replace(tzinfo=None, microsecond=0)
        await self._ask(codec.set_clock(at), sent)
        return at.isoformat()

    async def _set_timer(self, timer: Timer, sent: Sent) -> str:
        """A clock that is wrong would darken the screen in the middle of the day: it is set first."""
        if timer.lit:
            await self._set_clock()
        await self._ask(codec.set_timer(spans(timer)), sent)
        return told(timer)

    async def _speak(self, speak: Speak, sent: Sent) -> Mapping[str, Any]:
        """The voice belongs to an area: the one that looks the same when it is sent again is sent with it."""
        words = encode_gb(printable(speak.text, MOST))
        region, shown = self._mouth()
        sound = areas.Sound(
            person=self.config.person,
            repeat=speak.repeat - 1,
            volume=round(speak.volume / 10),
            speed=self.config.speech_speed,
            words=words.data,
        )
        await self._ask(areas.show(msgspec.structs.replace(self._area(region, shown), sound=sound)), sent)
        return {"spoken": words.shown, "substituted": words.substituted}

    def _mouth(self) -> tuple[Region, Shown]:
        """A region with a text that stands, else one that is empty, else one whose text begins to run again."""
        known = [(region, self._newest[region.id]) for region in self.regions().values() if region.id in self._newest]
        if not known:
            raise DeviceBusy(f"{self.config.id} has not been told what to show yet: its voice belongs to a text")
        return min(known, key=lambda each: (each[1].laid.content[1], not each[1].laid.text))

    def _area(self, region: Region, shown: Shown) -> areas.Area:
        """An area with the text of a region. Without any it is an escape alone: there is nothing to see of it."""
        text, moving = shown.laid.content
        return areas.Area(
            x=self.config.on_wire(region.x),
            y=region.y,
            width=self.config.on_wire(region.width),
            height=region.height,
            id=[*self.regions().values()].index(region),
            lines=areas.SINGLE if moving else areas.MULTI,
            wrap=areas.NO_WRAP if moving or region.height < 32 else areas.WRAP,
            mode=areas.LEFT if moving else areas.STATIC,
            speed=4 if moving else 0,
            text=areas.COLOURS[shown.show.colour] + text.data,
        )

    async def _ask(self, request: codec.Request, sent: Sent | None = None) -> None:
        if self._link is None:
            raise DeviceOffline(f"{self.config.id} is not connected")
        try:
            wire = request.wire(self.config.screen)
        except ValueError as error:
            raise CommandRejected(f"{self.config.id} cannot be asked that at once: {error}") from error
        matches = partial(self._reply, codec.Decoder())
        reply = await self._link.exchange(wire, matches, self.config.timeout_s, sent)
        if not reply.ok:
            why = f"{self.config.id} refused with error {reply.error}, {codec.ERRORS.get(reply.error, 'unknown')}"
            raise DeviceBusy(why) if reply.error == codec.BUSY else CommandRejected(why)

    def _reply(self, decoder: codec.Decoder, data: bytes) -> codec.Reply | None:
        """The card's answer in these bytes. It does not say to what: the link gives each question its own turn."""
        for found in decoder.feed(data):
            if isinstance(found, codec.Frame) and found.dst == codec.GATEWAY:
                reply = codec.read_reply(found)
                if reply is not None and self.config.screen in (found.src, codec.ANY_SCREEN):
                    return reply
        return None
