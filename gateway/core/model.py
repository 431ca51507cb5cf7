"""What a device is, says and is asked: frozen data, shared by drivers, services and outlets.

Times are aware UTC datetimes; deadlines are seconds of the event loop's clock (`loop.time()`).
`None` means "unknown", never zero and never off.
"""

import builtins
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from gateway.core.rights import Right

Scalar = str | int | float | bool | None
"""The value of a point; None where it is unknown."""


class Quality(StrEnum):
    """How far a reading can be trusted. A bad reading carries None."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"


class Retention(StrEnum):
    """The class of an event: how long its payload is kept (DESIGN §9)."""

    ACCESS = "access"
    AUDIT = "audit"
    CALL = "call"
    DEVICE = "device"


class Stage(StrEnum):
    """Where a command is, or how it ended (DESIGN §7)."""

    QUEUED = "queued"
    SENT = "sent"
    ACKED = "acked"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    TIMEOUT = "timeout"
    OFFLINE = "offline"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class Reading(msgspec.Struct, frozen=True):
    """A point's value at a time. `part` None is the device itself; `at` None means now."""

    part: str | None
    point: str
    value: Scalar
    quality: Quality = Quality.GOOD
    at: datetime | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened once.

    `source_key` names the happening for ever: a second event with the same key is a repeat and is not
    recorded again. `at` None means now; `device_at` is the device's own clock, as it was sent.
    `volatile` says that the source keeps no log, so that the event cannot be asked for again: it is held in memory
    while the store takes nothing. `person` is what the device knows somebody by, as `card:9896534`: it is never
    recorded, the payload gets a pseudonym in its place.
    """

    type: str
    source_key: str
    payload: dict[str, Any]
    retention: Retention = Retention.DEVICE
    part: str | None = None
    at: datetime | None = None
    device_at: str | None = None
    clock_offset_s: float | None = None
    volatile: bool = False
    person: str | None = None


class Cursor(msgspec.Struct, frozen=True):
    """How far a numbered log has been read: committed in one transaction with the events before it."""

    name: str
    value: str


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A verb asked of a device. `deadline` is in seconds of the event loop's clock."""

    id: str
    verb: str
    part: str | None = None
    params: Mapping[str, Any]
    deadline: float
    actor: str
    reason: str | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How far a command has come. `confirmed` is None where the device cannot confirm: then `acked` is the end."""

    command_id: str
    status: Stage
    at: datetime
    detail: dict[str, Any] = {}
    confirmed: bool | None = None


class Part(msgspec.Struct, frozen=True):
    """A thing inside a device: `id` a slug, `kind` a PartKind of the surface, `name` the device's own text."""

    id: str
    kind: str
    name: str


class Identity(msgspec.Struct, frozen=True):
    """What answered: as the device tells it, None where it does not."""

    model: str | None = None
    firmware: str | None = None
    serial: str | None = None
    parts: tuple[Part, ...] = ()


class Point(msgspec.Struct, frozen=True):
    """A declared value. `type` is one of number, integer, boolean, text.

    A number that differs by less than `deadband` from the one that was last told is not told by itself.
    """

    name: str
    type: str
    meaning: str
    unit: str | None = None
    deadband: float | None = None


class Verb(msgspec.Struct, frozen=True, kw_only=True):
    """Something a device can be asked to do.

    `params` is a msgspec Struct that its parameters must convert to. `desired` verbs keep their newest
    parameters and are sent again after every connect, and every `resend_s` seconds where that is set.
    `confirms` False: the device acknowledges, but cannot prove the effect. `right` is what a person needs to ask it.
    `reasoned`: who asks must say why, as they must for verbs of the right `unlock`. `urgent`: it is done though the
    journal does not take its audit, which is held then until it does. `personal` names parameters and details of the
    answer that tell who somebody is, each with a kind: the record has the pseudonym of `KIND:VALUE` in their place, and
    nothing where the kind is empty, as it is for a PIN. Not for `desired` verbs, whose parameters are kept. `locks`: it
    may lock a door (`gateway.core.access.may_lock`), and is refused while a fire is on.
    """

    name: str
    meaning: str
    params: "builtins.type[msgspec.Struct]"
    desired: bool = False
    resend_s: float | None = None
    dangerous: bool = False
    confirms: bool = True
    right: Right = Right.COMMAND
    reasoned: bool = False
    urgent: bool = False
    personal: tuple[tuple[str, str], ...] = ()
    locks: bool = False


class EventType(msgspec.Struct, frozen=True):
    """An event that a device can send."""

    name: str
    meaning: str
    retention: Retention = Retention.DEVICE


class PartKind(msgspec.Struct, frozen=True):
    """What every part of one kind offers."""

    points: tuple[Point, ...] = ()
    verbs: tuple[Verb, ...] = ()
    events: tuple[EventType, ...] = ()


class PollGroup(msgspec.Struct, frozen=True):
    """Points that are read together, every `period_s` seconds."""

    name: str
    period_s: float


class Surface(msgspec.Struct, frozen=True, kw_only=True):
    """All a device offers. `device` is the device itself; `kinds` its parts, by kind.

    `silent_after_s` makes a device passive: it is the client, and online while its last contact is younger.
    `retry_s` is the longest wait between two tries to reach it, and the line that it is on; None is the house's own.
    """

    device: PartKind = PartKind()
    kinds: Mapping[str, PartKind] = {}
    polls: tuple[PollGroup, ...] = ()
    silent_after_s: float | None = None
    retry_s: float | None = None

    @property
    def passive(self) -> bool:
        """Whether the device comes to us, and is not asked: that it is the device, it may only say itself."""
        return self.silent_after_s is not None


class Picture(msgspec.Struct, frozen=True):
    """A picture of a surface: `data` is PNG, sizes in pixels."""

    width: int
    height: int
    data: bytes
