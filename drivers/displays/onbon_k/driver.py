"""Drives an LED screen behind an Onbon BX-5K or BX-6K card: a text in each region, on or off."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from drivers.displays.onbon_k import areas, codec
from drivers.displays.onbon_k.config import OnbonKConfig
from drivers.shared.image import SCALE, Panel
from drivers.shared.text import Encoded, cells_used, encode_gb, printable
from gateway.core.contract import DeviceContext, Link, convert
from gateway.core.errors import CommandRejected, DeviceBusy, DeviceOffline
from gateway.core.model import Command, Identity, Picture, Reading, Scalar
from gateway.core.panel import PING, Laid, PanelDriver, Region, Sent
from gateway.core.screen import MOST, Fit, Power, Show

ALIVE = codec.Request(command=codec.PING)


class OnbonK(PanelDriver[OnbonKConfig]):
    """One card. It acknowledges, but cannot be read back."""

    config_type = OnbonKConfig

    def __init__(self, config: OnbonKConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self._link: Link | None = None

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
        encoded = [encode_gb(printable(text, MOST)) for text in (show.text, *show.shorter)]
        for text in encoded:
            if cells_used(text.shown, columns) <= columns * rows:
                return Laid(text.shown, text.substituted, (text, False))
        first = encoded[0]
        if show.fit is Fit.SCROLL:
            return Laid(first.shown, first.substituted, (first, True))
        where = f"{self.config.id}/{region.id}" if self.config.regions else self.config.id
        room = f"{columns * rows} in {rows} row{'s' if rows > 1 else ''}"
        needed = cells_used(first.shown, columns)
        raise CommandRejected(f"{first.shown} needs {needed} half-width cells, screen {where} has {room}")

    async def put(self, region: Region, show: Show, laid: Laid, sent: Sent) -> None:
        text, moving = laid.content
        await self._ask(self._request(region, show, text, moving=moving), sent)

    async def do(self, command: Command, sent: Sent) -> Mapping[str, Scalar]:
        if command.verb != "power":
            return await super().do(command, sent)
        power = convert(Power, command.params)
        await self._ask(codec.Request(command=codec.POWER, payload=b"\x01" if power.on else b"\x02"), sent)
        return {"on": power.on}

    def picture(self, part: str | None) -> Picture | None:
        """The acknowledged texts, drawn with our own font; of a scrolling one its beginning."""
        regions = self.regions()
        if not self.shown.keys() & ({part} if part in regions else regions):
            return None
        panel = Panel(self.config.width, self.config.height)
        for place, (show, laid) in self.shown.items() if self.values.get("on") is not False else ():
            region, (text, moving) = regions[place], laid.content
            own = Panel(region.width, region.height)
            own.write(((character, show.colour) for character in text.shown), wrap=not moving)
            panel.paste(region.x, region.y, own)
        return Picture(panel.width * SCALE, panel.height * SCALE, panel.png())

    def _request(self, region: Region, show: Show, text: Encoded, *, moving: bool) -> codec.Request:
        number = [*self.regions().values()].index(region)
        if not text.data:
            return areas.remove(number) if self.config.regions else codec.Request(command=codec.CLEAR)
        area = areas.Area(
            x=region.x // self.config.x_unit_px,
            y=region.y,
            width=region.width // self.config.x_unit_px,
            height=region.height,
            id=number,
            lines=areas.SINGLE if moving else areas.MULTI,
            wrap=areas.NO_WRAP if moving or region.height < 32 else areas.WRAP,
            mode=areas.LEFT if moving else areas.STATIC,
            speed=4 if moving else 0,
            text=areas.COLOURS[show.colour] + text.data,
        )
        return areas.show(area)

    async def _ask(self, request: codec.Request, sent: Sent | None = None) -> None:
        if self._link is None:
            raise DeviceOffline(f"{self.config.id} is not connected")
        matches = partial(self._reply, codec.Decoder())
        reply = await self._link.exchange(request.wire(self.config.screen), matches, self.config.timeout_s, sent)
        if not reply.ok:
            error = f"{self.config.id} refused with error {reply.error}, {codec.ERRORS.get(reply.error, 'unknown')}"
            raise DeviceBusy(error) if reply.error == codec.BUSY else CommandRejected(error)

    def _reply(self, decoder: codec.Decoder, data: bytes) -> codec.Reply | None:
        """The card's answer in these bytes. It does not say to what: the link gives each question its own turn."""
        for found in decoder.feed(data):
            if isinstance(found, codec.Frame) and found.dst == codec.GATEWAY:
                reply = codec.read_reply(found)
                if reply is not None and self.config.screen in (found.src, codec.ANY_SCREEN):
                    return reply
        return None
