"""The dynamic areas of a BX-K card: a text in a rectangle of the screen, and what is said with it. Pure.

    AREAS    delete count u8 (FF all) | ids | area count u8 | for each: length u16 | area 15 | sound | layout 12 | text
    area     kind u8 | x y width height u16 | id u8 | line space u8 | run mode u8 | timeout u16 | sound mode u8
    sound    none in mode 0; else person u4, repeat u4 | volume u8 | speed u8, and in mode 2 also length u32 | text
    layout   extensions u8 = 0 | align u8 | lines u8 | wrap u8 | mode u8 | exit u8 | speed u8 | hold u8 | length u32

Source: as in `codec`; the sound is read in the vendor's analyser, and no frame with one was at hand.
"""

import struct
from collections.abc import Sequence
from typing import Any

import msgspec

from drivers.displays.onbon_k.codec import AREAS, HEAD, MAX_DATA, Request

COLOURS = {"red": b"\\C1", "green": b"\\C2", "yellow": b"\\C3"}
"""The escapes that set the colour of the text behind them."""
STATIC, LEFT = 1, 3
SINGLE, MULTI = 1, 2
NO_WRAP, WRAP = 1, 2
PIXELS = 0x8000
"""Set in x and width they count pixels on any card. Source: the vendor's C# sample for the 6K, vector K10."""
AREA, LAYOUT = struct.Struct("<BHHHHBBBHB"), struct.Struct("<BBBBBBBBI")
SOUND, LENGTH = struct.Struct("<BBB"), struct.Struct("<I")
COUNTS = struct.Struct("<BBH")
MOST_TEXT = MAX_DATA - HEAD - COUNTS.size - AREA.size - LAYOUT.size - len(COLOURS["red"])
"""Bytes of a text in one colour that fit into a frame."""
SILENT, OWN_WORDS, GIVEN_WORDS = 0, 1, 2


class Sound(msgspec.Struct, frozen=True, kw_only=True):
    """What a card with a voice says: `words` in GB2312, None for those of the area. Said once more `repeat` times.

    `person` 0 to 5, `repeat` 0 to 15, `volume` and `speed` 0 to 10. That 0 is said once is so in the vendor's
    documentation of the library for these cards; unverified.
    """

    person: int = 0
    repeat: int = 0
    volume: int = 8
    speed: int = 5
    words: bytes | None = None


class Area(msgspec.Struct, frozen=True):
    """An area of text on the screen, as on the wire: `x` and `width` in units of the model, `y` and `height` in px.

    `kind` 0 is text, `run_mode` 0 loops, `timeout` counts s, `mode` is STATIC, 2 fast, LEFT, 4 right, 5 up, 6 down.
    """

    kind: int = 0
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0
    id: int = 0
    line_space: int = 0
    run_mode: int = 0
    timeout: int = 5
    sound: Sound | None = None
    extensions: int = 0
    align: int = 0
    lines: int = MULTI
    wrap: int = NO_WRAP
    mode: int = STATIC
    exit: int = 0
    speed: int = 0
    hold: int = 8
    text: bytes = b""


def show(area: Area, *, extra: int = 0) -> Request:
    """Put one area onto the screen. Raises ValueError when something does not fit."""
    values = msgspec.structs.astuple(area)
    try:
        front = AREA.pack(*values[:9], _mode(area.sound)) + _sound(area.sound)
        body = front + LAYOUT.pack(*values[10:18], len(area.text)) + area.text
        return Request(command=AREAS, extra=extra, payload=COUNTS.pack(0, 1, len(body)) + body)
    except struct.error as error:
        raise ValueError(f"bad area: {error}") from error


def remove(area: int) -> Request:
    """Take one area off the screen, by its id."""
    return Request(command=AREAS, payload=bytes([1, area, 0]))


def read_areas(payload: bytes) -> tuple[bytes, Sequence[Area]]:
    """What to delete (ids; FF is all) and the areas in the payload of AREAS. Raises ValueError."""
    found: list[Area] = []
    try:
        ids = 0 if payload[0] == 0xFF else payload[0]
        delete = payload[1 : 1 + ids] or payload[:1].strip(b"\x00")
        count, rest = payload[1 + ids], payload[2 + ids :]
        for _ in range(count):
            (length,) = struct.unpack_from("<H", rest)
            found.append(_area(rest[2 : 2 + length], length))
            rest = rest[2 + length :]
    except (IndexError, struct.error) as error:
        raise ValueError(f"cut off: {error}") from error
    if rest:
        raise ValueError("bytes behind the last area")
    return delete, found


def _area(body: bytes, length: int) -> Area:
    *place, mode = AREA.unpack_from(body)
    sound, rest = _read_sound(mode, body[AREA.size :])
    *layout, size = LAYOUT.unpack_from(rest)
    text = rest[LAYOUT.size :]
    if len(body) != length or len(text) != size:
        raise ValueError("wrong length of an area")
    values: list[Any] = [*place, sound, *layout, text]
    return Area(*values)


def _mode(sound: Sound | None) -> int:
    return SILENT if sound is None else OWN_WORDS if sound.words is None else GIVEN_WORDS


def _sound(sound: Sound | None) -> bytes:
    if sound is None:
        return b""
    block = SOUND.pack(sound.person | sound.repeat << 4, sound.volume, sound.speed)
    return block if sound.words is None else block + LENGTH.pack(len(sound.words)) + sound.words


def _read_sound(mode: int, body: bytes) -> tuple[Sound | None, bytes]:
    """The sound at the beginning of `body`, and what stands behind it."""
    if mode == SILENT:
        return None, body
    if mode > GIVEN_WORDS:
        raise ValueError("unknown sound mode")
    who, volume, speed = SOUND.unpack_from(body)
    body, words = body[SOUND.size :], None
    if mode == GIVEN_WORDS:
        (size,) = LENGTH.unpack_from(body)
        words, body = body[LENGTH.size : LENGTH.size + size], body[LENGTH.size + size :]
        if len(words) != size:
            raise ValueError("the words are cut off")
    return Sound(person=who & 15, repeat=who >> 4, volume=volume, speed=speed, words=words), body
