"""The wire of hardware caller pads: bytes to frames and back. Pure.

    FF 68 | n u8 | n u8 | 68 | address u8 | function u8 | data n - 2 | sum u8 | 16      sum: address to data, mod 256

A pad sends a frame for each press; its data ends with the key. Who hears it sends the same frame back. Function 11 is
that of a rating pad, with one value as data; it is answered with function 01, and so with a sum that is 10 less.

Source: a deployed queue system of a government hall (JackQChen/QueueSystem, CallSystem/frmMain.cs), which speaks
9600 baud 8N1. No manual and no capture was at hand.
"""

from collections.abc import Iterator

import msgspec

HEAD, MIDDLE, END = b"\xff\x68", 0x68, 0x16
PRESSED, RATED, RATED_ACK = 0x01, 0x11, 0x01
"""Functions. That a press has 01 is read from a frame of that system which begins a rating; all but RATED are one."""
FRONT, BACK = 5, 2
"""Bytes before the address, and behind the data."""
MOST_DATA = 16

FUNCTIONS = {
    "0b": "rate",
    "0c": "next",
    "0d": "recall",
    "0e": "cancel",
    "12": "pause",
    "13": "transfer",
    "060f": "skip",
    "000f": "hold",
    "030f": "return",
}
"""What the keys mean to that queue system, by the last bytes of the data in hex: 0f is the key `confirm`."""


class Frame(msgspec.Struct, frozen=True):
    """One frame."""

    address: int
    function: int
    data: bytes

    def wire(self) -> bytes:
        """The frame as it is sent. Raises ValueError when a field does not fit."""
        if not 1 <= len(self.data) <= MOST_DATA:
            raise ValueError(f"{len(self.data)} bytes of data, a frame has 1 to {MOST_DATA}")
        body = bytes([self.address, self.function]) + self.data
        return HEAD + bytes([len(body), len(body), MIDDLE]) + body + bytes([sum(body) % 256, END])


def ack(frame: Frame) -> Frame:
    """What a pad is answered."""
    return Frame(frame.address, RATED_ACK, frame.data) if frame.function == RATED else frame


class Noise(msgspec.Struct, frozen=True):
    """Bytes that are no frame."""

    data: bytes


class Decoder:
    """Turns bytes, cut anywhere, into frames and noise. Never raises; keeps at most one frame's bytes.

    What looked like the beginning of a frame and is none costs its first byte only: a frame inside of it is found.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Frame | Noise]:
        """Take more bytes; gives what is complete with them."""
        self._rest += data
        found: list[Frame | Noise] = []
        while (size := self._size()) and len(self._rest) >= size:
            taken, self._rest = self._rest[:size], self._rest[size:]
            found.append(_frame(taken) or Noise(taken))
        return iter(found)

    def _size(self) -> int:
        """How many bytes stand for the next thing that is found: noise, or a frame that need not be there yet."""
        rest = self._rest
        begins = rest.find(HEAD)
        if begins:
            return begins if begins > 0 else len(rest) - rest.endswith(HEAD[:1])
        if len(rest) < FRONT:
            return FRONT
        size = FRONT + rest[2] + BACK
        fits = rest[2] == rest[3] and rest[4] == MIDDLE and 3 <= rest[2] <= 2 + MOST_DATA
        return size if fits and (len(rest) < size or _frame(rest[:size])) else 1


def _frame(wire: bytes) -> Frame | None:
    body = wire[FRONT:-BACK]
    if not wire.startswith(HEAD) or len(body) < 3 or wire[-BACK:] != bytes([sum(body) % 256, END]):
        return None
    return Frame(body[0], body[1], body[2:])
