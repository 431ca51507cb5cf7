"""What Home Assistant is told of each device: one message announces it with an entity for each of its points.

Source: Home Assistant documentation, "MQTT", sections "MQTT discovery" and "Device discovery payload" (2024.12); the
fields of an entity are those of its schemas since 2024.3. Pure but for one memory: the entities that were told.
"""

import json
from collections.abc import Iterator
from typing import Any

from gateway.core.model import Part, Point
from gateway.hub import DeviceView, Hub
from gateway.mqtt.topics import EMPTIED, Message, Topics, encode

MOST = 255  # characters of a state that Home Assistant takes
CLASSES = {
    "°C": "temperature",
    "K": "temperature",
    "V": "voltage",
    "A": "current",
    "W": "power",
    "Hz": "frequency",
    "dBm": "signal_strength",
    "lx": "illuminance",
    "Pa": "pressure",
    "hPa": "pressure",
}
"""Units of which only one kind of quantity is measured. % is none of them: humidity, charge and load have it."""


class Discovery:
    """Announces the devices of one site below `prefix`."""

    def __init__(self, prefix: str, *, site: str, version: str, topics: Topics) -> None:
        self._prefix, self._site, self._topics = prefix, site, topics
        self._origin = {"name": "hall-gateway", "sw_version": version}
        self._told: dict[str, dict[str, str]] = {}

    def topic(self, device: str) -> str:
        """Where a device is announced; the site is a level of its own, so that no two ids can meet."""
        return f"{self._prefix}/device/hall-{self._site}/{device}/config"

    def message(self, device: str, hub: Hub) -> Message:
        """The announcement of a device as it stands now; empty for one that is gone, or that has no points."""
        view = hub.devices.get(device)
        if view is None:
            self._told.pop(device, None)
            return self.topic(device), EMPTIED
        found = dict(self._components(view))
        told = self._told.setdefault(device, {})
        gone = {name: {"platform": platform} for name, platform in told.items() if name not in found}
        told.update((name, component["platform"]) for name, component in found.items())
        components = found | gone  # what is left out stays: Home Assistant removes what has a platform and no more
        if not components:
            return self.topic(device), EMPTIED
        return self.topic(device), encode({**self._device(view), "components": components})

    def _device(self, view: DeviceView) -> dict[str, Any]:
        known = {
            "identifiers": [self._unique(view.id)],
            "name": view.name or view.id,
            "model": view.identity.model,
            "sw_version": view.identity.firmware,
            "serial_number": view.identity.serial,
        }
        gateway = {"topic": self._topics.gateway, "value_template": "{{ value_json.status }}"}
        return {
            "device": {key: value for key, value in known.items() if value is not None},
            "origin": self._origin,
            "availability": [gateway, {"topic": self._topics.availability(view.id)}],
            "availability_mode": "all",
            "qos": 1,
        }

    def _components(self, view: DeviceView) -> Iterator[tuple[str, dict[str, Any]]]:
        for point in view.surface.device.points:
            yield point.name, self._component(view, None, point)
        for part in view.parts.values():
            for point in view.surface.kinds[part.kind].points:
                yield f"{part.id}.{point.name}", self._component(view, part, point)

    def _component(self, view: DeviceView, part: Part | None, point: Point) -> dict[str, Any]:
        words = point.name.replace("_", " ").capitalize()
        common = {
            "name": f"{part.name} {words}" if part else words,
            "unique_id": self._unique(view.id, part.id if part else "", point.name),
            "state_topic": self._topics.state(view.id, part.id if part else None),
            "value_template": _template(point),
        }
        if point.type == "boolean":
            return {"platform": "binary_sensor", **common}
        return {"platform": "sensor", **common, **_measured(point)}

    def _unique(self, *names: str) -> str:
        """Unique among all sites: no id has a dot."""
        return ".".join(("hall", self._site, *names))


def _template(point: Point) -> str:
    """Jinja that gives a point's value as Home Assistant takes it; `None` is unknown there."""
    value = f"value_json[{json.dumps(point.name)}]"
    shown = {"boolean": f"'ON' if {value} else 'OFF'", "text": f"{value}[:{MOST}]"}.get(point.type, value)
    return f"{{{{ none if {value} is none else {shown} }}}}"


def _measured(point: Point) -> dict[str, str]:
    if point.unit is None or point.type == "text":
        return {}
    kind = CLASSES.get(point.unit)
    return {"unit_of_measurement": point.unit} | (
        {"device_class": kind, "state_class": "measurement"} if kind is not None else {}
    )
