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

ADDRESSABLE = re.compile(r"[A-Za-z0-9._:-]{1,64}")  # what of a stranger's id may become a level of a topic
VIEW = re.compile(
    r"(windows|alarms|doors)/[A-Za-z0-9._:/_-]{1,200}|journal/anchor"
)  # the services' views that are told
EMPTIED = b""  # MQTT 5, 3.3.1.3: an empty retained message makes the broker forget the topic
OFFLINE = b'{"status":"offline"}'


class Topics:
    """The topics of one site; `others` are levels outside it that are nobody's to answer on."""

    def __init__(self, site: str, *others: str) -> None:
        self.root = f"hall/{site}"
        self.gateway = f"{self.root}/gateway"
        self.calls = f"{self.root}/calls"
        self.commands = f"{self.root}/do"
        self._reserved = ("$", "hall/", *(f"{other}/" for other in others))

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

    def done(self, command_id: str) -> str:
        """How a command ended."""
        return f"{self.root}/done/{command_id}"

    def view(self, key: str) -> str | None:
        """What a service shows; None for what it shows to nobody here."""
        if not VIEW.fullmatch(key):
            return None
        return f"{self.root}/{key}/state" if key.startswith(("windows/", "doors/")) else f"{self.root}/{key}"

    def asked(self, topic: str) -> tuple[str, str] | None:
        """Target and verb of a command's topic; None for another topic."""
        target, _, verb = topic.removeprefix(f"{self.commands}/").rpartition("/")
        return (target, verb) if target and verb and topic.startswith(f"{self.commands}/") else None

    def answerable(self, topic: str) -> bool:
        """Whether a stranger may choose this topic for our answer: nobody but the gateway speaks for the hall."""
        own = topic.startswith(self._reserved) and not topic.startswith((f"{self.calls}/", f"{self.root}/done/"))
        return bool(topic) and not own and not any(character in topic for character in "+#\0")

    def retained(self, change: Change, hub: Hub) -> Message | None:
        """The retained message that tells a change of the hub as it stands now; None for what is not published.

        It is empty for what is gone.
        """
        if change.kind == "view":
            topic, view = self.view(change.key), hub.views.get(change.key)
            return None if topic is None else (topic, EMPTIED if view is None else encode(view))
        device = hub.devices.get(change.key)
        if change.kind == "availability":
            return self.availability(change.key), _availability(device)
        topic = self.state(change.key, change.part)
        points = device.points.get(change.part) if device else None
        return topic, state(points) if points else EMPTIED

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


NO_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON of ours: no UTF-8, or brackets without end, are not MsgspecErrors."""


def encode(value: Mapping[str, Any]) -> bytes:
    """JSON in UTF-8, times as RFC 3339."""
    return msgspec.json.encode(value)
