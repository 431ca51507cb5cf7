"""The built-in alarms: what every hall must know of its devices, lines, screens, outlets and its journal."""

from collections.abc import Iterable, Mapping

from gateway.alarms import doors
from gateway.alarms.condition import Condition, Look, Verdict
from gateway.alarms.config import BuiltInConfig
from gateway.alarms.rules import changed
from gateway.alarms.told import Told
from gateway.alarms.watch import Watch, built_in
from gateway.core.model import Quality
from gateway.hub import Change, Hub, Status
from gateway.supervisor.proof import CONTENT, difference

STARTING_S = 60.0  # a device that is the client, and has not come for so long after our start, is missing
FLAPS, FLAPS_S = 5, 300.0  # lost so often within this time: it does not answer, whatever it does just now
OFFSET = "clock_offset_s"
DRIFT_S = 5.0  # GB 51348 and evidence rules ask for seconds; a clock kept by NTP is within one
DRIFT_BAND = 0.8  # of the limit: it is over below that
LAG_EVENTS = 1000.0


class Reach:
    """Whether a device answers. One that comes and goes does not; one that connects after our start is given time."""

    def __init__(self, hub: Hub, device: str) -> None:
        self._hub, self._device = hub, device
        self._first: float | None = None
        self._status = Status.ONLINE
        self._losses: tuple[float, ...] = ()

    def __call__(self, now: float, _on: bool) -> Verdict:
        view = self._hub.devices.get(self._device)
        if view is None:
            return Verdict(None)
        if view.status is Status.CONNECTING:
            return self._connecting(now)
        if view.status is Status.OFFLINE and self._status is not Status.OFFLINE:
            self._losses = (*self._losses, now)[-FLAPS:]
        self._status, self._first = view.status, None
        if view.status is Status.OFFLINE:
            return Verdict(True, {"reason": view.why})
        calm_s = self._losses[0] + FLAPS_S - now if len(self._losses) == FLAPS else 0.0
        reason = {"reason": f"it was lost {FLAPS} times within {FLAPS_S / 60:g} minutes"}
        return Verdict(True, reason, again_s=calm_s) if calm_s > 0 else Verdict(False)

    def _connecting(self, now: float) -> Verdict:
        self._first = now if self._first is None else self._first
        left_s = self._first + STARTING_S - now
        return Verdict(None, again_s=left_s) if left_s > 0 else Verdict(True, {"reason": "it has not come yet"})


class ClockOffset:
    """How far a device's clock is off: by its point, else by the newest event that told it."""

    def __init__(self, hub: Hub, device: str, part: str | None, limit_s: float) -> None:
        self._hub, self._device, self._part, self._limit_s = hub, device, part, limit_s
        self.heard: float | None = None

    def __call__(self, _now: float, on: bool) -> Verdict:
        offset_s = self._offset_s()
        if offset_s is None:
            return Verdict(None)
        limit_s = self._limit_s * DRIFT_BAND if on else self._limit_s
        return Verdict(abs(offset_s) > limit_s, {OFFSET: offset_s})

    def _offset_s(self) -> float | None:
        view = self._hub.devices.get(self._device)
        held = view.points.get(self._part, {}).get(OFFSET) if view else None
        if held is None or held.now.quality is Quality.BAD or not isinstance(held.now.value, int | float):
            return self.heard
        return float(held.now.value)


class Content:
    """Whether a screen shows what it shall: it has confirmed it, and says nothing else of itself."""

    def __init__(self, hub: Hub, key: str, device: str, part: str | None) -> None:
        self._hub, self._key, self._device, self._part = hub, key, device, part

    def __call__(self, _now: float, _on: bool) -> Verdict:
        wish, view = self._hub.views.get(self._key), self._hub.devices.get(self._device)
        if wish is None or view is None or view.status is not Status.ONLINE:
            return Verdict(None)
        if wish["status"] == "expired":
            return Verdict(False)
        if not wish["ended"]:
            return Verdict(True, {"status": wish["status"], **wish["detail"]})
        found = difference(wish["detail"], view.points.get(self._part, {}))
        return Verdict(False) if found is None else Verdict(True, found)


