"""The built-in alarms of doors, of what controls them, and of the logs of their controllers.

What happened is told by events of the journal, each of which counts, however soon it was over; nothing that is out
hides them. How something stands is looked up in the hub.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import not_
from typing import Any

from gateway.alarms import device_alarms
from gateway.alarms.condition import Look, Verdict
from gateway.alarms.news import News
from gateway.alarms.told import Told
from gateway.alarms.watch import Watch, built_in
from gateway.core.access import DOORS_LOGGED, FIRE, LISTENER_BOUND, SYSTEM_ERROR, Finding, Happening
from gateway.core.model import Point
from gateway.hub import Change, Hub, Status
from gateway.journal.rows import Row

LOGS: Mapping[str, str] = {Happening.GAP: "log-gap", Happening.EPOCH: "log-epoch"}
RAISES: Mapping[str, str] = {Finding.FORCED: "door-forced", Finding.HELD: "door-held"}
CLEARS: Mapping[str, str] = {"forced": "door-forced", "held": "door-held"}
"""By what is over, in the `was` of `door.restored`."""
WRONG: Mapping[str, tuple[Point, Callable[[float], bool]]] = {
    "fire-released": (FIRE, bool),
    "listener-unbound": (LISTENER_BOUND, not_),
    "door-events-off": (DOORS_LOGGED, not_),
    "controller-fault": (SYSTEM_ERROR, bool),
}
"""The alarms by a point of a controller: which, and what of it is wrong."""


def news(row: Row, views: Mapping[str, Mapping[str, Any]]) -> Iterator[News]:
    """What an event says of built-in alarms; `views` are those of the hub."""
    payload = row.payload or {}
    yield from device_alarms.given(row, views)
    if row.type in LOGS and row.device is not None and not _first_log(row):
        yield News(f"{LOGS[row.type]}.{row.device}", True, Change("availability", row.device))
    begins = Change("view", f"doors/{payload.get('door')}")
    where = f"{row.device}.{row.part}"
    if row.type in RAISES:
        yield News(f"{RAISES[row.type]}.{where}", True, begins)
    elif row.type == Finding.RESTORED:
        yield from (News(f"{CLEARS[over]}.{where}", False, begins) for over in payload.get("was", ()) if over in CLEARS)


def _first_log(row: Row) -> bool:
    """Whether a log is only read for the first time: none went before it."""
    return row.type == Happening.EPOCH and (row.payload or {}).get("epoch") == 1


def of_door(hub: Hub, change: Change) -> Iterable[Watch]:
    """The conditions of a door, by its view."""
    view = hub.views[change.key]
    device, part = view["device"], view["part"]
    for name in RAISES.values():
        yield Watch(built_in(name, change.key, device=device, part=part), Told())
    yield from device_alarms.of_watched_door(change.key, device, part)
    known = hub.devices.get(device)
    if known is not None and FIRE.name not in known.points[None]:
        yield Watch(built_in("fire-released", change.key, device=device, part=part), _burns(hub, change.key), (change,))
    overdue = built_in("door-hold-overdue", change.key, device=device, part=part)
    yield Watch(overdue, _overdue(hub, change.key), (change,))
    unknown = built_in("door-unknown", f"device/{device}", device=device, part=part)
    yield Watch(unknown, _unknown(hub, change.key, device), (change, Change("availability", device)))


def of_controller(hub: Hub, device: str) -> Iterable[Watch]:
    """The conditions of a device by what it can tell: of its log, of coercion, of its housing."""
    yield from device_alarms.of_device(hub, device)
    declared = {event.name for event in hub.devices[device].surface.device.events}
    for event, name in LOGS.items():
        if event in declared:
            yield Watch(built_in(name, f"device/{device}", device=device), Told())


def of_inputs(hub: Hub, change: Change) -> Iterable[Watch]:
    """The conditions of a controller by its points: its fire input, what it pushes and logs, its own fault."""
    device = change.key
    for name, (point, wrong) in WRONG.items():
        if point.name in hub.devices[device].points[None]:
            look = _is(hub, device, point, wrong)
            yield Watch(built_in(name, f"device/{device}", device=device), look, (change,))


def _unknown(hub: Hub, key: str, device: str) -> Look:
    def look(_now: float, _on: bool) -> Verdict:
        door, view = hub.views.get(key), hub.devices.get(device)
        if door is None or view is None or view.status is Status.CONNECTING:
            return Verdict(None)
        told = {"door": door["door"], "name": door["name"], "since": str(door["since"])}
        why = {"detail": door["detail"]} if door["detail"] is not None else {}
        return Verdict(door["state"] == "unknown", {**told, **why})

    return look


def _overdue(hub: Hub, key: str) -> Look:
    """Whether it is held open for longer than was asked, and no fire is the reason."""

    def look(_now: float, _on: bool) -> Verdict:
        door = hub.views.get(key)
        if door is None:
            return Verdict(None)
        told = {"door": door["door"], "name": door["name"], "hold_until": str(door["hold_until"])}
        return Verdict(door["hold_overdue"], told)

    return look


def _burns(hub: Hub, key: str) -> Look:
    """Whether the log of its controller has told of a fire that is not over: there is no input that would."""

    def look(_now: float, _on: bool) -> Verdict:
        door = hub.views.get(key)
        return (
            Verdict(None)
            if door is None
            else Verdict(door["fire"] is True, {"door": door["door"], "name": door["name"]})
        )

    return look


def _is(hub: Hub, device: str, point: Point, wrong: Callable[[float], bool]) -> Look:
    """What is not known any more leaves it as it was: a controller that burns cannot tell."""

    def look(_now: float, _on: bool) -> Verdict:
        view = hub.devices.get(device)
        held = view.points.get(None, {}).get(point.name) if view is not None else None
        if held is None or not isinstance(held.now.value, int):
            return Verdict(None)
        return Verdict(wrong(held.now.value), {} if point.type == "boolean" else {point.name: held.now.value})

    return look
