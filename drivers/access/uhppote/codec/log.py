"""What a controller tells: its state, with the newest event in it, and the events of its log one by one."""

from datetime import date, datetime, time
from enum import IntEnum
from hashlib import blake2b

import msgspec

from drivers.access.uhppote.codec.box import Done
from drivers.access.uhppote.codec.forms import BOOL, DATETIME, FLAGS4, SHORT_DATE, TIME
from drivers.access.uhppote.codec.packet import U8, U32, Field, Message, Noise, layout, whole

OLDEST, NEWEST = 0, 0xFFFFFFFF
"""Instead of an index."""
FORCE_LOCK, FIRE = 1, 2
"""Bits of `inputs` (vendor's sample code: bit 0 force-lock, bit 1 fire)."""


class Kind(IntEnum):
    """The type of an event."""

    NONE = 0
    CARD = 1
    DOOR = 2
    ALARM = 3
    OVERWRITTEN = 255


_EVENT = layout(
    index=Field(8, U32),
    kind=Field(12, U8),
    granted=Field(13, BOOL),
    door=Field(14, U8),
    direction=Field(15, U8),
    card=Field(16, U32),
    at=Field(20, DATETIME),
    reason=Field(27, U8),
)


_MARKS = [name for name in _EVENT if name != "card"]


class EventRecord(Message, frozen=True, kw_only=True):
    """One event of the log. Index 0 stands for no event, the kind OVERWRITTEN for one that is no longer there."""

    function = 0xB0
    fields = _EVENT
    index: int = 0
    kind: int = 0
    granted: bool = False
    door: int = 0
    direction: int = 0
    card: int = 0
    at: datetime | None = None
    reason: int = 0


class GetEvent(Message, frozen=True, kw_only=True):
    """The event of an index, OLDEST or NEWEST."""

    function = 0xB0
    fields = layout(index=Field(8, U32))
    index: int


class GetStatus(Message, frozen=True, kw_only=True):
    """How is it?"""

    function = 0x20


class Status(EventRecord, frozen=True, kw_only=True):
    """How it is, with its newest event. What it pushes for every event is the same."""

    function = 0x20
    fields = layout(
        **_EVENT,
        open=Field(28, FLAGS4),
        buttons=Field(32, FLAGS4),
        error=Field(36, U8),
        clock_time=Field(37, TIME),
        sequence=Field(40, U32),
        special=Field(48, U8),
        relays=Field(49, U8),
        inputs=Field(50, U8),
        clock_date=Field(51, SHORT_DATE),
    )
    open: tuple[bool, ...]
    buttons: tuple[bool, ...]
    error: int = 0
    clock_time: time | None = None
    sequence: int = 0
    special: int = 0
    relays: int = 0
    inputs: int = 0
    clock_date: date | None = None

    @property
    def clock(self) -> datetime | None:
        """Its time, no zone; None where that is nonsense."""
        if self.clock_date is None or self.clock_time is None:
            return None
        return datetime.combine(self.clock_date, self.clock_time)


class GetEventIndex(Message, frozen=True, kw_only=True):
    """The number that somebody left on the controller by SetEventIndex."""

    function = 0xB4


class EventIndex(GetEventIndex, frozen=True, kw_only=True):
    fields = layout(index=Field(8, U32))
    index: int


class SetEventIndex(EventIndex, frozen=True, kw_only=True):
    function = 0xB2
    magic_at = 12


class EventIndexSet(Done, frozen=True, kw_only=True):
    function = 0xB2


def fingerprint(record: EventRecord) -> str:
    """What tells an event from another one of the same index. Its card is left out: all cards are soon tried."""
    told = [getattr(record, name) for name in _MARKS]
    return blake2b(msgspec.json.encode(told), digest_size=8).hexdigest()


def pushed_by(data: bytes, _source: str = "") -> str | None:
    """The serial number of the controller that pushed a datagram; None where it is no pushed event. Never raises."""
    packet = whole(data)
    return None if isinstance(packet, Noise) or packet.function != Status.function else str(packet.serial)
