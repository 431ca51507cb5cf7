"""What a Hikvision terminal is: doors, people, a log with numbers, and what its firmware does its own way."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from simulators.keep import Keep

PEOPLE = {"17": "9896534", "18": "1234567"}
"""Whom it knows: card numbers by employee."""
NAMES = {"17": "张三", "18": "李四"}
ALARM, TROUBLE, OPERATION, EVENT = 1, 2, 3, 5
PASSED, UNKNOWN, BUTTON, OPENED, CLOSED, FORCED, HELD, FIRE = 0x01, 0x09, 0x17, 0x19, 0x1A, 0x1B, 0x1C, 0x34
POWER_ON = 0x400
COMMANDS = {"open": 0x400, "close": 0x401, "alwaysOpen": 0x402, "alwaysClose": 0x403}
MODES = {"close": 4, "alwaysOpen": 2, "alwaysClose": 3}


class Quirks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What this firmware does its own way: none of it is forbidden."""

    no_front: bool = False
    """Rows do not tell the number of the row before them."""
    xml: bool = False
    """The stream speaks XML."""
    single_use_nonce: bool = False
    """A nonce counts once."""
    no_capabilities: bool = False
    """It does not tell how many rows it gives."""
    pictures: bool = True
    """A picture follows each event in the stream."""


class Entry(msgspec.Struct, frozen=True):
    """One row of the log."""

    serial: int
    front: int
    major: int
    minor: int
    time: str
    door: int | None
    employee: str | None
    card: str | None


class Door(msgspec.Struct):
    """One door. `mode` is 4 controlled, 2 open to all, 3 shut for all."""

    open: bool = False
    released: bool = False
    mode: int = 4
    opened: int = 0


class Terminal:
    """A terminal: its log holds `room` rows, a search gives `limit` of them, its clock is ahead by `skew`."""

    def __init__(self, doors: Sequence[int], keep: Keep[Entry], *, room: int = 10_000) -> None:
        self.doors = {number: Door() for number in doors}
        self._keep = keep
        self.log = deque(keep.records(), maxlen=room)
        self.newest = self.log[-1].serial if self.log else 0
        self.limit = 30
        self.skew = timedelta()
        self.quirks = Quirks()

    def write(
        self,
        major: int,
        minor: int,
        *,
        at: str,
        door: int | None = None,
        employee: str | None = None,
        card: str | None = None,
    ) -> Entry:
        """Write a row."""
        self.newest += 1
        entry = Entry(self.newest, self.newest - 1, major, minor, at, door, employee, card)
        self._keep.write(entry)
        self.log.append(entry)
        return entry

    def swipe(self, employee: str, card: str | None, *, door: int, at: str) -> Entry:
        """Somebody shows a card."""
        if employee in PEOPLE and card in (None, PEOPLE[employee]):
            self.doors[door].released = True
            return self.write(EVENT, PASSED, at=at, door=door, employee=employee, card=PEOPLE[employee])
        return self.write(EVENT, UNKNOWN, at=at, door=door, card=card or "5550199")

    def move(self, door: int, *, open: bool, minor: int, at: str) -> Entry:
        """The door is moved, and what the terminal says of it."""
        self.doors[door].open = open
        self.doors[door].released = self.doors[door].released and open
        return self.write(EVENT, minor, at=at, door=door)

    def control(self, door: int, cmd: str, *, at: str) -> Entry | None:
        """Carry out a command from afar; None for one that there is not."""
        if door not in self.doors or cmd not in COMMANDS:
            return None
        state = self.doors[door]
        state.released = cmd in ("open", "alwaysOpen")
        state.opened += cmd == "open"
        state.mode = MODES.get(cmd, state.mode)
        return self.write(OPERATION, COMMANDS[cmd], at=at, door=door)

    def find(self, cond: dict[str, Any]) -> dict[str, Any]:
        """What a search gives."""
        first, last = cond.get("beginSerialNo", 0), cond.get("endSerialNo", 2**32)
        since = cond.get("startTime", "")
        rows = [entry for entry in self.log if first <= entry.serial <= last and entry.time[:19] >= since]
        position = cond["searchResultPosition"]
        given = rows[position : position + min(cond["maxResults"], self.limit)]
        more = position + len(given) < len(rows)
        status = "MORE" if more else "OK" if rows else "NO MATCH"
        found: dict[str, Any] = {"searchID": cond["searchID"], "totalMatches": len(rows)}
        found |= {"responseStatusStrg": status, "numOfMatches": len(given)}
        return {"AcsEvent": {**found, **({"InfoList": [self.row(one) for one in given]} if given else {})}}

    def row(self, entry: Entry) -> dict[str, Any]:
        """A row as the log tells it, with all that nobody should keep."""
        return {"major": entry.major, "minor": entry.minor, "time": entry.time, **self._fields(entry)}

    def alert(self, entry: Entry, *, current: bool) -> dict[str, Any]:
        """A row as the stream tells it."""
        inner = {"majorEventType": entry.major, "subEventType": entry.minor, "currentEvent": current}
        told = {"deviceName": "Access Controller", **inner, **self._fields(entry), "picturesNumber": 1}
        kind = {"eventType": "AccessControllerEvent", "eventState": "active"}
        return {"dateTime": entry.time, "activePostCount": 1, **kind, "AccessControllerEvent": told}

    def wipe(self) -> None:
        """Back to the factory's state: the log begins at 1 again."""
        self._keep.clear()
        self.log.clear()
        self.newest = 0

    def status(self) -> dict[str, Any]:
        """The states of its doors, by number."""
        doors = [self.doors.get(number) for number in range(1, max(self.doors) + 1)]
        return {
            "AcsWorkStatus": {
                "doorLockStatus": [int(door.released) if door else 0 for door in doors],
                "doorStatus": [door.mode if door else 4 for door in doors],
                "magneticStatus": [int(door.open) if door else 0 for door in doors],
            }
        }

    def _fields(self, entry: Entry) -> dict[str, Any]:
        person = {"employeeNoString": entry.employee, "name": NAMES[entry.employee]} if entry.employee else {}
        given = {"doorNo": entry.door, "cardNo": entry.card}
        front = {} if self.quirks.no_front else {"frontSerialNo": entry.front}
        health = {"mask": "no", "currTemperature": 36.4, "isAbnomalTemperature": False}
        return {
            **{name: value for name, value in given.items() if value is not None},
            **person,
            "serialNo": entry.serial,
            **front,
            **health,
        }


def local(at: datetime) -> str:
    """A time with its zone, as terminals tell it."""
    return at.isoformat(timespec="seconds")
