"""Hears caller and rating pads: every press becomes an event, and is acknowledged once that is recorded."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from drivers.displays.caller_pad import codec
from drivers.displays.caller_pad.config import CallerPadConfig
from gateway.core.contract import DeviceContext, Driver, Stream
from gateway.core.errors import DeviceOffline
from gateway.core.model import Event, EventType, Identity, Part, PartKind, Point, Quality, Reading, Retention, Surface

GAP_S = 0.5
"""The bytes of a frame follow one another within milliseconds: what is incomplete for so long will never be whole."""
PRESSED = EventType("pad.pressed", "somebody at the window pressed a key", Retention.CALL)
RATED = EventType("rating.given", "a visitor rated the service", Retention.CALL)
COUNTS = (
    Point("presses", "integer", "presses and ratings since the connection, repeats not counted"),
    Point("strangers", "integer", "frames since the connection of pads that are not in the site file"),
    Point("noise", "integer", "bytes since the connection that were no frame", unit="B"),
)
LAST = Point("last", "text", "the function that was pressed last, or the keys where they have none")


class CallerPad(Driver[CallerPadConfig]):
    """All pads of one input. They speak first, and cannot be asked anything: an open wire is all that is known."""

    config_type = CallerPadConfig

    def __init__(self, config: CallerPadConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self._pads = {pad.address: pad.id for pad in config.pads}
        self._functions = {**codec.FUNCTIONS, **config.functions}
        self._stream: Stream | None = None
        self._numbers = count(1)
        self._before: dict[int, tuple[codec.Frame, float]] = {}

    def surface(self) -> Surface:
        return Surface(device=PartKind(points=COUNTS), kinds={"pad": PartKind(points=(LAST,), events=(PRESSED, RATED))})

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        """Open the wire."""
        async with self.context.stream(self.config.address) as self._stream:
            self._counted = {point.name: 0 for point in COUNTS}
            self._decoder = codec.Decoder()
            try:
                yield Identity(parts=tuple(Part(pad.id, "pad", pad.name or pad.id) for pad in self.config.pads))
            finally:
                self._stream = None

    async def listen(self) -> None:
        if self._stream is None:
            raise DeviceOffline(f"{self.config.id} is not connected")
        stream = self._stream
        self._tell()
        while True:
            waiting_since = self.context.clock.monotonic()  # what came while the journal was slow is there at once
            data = await stream.receive()
            if self.context.clock.monotonic() - waiting_since > GAP_S:
                self._decoder = codec.Decoder()
            for found in self._decoder.feed(data):
                await self._take(found, stream)
            self._tell()

    async def _take(self, found: codec.Frame | codec.Noise, stream: Stream) -> None:
        """Record a press, then acknowledge it. A pad that nobody knows is not answered: it tells so itself."""
        if isinstance(found, codec.Noise):
            self._counted["noise"] += len(found.data)
        elif found.address not in self._pads:
            self._counted["strangers"] += 1
        else:
            if not self._is_repeat(found):
                await self._keep(self._event(found))
            self._before[found.address] = found, self.context.clock.monotonic()
            stream.send(codec.ack(found).wire())

    def _is_repeat(self, frame: codec.Frame) -> bool:
        """Whether the pad says once more what is recorded: it has not heard the answer, or somebody kept pressing."""
        before, at = self._before.get(frame.address, (None, 0.0))
        return frame == before and self.context.clock.monotonic() - at < self.config.repeat_s

    async def _keep(self, event: Event) -> None:
        await self.context.record(event)
        self._counted["presses"] += 1
        if event.type == PRESSED.name:
            self.context.publish(Reading(event.part, LAST.name, event.payload["function"] or event.payload["keys"]))

    def _event(self, frame: codec.Frame) -> Event:
        type_, payload = self._rating(frame) if frame.function == codec.RATED else self._press(frame)
        part, at = self._pads[frame.address], self.context.clock.now()
        return Event(
            type=type_.name,
            source_key=f"{type_.name}/{part}/{at.isoformat()}/{next(self._numbers)}",
            payload={"pad": frame.address, **payload},
            retention=type_.retention,
            part=part,
            at=at,
            volatile=True,
        )

    def _rating(self, frame: codec.Frame) -> tuple[EventType, dict[str, Any]]:
        value = frame.data[0]
        return RATED, {"value": value, "rating": self.config.ratings.get(value)}

    def _press(self, frame: codec.Frame) -> tuple[EventType, dict[str, Any]]:
        """The longest end of the keys that has a meaning is the function; the digits before it belong to it."""
        ends = (at for at in range(len(frame.data)) if frame.data[at:].hex() in self._functions)
        at = next(ends, len(frame.data))
        function, keys = self._functions.get(frame.data[at:].hex()), frame.data.hex()
        digits = "".join(str(key) for key in frame.data[:at] if key <= 9)
        return PRESSED, {"function": function, "digits": digits, "keys": keys}

    def _tell(self) -> None:
        self.context.publish(*(Reading(None, name, value, Quality.GOOD) for name, value in self._counted.items()))
