"""What the API answers, as JSON: docs/reference/http.md tells it field by field."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from gateway.alarms.condition import Priority
from gateway.alarms.lifecycle import State
from gateway.core.model import Quality, Scalar, Stage
from gateway.core.rights import Right
from gateway.hub import Status
from gateway.journal.rows import Row
from gateway.people.persons import Masked
from gateway.people.rights import Role


class Point(Struct, frozen=True):
    """A point now. A bad one has the value null; `last_good` is what it was, `last_good_age_s` seconds ago."""

    value: Scalar
    quality: Quality
    at: datetime | None
    last_good: Scalar
    last_good_age_s: float | None


class Device(Struct, frozen=True, kw_only=True):
    """A device; `why` says why it is offline."""

    id: str
    name: str | None
    driver: str
    zone: str | None
    status: Status
    since: datetime | None
    why: str | None
    model: str | None
    firmware: str | None
    serial: str | None
    verbs: list[str]
    points: dict[str, Point]


class Devices(Struct, frozen=True):
    """All devices, in the order of the site file."""

    devices: list[Device]


class Part(Struct, frozen=True):
    """A part of a device; `name` is the device's own word."""

    id: str
    kind: str
    name: str
    verbs: list[str]
    points: dict[str, Point]


class Parts(Struct, frozen=True):
    """All parts of a device; none before it has answered once."""

    parts: list[Part]


class Running(Struct, frozen=True):
    """A command that has not ended: how it stands is not known yet."""

    command_id: str
    status: None = None


class Window(Struct, frozen=True, kw_only=True):
    """What a window shows now: `text` is wanted on its screens, `screens` says how far each of them is."""

    window: str
    label: str
    function: str
    status: str
    call_id: str | None
    ticket: str | None
    name: str | None
    session: str | None
    seq: int | None
    expires_at: datetime | None
    text: str
    screens: dict[str, Stage]


class Windows(Struct, frozen=True):
    """All windows, in the order of the site file."""

    windows: list[Window]


class Screen(Struct, frozen=True, kw_only=True):
    """A screen of a window; `window` null: a screen that lists the calls of zones.

    `text` is what it is known to show, null when nobody knows; `wanted` what it shall.

    A new `revision` says that the device told something new of it, so that its picture may have changed.
    """

    id: str
    window: str | None
    status: Status
    why: str | None
    text: Scalar
    colour: Scalar
    wanted: str
    delivery: Stage | None
    revision: int


class Screens(Struct, frozen=True):
    """The screens of all windows, then those of zones."""

    screens: list[Screen]


class Events(Struct, frozen=True):
    """One page of the journal; `next` is the `after` of the next page, null at the end.

    Everything up to the seq `upto` was looked at; `persons` are those of the page whom the hall knows, by pseudonym.
    """

    events: list[Row]
    next: int | None
    upto: int
    persons: dict[str, Masked]


class Text(Struct, frozen=True):
    """A sentence in Chinese and in English."""

    zh: str
    en: str


class Alarm(Struct, frozen=True, kw_only=True):
    """How an alarm stands; `root` is the alarm that is its cause, `followers` are those that it is the cause of."""

    id: str
    name: str
    state: State
    priority: Priority
    subject: str
    device: str | None
    part: str | None
    zone: str | None
    title: Text
    guidance: Text
    since: datetime | None
    changed_at: datetime | None
    occurrence: int
    count: int
    detail: dict[str, Any]
    root: str | None
    followers: list[str]
    shelved_until: datetime | None
    actor: str | None
    chattering: bool
    quiet: bool


class Alarms(Struct, frozen=True):
    """Alarms, the most urgent first. `flood`: more were raised lately than a person can attend to."""

    alarms: list[Alarm]
    flood: bool


class Me(Struct, frozen=True):
    """Who asks: `zones` null is the whole hall, `expires_at` null is never."""

    name: str
    role: Role | None
    rights: list[Right]
    zones: list[str] | None
    expires_at: datetime | None


class Token(Struct, frozen=True, kw_only=True):
    """What is known of a token; the token itself is not."""

    name: str
    role: Role
    zones: list[str] | None
    screen: str | None
    created_at: datetime
    by: str | None
    expires_at: datetime | None
    last_used_at: datetime | None


class Tokens(Struct, frozen=True):
    """Tokens, by name."""

    tokens: list[Token]


class NewToken(Struct, frozen=True):
    """A token, told once."""

    name: str
    role: Role
    token: str


class Revoked(Struct, frozen=True):
    """The name of a token that is good for nothing any more."""

    revoked: str


class Health(Struct, frozen=True, omit_defaults=True):
    """How the gateway is. `upkeep`: why days are not sealed, or payloads not erased, though records are taken."""

    status: str
    upkeep: str | None = None


class ProblemDetails(Struct, frozen=True, omit_defaults=True):
    """RFC 9457. `instance` is the path that was asked, without its query. `recorded` false: nothing was recorded.

    `confirm`: a dangerous verb wants this code.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    recorded: bool | None = None
    confirm: str | None = None
    command_id: str | None = None
