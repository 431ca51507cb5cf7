import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.shared.text import cells, cells_used, cut, encode_gb, printable

ANY_TEXT = st.text(st.characters(exclude_categories=()) | st.sampled_from("ZU[]\\单会乗䶮😀·―□＼"))


@pytest.mark.parametrize(
    ("text", "data", "shown", "substituted"),
    [
        ("A012", "41303132", "A012", 0),
        ("单郸", "b5a5b5a6", "单郸", 0),
        ("囧", "87e5", "囧", 0),  # GBK, not GB2312
        ("乗", "a1f5", "□", 1),  # GBK 81 5C: its trail byte is a backslash
        ("䶮", "a1f5", "□", 1),  # only in GB18030
        ("😀号", "a1f5bac5", "□号", 1),
        ("\\C2", "a3dc4332", "＼C2", 1),
        ("□＼", "a1f5a3dc", "□＼", 0),
    ],
)
def test_encodes_gb2312_then_gbk_then_a_visible_square(text: str, data: str, shown: str, substituted: int) -> None:
    assert encode_gb(text) == (bytes.fromhex(data), shown, substituted)


@given(ANY_TEXT)
def test_no_text_makes_the_encoder_fail_or_lets_a_backslash_through(text: str) -> None:
    data, shown, substituted = encode_gb(text)
    assert b"\\" not in data
    assert data.decode("gbk") == shown
    assert len(shown) == len(text)
    assert substituted >= shown.count("□") - text.count("□")
    assert len(data) == sum(map(cells, shown))


@pytest.mark.parametrize(("text", "data", "substituted"), [("\\C2", "5c4332", 0), ("乗", "815c", 0), ("䶮", "a1f5", 1)])
def test_a_card_without_escapes_gets_a_backslash_as_it_is(text: str, data: str, substituted: int) -> None:
    encoded = encode_gb(text, escapes=False)
    assert (encoded.data.hex(), encoded.substituted) == (data, substituted)


def test_hostile_text_is_made_printable() -> None:
    assert printable("A\x00\x1b[2J\n\u200b\u2028号\ud800\x85", 200) == "A[2J号"
    assert printable("号" * 201, 200) == "号" * 200


@pytest.mark.parametrize(
    ("text", "columns", "used"),
    [("", 8, 0), ("A0123456", 8, 8), ("3号窗口", 8, 7), ("号号号号", 7, 9), ("A号号号号", 8, 10)],
)
def test_wide_characters_are_never_split_over_two_rows(text: str, columns: int, used: int) -> None:
    assert cells_used(text, columns) == used


@given(st.text(max_size=40), st.integers(1, 40))
def test_what_is_too_long_is_cut_where_one_sees_it_and_not_before(text: str, room: int) -> None:
    shown = cut(text, lambda part: len(part) <= room)
    assert shown == (text if len(text) <= room else text[: room - 1] + "…")
