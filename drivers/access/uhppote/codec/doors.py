"""Doors: opened from afar, how their locks are run, what keeps one shut because of another, supervisors' codes."""

from enum import IntEnum

from drivers.access.uhppote.codec.box import Done
from drivers.access.uhppote.codec.forms import U32X4
from drivers.access.uhppote.codec.packet import U8, Field, Message, layout

HIGHEST_CODE = 999_999


class Control(IntEnum):
    """How a lock is run."""

    NORMALLY_OPEN = 1
    NORMALLY_CLOSED = 2
    CONTROLLED = 3


class AntiPassback(IntEnum):
    """Readers between which a card must go to and fro: 1 and 2, 3 and 4; 1, 3 and 2, 4; 1 and 2, 3; 1 and 2, 3, 4."""

    OFF = 0
    READERS_12_34 = 1
    READERS_13_24 = 2
    READERS_1_23 = 3
    READERS_1_234 = 4


class Interlock(IntEnum):
    """Doors of which only one may be open: 1, 2; 3, 4; 1, 2 and 3, 4; 1, 2, 3; all four.

    Value 2 is doors 3 and 4 in the vendor's own order of values; the public client calls it doors 2 and 3.
    """

    OFF = 0
    DOORS_12 = 1
    DOORS_34 = 2
    DOORS_12_34 = 3
    DOORS_123 = 4
    DOORS_1234 = 8


class OpenDoor(Message, frozen=True, kw_only=True):
    function = 0x40
    fields = layout(door=Field(8, U8))
    door: int


class DoorOpened(Done, frozen=True, kw_only=True):
    """Whether the lock was released."""

    function = 0x40


class GetDoor(Message, frozen=True, kw_only=True):
    """How is a lock run?"""

    function = 0x82
    fields = layout(door=Field(8, U8))
    door: int


class Door(GetDoor, frozen=True, kw_only=True):
    """How a lock is run, by `Control`, and for how many seconds it is released."""

    fields = layout(door=Field(8, U8), mode=Field(9, U8), delay=Field(10, U8))
    mode: int
    delay: int


class SetDoor(Door, frozen=True, kw_only=True):
    """Run a lock so. The answer is the same, with what it was set to."""

    function = 0x80


class SetPasscodes(Message, frozen=True, kw_only=True):
    """Up to four codes that open a door whoever types them; 0 for none."""

    function = 0x8C
    fields = layout(door=Field(8, U8), codes=Field(12, U32X4))
    door: int
    codes: tuple[int, ...]


class PasscodesSet(Done, frozen=True, kw_only=True):
    function = 0x8C


class GetAntiPassback(Message, frozen=True, kw_only=True):
    function = 0x86


class AntiPassbackMode(GetAntiPassback, frozen=True, kw_only=True):
    fields = layout(mode=Field(8, U8))
    mode: int


class SetAntiPassback(AntiPassbackMode, frozen=True, kw_only=True):
    function = 0x84


class AntiPassbackSet(Done, frozen=True, kw_only=True):
    function = 0x84


class SetInterlock(Message, frozen=True, kw_only=True):
    function = 0xA2
    fields = layout(mode=Field(8, U8))
    mode: int


class InterlockSet(Done, frozen=True, kw_only=True):
    function = 0xA2
