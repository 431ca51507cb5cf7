"""The built-in alarms of what devices themselves give alarm of: each `door.device_alarm` raises one.

They are of a door where the site watches it, else of the device that told. What a device calls forced or held is left
to `gateway/doors`, which finds the same by itself. Duress is quiet: whoever forces somebody to open a door must not
learn that it was told. They end when a person has seen them, for no device can tell that it is over.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from gateway.alarms.condition import Verdict
from gateway.alarms.news import News
from gateway.alarms.told import Told
from gateway.alarms.watch import Watch, built_in
from gateway.core.access import (
    BURNS,
    DURESS,
    EMERGENCY,
    FIRE,
    FORCED,
    HELD,
    LOG_FULL,
    NO_BATTERY,
    NO_MAINS,
    NO_READER,
    TAMPER,
    THEFT,
    ZONE,
    Happening,
)
from gateway.hub import Change, Hub
from gateway.journal.rows import Row

NAMES: Mapping[str, str] = {
    DURESS: "duress",
    TAMPER: "tamper",
    EMERGENCY: "emergency-call",
    **dict.fromkeys((THEFT, ZONE), "intrusion"),
    **dict.fromkeys((NO_BATTERY, NO_MAINS, NO_READER, LOG_FULL), "access-fault"),
}
"""By the `reason` that the device gives."""
OTHERS = "device-alarm"
RELEASED = "fire-released"
ALL = (*dict.fromkeys(NAMES.values()), OTHERS)
GIVES = {Happening.ALARM, Happening.BUTTON_REFUSED}
"""The events that have such reasons: a button refuses as well while its controller believes somebody coerced."""
SETTLE_S = 1.0  # a device records that its housing is open before it publishes that


class Housing(Told):
    """Whether a housing is open: at once by its event, and then by the point TAMPER of the device. A Look."""

    def __init__(self, hub: Hub, device: str) -> None:
        super().__init__()
        self._hub, self._device = hub, device

    def __call__(self, now: float, on: bool) -> Verdict:
        told = super().__call__(now, on)
        if told.holds:
            self.forget()
            return msgspec.structs.replace(told, again_s=SETTLE_S)
        view = self._hub.devices.get(self._device)
        held = view.points.get(None, {}).get(TAMPER) if view is not None else None
        return Verdict(held.now.value if held is not None and isinstance(held.now.value, bool) else None)


def named(type_: str, reason: str) -> str | None:
    """The built-in alarm that an event of a device raises by itself."""
    if type_ not in GIVES or reason in (FORCED, HELD):
        return None
    if type_ == Happening.ALARM and reason == BURNS:
        return RELEASED
    return NAMES.get(reason, OTHERS if type_ == Happening.ALARM else None)


def given(row: Row, views: Mapping[str, Mapping[str, Any]]) -> Iterator[News]:
    """What an event says of them; `views` are those of the hub."""
    name = named(row.type, str((row.payload or {}).get("reason")))
    if name is None or row.device is None:
        return
    for key, view in views.items():
        if not key.startswith("doors/") or view["device"] != row.device:
            continue
        if name == RELEASED and row.part in (None, view["part"]):
            return  # the door itself is in fire
        if view["part"] == row.part:
            more = {"door": view["door"], **({"camera": view["camera"]} if view["camera"] else {})}
            yield News(f"{name}.{row.device}.{row.part}", True, Change("view", key), more)
            return
    more = {} if row.part is None else {"part": row.part}
    yield News(f"{name}.{row.device}", True, Change("availability", row.device), more)


def of_watched_door(key: str, device: str, part: str) -> Iterable[Watch]:
    """The conditions of a door that the site watches."""
    for name in ALL:
        yield Watch(built_in(name, key, device=device, part=part, until_seen=True), Told())


def of_device(hub: Hub, device: str) -> Iterable[Watch]:
    """The conditions of a device that can tell of them."""
    surface = hub.devices[device].surface
    kinds = (surface.device, *surface.kinds.values())
    if not any(event.name in GIVES for kind in kinds for event in kind.events):
        return
    subject = f"device/{device}"
    points = {point.name for point in surface.device.points}
    for name in (*ALL, RELEASED):
        if name == "tamper" and TAMPER in points:
            yield Watch(built_in(name, subject, device=device), Housing(hub, device), (Change("state", device),))
        elif name != RELEASED or FIRE.name not in points:
            yield Watch(built_in(name, subject, device=device, until_seen=True), Told())
