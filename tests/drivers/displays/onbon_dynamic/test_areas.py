"""Areas and their pixels, read by a decoder that knows the manuals only."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.displays.onbon_dynamic.codec import areas
from drivers.displays.onbon_dynamic.codec.areas import Area, Page
from drivers.displays.onbon_dynamic.codec.bitmaps import Coding, Format, decode, encode
from drivers.shared.image import RGB, Bits

CARD: dict[str, Any] = runpy.run_path(str(Path(__file__).with_name("independent_card.py")))
SERIES = {"5E": Coding.BYTES, "6E": Coding.WORDS, "5Q": Coding.RGB565, "6Q": Coding.RGB888}
FORMATS = [
    *((series, Format(coding)) for series, coding in SERIES.items()),
    *((series, Format(SERIES[series], colours=False)) for series in ("5E", "6E")),
]
pictures = st.integers(1, 70).flatmap(
    lambda width: st.lists(st.integers(0, (1 << width) - 1), min_size=1, max_size=20).map(lambda rows: (width, rows))
)


def picture(width: int, rows: list[int]) -> Bits:
    bits = Bits(width, len(rows))
    bits.rows = rows
    return bits


def lit(bits: Bits) -> set[tuple[int, int]]:
    return {(x, y) for y, row in enumerate(bits.rows) for x in range(bits.width) if row >> bits.width - 1 - x & 1}


@given(pictures, st.sampled_from(sorted(RGB)), st.sampled_from(FORMATS))
def test_every_pixel_is_where_the_manual_wants_it(
    given_: tuple[int, list[int]], colour: str, how: tuple[str, Format]
) -> None:
    (series, form), bits = how, picture(*given_)
    bitmap = encode(bits, colour, form)
    page = {"bitmap": bitmap, "width": bits.width, "height": bits.height}
    shown = tuple(RGB[form.shown(colour)])
    assert CARD["pixels"](page, series, len(form.planes)) == dict.fromkeys(lit(bits), shown)
    assert len(bitmap) == form.size(bits.width, bits.height)


@given(pictures, st.sampled_from(sorted(RGB)), st.sampled_from(FORMATS), st.booleans())
def test_what_is_encoded_is_decoded(
    given_: tuple[int, list[int]], colour: str, how: tuple[str, Format], swapped: bool
) -> None:
    form, bits = how[1]._replace(swapped=swapped), picture(*given_)
    rows = decode(encode(bits, colour, form), bits.width, bits.height, form)
    found = {(at // 3, y): bytes(row[at : at + 3]) for y, row in enumerate(rows) for at in range(0, len(row), 3)}
    assert {place: rgb for place, rgb in found.items() if any(rgb)} == dict.fromkeys(lit(bits), RGB[form.shown(colour)])


@pytest.mark.parametrize(
    ("coding", "straight", "other"),
    [
        (Coding.BYTES, "7fff", "ff7f"),
        (Coding.WORDS, "7fffffffffffffff", "ffffffff7fffffff"),
        (Coding.RGB565, "00f8" + "0000" * 7, "f800" + "0000" * 7),
        (Coding.RGB888, "ff0000" + "000000" * 7, "0000ff" + "000000" * 7),
    ],
)
def test_swapped_is_the_other_order(coding: Coding, straight: str, other: str) -> None:
    bits = picture(8, [0x80])
    assert encode(bits, "red", Format(coding)).hex() == straight
    assert encode(bits, "red", Format(coding, swapped=True)).hex() == other


@pytest.mark.parametrize("data", [b"\x7f\xff\xff", b"\x7f\xff\xff\xff\xff", b"\x7f\xff\xff\xfe"])
def test_a_bitmap_of_another_size_or_with_dark_filling_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"wrong size|not filled up"):
        decode(data, 8, 1, Format(Coding.WORDS, colours=False))


def area(*bitmaps: bytes, **fields: Any) -> Area:
    pages = tuple(Page(mode=n + 1, speed=n, stay=100 + n, valid=8, bitmap=bitmap) for n, bitmap in enumerate(bitmaps))
    return msgspec.structs.replace(Area(id=2, x=32, y=16, width=8, height=1, pages=pages), **fields)


TWO = area(b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff\xff\xff", run_mode=areas.LOOP, alone=False)


@pytest.mark.parametrize("generation", [5, 6])
def test_an_area_is_laid_out_as_its_generation_wants(generation: int) -> None:
    found = CARD["pages"](areas.show(TWO, generation).payload, generation)
    place = {"id": 2, "run_mode": 0, "with_programs": 1, "alone": 0, "x": 32, "y": 16, "width": 8, "height": 1}
    assert found == [
        place | {"mode": 1, "speed": 0, "stay": 100, "valid": 8, "bitmap": b"\x7f\xff\xff\xff"},
        place | {"mode": 2, "speed": 1, "stay": 101, "valid": 8, "bitmap": b"\xff" * 6},
    ]


@pytest.mark.parametrize("generation", [5, 6])
def test_an_area_is_read_whole_or_not_at_all(generation: int) -> None:
    payload = areas.show(TWO, generation).payload
    assert areas.read_area(payload, generation) == TWO
    for end in range(len(payload)):
        with pytest.raises(ValueError, match=r"cut off|wrong lengths"):
            areas.read_area(payload[:end], generation)
    with pytest.raises(ValueError, match="wrong lengths"):
        areas.read_area(payload + b"\0", generation)


@given(st.binary(max_size=120), st.sampled_from([5, 6]))
def test_no_payload_does_more_than_raise_a_value_error(payload: bytes, generation: int) -> None:
    for data in (payload, areas.show(TWO, generation).payload[: len(payload)] + payload):
        try:
            read = areas.read_area(data, generation)
        except ValueError:
            continue
        assert areas.show(read, generation).payload == data


def test_what_does_not_fit_into_its_field_is_refused() -> None:
    with pytest.raises(ValueError, match="bad area"):
        areas.show(msgspec.structs.replace(TWO, x=70_000), 6)
