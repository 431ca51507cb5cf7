"""What a ZKTeco device posts to `/iclock/…`, and what it is answered. Pure.

    GET  cdata?SN=…&options=all            who is there?            configuration, or `OK`
    POST registry?SN=…                     key=value,key=value      RegistryCode=…
    POST push?SN=…                         give me my settings      key=value LF key=value
    POST cdata?SN=…&table=rtlog            rows of the log          OK
    POST cdata?SN=…&table=rtstate          sensors and relays       OK
    POST cdata?SN=…&table=ATTLOG&Stamp=…   rows of attendance       OK
    GET  getrequest?SN=…                   is there a command?      C:ID:COMMAND LF …, or `OK`
    POST devicecmd?SN=…                    ID=…&Return=…&CMD=…      OK

Rows are lines; their fields are `key=value`, a TAB between them; those of ATTLOG have a place and no key. Source:
ZKTeco, Security PUSH Communication Protocol 3.1.2 (document 2.3 and later): initialisation, registration, sections
`Upload real-time events`, `Upload real-time status`, `Upload returned result`, appendices 1 and 5. ATTLOG: ZKTeco,
Attendance PUSH Communication Protocol. Nothing here was compared with a device.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

OK = b"OK"
DOORS = range(1, 9)
MOST_VALUE = 64
"""Characters of one value that are kept."""
MOST_FIELDS = 64
MOST_LINES = 10_000
"""In one post: a megabyte of rows of the document has less."""
Mark = Callable[[str], str]
"""What is the same for the same text, and does not tell it: `DeviceContext.mark`."""
TIME = "%Y-%m-%d %H:%M:%S"
TOKEN = re.compile(r"(?:^|[;,\s])token=([0-9a-fA-F]{32})(?:$|[;,\s])")


class Row(msgspec.Struct, frozen=True):
    """One row of the log. `key` is the same for the same row for ever, and tells of nobody; `index` is its number."""

    key: str
    time: str | None
    event: int
    door: int | None
    outward: bool | None
    index: int | None = None
    pin: str | None = None
    card: str | None = None


class State(msgspec.Struct, frozen=True):
    """The sensors: for each door whether it stands open, None where it has no sensor."""

    time: str | None
    open: Mapping[int, bool | None]


class Done(msgspec.Struct, frozen=True):
    """How a command ended: 0 and more is success (appendix 1)."""

    id: str
    code: int


def posted(body: bytes) -> list[str]:
    """The lines of a table, in their order, without those that are empty."""
    return list(_lines(body))


def row(line: str, mark: Mark) -> Row | None:
    """A row of `rtlog`; None for what is none. Never raises.

    One with a number is known by it, its time, event and door, whatever else a firmware adds; without, by all it says.
    """
    found = fields(line)
    event, index, door = (number(found.get(name)) for name in ("event", "index", "eventaddr"))
    time = _time(found)
    if event is None or time is None:
        return None
    outward = {"0": False, "1": True}.get(found.get("inoutstatus", ""))
    key = mark(line) if index is None else f"{time}/{index}/{event}/{door}"
    return Row(key, time, event, door, outward, index, _given(found.get("pin")), _given(found.get("cardno")))


def punch(line: str, mark: Mark) -> Row | None:
    """A row of `ATTLOG`: user, time, status, verification, … Its event is 0. None for what is none. Never raises."""
    pin, time, *_ = [*line.split("\t"), "", ""]
    known = _given(pin)
    return Row(mark(line), time, 0, None, None, pin=known) if when(time) and known else None


def state(body: bytes) -> State | None:
    """The sensors in `rtstate`; None where there are none. Never raises.

    Two bits for each door, those of doors 1 to 4 in the first byte: 01 closed, 10 open, else no sensor.
    """
    found = fields(next(_lines(body), ""))
    sensors = found.get("sensor", "")
    if not re.fullmatch(r"([0-9a-fA-F]{2}){1,2}", sensors):
        return None
    data = bytes.fromhex(sensors)
    bits = {door: data[(door - 1) // 4] >> 2 * ((door - 1) % 4) & 3 for door in DOORS if (door - 1) // 4 < len(data)}
    return State(_time(found), {door: {1: False, 2: True}.get(two) for door, two in bits.items()})


def results(body: bytes) -> Iterator[Done]:
    """The results in `devicecmd`: a line each, or their fields a line each. Never raises."""
    found: dict[str, str] = {}
    for name, value in re.findall(r"(?:^|[&\r\n])\s*(ID|Return)=([-\w]{1,32})", body.decode("utf-8", "replace")):
        found[name] = value
        if found.keys() == {"ID", "Return"}:
            if (code := number(found["Return"])) is not None:
                yield Done(found["ID"], code)
            found = {}


def options(body: bytes) -> Mapping[str, str]:
    """What a device tells of itself in `registry` and `options`: names without their `~`. Never raises."""
    pairs = (pair.partition("=") for pair in body.decode("utf-8", "replace").split(",")[:256])
    return {name.strip().lstrip("~")[:MOST_VALUE]: value.strip()[:MOST_VALUE] for name, sign, value in pairs if sign}


def fields(line: str) -> Mapping[str, str]:
    """The fields of one line by lower-case name."""
    pairs = (pair.partition("=") for pair in line.split("\t")[:MOST_FIELDS])
    return {name.strip().lower(): value.strip()[:MOST_VALUE] for name, sign, value in pairs if sign}


def number(text: str | None) -> int | None:
    """A decimal number of at most 10 digits; None for all else."""
    return int(text) if text and re.fullmatch(r"-?[0-9]{1,10}", text, re.ASCII) else None


def when(text: str | None) -> datetime | None:
    """A device's own wall clock; None where it is none."""
    try:
        return datetime.strptime(text or "", TIME)  # noqa: DTZ007 - a device's clock is naive
    except ValueError:
        return None


