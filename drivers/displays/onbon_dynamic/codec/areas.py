"""Dynamic areas: rectangles with pages of pixels. Pure.

    area  id u8 | run mode u8 | timeout u16 s | with all programs u8 | programs u16 = 0 | alone u8 | 0 x4 | 10 |
          x y width height u16 px | frame u8 = 0
    page  n u32 | 0 | mode u8 | clear u8 | speed u8 | stay u16, 10 ms | repeat u8 | valid width u16

    generation 5  n u32 | area | pages u16 | pages, each: page | 0 x4 | bitmap
    generation 6  areas u16 = 1 | n u32 | area | background, transparency, unequal, sound u8 = 0 | 0 x5 | pages u16 |
                  pages, each: page | 0 x9 | offset u32 | length u32 | and behind all areas the bitmaps

Source: manuals of generation 5 and 6, §5.4; that n of a page of generation 5 counts its bitmap is not confirmed.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from drivers.displays.onbon_dynamic.codec.requests import DELETE, UPDATE, Request

LOOP, HOLD_LAST = 0, 1
STATIC, LEFT, LEFT_ON, BLINK = 1, 3, 4, 7
RUN_MODES, MODES = range(5), range(0x29)
KIND = 0x10
ALL = b"\xff"
HEAD = struct.Struct("<BBHBHB4xBHHHHB")
PAGE = struct.Struct("<IBBBBHBH")


class Layout(NamedTuple):
    """What differs between the generations: what stands before an area, behind its head, behind that of a page."""

    before: bytes
    area: struct.Struct
    page: struct.Struct
    inline: bool


LAYOUTS = {
    5: Layout(b"", struct.Struct("<H"), struct.Struct("<4x"), inline=True),
    6: Layout(b"\x01\x00", struct.Struct("<4x5xH"), struct.Struct("<9xII"), inline=False),
}


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page: how it comes onto the screen, and how long it stays, in 10 ms. `valid` px of it are moved."""

    mode: int = STATIC
    clear: int = 0
    speed: int = 0
    stay: int = 100
    repeat: int = 1
    valid: int
    bitmap: bytes


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A dynamic area, in px. `alone`: the programs that are stored on the card stop."""

    id: int
    run_mode: int = HOLD_LAST
    timeout: int = 30
    alone: bool = True
    x: int
    y: int
    width: int
    height: int
    pages: tuple[Page, ...]


def show(area: Area, generation: int) -> Request:
    """Put one area onto the screen, or others instead of its pages. Raises ValueError when something does not fit."""
    layout = LAYOUTS[generation]
    try:
        body = _head(area) + layout.area.pack(len(area.pages)) + _pages(area.pages, layout)
    except struct.error as error:
        raise ValueError(f"bad area: {error}") from error
    bitmaps = b"" if layout.inline else b"".join(page.bitmap for page in area.pages)
    return Request(command=UPDATE, payload=layout.before + struct.pack("<I", len(body)) + body + bitmaps)


def remove(area: int | None) -> Request:
    """Take one area off the screen, or all of them."""
    return Request(command=DELETE, payload=ALL if area is None else bytes([1, area]))


def _head(area: Area) -> bytes:
    place = (area.x, area.y, area.width, area.height)
    return HEAD.pack(area.id, area.run_mode, area.timeout, not area.alone, 0, area.alone, KIND, *place, 0)


def _pages(pages: Sequence[Page], layout: Layout) -> bytes:
    parts: list[bytes] = []
    offset = 0
    for page in pages:
        inline = page.bitmap if layout.inline else b""
        length = PAGE.size - 4 + layout.page.size + len(inline)
        fields = (page.mode, page.clear, page.speed, page.stay, page.repeat, page.valid)
        where = () if layout.inline else (offset, len(page.bitmap))
        parts += PAGE.pack(length, 0, *fields), layout.page.pack(*where), inline
        offset += len(page.bitmap)
    return b"".join(parts)


def read_area(payload: bytes, generation: int) -> Area:
    """The area in the payload of UPDATE: one, with nothing that an Area does not tell. Raises ValueError."""
    layout = LAYOUTS[generation]
    start = len(layout.before) + 4
    try:
        (length,) = struct.unpack_from("<I", payload, start - 4)
        number, run_mode, timeout, _, _, alone, _, x, y, width, height, _ = HEAD.unpack_from(payload, start)
        (count,) = layout.area.unpack_from(payload, start + HEAD.size)
        pages = _read_pages(payload[start + HEAD.size + layout.area.size :], payload[start + length :], count, layout)
    except struct.error as error:
        raise ValueError(f"cut off: {error}") from error
    place = {"x": x, "y": y, "width": width, "height": height}
    area = Area(id=number, run_mode=run_mode, timeout=timeout, alone=alone == 1, pages=pages, **place)
    if show(area, generation).payload != payload:
        raise ValueError("wrong lengths or offsets, or fields that are not known here")
    return area


def _read_pages(rest: bytes, bitmaps: bytes, count: int, layout: Layout) -> tuple[Page, ...]:
    found: list[Page] = []
    for _ in range(count):
        length, _, mode, clear, speed, stay, repeat, valid = PAGE.unpack_from(rest)
        where = layout.page.unpack_from(rest, PAGE.size)
        inline = rest[PAGE.size + layout.page.size : 4 + length]
        bitmap = inline if layout.inline else bitmaps[where[0] : sum(where)]
        fields = {"mode": mode, "clear": clear, "speed": speed, "stay": stay, "repeat": repeat, "valid": valid}
        found.append(Page(bitmap=bitmap, **fields))
        rest = rest[4 + length :]
    return tuple(found)