class BuiltIn:
    """Makes the conditions of what appears in the hub, as the site wants them."""

    def __init__(self, hub: Hub, own: Mapping[str, BuiltInConfig]) -> None:
        self._hub, self._own = hub, own

    def of(self, change: Change) -> Iterable[Watch]:
        """The conditions that begin with a thing of the hub."""
        made = [*self._made(change)]
        for watch in made:
            condition = changed(watch.condition, self._own.get(watch.condition.name))
            if condition is not None:
                yield watch._replace(condition=condition)

    def _made(self, change: Change) -> Iterable[Watch]:
        kind, key, part = change
        if kind == "availability":
            condition = built_in("device-offline", f"device/{key}", device=key)
            yield Watch(condition, Reach(self._hub, key), (change,))
            yield from doors.of_controller(self._hub, key)
        elif kind == "view" and key.startswith("doors/"):
            yield from doors.of_door(self._hub, change)
        elif kind == "state" and (part is None or OFFSET in self._hub.devices[key].points[part]):
            condition = built_in("clock-drift", f"device/{key}", device=key, part=part)
            yield Watch(condition, ClockOffset(self._hub, key, part, self._limit("clock-drift", DRIFT_S)), (change,))
            yield from doors.of_inputs(self._hub, change) if part is None else ()
        elif kind == "view" and key.startswith("lines/"):
            line = key.removeprefix("lines/")
            yield Watch(built_in("line-silent", f"line/{line}", key=line), self._silent(key), (change,))
        elif kind == "view" and key.startswith("outlets/"):
            yield Watch(built_in("outlet-behind", key, key=key.removeprefix("outlets/")), self._behind(key), (change,))
        elif kind == "view" and key.startswith("wishes/") and key.endswith(tuple(f"/{verb}" for verb in CONTENT)):
            yield self._content(change)

    def _content(self, change: Change) -> Watch:
        _, device, part, verb = change.key.split("/")
        which = "" if verb == "show" else verb
        condition = built_in("wrong-content", f"device/{device}", device=device, part=part or None, key=which)
        told = (change, Change("availability", device), Change("state", device, part or None))
        return Watch(condition, Content(self._hub, change.key, device, part or None), told)

    def _silent(self, key: str) -> Look:
        def look(_now: float, _on: bool) -> Verdict:
            line = self._hub.views.get(key)
            if line is None:
                return Verdict(None)
            detail = {name: line.get(name) for name in ("why", "devices", "online")}
            return Verdict(line["silent_since"] is not None or line["status"] == "offline", detail)

        return look

    def _behind(self, key: str) -> Look:
        limit = self._limit("outlet-behind", LAG_EVENTS)

        def look(_now: float, _on: bool) -> Verdict:
            outlet = self._hub.views.get(key)
            if outlet is None:
                return Verdict(None)
            detail = {name: outlet[name] for name in ("status", "why", "lag_events")}
            return Verdict(outlet["status"] != "online" or outlet["lag_events"] > limit, detail)

        return look

    def _limit(self, name: str, usual: float) -> float:
        own = self._own.get(name)
        return usual if own is None or own.limit is None else own.limit


class Health:
    """Whether the journal takes records: by what it says of itself, and by a record that must be on disk in time."""

    def __init__(self, hub: Hub) -> None:
        self._hub, self.told = hub, Told()

    def __call__(self, now: float, on: bool) -> Verdict:
        said = self._hub.views.get("journal/health")
        if said is not None and not said["ok"]:
            return Verdict(True, {"why": said["why"]})
        return self.told(now, on)


def journal_unhealthy() -> Condition:
    """The condition of the journal, which is always there."""
    return built_in("journal-unhealthy", "journal")
