"""The addresses of the site file, taken apart: `tcp://` `udp://` `http://` `serial://` `rfc2217://` `line:`. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlsplit

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9a-fA-F:]+\]")
LINE = re.compile(r"line:([a-z0-9][a-z0-9_-]{0,63})")
PARITIES, STOPS, BITS = ("N", "E", "O"), (1, 2), (7, 8)
BAUD = range(300, 921_601)
RANGE = " with a port from 1 to 65535"
KEYS = "?baud=9600&parity=N|E|O&stop=1|2&bits=7|8"
FORMS = {
    "tcp": f"tcp://HOST:PORT{RANGE}",
    "udp": f"udp://HOST:PORT{RANGE}",
    "serial": f"serial:///dev/NAME{KEYS}",
    "rfc2217": f"rfc2217://HOST:PORT{KEYS}",
    "line": "line:ID",
    "http": "http://HOST[:PORT]",
    "https": "https://HOST[:PORT]",
}
WEB_PORTS = {"http": 80, "https": 443}
"""Where web servers are that have no port in their address."""


class Port(NamedTuple):
    """How a serial port speaks. The defaults are 9600 baud, 8N1."""

    baud: int = 9600
    parity: str = "N"
    stop: int = 1
    bits: int = 8

    @property
    def byte_s(self) -> float:
        """How long one byte takes: a start bit, the data, its parity, the stop bits."""
        return (1 + self.bits + (self.parity != "N") + self.stop) / self.baud


def accept(*schemes: str) -> Callable[[str], str]:
    """What checks that an address has one of these schemes and its form. Raises ValueError with what is allowed."""
    short = [FORMS[scheme].removesuffix(KEYS).removesuffix(RANGE) for scheme in schemes]

    def check(address: str) -> str:
        scheme = address.partition(":")[0]
        if scheme not in schemes:
            raise ValueError(f"must be {FORMS[schemes[0]] if len(schemes) == 1 else ' or '.join(short)}")
        if not _good(address, scheme):
            raise ValueError(f"must be {FORMS[scheme]}")
        return address

    return check


def line_id(address: str) -> str | None:
    """The id of the line in `line:ID`; None for an address of another kind."""
    found = LINE.fullmatch(address)
    return found[1] if found else None


def host_port(address: str) -> tuple[str, int]:
    """The host and the port of an address that has them. Raises ValueError."""
    parts = urlsplit(address)
    if not parts.port or not HOST.fullmatch(parts.netloc.rpartition(":")[0]):
        raise ValueError(f"{address} has no host and port")
    return parts.hostname or "", parts.port


def serial_port(address: str) -> Port:
    """How the port of `serial://` or `rfc2217://` speaks. Raises ValueError; unknown keys are refused."""
    given = parse_qsl(urlsplit(address).query, keep_blank_values=True, strict_parsing=True) if "?" in address else []
    keys = dict(given)
    if len(keys) < len(given) or not keys.keys() <= set(Port._fields):
        raise ValueError(f"{address}: the keys are {', '.join(Port._fields)}, each at most once")
    port = Port(
        baud=int(keys.get("baud", 9600)),
        parity=keys.get("parity", "N"),
        stop=int(keys.get("stop", 1)),
        bits=int(keys.get("bits", 8)),
    )
    if port.baud not in BAUD or port.parity not in PARITIES or port.stop not in STOPS or port.bits not in BITS:
        raise ValueError(f"{address}: a value is out of its range")
    return port


def wire(address: str, lines: Mapping[str, str]) -> Port | None:
    """How the serial wire speaks that an address leads to; None where it leads to no serial wire.

    `lines` are the addresses of the lines, by id. At 9600 baud where an address does not tell, as behind a serial
    server in raw mode.
    """
    line = line_id(address)
    found = address if line is None else lines.get(line, "")
    if found.partition(":")[0] not in ("serial", "rfc2217"):
        return None if line is None else Port()
    try:
        return serial_port(found)
    except ValueError:
        return Port()


def place(address: str) -> str:
    """What two addresses have in common that mean one and the same socket or port, whatever its settings."""
    parts = urlsplit(address)
    host_of = "" if parts.scheme == "serial" else parts.netloc.lower()
    return f"{parts.scheme}://{host_of}{parts.path}" if parts.netloc or parts.path else address


def _good(address: str, scheme: str) -> bool:
    try:
        return _FORM[scheme](address, urlsplit(address))
    except ValueError:
        return False


def _plain(address: str, parts: SplitResult) -> bool:
    return bool(host_port(address)) and not (parts.path or parts.query or parts.fragment)


def _serial(address: str, parts: SplitResult) -> bool:
    path = parts.path.startswith("/") and not parts.path.endswith("/") and ".." not in parts.path.split("/")
    return path and parts.path.isprintable() and not (parts.netloc or parts.fragment) and bool(serial_port(address))


def _rfc2217(address: str, parts: SplitResult) -> bool:
    return bool(host_port(address)) and not (parts.path or parts.fragment) and bool(serial_port(address))


def _web(address: str, parts: SplitResult) -> bool:
    host = parts.netloc.removesuffix(f":{parts.port}") if parts.port else parts.netloc
    return bool(HOST.fullmatch(host)) and address == f"{parts.scheme}://{parts.netloc}"


def _line(address: str, _: SplitResult) -> bool:
    return line_id(address) is not None


_FORM: dict[str, Callable[[str, SplitResult], bool]] = {
    "tcp": _plain,
    "udp": _plain,
    "serial": _serial,
    "rfc2217": _rfc2217,
    "line": _line,
    "http": _web,
    "https": _web,
}
