"""Packets: bytes to packets and back, and which fields stand where in one."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, TypeVar

import msgspec

SIZE = 64
HEAD, PUSHED_HEAD = 0x17, 0x19
"""The first byte; the second one only of events that firmware 6.62 pushes."""
MAGIC = 0x55AAAA55
"""What a question must carry that erases or restarts something."""


class Packet(msgspec.Struct, frozen=True):
    """64 bytes that may be a message."""

    serial: int
    function: int
    data: bytes


class Noise(msgspec.Struct, frozen=True):
    """Bytes that are no packet."""

    data: bytes


def whole(data: bytes) -> Packet | Noise:
    """What a datagram is. Never raises."""
    if len(data) != SIZE or data[0] not in (HEAD, PUSHED_HEAD):
        return Noise(data)
    return Packet(int.from_bytes(data[4:8], "little"), data[1], data)


class Decoder:
    """Turns a stream, cut anywhere, into packets and noise. Never raises; keeps less than one packet."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Packet | Noise]:
        """Take more bytes; gives what is complete with them."""
        self._rest += data
        found: list[Packet | Noise] = []
        while self._rest:
            at = self._rest.find(bytes([HEAD]))
            size = SIZE if at == 0 else at if at > 0 else len(self._rest)
            if len(self._rest) < size:
                break
            taken, self._rest = self._rest[:size], self._rest[size:]
            found.append(whole(taken))
        return iter(found)


class Form(NamedTuple):
    """How a value stands in `size` bytes. `write` raises ValueError for a value that does not fit."""

    size: int
    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]


class Field(NamedTuple):
    """Where a value stands."""

    at: int
    form: Form


def layout(**fields: Field) -> Mapping[str, Field]:
    """Where the values of a message stand, by name."""
    return fields


MessageT = TypeVar("MessageT", bound="Message")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What one function asks or answers. A subclass says where its fields stand; all other bytes are zero."""

    function: ClassVar[int]
    fields: ClassVar[Mapping[str, Field]] = {}
    magic_at: ClassVar[int | None] = None
    """Where MAGIC stands, if anywhere."""

    def wire(self, serial: int, head: int = HEAD) -> bytes:
        """The packet for one controller. Raises ValueError for a value that does not fit."""
        packet = bytearray(SIZE)
        packet[0], packet[1] = head, self.function
        packet[4:8] = _number(4).write(serial)
        if self.magic_at is not None:
            packet[self.magic_at : self.magic_at + 4] = MAGIC.to_bytes(4, "little")
        for name, (at, form) in self.fields.items():
            packet[at : at + form.size] = form.write(getattr(self, name))
        return bytes(packet)

    @classmethod
    def read(cls: type[MessageT], packet: Packet) -> MessageT | None:
        """The message in a packet; None where it is of another function, lacks MAGIC, or a value cannot be."""
        at = cls.magic_at
        if packet.function != cls.function or (at is not None and packet.data[at : at + 4] != _MAGIC):
            return None
        try:
            given = {name: form.read(packet.data[at : at + form.size]) for name, (at, form) in cls.fields.items()}
        except ValueError:
            return None
        return cls(**given)


def _number(size: int) -> Form:
    def read(data: bytes) -> int:
        return int.from_bytes(data, "little")

    def write(value: int) -> bytes:
        try:
            return value.to_bytes(size, "little")
        except OverflowError as error:
            raise ValueError(f"{value} does not fit into {size} bytes") from error

    return Form(size, read, write)


_MAGIC = MAGIC.to_bytes(4, "little")
U8, U16, U24, U32 = _number(1), _number(2), _number(3), _number(4)
