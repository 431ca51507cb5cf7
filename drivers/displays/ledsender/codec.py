"""The wire of cards of the LEDSender2010 library ("VSD"): bytes to packets and back. Pure.

    55 | escaped( packet | check 2 ) | AA

    packet   command u16 | from u8 | to u8 | serial u32 | data      all numbers little-endian
    escapes  55 = BB 56, AA = BB AB, BB = BB BC
    check    00 00, or CRC-16/MODBUS of the packet, high byte first
    reply    command 3 | from | to | serial | of command u16 | result u16 [| more]

Sources: public ports of the library, read; no manual was found. One port sends the check as zero over UDP, another and
one for a serial link send the CRC; which cards look at it is not known. A reply repeats the serial of its question;
to a question for a value it has the value there instead.
"""

import re
import struct
from collections.abc import Collection, Iterator
from datetime import datetime

import msgspec

from drivers.shared.checksums import crc16_modbus

BEGIN, END, DATA, RESPOND, SET_TIME = 0, 1, 2, 3, 6
GET_POWER, SET_POWER, GET_BRIGHTNESS, SET_BRIGHTNESS = 9, 10, 11, 12
BRIGHTEST = 7
MOST_DATA = 512
"""Bytes of a program in one DATA packet."""
TIMETABLE = 99
"""The result of setting power or brightness while the card follows a timetable of its own (vendor's sample code)."""

HEADER = struct.Struct("<HBBI")
RESULT = struct.Struct("<HH")
SYSTEM_TIME = struct.Struct("<8H")
VALUES = {GET_POWER: range(2), GET_BRIGHTNESS: range(BRIGHTEST + 1)}
"""The questions for a value, and what it may be."""
CHECK = 2
ESCAPES = {b"\x55": b"\xbb\x56", b"\xaa": b"\xbb\xab", b"\xbb": b"\xbb\xbc"}
PLAIN = {escaped: plain for plain, escaped in ESCAPES.items()}
SPECIAL = re.compile(rb"[\x55\xaa\xbb]")
ESCAPED = re.compile(rb"\xbb.?", re.DOTALL)
MOST_WIRE = 2 * (HEADER.size + MOST_DATA + CHECK)


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """One packet. `card` is the address it goes to, `sender` that of who sends it."""

    command: int
    card: int
    sender: int = 0
    serial: int = 0
    data: bytes = b""

    def wire(self, *, checked: bool) -> bytes:
        """The packet as it is sent. Raises ValueError when a field does not fit."""
        if len(self.data) > MOST_DATA:
            raise ValueError(f"{len(self.data)} bytes of data, a packet takes {MOST_DATA}")
        try:
            plain = HEADER.pack(self.command, self.sender, self.card, self.serial) + self.data
        except struct.error as error:
            raise ValueError(f"bad packet: {error}") from error
        plain += _check(plain) if checked else bytes(CHECK)
        return b"\x55" + SPECIAL.sub(lambda found: ESCAPES[found[0]], plain) + b"\xaa"


class Noise(msgspec.Struct, frozen=True):
    """Bytes that are no packet, and why."""

    reason: str
    data: bytes


class Decoder:
    """Turns bytes, cut anywhere, into packets and noise. Never raises; keeps at most one packet's bytes.

    AA ends a packet and 55 begins one, and neither occurs inside: so each AA is a new start. `checked`: the check must
    be the CRC; else it is not looked at, as the ports of the library do not.
    """

    def __init__(self, *, checked: bool) -> None:
        self._checked = checked
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Packet | Noise]:
        """Take more bytes; gives what is complete with them."""
        *chunks, rest = (self._rest + data).split(b"\xaa")
        self._rest = rest[-MOST_WIRE - 1 :]
        return (found for chunk in chunks if chunk for found in self._read(chunk[-MOST_WIRE - 1 :]))

    def _read(self, chunk: bytes) -> Iterator[Packet | Noise]:
        before, begin, body = chunk.rpartition(b"\x55")
        if before:
            yield Noise("not in a packet", before)
        yield self._packet(body) if begin else Noise("no beginning", body)

    def _packet(self, body: bytes) -> Packet | Noise:
        try:
            plain = ESCAPED.sub(lambda found: PLAIN[found[0]], body)
        except KeyError:
            return Noise("bad escape", body)
        packet, check = plain[:-CHECK], plain[-CHECK:]
        if not HEADER.size <= len(packet) <= HEADER.size + MOST_DATA:
            return Noise("wrong length", body)
        if self._checked and check != _check(packet):
            return Noise("wrong check", body)
        command, sender, card, serial = HEADER.unpack_from(packet)
        return Packet(command=command, card=card, sender=sender, serial=serial, data=packet[HEADER.size :])


def _check(packet: bytes) -> bytes:
    return crc16_modbus(packet).to_bytes(CHECK, "big")


class Reply(msgspec.Struct, frozen=True):
    """What a card answers: to which command, with which serial (or value), and the result."""

    command: int
    serial: int
    result: int

    def packet(self, asked: Packet, *, card: int) -> Packet:
        """The packet that answers `asked`. Raises ValueError when a field does not fit."""
        try:
            data = RESULT.pack(self.command, self.result)
        except struct.error as error:
            raise ValueError(f"bad reply: {error}") from error
        return Packet(command=RESPOND, card=asked.sender, sender=card, serial=self.serial, data=data)


def read_reply(packet: Packet) -> Reply | None:
    """The reply in a packet, None when it is none."""
    if packet.command != RESPOND or len(packet.data) < RESULT.size:
        return None
    command, result = RESULT.unpack_from(packet.data)
    return Reply(command, packet.serial, result)


def answers(asked: Packet, reply: Reply) -> bool:
    """Whether a reply is that to a question. One for the packet behind DATA says that the card has this one already."""
    if reply.command != asked.command:
        return False
    if asked.command in VALUES:
        return reply.serial in VALUES[asked.command]
    refused = asked.command in (SET_POWER, SET_BRIGHTNESS) and reply.result == TIMETABLE  # it tells the value it has
    return reply.serial == asked.serial or refused or _goes_on(asked, reply)


def is_done(asked: Packet, reply: Reply, accepted: Collection[int]) -> bool:
    """Whether a reply to a question says that the card has done it. `accepted` are the results that mean it."""
    return asked.command in VALUES or _goes_on(asked, reply) or reply.result in accepted


def _goes_on(asked: Packet, reply: Reply) -> bool:
    return asked.command == DATA and reply.serial == asked.serial + 1


def system_time(time: datetime) -> bytes:
    """A time as Windows has it (SYSTEMTIME): year, month, day of the week from Sunday = 0, day, hour … millisecond."""
    date = (time.year, time.month, time.isoweekday() % 7, time.day)
    return SYSTEM_TIME.pack(*date, time.hour, time.minute, time.second, time.microsecond // 1000)


def read_system_time(data: bytes) -> datetime:
    """The naive time in SYSTEMTIME. Raises ValueError."""
    if len(data) != SYSTEM_TIME.size:
        raise ValueError("not a time")
    year, month, weekday, day, hour, minute, second, millisecond = SYSTEM_TIME.unpack(data)
    time = datetime(year, month, day, hour, minute, second, 1000 * millisecond)  # noqa: DTZ001 - a card has no zone
    if time.isoweekday() % 7 != weekday:
        raise ValueError("wrong day of the week")
    return time
