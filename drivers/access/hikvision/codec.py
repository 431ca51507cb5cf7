"""What Hikvision's ISAPI says and is asked: rows of the log, states, answers. Pure.

Source: Hikvision, Intelligent Security API (access control and person management): `AcsEvent`, `AcsWorkStatus`,
`RemoteControl/door`, `System/deviceInfo`, `System/time`, `ResponseStatus`; answers of DS-K1T terminals that their users
have published. Nothing here was compared with a device.

Of a row no more is read than is named here: not the name, the picture, the body temperature, nor the mask.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec

from drivers.shared.markup import Element, document, parse
from drivers.shared.text import printable

MOST = 1 << 20
"""Bytes of one answer."""
MOST_TEXT = 64
MOST_ROWS = 64
"""Rows of one answer that are read, and so of one transaction."""
USUAL_PAGE = 30
"""Rows of one answer, where a device does not say how many it gives: 30 on most."""
NEWEST = 3_000_000_000
"""The highest number that a device takes, by its capabilities."""
LOCAL = "%Y-%m-%dT%H:%M:%S"
CONTROLLED, ALWAYS_OPEN, ALWAYS_SHUT = 4, 2, 3


class Row(msgspec.Struct, frozen=True):
    """One row of the log. `front` is the number of the row before it, None where the device does not say."""

    serial: int
    time: str
    major: int
    minor: int
    front: int | None = None
    door: int | None = None
    person: str | None = None

    @property
    def before(self) -> int:
        """The number of the row before it: numbers may be left out where the device says so."""
        return self.serial - 1 if self.front is None else min(self.front, self.serial - 1)

    @property
    def mark(self) -> str:
        """What tells it from another row of the same number, and not whose it is."""
        return hashlib.sha256(f"{self.serial} {self.time} {self.major} {self.minor}".encode()).hexdigest()[:16]


class Page(msgspec.Struct, frozen=True):
    """One answer of a search: its rows by number, how many it had, whether others follow, how many there are in all."""

    rows: Sequence[Row]
    given: int
    more: bool
    total: int


class Lock(msgspec.Struct, frozen=True):
    """The state of a door: None where the device does not tell."""

    open: bool | None
    unlocked: bool | None
    mode: int | None


def search(search_id: str, position: int, most: int, *, first: int | None = None, since: str | None = None) -> bytes:
    """Ask for a page of the log, from a number or a time on.

    `major` and `minor` are always there: some firmware refuses a search without them. Times are local, without
    milliseconds and without a zone, which others refuse.
    """
    cond: dict[str, Any] = {"searchID": search_id, "searchResultPosition": position, "maxResults": most}
    cond |= {"major": 0, "minor": 0}
    if first is not None:
        cond |= {"beginSerialNo": first, "endSerialNo": NEWEST}
    if since is not None:
        cond |= {"startTime": since, "endTime": "2037-12-31T23:59:59"}
    return json.dumps({"AcsEventCond": cond}).encode()


def page(data: bytes) -> Page:
    """A page of the log. Raises ValueError for what is none."""
    found = _dict(_json(data).get("AcsEvent"))
    if not found:
        raise ValueError("no AcsEvent")
    listed = _list(found.get("InfoList"))[:MOST_ROWS]
    rows = [one for one in (row(each, "major", "minor") for each in listed) if one is not None]
    more = found.get("responseStatusStrg") == "MORE"
    return Page(sorted(rows, key=lambda row: row.serial), len(listed), more, _number(found.get("totalMatches")) or 0)


def row(found: Any, major: str, minor: str) -> Row | None:
    """A row as the log or the stream has it: they name two fields differently. Never raises."""
    fields = _dict(found)
    serial, kind, what = (_number(fields.get(name)) for name in ("serialNo", major, minor))
    if serial is None or kind is None or what is None:
        return None
    time = _text(fields.get("time")) or ""
    return Row(
        serial, time, kind, what, _number(fields.get("frontSerialNo")), _number(fields.get("doorNo")), _who(fields)
    )


def alert(data: bytes) -> str | None:
    """The type of what the stream says; None for what is no alert. Never raises."""
    with suppress(ValueError):
        return _text(_json(data).get("eventType"))
    with suppress(ValueError):
        return child(parse(data, MOST), "eventType")
    return None


def longest_page(data: bytes) -> int:
    """How many rows a device gives at once, by its capabilities. Never raises."""
    try:
        limits = _dict(_dict(_dict(_json(data).get("AcsEvent")).get("AcsEventCond")).get("maxResults"))
    except ValueError:
        return USUAL_PAGE
    return max(1, min(_number(limits.get("@max")) or USUAL_PAGE, MOST_ROWS))


def locks(data: bytes, doors: Sequence[int]) -> Mapping[int, Lock]:
    """The states of those doors that the device has, by number: it lists the states of all of its doors in their order.

    Of one that lists no states at all nobody knows what it has. Raises ValueError for what is no status.
    """
    status = _dict(_json(data).get("AcsWorkStatus"))
    if not status:
        raise ValueError("no AcsWorkStatus")

    listed = {name: _list(status.get(name)) for name in ("magneticStatus", "doorLockStatus", "doorStatus")}
    has = max(map(len, listed.values()))

    def of(name: str, door: int) -> int | None:
        return _number(listed[name][door - 1]) if len(listed[name]) >= door else None

    two: Mapping[int | None, bool] = {0: False, 1: True}
    return {
        door: Lock(two.get(of("magneticStatus", door)), two.get(of("doorLockStatus", door)), of("doorStatus", door))
        for door in doors
        if door <= has or not has
    }


def remote_control(cmd: str) -> bytes:
    """What a door shall do: open, close, alwaysOpen, alwaysClose."""
    return document(Element("RemoteControlDoor", children=(Element("cmd", text=cmd),)))


def clock(data: bytes, zone: ZoneInfo) -> datetime | None:
    """What the device's clock shows; None where it cannot be read. Never raises."""
    try:
        at = datetime.fromisoformat(child(parse(data, MOST), "localTime") or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def set_clock(data: bytes, local: datetime) -> bytes:
    """Set the clock to a local time, and leave its time zone as the answer `data` to the question for it has that."""
    zone = child(parse(data, MOST), "timeZone") or ""
    fields = {"timeMode": "manual", "localTime": local.strftime(LOCAL), "timeZone": printable(zone, MOST_TEXT)}
    return document(Element("Time", children=tuple(Element(name, text=text) for name, text in fields.items() if text)))


def child(root: Element, name: str) -> str | None:
    """The text of an element below the root."""
    found = next(root.find(name), None)
    return printable(found.text.strip(), MOST_TEXT) if found is not None else None


def refusal(data: bytes) -> str | None:
    """Why something was refused, in the device's words; None where it was not. Never raises."""
    try:
        told = {name: _text(value) or str(value) for name, value in _json(data).items()}
    except ValueError:
        try:
            root = parse(data, MOST)
        except ValueError:
            return "it says nothing that can be read"
        told = {name: child(root, name) or "" for name in ("statusCode", "statusString", "subStatusCode")}
    if told.get("statusCode") in ("0", "1"):
        return None
    return printable(" ".join(filter(None, (told.get("statusString"), told.get("subStatusCode")))), 128) or "refused"


def _who(fields: Mapping[str, Any]) -> str | None:
    employee, card = (_text(fields.get(name)) for name in ("employeeNoString", "cardNo"))
    return f"employee:{employee}" if employee else f"card:{card}" if card else None


def _json(data: bytes) -> dict[str, Any]:
    if len(data) > MOST:
        raise ValueError(f"{len(data)} bytes of JSON")
    try:
        return _dict(msgspec.json.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("no JSON") from error


def _dict(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: Any) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


def _number(value: Any) -> int | None:
    """A number of at most 10 digits, also as text; never true or false."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value, re.ASCII):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**10 else None


def _text(value: Any) -> str | None:
    return printable(value, MOST_TEXT) or None if isinstance(value, str) else None
