"""Drives an LED screen behind a Huidu full-colour card: a text in each region, light, brightness, clock."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from math import ceil
from typing import ClassVar
from zoneinfo import ZoneInfo

import msgspec

from drivers.displays.huidu import answers, requests
from drivers.displays.huidu.config import FACES, HuiduConfig
from drivers.displays.huidu.session import Session
from drivers.shared.image import Panel
from drivers.shared.layout import arrange, drawn
from gateway.core.contract import DeviceContext, convert
from gateway.core.errors import CommandRejected, DeviceOffline
from gateway.core.model import Command, Identity, Picture, Point, PollGroup, Reading, Scalar, Surface, Verb
from gateway.core.panel import BRIGHTNESS, DIM, ON, PING, POWER, Laid, PanelDriver, Region, Sent
from gateway.core.screen import MOST, Brightness, Fit, Power, SetClock, Show

STATUS = "status"
BLINKS = 3
"""How often a new text blinks: once in a second."""
CLOCK = Point("clock_offset_s", "number", "how far the card's clock is ahead", unit="s", deadband=1.0)
HOLDS = Point("holds_its_text", "boolean", "whether the card, asked for its programme, holds what it acknowledged")
MEANING = "set its clock, which then follows no server"
SET_CLOCK = Verb(name="set_clock", meaning=MEANING, params=SetClock, confirms=False)


class Huidu(PanelDriver[HuiduConfig]):
    """One card. It draws text with its own fonts."""

    config_type = HuiduConfig
    points: ClassVar[Sequence[Point]] = (ON, BRIGHTNESS, CLOCK, HOLDS)
    verbs: ClassVar[Sequence[Verb]] = (POWER, DIM, SET_CLOCK)

    def __init__(self, config: HuiduConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self._open: Session | None = None
        self._turn = asyncio.Lock()
        self._areas: Mapping[str, requests.Area] = {}
        self._blinking: Mapping[str, float] = {}
        """Until when a region blinks, by its id."""
        self._listed = False

    def surface(self) -> Surface:
        surface = super().surface()
        return msgspec.structs.replace(surface, polls=(*surface.polls, PollGroup(STATUS, self.config.status_s)))

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        """Agree on a version, get the guid of this connection, ask who it is."""
        async with self.context.link(self.config.address) as link:
            session, self._listed = Session(link, self.config), False
            self.forget()
            await session.negotiate()
            identity = answers.identity(await session.ask("GetDeviceInfo"))
            self._open = session
            try:
                yield msgspec.structs.replace(identity, parts=self.parts())
            finally:
                self._open = None

    @property
    def _session(self) -> Session:
        if self._open is None:
            raise DeviceOffline(f"{self.config.id} is not connected")
        return self._open

    async def poll(self, group: str) -> Sequence[Reading]:
        if group == PING:
            await self._session.beat()
        elif group == STATUS:
            await self._look()
        else:
            return await super().poll(group)
        return self.readings()

    def lay(self, region: Region, show: Show) -> Laid:
        texts = [requests.writable(text, MOST) for text in (show.text, *show.shorter)]
        width, height, moving = region.width, region.height, show.fit is Fit.SCROLL
        layout = arrange(texts, width=width, height=height, faces=FACES, moving=moving)
        if layout is None:
            where = f"{self.config.id}/{region.id}" if self.config.regions else self.config.id
            raise CommandRejected(
                f"{texts[0]} does not fit on screen {where}, {width} x {height} px, in letters of {FACES[-1]} px"
            )
        return Laid(layout.text, 0, layout)

    async def put(self, region: Region, show: Show, laid: Laid, sent: Sent) -> None:
        """Send the whole screen: the card takes no area by itself. The other regions keep what they acknowledged."""
        async with self._turn:  # what another region is told meanwhile is neither taken back nor refused with this
            areas = {**self._areas, region.id: requests.Area(region, laid.content, show.colour)}
            now = self.context.clock.monotonic()
            blinking = {id_: until for id_, until in self._blinking.items() if until > now and id_ != region.id}
            if show.attention:
                blinking[region.id] = now + BLINKS
            await self._list(areas, {id_: min(BLINKS, ceil(until - now)) for id_, until in blinking.items()}, sent)
            self._areas, self._blinking = areas, blinking

    async def do(self, command: Command, sent: Sent) -> Mapping[str, Scalar]:
        if command.verb == "power":
            on = convert(Power, command.params).on
            await self._session.ask("OpenScreen" if on else "CloseScreen", sent=sent)
            return {"on": on}
        if command.verb == "brightness":
            percent = convert(Brightness, command.params).percent
            await self._session.ask("SetLuminancePloy", *requests.luminance(percent), sent=sent)
            return {"brightness": percent}
        if command.verb == "set_clock":
            zone = self.config.timezone
            now = self.context.clock.now().astimezone(ZoneInfo(zone))
            await self._session.ask("SetTimeInfo", *requests.clock(now, zone), sent=sent)
            return {"clock_offset_s": await self._clock_offset_s()}
        return await super().do(command, sent)

    def draw(self) -> Picture:
        """The acknowledged texts, drawn with our own font; of a moving one its beginning."""
        regions = self.regions()
        panel = Panel(self.config.width, self.config.height)
        for place, (show, laid) in self.shown.items() if self.values.get("on") is not False else ():
            region = regions[place]
            bits = drawn(laid.content, region.width, region.height).cut(0, region.width)
            panel.paint(region.x, region.y, bits, show.colour)
        return Picture(*panel.size, panel.png())

    async def _list(self, areas: Mapping[str, requests.Area], blinks: Mapping[str, int], sent: Sent) -> None:
        new = not (self._listed and self.config.updates)
        at = self.context.clock.now() if new else None
        playlist = requests.playlist(self.config, areas.values(), at=at, blinks=blinks)
        await self._session.ask("AddProgram" if new else "UpdateProgram", playlist, sent=sent)
        self._listed = True

    async def _look(self) -> None:
        """Ask what the card tells of itself. What it has no method for stays unknown."""
        self.values["clock_offset_s"] = await self._clock_offset_s()
        self.values["brightness"] = answers.brightness(await self._session.ask_if_known("GetLuminancePloy"))
        self.values["holds_its_text"] = await self._holds() if self.shown else None

    async def _holds(self) -> bool | None:
        found = answers.held(await self._session.ask_if_known("GetProgram"), self.config)
        regions = self.regions()
        told = {requests.area_guid(self.config, regions[part].id): laid.text for part, (_, laid) in self.shown.items()}
        return None if found is None else all(found.get(guid) == answers.dense(text) for guid, text in told.items())

    async def _clock_offset_s(self) -> float | None:
        """How far the card's clock is ahead. It tells whole seconds, so on average half of one has passed since."""
        told = answers.local_time(await self._session.ask_if_known("GetTimeInfo"))
        if told is None:
            return None
        theirs = told.replace(tzinfo=ZoneInfo(self.config.timezone)) + timedelta(seconds=0.5)
        return round((theirs - self.context.clock.now()).total_seconds(), 1)
