"""Reads the log of a controller into the journal."""

from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime

from drivers.access.uhppote.box_clock import BoxClock
from drivers.access.uhppote.codec.log import OLDEST, EventRecord, GetEvent, Kind, Status, fingerprint
from drivers.access.uhppote.config import UhppoteConfig
from drivers.access.uhppote.happenings import Teller
from drivers.access.uhppote.wire import Wire
from drivers.shared.log_walk import Missing, Place, Start, walk
from gateway.core.contract import DeviceContext
from gateway.core.model import Cursor

CURSOR = "log"


class ControllerLog:
    """The log as the walk wants it. `status` is what `newest` saw last; `told` gets each as soon as it has come."""

    def __init__(self, wire: Wire, told: Callable[[Status], None] = lambda _: None) -> None:
        self._wire, self._told = wire, told
        self.status: Status | None = None

    async def newest(self) -> int:
        self.status = await self._wire.status()
        self._told(self.status)
        return self.status.index

    async def oldest(self) -> int:
        found = await self._wire.ask(GetEvent(index=OLDEST), EventRecord, fits=lambda r: r.kind != Kind.OVERWRITTEN)
        return found.index

    async def read(self, index: int) -> EventRecord | Missing:
        def fits(found: EventRecord) -> bool:
            return found.index in (0, index) or found.kind == Kind.OVERWRITTEN

        found = await self._wire.ask(GetEvent(index=index), EventRecord, fits=fits)
        if found.kind == Kind.OVERWRITTEN:
            return Missing.OVERWRITTEN
        return found if found.index == index else Missing.NONE

    def mark(self, record: EventRecord) -> str:
        return fingerprint(record)


class Reader:
    """How far the log is recorded."""

    def __init__(self, config: UhppoteConfig, context: DeviceContext, wire: Wire, clock: BoxClock) -> None:
        self._context, self._wire, self._clock = context, wire, clock
        self._teller, self._start = Teller(config), _start(config)
        self.place: Place | None = None

    async def begin(self) -> None:
        """Take the place that is on disk: what seemed to fail may have come there."""
        text = await self._context.cursor(CURSOR)
        self.place = Place.of(text) if text is not None else None

    async def catch_up(self) -> Status | None:
        """Record all that is new. Gives how the controller was then, None where it has more than it could give.

        Raises JournalError, DeviceOffline: what is recorded by then is recorded, the rest comes the next time.
        """
        log = ControllerLog(self._wire, self._clock.look)
        async with aclosing(walk(log, self.place, self._start)) as steps:
            async for found in steps:
                events = self._teller.events(found, self._clock.offset_s)
                await self._context.record(*events, cursor=Cursor(CURSOR, found.place.text()))
                self.place = found.place
                if log.status and self.has(log.status):
                    return log.status  # what came since then wakes us again: to look now would be two more questions
        return log.status if log.status and self.has(log.status) else None

    def behind(self, status: Status) -> int | None:
        """How many events up to a status are not recorded; of a log that began anew all. None before the first look."""
        if self.place is None or self.has(status):
            return None if self.place is None else 0
        return status.index - self.place.index if status.index > self.place.index else status.index

    def has(self, status: Status) -> bool:
        """Whether the newest event of a status is recorded."""
        place = self.place
        if place is None or status.index != place.index:
            return False
        return place.mark in (None, fingerprint(status))


def _start(config: UhppoteConfig) -> Start[EventRecord]:
    since = config.start
    if not isinstance(since, datetime):
        return Start(since)

    def wanted(record: EventRecord) -> bool:
        return record.at is not None and record.at >= since

    return Start(f"since {since.isoformat()}", wanted)
