"""The outside of OSDP frames: where one begins and ends, whose it is, whether it is whole. Pure.

    53, address (80 added in answers), length (2, little endian), control, ..., CRC-16 (2) or checksum (1)

The control byte has a sequence number of two bits, 04 for a CRC and 08 for a security block: its length, type and data.
Then come the code of the command or answer and its data. FF may come before a frame. What is inside is libosdp's work.

Source: IEC 60839-11-5, SIA OSDP 2.2, 5.9; the vectors of the tests are frames of libosdp.
"""

from binascii import crc_hqx
from collections.abc import Iterator
from typing import NamedTuple

SOM, MARK = 0x53, 0xFF
ANSWER, CRC, SECURE = 0x80, 0x04, 0x08
SHORTEST, LONGEST = 7, 1440
"""Bytes of a frame; the longest is that of SIA OSDP 2.2."""
ID, CAP, CHLNG, SCRYPT = 0x61, 0x62, 0x76, 0x77
"""The commands before a secure channel stands."""
NAK, CCRYPT, BUSY = 0x41, 0x76, 0x79


class Frame(NamedTuple):
    """A whole frame. `data` is encrypted where a secure channel stands."""

    address: int
    sequence: int
    secure: bool
    code: int
    data: bytes


def crc16(data: bytes) -> int:
    """CRC-16/SPI-FUJITSU: polynomial 1021, initial value 1D0F. `123456789` gives E5CC."""
    return crc_hqx(data, 0x1D0F)


def read(data: bytes, at: int = 0) -> Frame | None:
    """The frame that begins at a place; None where there is none, or it is not whole. Never raises."""
    if data[at : at + 1] != bytes([SOM]) or len(data) < at + SHORTEST:
        return None
    length, control = int.from_bytes(data[at + 2 : at + 4], "little"), data[at + 4]
    frame, tail = data[at : at + length], 2 if control & CRC else 1
    if not SHORTEST <= length <= LONGEST or len(frame) < length or not _whole(frame, tail):
        return None
    begin = 5 + (frame[5] if control & SECURE else 0)
    if begin >= length - tail:
        return None
    return Frame(frame[1], control & 3, bool(control & SECURE), frame[begin], frame[begin + 1 : length - tail])


def _whole(frame: bytes, tail: int) -> bool:
    if tail == 2:
        return crc16(frame[:-2]) == int.from_bytes(frame[-2:], "little")
    return sum(frame) % 256 == 0


class Decoder:
    """Finds whole frames in what comes, cut anywhere, whatever stands between them. Never raises."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take more bytes; gives the frames that are whole now, as they stand on the wire without their mark."""
        held, begin = self._held + data, 0
        at = held.find(SOM)
        while at >= 0:
            if read(held, at) is not None:
                begin = at + int.from_bytes(held[at + 2 : at + 4], "little")
                yield held[at:begin]
            at = held.find(SOM, max(begin, at + 1))
        self._held = held[begin:][-LONGEST:]


class Answers:
    """Finds the answer to one question. Never raises."""

    def __init__(self, question: bytes) -> None:
        self._asked, self._decoder = read(question.removeprefix(bytes([MARK]))), Decoder()

    def feed(self, data: bytes) -> bytes | None:
        """Take more bytes, cut anywhere; gives the answer as it stands on the wire, None while it is not there."""
        found = [frame for frame in self._decoder.feed(data) if self._answers(read(frame))]
        return found[0] if found else None

    def _answers(self, found: Frame | None) -> bool:
        """Whether a frame is the answer. Only who is busy, or no longer knows the sequence, may have another number."""
        asked = self._asked
        if asked is None or found is None or found.address != asked.address | ANSWER:
            return False
        return found.sequence == asked.sequence or (not found.secure and found.code in (BUSY, NAK))


class Wire:
    """What libosdp reads and writes. It never lets go of one that it was given, so that each driver has only one."""

    id = 1

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all bytes."""
        self.said, self.heard = b"", b""

    def read(self, most: int) -> bytes:
        data, self.heard = self.heard[:most], self.heard[most:]
        return data

    def write(self, data: bytes) -> int:
        self.said += data
        return len(data)

    def flush(self) -> None:
        self.heard = b""
