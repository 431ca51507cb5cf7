"""What goes into the journal and what comes out."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from gateway.core.errors import JournalError
from gateway.core.model import Cursor, Event, Retention
from gateway.journal import chain

OFFSET_LIMIT_S = 1e12  # datetimes differ by less; below it, milliseconds have one decimal text everywhere


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded event. `payload` is None once it has been erased."""

    seq: int
    at: datetime
    device_at: str | None
    clock_offset_s: float | None
    device: str | None
    part: str | None
    type: str
    retention: Retention
    volatile: bool
    payload: dict[str, Any] | None
    source_key: str
    hash: bytes


class Recorded(msgspec.Struct, frozen=True):
    """Where an event stands. `new` False: it is a repeat, `seq` is that of the first."""

    seq: int
    new: bool


class Desired(msgspec.Struct, frozen=True):
    """What a device is to show or hold, newest parameters only. `part` None is the device itself."""

    device: str
    part: str | None
    verb: str
    params: dict[str, Any]
    rev: int
    expires_at: datetime | None
    actor: str
    command_id: str


class Head(msgspec.Struct, frozen=True):
    """The newest committed row: seq 0 while there is none."""

    seq: int = 0
    hash: bytes = chain.GENESIS


class Health(msgspec.Struct, frozen=True):
    """`why` the store takes nothing, None while it does; accepted events in memory; those that gap records count."""

    why: str | None
    spooled: int
    gaps: int


def stamp(moment: datetime) -> str:
    """A time as it is stored. Raises JournalError when it has no time zone."""
    if moment.tzinfo is None:
        raise JournalError(f"the journal takes no time without a zone: {moment.isoformat()}")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def text(value: Mapping[str, Any]) -> str:
    """A mapping as canonical JSON text. Raises JournalError when it is no JSON object."""
    try:
        encoded = chain.canonical(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise JournalError(f"the journal takes only JSON: {error}") from error
    if not encoded.startswith(b"{"):
        raise JournalError("the journal takes only JSON objects")
    return encoded.decode()


def event_columns(event: Event, *, site: str, device: str | None, now: datetime) -> dict[str, Any]:
    """An event as the columns that are known before its turn. Raises JournalError when it cannot be stored.

    The types are checked: the store would turn 7 into '7', and the hash of the one is not that of the other.
    """
    if event.person is not None:
        raise JournalError("the journal refused the record: it names a person by card or number, not by a pseudonym")
    try:
        msgspec.convert(msgspec.structs.asdict(event) | {"payload": {}}, Event)
    except msgspec.ValidationError as error:
        raise JournalError(f"the journal refused the record: {error}") from error
    if any("\0" in value for value in (event.type, event.source_key, event.part, event.device_at, device) if value):
        raise JournalError("the journal refused the record: text must be without NUL")  # PostgreSQL has none
    return {
        "site": site,
        "at": stamp(event.at or now),
        "device_at": event.device_at,
        "clock_offset_s": _offset(event.clock_offset_s),
        "device": device,
        "part": event.part,
        "type": event.type,
        "class": event.retention.value,
        "volatile": int(event.volatile),
        "payload": text(event.payload),
        "source_key": event.source_key,
    }


def cursor_columns(cursor: Cursor, *, site: str, now: datetime) -> dict[str, Any]:
    """A cursor as its columns."""
    return {"site": site, "name": cursor.name, "value": cursor.value, "at": stamp(now)}


def desired_columns(item: Desired, *, site: str) -> dict[str, Any]:
    """Desired state as its columns. Raises JournalError when it cannot be stored."""
    expires_at = item.expires_at and stamp(item.expires_at)
    encoded = {"site": site, "part": item.part or "", "params": text(item.params), "expires_at": expires_at}
    return msgspec.structs.asdict(item) | encoded


def _offset(offset_s: float | None) -> float | None:
    if offset_s is None:
        return None
    if not math.isfinite(offset_s) or abs(offset_s) >= OFFSET_LIMIT_S:
        raise JournalError(f"the journal takes no clock offset of {offset_s} s")
    return round(float(offset_s), 3) + 0.0  # SQLite stores -0.0 as 0.0, and the hash must be that of what is stored


def row(stored: Mapping[str, Any]) -> Row:
    """A row from its columns. Raises ValueError when they are not what a gateway writes."""
    payload = stored["payload"]
    decoded = {
        "retention": stored["class"],
        "volatile": bool(stored["volatile"]),
        "payload": None if payload is None else msgspec.json.decode(payload),
    }
    return msgspec.convert({**stored, **decoded}, Row)


def desired(stored: Mapping[str, Any]) -> Desired:
    """Desired state from its columns. Raises ValueError when they are not what a gateway writes."""
    decoded = {"part": stored["part"] or None, "params": msgspec.json.decode(stored["params"])}
    return msgspec.convert({**stored, **decoded}, Desired)
