"""The browser of a simulated screen: it opens the page with its key, and speaks over a WebSocket as the page does."""

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, ClassVar

from drivers.displays.web_screen import codec, drawing
from drivers.displays.web_screen.config import WebScreenConfig
from gateway.core.model import Picture
from gateway.core.twin import Lever, Twin
from simulators import websocket
from simulators.displays.web_screen import wire
from simulators.displays.web_screen.levers import Refuse, Seconds, Switch
from simulators.displays.web_screen.mouth import Mouth
from simulators.displays.web_screen.state import PageState
from simulators.faults import Faults, NoParams, lever

PATIENCE_S = 5.0
AGAIN_BEATS = 0.2  # waits so long, at least half of it, before it comes again
HUNG_BEATS = 10  # a half-open connection is given up after so many


class WebScreenTwin(Twin[WebScreenConfig]):
    """A page. `slow` delays what it shows; `half_open`, `cut` and `reset` spoil its connection."""

    config_type = WebScreenConfig
    passive: ClassVar[bool] = True

    def __init__(self, config: WebScreenConfig) -> None:
        super().__init__(config)
        self._faults = Faults(wire.FAULTS)
        self._half_open = False
        self._freeze, self._stale = Switch(on=False), Switch(on=False)
        self._clock, self._refuse, self._away = Seconds(), Refuse(count=0), Seconds()
        self._writer: asyncio.StreamWriter | None = None
        self._cookie = ""
        self._state: PageState | None = None
        self._mouth = Mouth()
        self._loads = 0
        self._violations: list[str] = []

    @asynccontextmanager
    async def serve(self, host: str, port: int) -> AsyncGenerator[int]:
        """Be a browser until left. The box is the client: `host` and `port` are those of the field listener."""
        tasks = {asyncio.create_task(self._live(host, port)), asyncio.create_task(self._talk(host, port))}
        try:
            yield port
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def levers(self) -> Mapping[str, Lever]:
        own: dict[str, Lever] = {
            "half_open": lever(NoParams, self._hang),
            "freeze": lever(Switch, partial(setattr, self, "_freeze")),
            "stale": lever(Switch, partial(setattr, self, "_stale")),
            "clock": lever(Seconds, partial(setattr, self, "_clock")),
            "refuse": lever(Refuse, partial(setattr, self, "_refuse")),
            "tamper": lever(NoParams, self._tamper),
            "drop": lever(Seconds, self._drop),
            "reload": lever(NoParams, self._reload),
            "reboot": lever(NoParams, self._reload),
        }
        return {**self._faults.levers(), **self._mouth.levers(), **own}

    def seen(self) -> Mapping[str, Any]:
        """What a person sees, and how the page has fared: how often it was loaded, and what broke the protocol."""
        state, now = self.state, _now()
        stale = self._stale.on or state.is_stale(now)
        more = {"rev": state.shown_rev, "stale": stale, "loads": self._loads, "violations": list(self._violations)}
        return {**state.seen(now), **more, **state.counts, "said": list(self._mouth.heard)}

    def picture(self) -> Picture:
        return drawing.picture(self.state.glass)

    @property
    def state(self) -> PageState:
        """The page as it is loaded now."""
        if self._state is None:
            self._state = PageState(self.config, _now(), self._mouth)
            self._loads += 1
        return self._state

    async def _live(self, host: str, port: int) -> None:
        while True:
            with suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
                await self._visit(host, port)
            again_s = self.config.beat_s * AGAIN_BEATS * random.uniform(0.5, 1)  # noqa: S311 - nobody guesses this
            await asyncio.sleep(again_s + max(0.0, self._away.seconds))
            self._away = Seconds()

    async def _talk(self, host: str, port: int) -> None:
        """Say one thing after the other, and tell when it has ended."""
        while True:
            say = await self._mouth.next()
            await self._mouth.speak(say, lambda name: wire.fetch(host, port, self.config.id, self._cookie, name))
            await self._beat()

    async def _visit(self, host: str, port: int) -> None:
        """Load the page where it has no cookie yet, then speak until the connection ends."""
        if self.key and not self._cookie:
            self._cookie = await wire.enter(host, port, self.config.id, self.key)
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(host, port)
        try:
            async with asyncio.timeout(PATIENCE_S):
                if not await wire.upgrade(reader, writer, self.config.id, self._cookie):
                    self._cookie = ""
                    return
            self._writer = writer
            self.state.greeted = False
            await self._speak(reader)
        finally:
            self._writer = None
            writer.transport.abort()

    async def _speak(self, reader: asyncio.StreamReader) -> None:
        decoder = websocket.Decoder()
        while True:
            await self._beat()
            due = _now() + self.config.beat_s
            while (left_s := due - _now()) > 0:
                try:
                    async with asyncio.timeout(left_s):
                        data = await reader.read(65536)
                except TimeoutError:
                    break
                if not data:
                    return
                if self._half_open:
                    self._half_open = False
                    await asyncio.sleep(HUNG_BEATS * self.config.beat_s)
                    return
                for frame in decoder.feed(data):
                    if frame.opcode == websocket.CLOSE:
                        return
                    await self._received(frame)

    async def _received(self, frame: websocket.Frame) -> None:
        if frame.opcode == websocket.PING:
            await self._send(websocket.PONG, frame.payload)
        if frame.opcode != websocket.TEXT or self._freeze.on:
            return
        received, state = _now(), self.state
        greeted = state.greeted
        try:
            news, orders = state.take(frame.payload, received)
        except ValueError as error:
            self._violations.append(str(error))
            raise
        for order in orders:
            await self._obey(order)
        if news and self._faults.now.slow.seconds:
            asyncio.get_running_loop().call_later(self._faults.now.slow.seconds, self._show_late, received)
        elif news:
            self._show(received)
            await self._beat()
        elif greeted and not state.greeted:  # a gap
            await self._beat()

    def _show(self, received: float) -> None:
        if self._refuse.count:
            self._refuse = Refuse(count=self._refuse.count - 1)
            self.state.refuse()
        else:
            self.state.show(_now(), received)

    def _show_late(self, received: float) -> None:
        self._show(received)
        if self._writer is not None and not self._faults.now.mute.on:
            self._writer.write(websocket.encode(websocket.TEXT, self._message()))

    async def _obey(self, order: codec.Order) -> None:
        state = self.state
        if not state.owes(order):
            return
        state.done = order.id
        if order.what == "identify":
            state.identify_until = _now() + order.seconds
        await self._beat()
        if order.what == "reload":
            self._reload(NoParams())

    def _message(self) -> bytes:
        return codec.encode(self.state.beat(_now(), stale=self._stale.on, clock_s=self._clock.seconds))

    async def _beat(self) -> None:
        if not self._freeze.on:
            await self._send(websocket.TEXT, self._message())

    async def _send(self, opcode: int, payload: bytes) -> None:
        if self._writer is not None and not self._half_open:
            await wire.send(self._writer, websocket.encode(opcode, payload), self._faults)

    def _drop(self, given: Seconds) -> None:
        """The connection is lost; it comes back after so long."""
        self._away = given
        if self._writer is not None:
            self._writer.transport.abort()

    def _tamper(self, _: NoParams) -> None:
        """Something in its document is not what it was sent; it does not notice."""
        self.state.tamper()

    def _reload(self, _: NoParams) -> None:
        """The page is loaded anew and has forgotten everything."""
        self._state = None
        self._mouth.forget()
        self._drop(Seconds())

    def _hang(self, _: NoParams) -> None:
        """The connection of now stays open and silent for a while; then it comes again."""
        self._half_open = True


def _now() -> float:
    return asyncio.get_running_loop().time()
