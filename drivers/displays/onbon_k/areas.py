"""The dynamic areas of a BX-K card: a text in a rectangle of the screen. Pure.

    AREAS    delete count u8 (FF all) | ids | area count u8 | for each: length u16 | area 27 | text

Source: as in `codec`.
"""

import struct
from collections.abc import Sequence
from typing import Any

import msgspec

from drivers.displays.onbon_k.codec import AREAS, Request

COLOURS = {"red": b"\\C1", "green": b"\\C2", "yellow": b"\\C3"}
"""The escapes that set the colour of the text behind them."""
STATIC, LEFT = 1, 3
SINGLE, MULTI = 1, 2
NO_WRAP, WRAP = 1, 2
AREA = struct.Struct("<BHHHHBBBHBBBBBBBBBI")


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
    sound: int = 0
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
    *fields, text = msgspec.structs.astuple(area)
    try:
        body = AREA.pack(*fields, len(text)) + text
        return Request(command=AREAS, extra=extra, payload=struct.pack("<BBH", 0, 1, len(body)) + body)
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
            *numbers, size = AREA.unpack_from(rest, 2)
            text, rest = rest[2 + AREA.size : 2 + length], rest[2 + length :]
            if not AREA.size + size == length == AREA.size + len(text):
                raise ValueError("wrong length of an area")
            values: list[Any] = [*numbers, text]
            found.append(Area(*values))
    except (IndexError, struct.error) as error:
        raise ValueError(f"cut off: {error}") from error
    if rest:
        raise ValueError("bytes behind the last area")
    return delete, found
