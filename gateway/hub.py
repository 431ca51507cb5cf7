"""What is known now: the last reading of every point, who is online, and who wants to hear of changes.

Latest wins, nothing waits: a subscriber that is slow finds the newest values, never a queue of old ones.
"""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from gateway.core.contract import Clock
from gateway.core.model import Identity, Part, PartKind, Quality, Reading, Surface


class Status(StrEnum):
    """Whether a device answers."""

    CONNECTING = "connecting"
    ONLINE = "online"
    OFFLINE = "offline"


class Change(NamedTuple):
    """What changed: `kind` is state, availability or view; `key` a device id or the name of a view."""

    kind: str
    key: str
    part: str | None = None


class Held(msgspec.Struct, frozen=True):
    """A point as it stands: the newest reading, and the last good one with its age for those who ask."""

    now: Reading
    last_good: Reading | None = None


class DeviceView:
    """All that is known of one device. Only the hub writes it. `seen`: it has answered since we started."""

    def __init__(self, device: str, driver: str, *, zone: str | None, name: str | None, surface: Surface) -> None:
        self.id, self.driver, self.zone, self.name, self.surface = device, driver, zone, name, surface
        self.status = Status.CONNECTING
        self.since: datetime | None = None
        self.why: str | None = None
        self.seen = False
        self.identity = Identity()
        self.parts: dict[str, Part] = {}
        self.points: dict[str | None, dict[str, Held]] = {}


class Subscription:
    """The changes that one subscriber has not taken yet: at most one entry for each thing that can change."""

    def __init__(self) -> None:
        self._dirty: dict[Change, None] = {}
        self._wake = asyncio.Event()

    def mark(self, change: Change) -> None:
        """Note a change; a second mark before it is taken adds nothing."""
        self._dirty[change] = None
        self._wake.set()

    async def take(self) -> list[Change]:
        """Wait for changes and take all of them, oldest first."""
        await self._wake.wait()
        taken, self._dirty = list(self._dirty), {}
        self._wake.clear()
        return taken


class Hub:
    """The state of the hall."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.devices: dict[str, DeviceView] = {}
        self.views: dict[str, Mapping[str, Any]] = {}
        self.edges: dict[str, set[str]] = {}
        self._subscriptions: set[Subscription] = set()

    def add(self, view: DeviceView) -> None:
        """Make a device known: all its points are unknown until the first reading."""
        view.since = self.clock.now()
        self.devices[view.id] = view
        self._declare(view, None, view.surface.device)
        self._mark(Change("availability", view.id))

    def remove(self, device: str) -> None:
        """Forget a device: who hears of the changes finds it missing."""
        view = self.devices.pop(device)
        self.release(f"device/{device}")
        self._mark(Change("availability", device))
        for part in view.points:
            self._mark(Change("state", device, part))

    def publish(self, device: str, *readings: Reading) -> None:
        """Take readings of a device. What did not change is not a change, but its time moves."""
        view = self.devices[device]
        now = self.clock.now()
        for reading in readings:
            self._put(view, reading if reading.at else msgspec.structs.replace(reading, at=now))

    def online(self, device: str, identity: Identity) -> None:
        """The device answered."""
        view = self.devices[device]
        view.identity, view.seen = identity, True
        self.parts(device, *identity.parts)
        self._status(view, Status.ONLINE, None)

    def offline(self, device: str, why: str) -> None:
        """The device is gone: every point becomes bad at once, so that nobody sees a stale value."""
        view = self.devices[device]
        now = self.clock.now()
        for part, points in view.points.items():
            for name in points:
                self._put(view, Reading(part, name, None, Quality.BAD, now))
        self._status(view, Status.OFFLINE, why)

    def parts(self, device: str, *parts: Part) -> None:
        """The parts that the device has now; what is missing here is gone, with its points."""
        view = self.devices[device]
        new = {part.id: part for part in parts}
        for gone in [id_ for id_, part in view.parts.items() if id_ not in new or new[id_].kind != part.kind]:
            del view.points[gone]
            self._mark(Change("state", device, gone))
        view.parts = new
        for part in new.values():
            self._declare(view, part.id, view.surface.kinds[part.kind])

    def show(self, key: str, view: Mapping[str, Any]) -> None:
        """Keep a service's own view, for example `windows/w03`."""
        if self.views.get(key) != view:
            self.views[key] = view
            self._mark(Change("view", key))

    def hide(self, key: str) -> None:
        """Forget a service's view: who hears of the change finds it missing."""
        if self.views.pop(key, None) is not None:
            self._mark(Change("view", key))

    def depend(self, child: str, parent: str) -> None:
        """Note that `child` cannot work without `parent`: `device/ID`, `line/ID` or a service's own key."""
        self.edges.setdefault(child, set()).add(parent)

    def release(self, child: str) -> None:
        """Forget what `child` depends on."""
        self.edges.pop(child, None)

    @contextmanager
    def subscribe(self, *, everything: bool = True) -> Generator[Subscription]:
        """Hear of changes; with `everything`, first of all there is."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            if everything:
                self._mark_all(subscription)
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def _mark_all(self, subscription: Subscription) -> None:
        for view in self.devices.values():
            subscription.mark(Change("availability", view.id))
            for part in view.points:
                subscription.mark(Change("state", view.id, part))
        for key in self.views:
            subscription.mark(Change("view", key))

    def _declare(self, view: DeviceView, part: str | None, kind: PartKind) -> None:
        known = view.points.setdefault(part, {})
        for point in kind.points:
            if point.name not in known:
                known[point.name] = Held(Reading(part, point.name, None, Quality.BAD, self.clock.now()))
        self._mark(Change("state", view.id, part))

    def _put(self, view: DeviceView, reading: Reading) -> None:
        points = view.points[reading.part]
        before = points[reading.point]
        good = reading if reading.quality is Quality.GOOD else before.last_good
        points[reading.point] = Held(reading, good)
        if (before.now.value, before.now.quality) != (reading.value, reading.quality):
            self._mark(Change("state", view.id, reading.part))

    def _status(self, view: DeviceView, status: Status, why: str | None) -> None:
        if view.status is not status:
            view.status, view.since = status, self.clock.now()
            self._mark(Change("availability", view.id))
        view.why = why

    def _mark(self, change: Change) -> None:
        for subscription in self._subscriptions:
            subscription.mark(change)
