"""What the wires of Onbon's cards have in common: the frame around a content, its escapes, the names of errors. Pure.

    A5 x8 | escaped( content ) | 5A, one or more

    escapes  A5 = A6 02, A6 = A6 01, 5A = 5B 02, 5B = 5B 01; lengths and checks mean the unescaped bytes

Source: the vendor's sample code (2021) for K cards; the manuals of the dynamic areas of generations 5 and 6.
"""

import re
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import msgspec

ERROR_TEXTS = (
    "ok|unknown group|unknown command|busy|out of memory|checksum|no such file|flash|download|bad name|bad type|"
    "file checksum|font missing|firmware type|date format|file exists|block number|controller type|"
    "screen parameters|controller id|password|old password|password mismatch|password mismatch|clock|parameters|"
    "cascade|no battle timer|no stopwatch|FPGA communication"
)
ERRORS = dict(enumerate(ERROR_TEXTS.split("|")))

PLAIN = {b"\xa6\x02": b"\xa5", b"\xa6\x01": b"\xa6", b"\x5b\x02": b"\x5a", b"\x5b\x01": b"\x5b"}
ESCAPED = re.compile(rb"[\xa6\x5b].?", re.DOTALL)

FrameT = TypeVar("FrameT")


class Noise(msgspec.Struct, frozen=True):
    """Bytes that are no frame, and why."""

    reason: str
    data: bytes


def framed(content: bytes) -> bytes:
    """A content as it is sent."""
    escaped = content.replace(b"\xa6", b"\xa6\x01").replace(b"\xa5", b"\xa6\x02")
    escaped = escaped.replace(b"\x5b", b"\x5b\x01").replace(b"\x5a", b"\x5b\x02")
    return b"\xa5" * 8 + escaped + b"\x5a"


def most_wire(content: int) -> int:
    """The most bytes that a content of this size takes on the wire, without its end."""
    return 2 * content + 8


class Decoder(Generic[FrameT]):
    """Turns bytes, cut anywhere, into frames and noise. Never raises; keeps at most `most` bytes.

    `read` makes a frame of an unescaped content. 5A ends a frame and A5 begins one, and neither occurs inside: so each
    5A is a new start. `preamble` is how many A5 must stand before a frame: the vendor's receiver takes any run of them,
    a strict one wants all 8.
    """

    def __init__(self, read: Callable[[bytes], FrameT | Noise], *, most: int, preamble: int = 1) -> None:
        self._read, self._most = read, most
        self._preamble = b"\xa5" * preamble
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[FrameT | Noise]:
        """Take more bytes; gives what is complete with them."""
        *chunks, rest = (self._rest + data).split(b"\x5a")
        self._rest = rest[-self._most :]
        return (found for chunk in chunks if chunk for found in self._found(chunk[-self._most :]))

    def _found(self, chunk: bytes) -> Iterator[FrameT | Noise]:
        before, preamble, body = chunk.rpartition(self._preamble)
        if before.strip(b"\xa5"):
            yield Noise("not in a frame", before)
        yield self._frame(body) if preamble else Noise("no preamble", body)

    def _frame(self, body: bytes) -> FrameT | Noise:
        if b"\xa5" in body:
            return Noise("broken frame", body)
        try:
            return self._read(ESCAPED.sub(lambda found: PLAIN[found[0]], body))
        except KeyError:
            return Noise("bad escape", body)
