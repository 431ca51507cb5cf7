"""What stands on which topic (DESIGN §10). Pure: names and payloads, no connection."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from gateway.core.model import Quality, Retention
from gateway.hub import Change, DeviceView, Held, Hub, Status
from gateway.journal.rows import Row

Message = tuple[str, bytes]
"""A topic and its payload."""

ADDRESSABLE = re.compile(r"[A-Za-z0-9._:-]{1,64}")  # what of a stranger's call_id may become a level of a topic
EMPTIED = b""  # MQTT 5, 3.3.1.3: an empty retained message makes the broker forget the topic
OFFLINE = b'{"status":"offline"}'


class Topics:
    """The topics of one site."""

    def __init__(self, site: str) -> None:
        self.root = f"hall/{site}"
        self.gateway = f"{self.root}/gateway"
        self.calls = f"{self.root}/calls"

    def availability(self, device: str) -> str:
        """Whether a device answers."""
        return f"{self.root}/dev/{device}/availability"

    def state(self, device: str, part: str | None) -> str:
        """The points of a device, or of one of its parts."""
        return f"{self.root}/dev/{device}/part/{part}/state" if part else f"{self.root}/dev/{device}/state"

    def event(self, device: str) -> str:
        """What happened at a device, in the order of the journal."""
        return f"{self.root}/dev/{device}/event"

    def call(self, call_id: str) -> str:
        """What became of a call."""
        return f"{self.calls}/{call_id}"

    def window(self, window: str) -> str:
        """What a window shows now."""
        return f"{self.root}/windows/{window}/state"

    def answerable(self, topic: str) -> bool:
        """Whether a stranger may choose this topic for our answer: nobody but the gateway speaks for the hall."""
        own = topic.startswith("hall/") and not topic.startswith(f"{self.calls}/")
        return bool(topic) and not own and not any(character in topic for character in "+#\0")

    def retained(self, change: Change, hub: Hub) -> Message | None:
        """The retained message that tells a change of the hub as it stands now; None for what is not published."""
        if change.kind == "view":
            kind, _, window = change.key.partition("/")
            view = hub.views.get(change.key)
            return (self.window(window), EMPTIED if view is None else encode(view)) if kind == "windows" else None
        device = hub.devices.get(change.key)
        if change.kind == "availability":
            return self.availability(change.key), _availability(device)
        topic = self.state(change.key, change.part)
        points = device.points.get(change.part) if device else None
        if points is None:
            return topic, EMPTIED
        return (topic, state(points)) if points else None

    def recorded(self, row: Row) -> Message | None:
        """The message of a journal row; None for what is not published: the audit, and calls that were erased."""
        if row.type.startswith("call."):
            return (self.call(row.payload["call_id"]), event(row)) if row.payload else None
        public = row.device is not None and row.retention is not Retention.AUDIT
        return (self.event(row.device or ""), event(row)) if public else None


def _availability(device: DeviceView | None) -> bytes:
    """Whether a device answers; nothing for one that is no longer there."""
    if device is None:
        return EMPTIED
    return b"online" if device.status is Status.ONLINE else b"offline"


def state(points: Mapping[str, Held]) -> bytes:
    """Flat points, the time of the newest reading, and the names of those that are not good, if any."""
    readings = [held.now for held in points.values()]
    times = [reading.at.astimezone(UTC) for reading in readings if reading.at]
    bad = [reading.point for reading in readings if reading.quality is not Quality.GOOD]
    flat: dict[str, Any] = {reading.point: reading.value for reading in readings}
    return encode(flat | {"at": max(times, default=None)} | ({"bad": bad} if bad else {}))


def event(row: Row) -> bytes:
    """A row of the journal: consumers that drop an `id` not above the last they saw get every event once."""
    head = {"id": row.seq, "type": row.type, "at": row.at, "part": row.part}
    return encode(head | (row.payload or {}) | head)


def online(version: str, started_at: datetime) -> bytes:
    """What the gateway says of itself while it runs."""
    return encode({"status": "online", "version": version, "started_at": started_at})


def encode(value: Mapping[str, Any]) -> bytes:
    """JSON in UTF-8, times as RFC 3339."""
    return msgspec.json.encode(value)
