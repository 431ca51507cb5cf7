"""What a terminal answers by ISAPI: strict, as those that refuse a search without `major`, or a time with a Z."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from simulators.access.hikvision.http import Request, answer
from simulators.access.hikvision.state import Entry, Terminal, local

STREAM = "/ISAPI/Event/notification/alertStream"
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nMIME-Version: 1.0\r\nConnection: close\r\n"
    b"Content-Type: multipart/mixed; boundary=MIME_boundary\r\n\r\n"
)
XMLNS = 'version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"'
DOOR = re.compile(r"/ISAPI/AccessControl/RemoteControl/door/(\d{1,3})")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
PICTURE = b'\xff\xd8{"{{\r\n--MIME_boundary\r\nContent-Length: 5\r\n\r\n--}\x00' + bytes(range(256)) * 40 + b"\xff\xd9"
"""A photo with all in it that breaks who searches for boundaries or braces."""


class Isapi:
    """Answers for one terminal. `wrote` is told each new row; `refuses` says whether the next command fails."""

    def __init__(
        self, box: Terminal, *, now: Callable[[], datetime], wrote: Callable[[Entry], None], refuses: Callable[[], bool]
    ) -> None:
        self._box, self._now, self._wrote, self._refuses = box, now, wrote, refuses

    def answer(self, request: Request) -> bytes:
        """The answer to a request that has logged in."""
        path = request.target.partition("?")[0]
        handlers: dict[tuple[str, str], Callable[[bytes], bytes]] = {
            ("GET", "/ISAPI/System/deviceInfo"): self._info,
            ("GET", "/ISAPI/System/time"): self._time,
            ("PUT", "/ISAPI/System/time"): self._set_time,
            ("GET", "/ISAPI/AccessControl/AcsWorkStatus"): lambda _: _json(self._box.status()),
            ("GET", "/ISAPI/AccessControl/AcsEvent/capabilities"): self._capabilities,
            ("POST", "/ISAPI/AccessControl/AcsEvent"): self._search,
        }
        if request.method == "PUT" and (door := DOOR.fullmatch(path)):
            return self._control(int(door[1]), request.body)
        handler = handlers.get((request.method, path))
        return handler(request.body) if handler else refusal(404, 4, "Invalid Operation", "notSupport")

    def _info(self, _: bytes) -> bytes:
        told = {
            "model": "DS-K1T671M (simulated)",
            "serialNumber": "DS-K1T671M20260101V030230",
            "firmwareVersion": "V3.2.30",
        }
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in told.items())
        return answer(200, f'<?xml version="1.0" encoding="UTF-8"?>\n<DeviceInfo {XMLNS}>{inner}</DeviceInfo>'.encode())

    def _time(self, _: bytes) -> bytes:
        at = local(self._now() + self._box.skew)
        told = f"<timeMode>manual</timeMode><localTime>{at}</localTime><timeZone>CST-8:00:00</timeZone>"
        return answer(200, f"<Time {XMLNS}>{told}</Time>".encode())

    def _set_time(self, body: bytes) -> bytes:
        found = re.search(r"<localTime>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)</localTime>", body.decode("utf-8", "replace"))
        if found is None or b"<timeZone>CST-8:00:00</timeZone>" not in body:
            return refusal(400, 6, "Invalid XML Content", "badXmlContent")
        if self._refuses():
            return refusal(403, 4, "Invalid Operation", "lowPrivilege")
        now = self._now()
        self._box.skew = datetime.fromisoformat(found[1]).replace(tzinfo=now.tzinfo) - now
        return done()

    def _capabilities(self, _: bytes) -> bytes:
        if self._box.quirks.no_capabilities:
            return refusal(404, 4, "Invalid Operation", "notSupport")
        return _json({"AcsEvent": {"AcsEventCond": {"maxResults": {"@min": 1, "@max": self._box.limit}}}})

    def _search(self, body: bytes) -> bytes:
        try:
            cond: dict[str, Any] = json.loads(body)["AcsEventCond"]
            numbers = [cond[name] for name in ("searchResultPosition", "maxResults", "major", "minor")]
            times = [cond[name] for name in ("startTime", "endTime") if name in cond]
        except (ValueError, KeyError, TypeError):
            return refusal(400, 5, "Invalid Format", "badJsonFormat")
        fine = all(isinstance(number, int) for number in numbers) and numbers[1] <= self._box.limit
        if not cond.get("searchID") or not fine or not all(TIME.fullmatch(str(time)) for time in times):
            return refusal(400, 6, "Invalid Content", "badJsonContent")
        return _json(self._box.find(cond))

    def _control(self, door: int, body: bytes) -> bytes:
        found = re.search(r"<cmd>(\w+)</cmd>", body.decode("utf-8", "replace"))
        if self._refuses():
            return refusal(403, 4, "Invalid Operation", "lowPrivilege")
        entry = self._box.control(door, found[1] if found else "", at=local(self._now() + self._box.skew))
        if entry is None:
            return refusal(400, 6, "Invalid XML Content", "badXmlContent")
        self._wrote(entry)
        return done()


def part(body: bytes, media_type: str) -> bytes:
    """A part of the stream."""
    return (
        f"--MIME_boundary\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
        + b"\r\n"
    )


def heartbeat(at: datetime, *, xml: bool) -> bytes:
    """What the stream says when there is nothing to say."""
    told = {"dateTime": local(at), "activePostCount": "1", "eventType": "videoloss", "eventState": "inactive"}
    if xml:
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in told.items())
        return part(
            f"<EventNotificationAlert {XMLNS}>{inner}</EventNotificationAlert>".encode(),
            'application/xml; charset="UTF-8"',
        )
    return part(json.dumps(told).encode(), 'application/json; charset="UTF-8"')


def alert(box: Terminal, entry: Entry, *, current: bool) -> bytes:
    """An event of the stream, with its picture."""
    if box.quirks.xml:
        inner = f"<eventType>AccessControllerEvent</eventType><serialNo>{entry.serial}</serialNo>"
        told = part(f"<EventNotificationAlert {XMLNS}>{inner}</EventNotificationAlert>".encode(), "application/xml")
    else:
        told = part(json.dumps(box.alert(entry, current=current)).encode(), 'application/json; charset="UTF-8"')
    return told + (part(PICTURE, "image/jpeg") if box.quirks.pictures else b"")


def done() -> bytes:
    """The answer to what was carried out."""
    return answer(200, _status(1, "OK", "ok"))


def refusal(status: int, code: int, text: str, sub: str) -> bytes:
    """The answer to what was not."""
    return answer(status, _status(code, text, sub))


def _status(code: int, text: str, sub: str) -> bytes:
    told = f"<statusCode>{code}</statusCode><statusString>{text}</statusString><subStatusCode>{sub}</subStatusCode>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<ResponseStatus {XMLNS}>{told}</ResponseStatus>'.encode()


def _json(value: Any) -> bytes:
    return answer(200, json.dumps(value, ensure_ascii=False).encode(), "application/json")
