"""The endless answer of `alertStream`: parts with a head that tells their length. Pure.

    --boundary CRLF Content-Type: … CRLF Content-Length: n CRLF CRLF n bytes CRLF --boundary …

A part may hold bytes that look like a boundary, or like JSON: its length says where it ends, nothing is searched for
in it. Source: RFC 2046 for the form; captures of DS-K1T terminals that their users have published.
"""

import re
from collections.abc import Iterator

import msgspec

MOST_HEAD = 4096
"""Bytes before the body of a part."""
MOST_KEPT = 64 * 1024
"""Bytes of a body that is kept; a longer one is skipped, as a picture is."""
MOST_SKIPPED = 16 * 1024 * 1024
LENGTH = re.compile(rb"(?:^|\n)content-length:[ \t]*([0-9]{1,9})[ \t]*(?:\r|\n|$)", re.IGNORECASE)
TEXT = re.compile(rb"(?:^|\n)content-type:[ \t]*(?:application|text)/(?:json|xml)\b", re.IGNORECASE)


class Part(msgspec.Struct, frozen=True):
    """A part: its body, None for one that is not kept."""

    body: bytes | None


class Noise(msgspec.Struct, frozen=True):
    """The stream is no multipart, or no part of a sane size: nothing behind it can be read."""

    why: str


class Decoder:
    """Turns bytes, cut anywhere, into parts. Never raises; keeps at most one head and one short body."""

    def __init__(self) -> None:
        self._rest = b""
        self._body = self._skip = 0
        self._broken = False

    def feed(self, data: bytes) -> Iterator[Part | Noise]:
        """Take more bytes; gives what is complete with them. After noise nothing more comes."""
        self._rest = b"" if self._broken else self._rest + data
        found: list[Part | Noise] = []
        while not self._broken and (one := self._next()) is not None:
            found.append(one)
            self._broken = isinstance(one, Noise)
        return iter(found)

    def _next(self) -> Part | Noise | None:
        if self._skip:
            taken = min(self._skip, len(self._rest))
            self._rest, self._skip = self._rest[taken:], self._skip - taken
            return None if self._skip else Part(None)
        if self._body:
            if len(self._rest) < self._body:
                return None
            body, self._rest, self._body = self._rest[: self._body], self._rest[self._body :], 0
            return Part(body)
        return self._head()

    def _head(self) -> Part | Noise | None:
        self._rest = self._rest.lstrip(b"\r\n")
        end = self._rest.find(b"\r\n\r\n", 0, MOST_HEAD)
        if end < 0:
            return Noise("a head without an end") if len(self._rest) >= MOST_HEAD else None
        head, self._rest = self._rest[:end], self._rest[end + 4 :]
        length = LENGTH.search(head)
        if not head.startswith(b"--") or length is None:
            return Noise("a part without a length")
        size = int(length[1])
        if size > MOST_SKIPPED:
            return Noise(f"a part of {size} bytes")
        kept = TEXT.search(head) is not None and size <= MOST_KEPT
        self._body, self._skip = (size, 0) if kept else (0, size)
        return self._next() if size else Part(b"")
