"""The messages of a screen's page: what is no beat is noise, and a delta makes exactly what was meant."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.displays.web_screen import codec
from drivers.displays.web_screen.codec import Beat, Content, Noise, Row

BEAT = Beat(page="0af3", run="", rev=0, sent=1.5)
IDS = st.lists(st.integers(0, 9), unique=True, max_size=8)


def row(number: int) -> Row:
    return Row(id=f"c{number}", ticket=f"A{number:03d}", window="1号窗口", name=None, at=1_780_000_000_000)


def content(ids: list[int], title: str = "") -> Content:
    return Content(title=title, rows=tuple(map(row, ids)))


def test_a_beat_comes_back_as_it_was() -> None:
    assert codec.read_beat(codec.encode(BEAT)) == BEAT


def test_what_a_newer_page_adds_is_let_by() -> None:
    assert codec.read_beat(codec.encode(BEAT)[:-1] + b', "battery": 3}') == BEAT


@pytest.mark.parametrize(
    "data",
    [
        *[b"", b"{", b"[]", b"null", b"\xff", b'{"page": "p"}', b"{" * 10_000],
        *[
            codec.encode(BEAT).replace(b'"0af3"', bad)
            for bad in (b'""', b'"a b"', b'"<b>"', b"1", b'"' + b"a" * 41 + b'"')
        ],
        codec.encode(BEAT).replace(b'"rev":0', b'"rev":-1'),
        codec.encode(BEAT).replace(b'"sent":1.5', b'"sent":1e999'),
        codec.encode(BEAT).replace(b'"viewport":null', b'"viewport":"1x1;x"'),
        codec.encode(BEAT).replace(b'"failed":null', b'"failed":"' + b"x" * 201 + b'"'),
        codec.encode(BEAT).replace(b'"rendered_at":null', b'"rendered_at":1e300'),
    ],
)
def test_what_is_no_beat_is_noise_with_its_reason(data: bytes) -> None:
    found = codec.read_beat(data)
    assert isinstance(found, Noise)
    assert found.why


@given(st.binary(max_size=300))
def test_reading_never_raises(data: bytes) -> None:
    codec.read_beat(data)
    codec.read_message(data)


@given(IDS, IDS, st.text(max_size=5))
def test_a_delta_makes_what_was_meant_or_is_none(before: list[int], after: list[int], title: str) -> None:
    old, new = content(before), content(after, title)
    delta = codec.change(old, new)
    if delta is not None:
        assert codec.apply(old, delta) == new


@pytest.mark.parametrize(
    ("before", "after", "add", "drop"),
    [
        ([1, 0], [2, 1, 0], [2], []),
        ([2, 1, 0], [3, 2, 1], [3], [0]),
        ([], [2, 1], [2, 1], []),
        ([2, 1, 0], [2, 0], [], [1]),
        ([1], [], [], [1]),
    ],
)
def test_calls_that_come_and_go_are_deltas(
    before: list[int], after: list[int], add: list[int], drop: list[int]
) -> None:
    delta = codec.change(content(before), content(after))
    assert delta is not None
    assert ([each.id for each in delta["add"]], list(delta["drop"])) == (
        [f"c{n}" for n in add],
        [f"c{n}" for n in drop],
    )


def test_another_order_and_another_kind_of_page_need_a_snapshot() -> None:
    assert codec.change(content([1, 0]), content([0, 1])) is None
    assert codec.change(Content(text="A001"), content([])) is None
    assert codec.change(content([]), Content(text="A001")) is None


def test_a_text_alone_is_a_delta() -> None:
    assert codec.change(Content(text="a"), Content(text="b", colour="red")) == {
        "set": {"text": "b", "colour": "red"},
        "add": (),
        "drop": (),
    }


def test_a_usual_call_is_a_delta_of_less_than_1_kib() -> None:
    long = msgspec.structs.replace(
        row(9), ticket="综合受理" * 8, window="一" * 40, name="欧阳**", id="c" * 64, priority="绿色通道"
    )
    delta = codec.change(content([1]), Content(rows=(long, row(1))))
    assert delta is not None
    assert len(codec.encode(codec.Delta("0a1b2c3d", 10**6, 10**6 - 1, **delta))) <= codec.MOST_DELTA


def test_messages_are_told_apart_by_their_kind() -> None:
    order = codec.Order("r", 3, "identify", 15)
    assert codec.encode(order) == b'{"kind":"order","run":"r","id":3,"what":"identify","seconds":15}'
    assert codec.read_message(codec.encode(order)) == order
    assert isinstance(codec.read_message(b'{"kind":"other"}'), Noise)


@pytest.mark.parametrize("data", [b'{"page":' * 500, b"[" * 4_000, b'{"page":"\xff"}'])
def test_what_is_no_json_is_noise(data: bytes) -> None:
    assert isinstance(codec.read_beat(data), Noise)
    assert isinstance(codec.read_message(data), Noise)


def test_leaflets_come_by_delta_too() -> None:
    old, new = content([1]), msgspec.structs.replace(content([1]), leaflets=(codec.Leaflet("须知", (("a", "b"),)),))
    delta = codec.change(old, new)
    assert delta is not None
    read = codec.read_message(codec.encode(codec.Delta("r", 2, 1, **delta)))
    assert isinstance(read, codec.Delta)
    assert codec.apply(old, msgspec.structs.asdict(read)) == new


def test_a_mark_is_fnv_1a_of_what_can_be_read_and_of_nothing_else() -> None:
    assert codec.mark(Content(rows=())) == codec.mark(Content(rows=(), size=3, colour="red")) == "09832005"
    board = content([1, 2], "大厅")
    changes: list[dict[str, Any]] = [
        {"title": "A"},
        {"notice": "A"},
        {"lit": False},
        {"rows": (row(1),)},
        {"rows": (msgspec.structs.replace(row(1), priority="优先"),)},
        {"rows": None},
        {"leaflets": (codec.Leaflet("A"),)},
        {"leaflets": (codec.Leaflet("", (("A",),)),)},
        {"leaflets": (codec.Leaflet("", picture="a.png"),)},
    ]
    others = [msgspec.structs.replace(board, **change) for change in changes]
    assert len({codec.mark(each) for each in [board, *others]}) == len(others) + 1
    hidden = msgspec.structs.replace(board, notice="A", text="B")
    assert codec.mark(hidden) == codec.mark(msgspec.structs.replace(hidden, notice="C"))
