"""What LEDSender2010 cards show, as objects inside of one another: to bytes and back. Pure.

    ROOT 20        type u16 | colours u16 | size u32 | count u32 | survive i32 = -1 | flag u16 | reserved 2
      in a replacement only: mode u16 = 1 | chapter u16 | region u16 | leaf u16 | object u16 | reserved 2
    CHAPTER 40     3F | number | wait | repeat | count | reserved, each u16 | time u32 | size u32 | timetable 20
    REGION 32      3E | number | over | count, each u16 | size u32 | rectangle 4 x i32 | border u8 | reserved 3
    LEAF 24        30 | number | wait | serial | count | reserved, each u16 | time u32 | size u32 | reserved 4
    STRINGS 28     3C u16 | transparent u8 | flag u8 | size u32 | rectangle 4 x i32 | method u8 | speed u8 | count u16
    STRING 32      33 u16 | enter u8 | leave u8 | stay u8 | align u8 | speed of each u16 | stay ms u32 | x i32 |
                   size u32 | colour u32 | font u16 | reserved 2 | text in GBK, NUL, padded to 4

Sizes are in bytes and hold all that is inside; times in ms; a rectangle is left, top, right, bottom, in pixels from the
corner of what it is in. Here a program is one chapter, with one leaf for each region. Sources: public ports of the
library, and header files with its structures, read.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import msgspec

IN_RAM, REPLACE_OBJECT = 0x21, 0x29
ALWAYS = -1
REPLACE = 1
COLOURS = {"mono": 1, "dual": 2, "rgb": 3, "full": 4}
RED, GREEN, YELLOW = 0xFF, 0xFF00, 0xFFFF
FONTS = {16: 0, 24: 1}
"""The fonts of a card, by the height of their letters in pixels."""
AT_ONCE, RUNNING_LEFT = 1, 6
"""How a text comes (of 25 ways)."""
STAYS = 1
"""How it goes (of 18 ways): not at all, until the next one comes."""
STILL, BLINKING = 0, 1
FOREVER_MS = 0x7FFFFFFF
WAITS = 1
LEAF_MS = 1000

ROOT, ACTION = struct.Struct("<HHIIiHH"), struct.Struct("<6H")
CHAPTER, REGION, LEAF = struct.Struct("<6HII20s"), struct.Struct("<4HI4iB3s"), struct.Struct("<6HII4s")
STRINGS, STRING = struct.Struct("<HBBI4iBBH"), struct.Struct("<H4B3HIiIIHH")
ChildT = TypeVar("ChildT")


class Rectangle(NamedTuple):
    """Pixels from the corner of what it is in; `right` and `bottom` are the first outside."""

    left: int
    top: int
    right: int
    bottom: int


class String(msgspec.Struct, frozen=True):
    """A text in one colour: how it comes, stays for `stay_ms` and goes. Speeds of coming and going are 0 to 5."""

    text: bytes
    colour: int = RED
    font: int = 0
    enter: int = AT_ONCE
    leave: int = STAYS
    stay: int = STILL
    align: int = 0
    enter_speed: int = 0
    leave_speed: int = 0
    stay_speed: int = 0
    stay_ms: int = FOREVER_MS
    x: int = 0

    def encoded(self) -> bytes:
        text, colour, font, *ways = msgspec.structs.astuple(self)
        padded: bytes = text + bytes(4 - len(text) % 4)
        return STRING.pack(0x33, *ways, STRING.size + len(padded), colour, font, 0) + padded


class Strings(msgspec.Struct, frozen=True):
    """An object of a page: a rectangle in its region, and texts that follow one another there."""

    rectangle: Rectangle
    texts: tuple[String, ...]

    def encoded(self) -> bytes:
        inside = b"".join(text.encoded() for text in self.texts)
        size = STRINGS.size + len(inside)
        return STRINGS.pack(0x3C, 1, 0, size, *self.rectangle, 0, 0, len(self.texts)) + inside


class Region(msgspec.Struct, frozen=True):
    """A rectangle of the screen with a page of its own."""

    rectangle: Rectangle
    objects: tuple[Strings, ...]

    def encoded(self) -> bytes:
        inside = b"".join(one.encoded() for one in self.objects)
        size = LEAF.size + len(inside)
        leaf = LEAF.pack(0x30, 0, WAITS, 0, len(self.objects), 0, LEAF_MS, size, bytes(4))
        return REGION.pack(0x3E, 0, 0, 1, REGION.size + size, *self.rectangle, 0, bytes(3)) + leaf + inside


class Program(msgspec.Struct, frozen=True):
    """All that a screen shows. `colours` is one of COLOURS."""

    colours: int
    regions: tuple[Region, ...]

    def encoded(self) -> bytes:
        """The bytes to send. Raises ValueError when something does not fit."""
        inside = _fits(lambda: b"".join(region.encoded() for region in self.regions))
        size = CHAPTER.size + len(inside)
        chapter = CHAPTER.pack(0x3F, 0, WAITS, 0, len(self.regions), 0, FOREVER_MS, size, bytes(20))
        return ROOT.pack(IN_RAM, self.colours, ROOT.size + size, 1, ALWAYS, 0, 0) + chapter + inside


class Replacement(msgspec.Struct, frozen=True):
    """Another object in the place of one: in the page of a region."""

    colours: int
    region: int
    number: int
    strings: Strings

    def encoded(self) -> bytes:
        """The bytes to send. Raises ValueError when something does not fit."""
        inside = _fits(self.strings.encoded)
        size = ROOT.size + ACTION.size + len(inside)
        action = ACTION.pack(REPLACE, 0, self.region, 0, self.number, 0)
        return ROOT.pack(REPLACE_OBJECT, self.colours, size, 1, ALWAYS, 0, 0) + action + inside


def _fits(encoded: Callable[[], bytes]) -> bytes:
    try:
        return encoded()
    except struct.error as error:
        raise ValueError(f"bad program: {error}") from error


def read(stream: bytes) -> Program | Replacement:
    """The program in these bytes, strictly: every size, every count, every mark. Raises ValueError."""
    try:
        kind, colours, size, count, survive, *_ = ROOT.unpack_from(stream)
        if colours not in COLOURS.values() or size != len(stream) or count != 1 or survive != ALWAYS:
            raise ValueError("bad root")
        rest = stream[ROOT.size :]
        if kind == IN_RAM:
            return Program(colours, _chapter(rest))
        mode, chapter, region, leaf, number, _ = ACTION.unpack_from(rest)
        if kind != REPLACE_OBJECT or mode != REPLACE or chapter or leaf:
            raise ValueError("not a program, and not the replacement of an object")
        (strings,) = _all(rest[ACTION.size :], 1, _strings)
        return Replacement(colours, region, number, strings)
    except struct.error as error:
        raise ValueError(f"cut off: {error}") from error


def _chapter(data: bytes) -> tuple[Region, ...]:
    mark, _, _, _, count, _, _, size, _ = CHAPTER.unpack_from(data)
    if mark != 0x3F or size != len(data):
        raise ValueError("bad chapter")
    return _all(data[CHAPTER.size :], count, _region)


def _all(data: bytes, count: int, of: Callable[[bytes], tuple[ChildT, int]]) -> tuple[ChildT, ...]:
    """So many objects, which fill these bytes. `of` gives the first one in its bytes, and its size."""
    found: list[ChildT] = []
    for _ in range(count):
        child, size = of(data)
        if size > len(data):
            raise ValueError("an object is larger than what it is in")
        found.append(child)
        data = data[size:]
    if data:
        raise ValueError("bytes behind the last object")
    return tuple(found)


def _region(data: bytes) -> tuple[Region, int]:
    mark, _, _, leaves, size, *edges, _, _ = REGION.unpack_from(data)
    if mark != 0x3E or leaves != 1:
        raise ValueError("bad region, or more than one page")
    inside = data[REGION.size : size]
    mark, _, _, _, count, _, _, leaf_size, _ = LEAF.unpack_from(inside)
    if mark != 0x30 or leaf_size != len(inside):
        raise ValueError("bad page")
    return Region(Rectangle(*edges), _all(inside[LEAF.size :], count, _strings)), size


def _strings(data: bytes) -> tuple[Strings, int]:
    mark, _, _, size, left, top, right, bottom, _, _, count = STRINGS.unpack_from(data)
    if mark != 0x3C or not count:
        raise ValueError("bad object")
    return Strings(Rectangle(left, top, right, bottom), _all(data[STRINGS.size : size], count, _string)), size


def _string(data: bytes) -> tuple[String, int]:
    mark, *ways, size, colour, font, _ = STRING.unpack_from(data)
    if mark != 0x33 or size % 4 or size <= STRING.size:
        raise ValueError("bad text")
    text = data[STRING.size : size].partition(b"\0")[0]
    return String(text, colour, font, *ways), size