def call(path: str) -> str:
    """What a path asks: its last step without `.aspx`. Some firmware doubles `/iclock`."""
    return path.rpartition("/")[2].removesuffix(".aspx")


def token(registry_code: str, serial: str, session: str) -> str:
    """What a device shows in its cookie once it is registered."""
    return hashlib.md5((registry_code + serial + session).encode(), usedforsecurity=False).hexdigest()


def shown(cookie: str) -> str | None:
    """The token in a cookie, in lower case; None where it has none."""
    found = TOKEN.search(cookie[:512])
    return found[1].lower() if found else None


def lines(pairs: Mapping[str, object]) -> bytes:
    """Settings as a device gets them: a line each, no line end behind the last."""
    return "\n".join(f"{name}={value}" for name, value in pairs.items()).encode()


def commands(waiting: Sequence[tuple[str, str]]) -> bytes:
    """What `getrequest` is answered: numbered commands, or that there is none. Raises ValueError."""
    for id_, text in waiting:
        if not re.fullmatch(r"[0-9]{1,16}", id_) or not re.fullmatch(r"[\x20-\x7e]{1,512}", text):
            raise ValueError(f"not one line of a command: {id_!r} {text!r}")
    return "\n".join(f"C:{id_}:{text}" for id_, text in waiting).encode() or OK


def arrived(query: Mapping[str, str]) -> bytes:
    """The answer to a table that is taken and not kept: its name and count, else the device sends it for ever."""
    name, count = query.get("tablename", ""), query.get("count", "")
    return f"{name}={count}".encode() if re.fullmatch(r"\w{1,32}=\d{1,9}", f"{name}={count}", re.ASCII) else OK


def control(door: int, seconds: int) -> str:
    """The command that runs the lock of a door: for 1 to 254 s, 0 shuts it, 255 leaves it open. Raises ValueError."""
    if door not in DOORS or not 0 <= seconds <= 255:
        raise ValueError(f"door {door}, {seconds} s")
    return f"CONTROL DEVICE 01{door:02X}01{seconds:02X}"


def packed(at: datetime) -> int:
    """A time as ZKTeco packs it: every month has 31 days (appendix 5)."""
    days = (at.year - 2000) * 12 * 31 + (at.month - 1) * 31 + at.day - 1
    return days * 86400 + (at.hour * 60 + at.minute) * 60 + at.second


def _lines(body: bytes) -> Iterator[str]:
    return (line for line in body.decode("utf-8", "replace").replace("\r", "\n").split("\n") if line.strip())


def _time(found: Mapping[str, str]) -> str | None:
    return found["time"] if when(found.get("time")) else None


def _given(text: str | None) -> str | None:
    """A number of somebody; None for none, which is empty or zero."""
    text = (text or "").strip()
    return text[:MOST_VALUE] if text.isprintable() and text.strip("0") else None
