"""The two kinds of frames of one connection, inside of what all Onbon cards have around them. Pure.

    dynamic  dst u16 | src u16 | F0 | 0 | type u16 | 0 x4 | n u32 | data n | CRC u16 of all that
    native   dst u16 | src u16 | version u8 | 0 | type u16 | 1 | 0 | seq u16 | largest u16 | 96 | random u8 | 0 x6 |
             n u16 | CRC u16 of the data | 0 from version 6 on | xor u8 of all that | data n

A reply swaps the addresses; a native one has the seq of its request, which is even, with bit 15 set.
Source: manual of generation 6, §2 and §4; native: captures of the vendor's client with a BX-5M.
"""

import struct
from functools import reduce

import msgspec

from drivers.shared import onbon
from drivers.shared.checksums import crc16_arc

ANY_SCREEN = 0xFFFE
ANY_TYPE = 0xFFFE
GATEWAY = 0x8000
"""The address of who sends requests."""
VERSION = 0xF0
ANSWERS = 0x8000
CAPACITY = 300 * 1024
"""The most bytes of one dynamic area (both manuals, §1.3)."""
MAX_REPLY = 1024
MAX_REQUEST = CAPACITY + 64 * 1024
"""The most data in a frame: nothing that a card says is longer, or that is asked of it."""

DYNAMIC = struct.Struct("<HHBxH4xI")
NATIVE = struct.Struct("<HHBxHBxHHBB6xHH")
PHYSICAL, LARGEST, PLAIN = 1, 0x9000, 0x96  # as the vendor's client sends them

Noise = onbon.Noise


class Dynamic(msgspec.Struct, frozen=True, kw_only=True):
    """A frame of the protocol of dynamic areas."""

    dst: int
    src: int = GATEWAY
    device_type: int = ANY_TYPE
    data: bytes

    def wire(self) -> bytes:
        """The frame as it is sent."""
        checked = DYNAMIC.pack(self.dst, self.src, VERSION, self.device_type, len(self.data)) + self.data
        return onbon.framed(checked + crc16_arc(checked).to_bytes(2, "little"))

    def answer(self, data: bytes, *, src: int, device_type: int) -> "Dynamic":
        """The frame that answers this one."""
        return Dynamic(dst=self.src, src=src, device_type=device_type, data=data)


class Native(msgspec.Struct, frozen=True, kw_only=True):
    """A frame of the cards' own protocol. `version` is 5, or from 6 on; `random` means nothing without encryption."""

    dst: int
    src: int = GATEWAY
    version: int
    device_type: int = ANY_TYPE
    seq: int
    random: int = 0
    data: bytes

    def wire(self) -> bytes:
        """The frame as it is sent."""
        head = NATIVE.pack(
            *(self.dst, self.src, self.version, self.device_type, PHYSICAL, self.seq, LARGEST, PLAIN, self.random),
            *(len(self.data), crc16_arc(self.data)),
        ) + bytes(self.version >= 6)
        return onbon.framed(head + bytes([_xor(head)]) + self.data)

    def answer(self, data: bytes, *, src: int, device_type: int) -> "Native":
        """The frame that answers this one."""
        swapped = msgspec.structs.replace(self, dst=self.src, src=src, device_type=device_type)
        return msgspec.structs.replace(swapped, seq=self.seq | ANSWERS, data=data)


Frame = Dynamic | Native


class Decoder(onbon.Decoder[Frame]):
    """Turns bytes, cut anywhere, into frames and noise. Never raises. `most` is how much data a frame may have."""

    def __init__(self, *, most: int = MAX_REPLY, preamble: int = 1) -> None:
        super().__init__(_frame, most=onbon.most_wire(NATIVE.size + 2 + most), preamble=preamble)


def _frame(plain: bytes) -> Frame | Noise:
    if len(plain) < DYNAMIC.size + 2:
        return Noise("too short", plain)
    return _dynamic(plain) if plain[4] == VERSION else _native(plain)


def _dynamic(plain: bytes) -> Dynamic | Noise:
    dst, src, _, device_type, length = DYNAMIC.unpack_from(plain)
    data = plain[DYNAMIC.size : -2]
    if length != len(data):
        return Noise("wrong length", plain)
    if crc16_arc(plain[:-2]) != int.from_bytes(plain[-2:], "little"):
        return Noise("wrong checksum", plain)
    return Dynamic(dst=dst, src=src, device_type=device_type, data=data)


def _native(plain: bytes) -> Native | Noise:
    size = NATIVE.size + (1 if plain[4] < 6 else 2)
    if len(plain) < size:
        return Noise("too short", plain)
    dst, src, version, device_type, _, seq, _, coding, random, length, crc = NATIVE.unpack_from(plain)
    data = plain[size:]
    if length != len(data) or coding != PLAIN or version < 5:
        return Noise("wrong length, or encrypted", plain)
    if crc16_arc(data) != crc or _xor(plain[:size]):
        return Noise("wrong checksum", plain)
    return Native(dst=dst, src=src, version=version, device_type=device_type, seq=seq, random=random, data=data)


def _xor(data: bytes) -> int:
    return reduce(lambda one, other: one ^ other, data)
