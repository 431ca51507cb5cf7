"""What is asked of a card, what it answers, and its simple commands. Pure.

    request  reply wanted u8 = 1 | group u8 | command u8 | n u16, or 0 | payload n
    reply    0 | group u8 | command u8 | status u16, bit 0: refused | error u16 | n u16 | data n

A reply is A0 00 or, refused, A0 01; or it has the group and the command of its request with bit 7 set.
Source: manual of generation 6, §5; the vendor's encoder writes n where the manual says "reserved".
"""

import struct
from typing import NamedTuple

import msgspec

from drivers.shared import onbon

ACK, NACK = b"\xa0\x00", b"\xa0\x01"
PING, STATUS, POWER, SET_CLOCK, BRIGHTNESS = b"\xa2\x00", b"\xa2\x0f", b"\xa2\x05", b"\xa2\x02", b"\xa2\x07"
UPDATE, DELETE, SAY = b"\xa7\x00", b"\xa7\x01", b"\xa7\x07"

GROUP, COMMAND, BUSY, MEMORY, DATE, CONTROLLER, SCREEN, PARAMETERS = 1, 2, 3, 4, 14, 17, 18, 25
ERRORS = onbon.ERRORS

MANUAL, HALF_HOURS = 0, 48
BRIGHTEST = 15
REPLY = struct.Struct("<xBBHHH")
VOICE = struct.Struct("<BB3xIBBBBIIIBBBI")
RAM, TAIL = 0, 2
OPTIONS = 3  # bytes: how digits, languages and letters are read
LOUDEST, SPEED = 10, 5
GAP = 100  # 10 ms, between repeats
ENCODINGS = ("gb2312", "gbk")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a card, in a frame of either kind."""

    command: bytes
    payload: bytes = b""
    wants_reply: bool = True

    def data(self) -> bytes:
        """The data of the frame that asks it."""
        length = len(self.payload) if len(self.payload) <= 0xFFFF else 0
        return bytes([self.wants_reply]) + self.command + struct.pack("<H", length) + self.payload


def read_request(data: bytes) -> Request:
    """The request in the data of a frame. Raises ValueError when there is none."""
    if len(data) < 5 or data[0] > 1:
        raise ValueError("not a request")
    if int.from_bytes(data[3:5], "little") not in (0, len(data) - 5):
        raise ValueError("wrong length of a payload")
    return Request(command=data[1:3], payload=data[5:], wants_reply=data[0] == 1)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a card answers: an ACK, a NACK with its error, or data."""

    command: bytes = ACK
    refused: bool = False
    error: int = 0
    payload: bytes = b""

    def data(self) -> bytes:
        """The data of the frame that answers it."""
        return REPLY.pack(*self.command, self.refused, self.error, len(self.payload)) + self.payload

    def to(self, request: Request) -> bool:
        """Whether this can be the answer to a request."""
        return self.command in (ACK, NACK, answer_to(request.command))


def refusal(error: int) -> Reply:
    """A NACK."""
    return Reply(command=NACK, refused=True, error=error)


def answer_to(command: bytes) -> bytes:
    """The group and the command of a reply with data."""
    return bytes([command[0], command[1] | 0x80])


def read_reply(data: bytes) -> Reply | None:
    """The reply in the data of a frame, None when it is none."""
    if len(data) < REPLY.size:
        return None
    group, command, status, error, length = REPLY.unpack_from(data)
    if length != len(data) - REPLY.size:
        return None
    both = bytes([group, command])
    return Reply(command=both, refused=both == NACK or bool(status & 1), error=error, payload=data[REPLY.size :])


def power(*, on: bool) -> Request:
    """Light the LEDs or not. Native. Source: captures of the vendor's client."""
    return Request(command=POWER, payload=bytes([on]))


def brightness(level: int) -> Request:
    """The same brightness, 0 to 15, the whole day. Source: manual of generation 6, §5.5.2."""
    return Request(command=BRIGHTNESS, payload=bytes([MANUAL]) + bytes([level]) * HALF_HOURS)


class Voice(NamedTuple):
    """What is said: bytes in one of ENCODINGS, how often, `volume` 0 to 10."""

    text: bytes
    encoding: int
    repeat: int
    volume: int


def say(voice: Voice) -> Request:
    """Say something once all is said that waits, letters one by one. Source: manual of generation 6, §5.4.4."""
    said = VOICE.size - 9 + len(voice.text)  # from the speaker on
    fields = (0, voice.volume, SPEED, voice.encoding, voice.repeat - 1, GAP, OPTIONS, 0, 1, 1, len(voice.text))
    return Request(command=SAY, payload=VOICE.pack(RAM, TAIL, said, *fields) + voice.text)


def read_voice(payload: bytes) -> Voice:
    """What is to be said. Raises ValueError."""
    try:
        store, place, said, person, volume, speed, coding, again, _, options, *how, length = VOICE.unpack_from(payload)
    except struct.error as error:
        raise ValueError(f"cut off: {error}") from error
    text = payload[VOICE.size :]
    if not (len(payload) - 9 == said and len(text) == length > 0 and options == OPTIONS):
        raise ValueError("wrong length of a voice")
    if max(volume, speed) > LOUDEST or person > 5 or store > 1 or place > 2 or max(how) > 2 or coding > 1:
        raise ValueError("a field of a voice is out of its range")
    return Voice(text, coding, again + 1, volume)
