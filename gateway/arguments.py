"""What the arguments of the command line may be: each function takes one from its text."""

import argparse
import re
from datetime import datetime
from ipaddress import IPv4Address

from gateway.alarms.lifecycle import LONGEST_S, SHORTEST_S
from gateway.core.known import unknown
from gateway.people.rights import Role

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)")


def port(text: str) -> int:
    """A port, 0 to 65535. Raises ArgumentTypeError."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} must be a port from 0 to 65535")
    return int(text)


def role(text: str) -> str:
    """A role by its name. Raises ArgumentTypeError."""
    known = [role.value for role in Role]
    if text not in known:
        raise argparse.ArgumentTypeError(unknown(text, known, "role"))
    return text


def listener(text: str) -> str:
    """HOST:PORT. Raises ArgumentTypeError."""
    host, _, number = text.rpartition(":")
    if not host or not port(number):
        raise argparse.ArgumentTypeError(f"{text!r} must be HOST:PORT with a port from 1 to 65535")
    return text


def place(text: str) -> tuple[str, int | None]:
    """ADDRESS or ADDRESS:PORT, IPv4; the port is None without one. Raises ArgumentTypeError."""
    host, colon, number = text.partition(":")
    found = port(number) if colon else None
    if found == 0:
        raise argparse.ArgumentTypeError(f"{text!r} must be ADDRESS or ADDRESS:PORT with a port from 1 to 65535")
    return ip(host), found


def patience(text: str) -> float:
    """How long answers are waited for. Raises ArgumentTypeError."""
    if not 0.1 <= (found := seconds(text)) <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} must be from 0.1s to 60s")
    return found


def ip(text: str) -> str:
    """An IPv4 address. Raises ArgumentTypeError."""
    try:
        return str(IPv4Address(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} must be an IPv4 address such as 127.77.0.1") from error


def speed(text: str) -> float:
    """How many times as fast. Raises ArgumentTypeError."""
    if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text) or not 0 < float(text) <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} must be a number above 0, at most 3600")
    return float(text)


def moment(text: str) -> datetime:
    """A time with its zone. Raises ArgumentTypeError."""
    try:
        return datetime.fromisoformat(text if TIME.fullmatch(text) else "")
    except ValueError as error:
        example = "2026-07-17T00:00:00+08:00"
        raise argparse.ArgumentTypeError(f"{text!r} must be a time with its zone such as {example}") from error


def day(text: str) -> str:
    """A day such as 2026-11-22. Raises ArgumentTypeError."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date().isoformat()  # noqa: DTZ007 - a day of the site
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} must be a day such as 2026-11-22") from error


def month(text: str) -> str:
    """A month such as 2026-11. Raises ArgumentTypeError."""
    try:
        return day(f"{text}-01").removesuffix("-01")
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{text!r} must be a month such as 2026-11") from error


def seq(text: str) -> int:
    """The number of a record, from 1. Raises ArgumentTypeError."""
    if not re.fullmatch(r"[1-9][0-9]{0,17}", text):
        raise argparse.ArgumentTypeError(f"{text!r} must be the number of a record, from 1")
    return int(text)


def seconds(text: str) -> float:
    """A duration such as 30s, 5m or 2h. Raises ArgumentTypeError."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smh]?)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} must be a time such as 30s, 5m or 2h")
    return float(match[1]) * {"m": 60, "h": 3600}.get(match[2], 1)


def on_shelf(text: str) -> float:
    """How long an alarm is put aside. Raises ArgumentTypeError."""
    if not SHORTEST_S <= (found := seconds(text)) <= LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} must be from {SHORTEST_S:g}s to {LONGEST_S / 3600:g}h")
    return found
