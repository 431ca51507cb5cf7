"""What is known now: the last reading of every point, who is online, and who wants to hear of changes.

Latest wins, nothing waits: a subscriber that is slow finds the newest values, never a queue of old ones.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeGuard

import msgspec

from gateway.changes import Change as Change  # it is the hub's word: who hears of changes asks the hub for both
from gateway.changes import Subscription
from gateway.core.contract import Clock
from gateway.core.model import Identity, Part, PartKind, Quality, Reading, Scalar, Surface


class Status(StrEnum):
    """Whether a device answers."""

    CONNECTING = "connecting"
    ONLINE = "online"
    OFFLINE = "offline"


class Held(msgspec.Struct, frozen=True):
    """A point as it stands: the newest reading, and the last good one with its age for those who ask.

    `told` is the value of the last reading that was a change; a number that is nearer to it than `deadband` is none.
    """

    now: Reading
    last_good: Reading | None = None
    told: Scalar = None
    deadband: float | None = None

    def news(self, reading: Reading) -> bool:
        """Whether this reading is a change."""
        if reading.quality is not self.now.quality:
            return True
        if self.deadband is None or not (_number(reading.value) and _number(self.told)):
            return reading.value != self.told
        return abs(reading.value - self.told) >= self.deadband


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


class Hub:
    """The state of the hall."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.devices: dict[str, DeviceView] = {}
        self.views: dict[str, Mapping[str, Any]] = {}
        self.places: dict[tuple[str, str], str] = {}
        """The zones of parts that are said to be of another one than their device: doors, by where they lead."""
        self.edges: dict[str, set[str]] = {}
        self._subscriptions: set[Subscription] = set()

    def add(self, view: DeviceView) -> None:
        """Make a device known: all its points are unknown until the first reading."""
        view.since = self.clock.now()
        self.devices[view.id] = view
        self._declare(view, None, view.surface.device)
        self._mark(Change("availability", view.id))
        self._mark(Change("device", view.id))

    def remove(self, device: str) -> None:
        """Forget a device: who hears of the changes finds it missing."""
        view = self.devices.pop(device)
        self.release(f"device/{device}")
        for key in [key for key in self.views if key.startswith(f"wishes/{device}/")]:
            self.hide(key)
        for change in _changes(view):
            self._mark(change)

    def publish(self, device: str, *readings: Reading) -> None:
        """Take readings of a device. What did not change is not a change, but its time moves.

        Raises ValueError for a point or a part that the device does not have: a bug of its driver.
        """
        view = self.devices[device]
        now = self.clock.now()
        self._put(view, (reading if reading.at else msgspec.structs.replace(reading, at=now) for reading in readings))

    def online(self, device: str, identity: Identity) -> None:
        """The device answered."""
        view = self.devices[device]
        view.identity, view.seen = identity, True
        self._mark(Change("device", device))
        self.parts(device, *identity.parts)
        self._status(view, Status.ONLINE, None)

    def offline(self, device: str, why: str) -> None:
        """The device is gone: every point becomes bad at once, so that nobody sees a stale value."""
        view = self.devices[device]
        now = self.clock.now()
        lost = [(part, name) for part, points in view.points.items() for name in points]
        self._put(view, (Reading(part, name, None, Quality.BAD, now) for part, name in lost))
        self._status(view, Status.OFFLINE, why)

    def parts(self, device: str, *parts: Part) -> None:
        """The parts that the device has now; what is missing here is gone, with its points."""
        view = self.devices[device]
        new = {part.id: part for part in parts}
        for gone in [id_ for id_, part in view.parts.items() if id_ not in new or new[id_].kind != part.kind]:
            del view.points[gone]
            self._mark(Change("state", device, gone))
        if view.parts != new:
            self._mark(Change("device", device))
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

    def zone(self, device: str | None, part: str | None) -> str | None:
        """The zone of a part of a device, or of a device; None is none."""
        view = self.devices.get(device or "")
        return self.places.get((device or "", part or "")) or (view.zone if view is not None else None)

    def depend(self, child: str, parent: str) -> None:
        """Note that `child` cannot work without `parent`: `device/ID`, `line/ID` or a service's own key."""
        self.edges.setdefault(child, set()).add(parent)

    def release(self, child: str) -> None:
        """Forget what `child` depends on."""
        self.edges.pop(child, None)

    @contextmanager
    def subscribe(self, *kinds: str, everything: bool = True) -> Generator[Subscription]:
        """Hear of changes, of some kinds or of all; with `everything`, first of all there is."""
        subscription = Subscription(*kinds)
        self._subscriptions.add(subscription)
        try:
            if everything:
                for change in self.everything():
                    subscription.mark(change)
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def everything(self) -> Iterator[Change]:
        """A change for each thing there is."""
        for view in self.devices.values():
            yield from _changes(view)
        for key in self.views:
            yield Change("view", key)

    def _declare(self, view: DeviceView, part: str | None, kind: PartKind) -> None:
        known = view.points.setdefault(part, {})
        for point in kind.points:
            if point.name not in known:
                unknown = Reading(part, point.name, None, Quality.BAD, self.clock.now())
                known[point.name] = Held(unknown, deadband=point.deadband)
        self._mark(Change("state", view.id, part))

    def _put(self, view: DeviceView, readings: Iterable[Reading]) -> None:
        changed: dict[str | None, None] = {}
        for reading in readings:
            points = view.points.get(reading.part, {})
            if reading.point not in points:
                raise ValueError(_undeclared(view, reading))
            before = points[reading.point]
            good = reading if reading.quality is Quality.GOOD else before.last_good
            news = before.news(reading)
            points[reading.point] = Held(reading, good, reading.value if news else before.told, before.deadband)
            if news:
                changed[reading.part] = None
        for part in changed:
            self._mark(Change("state", view.id, part))

    def _status(self, view: DeviceView, status: Status, why: str | None) -> None:
        if view.status is not status:
            view.status, view.since = status, self.clock.now()
            self._mark(Change("availability", view.id))
        view.why = why

    def _mark(self, change: Change) -> None:
        for subscription in self._subscriptions:
            subscription.mark(change)


def _changes(view: DeviceView) -> Iterator[Change]:
    yield Change("availability", view.id)
    yield Change("device", view.id)
    for part in view.points:
        yield Change("state", view.id, part)


def _undeclared(view: DeviceView, reading: Reading) -> str:
    if reading.part not in view.points:
        return f"part {reading.part!r} was not told; {view.id} told: {', '.join(view.parts) or 'none'}"
    declared = ", ".join(view.points[reading.part]) or "none"
    return f"point {reading.point!r} of part {reading.part} is not declared by surface(); declared: {declared}"


def _number(value: Scalar) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
