"""The clock of a controller: how far it is off, and how it is set."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from drivers.access.uhppote.codec.box import GetTime, SetTime, Time, TimeSet
from drivers.access.uhppote.codec.log import Status
from drivers.access.uhppote.config import UhppoteConfig
from drivers.access.uhppote.wire import Wire
from drivers.shared.own_clock import WRITTEN
from gateway.core.access import Happening
from gateway.core.contract import DeviceContext
from gateway.core.model import Event, Retention

HALF_SECOND = timedelta(seconds=0.5)
"""A clock that tells whole seconds is half a second ahead of what it tells, on average."""
CLOSE = timedelta(seconds=2)
OFTEN_S = 3600.0
"""A clock that is off again sooner is broken: setting it over and over would only hide that."""


class BoxClock:
    """The clock of one controller. `offset_s` is how far it was ahead at the last look; None where it told nonsense."""

    def __init__(self, config: UhppoteConfig, context: DeviceContext, wire: Wire) -> None:
        self._config, self._context, self._wire = config, context, wire
        self._zone = ZoneInfo(config.timezone)
        self._set_at = -OFTEN_S
        self._ours = timedelta()
        self.offset_s: float | None = None

    def look(self, status: Status) -> None:
        """Take its time from a status that came just now."""
        told = status.clock
        self.offset_s = None if told is None else round((told + HALF_SECOND - self._now()).total_seconds(), 1)

    async def heed(self) -> None:
        """Set it where it is off too far, and at most once an hour unless our own clock was set meanwhile.

        Raises JournalError, DeviceOffline.
        """
        right = self.offset_s is not None and abs(self.offset_s) <= self._config.clock_limit_s
        now, ours = self._context.clock.monotonic(), self._context.clock.now()
        if right or ours < WRITTEN or (now - self._set_at < OFTEN_S and not self._we_jumped()):
            return
        self._set_at, self._ours = now, self._since_start()
        await self.set()

    def _we_jumped(self) -> bool:
        """Whether our own clock has been set since we set this one."""
        return abs(self._since_start() - self._ours).total_seconds() > self._config.clock_limit_s

    def _since_start(self) -> timedelta:
        """What our clock tells, less the time that has passed: it changes only where that clock is set."""
        return self._context.clock.now() - WRITTEN - timedelta(seconds=self._context.clock.monotonic())

    async def set(self) -> datetime | None:
        """Set it, and read it back; None where it has not taken the time. Raises JournalError, DeviceOffline.

        The record is made first: no time that the controller writes may jump without one.
        """
        to = self._now().replace(microsecond=0)
        await self._context.record(self._event(to))
        await self._wire.ask(SetTime(at=self._now().replace(microsecond=0)), TimeSet)
        told = (await self._wire.ask(GetTime(), Time)).at
        if told is None or abs(told - self._now()) > CLOSE:
            return None
        self.offset_s = 0.0
        return told

    def _event(self, to: datetime) -> Event:
        now = self._context.clock.now()
        return Event(
            type=Happening.CLOCK,
            source_key=f"{self._config.serial}-clock-{now.isoformat()}",
            payload={"offset_s": self.offset_s, "to": to.isoformat()},
            retention=Retention.AUDIT,
            clock_offset_s=self.offset_s,
        )

    def _now(self) -> datetime:
        """The right time where the controller is, without a zone."""
        return self._context.clock.now().astimezone(self._zone).replace(tzinfo=None)
