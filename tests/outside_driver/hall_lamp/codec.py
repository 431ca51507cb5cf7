"""The wire of a signal lamp: lines of ASCII, each ends with LF. Pure.

    ID?             ID model firmware
    COLOUR?         COLOUR colour             red, yellow, green or off
    COLOUR colour   OK, or ERROR reason

Source: none; the lamp is invented for this example. Name the manual, its version and the page here.
"""

import re
from collections.abc import Iterator

MOST = 64
LINE = re.compile(rb"[\x20-\x7e]{1,64}")


class Decoder:
    """Turns bytes, cut anywhere, into lines. What is no line of printable ASCII is left out. Never raises."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[str]:
        """Take more bytes; gives the lines that are complete with them."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-MOST - 1 :]
        return (line.decode("ascii") for line in lines if LINE.fullmatch(line))


def encode(line: str) -> bytes:
    """A line as it is sent. Raises ValueError when the wire cannot carry it."""
    wire = line.encode("ascii", "replace")
    if not LINE.fullmatch(wire):
        raise ValueError(f"not a line of 1 to {MOST} printable characters: {line!r}")
    return wire + b"\n"
