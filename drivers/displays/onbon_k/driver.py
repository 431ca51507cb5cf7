"""Drives an LED screen behind an Onbon BX-5K or BX-6K card: one text, one colour, on or off."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec

from drivers.displays.onbon_k import codec
from drivers.displays.onbon_k.config import OnbonKConfig
from drivers.shared.image import SCALE, Panel
from drivers.shared.text import Encoded, cells_used, encode_gb, printable
from gateway.core.contract import DeviceContext, Driver, Link, convert
from gateway.core.errors import CommandRejected, DeviceBusy, DeviceOffline
from gateway.core.model import (
    Command,
    Identity,
    PartKind,
    Picture,
    Point,
    PollGroup,
    Quality,
    Reading,
    Scalar,
    Stage,
    Surface,
    Verb,
)
from gateway.core.screen import Fit, Show

POINTS = (
    Point("text", "text", "the text that the card has acknowledged; empty after a clear"),
    Point("colour", "text", "its colour: red, green or yellow"),
    Point("on", "boolean", "whether the card was told to light its LEDs"),
    Point("substituted", "integer", "characters of the text that no card can show: □ or ＼ stands for them"),
)
PING = codec.Request(command=codec.PING)


class Power(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of the verb `power`."""

    on: bool


class OnbonK(Driver[OnbonKConfig]):
    """One card. It acknowledges, but cannot be read back: what it shows is known from its acknowledgements only."""

    config_type = OnbonKConfig

    def __init__(self, config: OnbonKConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self._link: Link | None = None
        self._shown: tuple[Show, Encoded] | None = None
        self._on: bool | None = None

    def surface(self) -> Surface:
        resend_s = self.config.resend_s
        show = Verb(name="show", meaning="show a text", params=Show, desired=True, resend_s=resend_s, confirms=False)
        power = Verb(name="power", meaning="light the LEDs or not", params=Power, desired=True, confirms=False)
        device = PartKind(points=POINTS, verbs=(show, power))
        return Surface(device=device, polls=(PollGroup("ping", self.config.ping_s),))

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        """Ping the card once. What it shows is unknown: it may have been restarted."""
        async with self.context.link(self.config.address) as link:
            self._link, self._shown, self._on = link, None, None
            try:
                await self._ask(PING)
                yield Identity()
            finally:
                self._link = None

    async def poll(self, group: str) -> Sequence[Reading]:
        if group != "ping":
            return await super().poll(group)
        await self._ask(PING)
        return self._readings()

    async def execute(self, command: Command) -> Mapping[str, Any]:
        sent = partial(self.context.stage, command, Stage.SENT)
        if command.verb == "show":
            show = convert(Show, command.params)
            text = self._encode(show)
            await self._ask(self._request(show, text), sent)
            self._shown = show, text
            detail = {"shown": text.shown, "substituted": text.substituted}
        elif command.verb == "power":
            power = convert(Power, command.params)
            await self._ask(codec.Request(command=codec.POWER, payload=b"\x01" if power.on else b"\x02"), sent)
            self._on = power.on
            detail = {"on": power.on}
        else:
            return await super().execute(command)
        self.context.publish(*self._readings())
        return detail

    def check(self, verb: Verb, part: str | None, params: Mapping[str, Any]) -> None:
        """Refuse what cannot be shown whole, beside parameters that are wrong."""
        super().check(verb, part, params)
        if verb.name == "show":
            self._encode(convert(Show, params))

    def picture(self, part: str | None) -> Picture | None:
        """The acknowledged text, drawn with our own font; of a scrolling one its beginning."""
        if self._shown is None:
            return None
        show, text = self._shown
        panel = Panel(self.config.width, self.config.height)
        if self._on is not False:
            panel.write(((character, show.colour) for character in text.shown), wrap=show.fit is Fit.WHOLE)
        return Picture(panel.width * SCALE, panel.height * SCALE, panel.png())

    def _encode(self, show: Show) -> Encoded:
        """The text for the card. Raises CommandRejected when it must be seen whole and cannot."""
        text = encode_gb(printable(show.text, 200))
        columns, rows = self.config.width // 8, self.config.height // 16
        needed = cells_used(text.shown, columns)
        if show.fit is Fit.WHOLE and needed > columns * rows:
            room = f"{columns * rows} in {rows} row{'s' if rows > 1 else ''}"
            raise CommandRejected(f"{text.shown} needs {needed} half-width cells, screen {self.config.id} has {room}")
        return text

    def _request(self, show: Show, text: Encoded) -> codec.Request:
        if not text.data:
            return codec.Request(command=codec.CLEAR)
        scroll = show.fit is Fit.SCROLL
        area = codec.Area(
            width=self.config.width // self.config.x_unit_px,
            height=self.config.height,
            lines=codec.SINGLE if scroll else codec.MULTI,
            wrap=codec.NO_WRAP if scroll or self.config.height < 32 else codec.WRAP,
            mode=codec.LEFT if scroll else codec.STATIC,
            speed=4 if scroll else 0,
            text=codec.COLOURS[show.colour] + text.data,
        )
        return codec.show(area)

    def _readings(self) -> Sequence[Reading]:
        values: dict[str, Scalar] = {"text": None, "colour": None, "on": self._on, "substituted": None}
        if self._shown is not None:
            show, text = self._shown
            values |= {"text": text.shown, "colour": show.colour.value, "substituted": text.substituted}
        good, bad = Quality.GOOD, Quality.BAD
        return [Reading(None, name, value, bad if value is None else good) for name, value in values.items()]

    async def _ask(self, request: codec.Request, sent: Callable[[], None] | None = None) -> None:
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
