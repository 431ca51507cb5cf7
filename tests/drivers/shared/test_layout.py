import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.shared.layout import Layout, arrange, drawn, wrapped
from drivers.shared.text import cells

FACES = (32, 16)


def placed(*texts: str, width: int = 64, height: int = 32, moving: bool = False) -> Layout | None:
    return arrange(texts, width=width, height=height, faces=FACES, moving=moving)


def test_a_short_text_is_as_large_as_the_screen() -> None:
    assert placed("A012") == Layout(("A012",), 32)


def test_a_longer_text_shrinks_before_it_is_shortened() -> None:
    assert placed("请A012", "A012") == Layout(("请A012",), 16)


def test_a_shorter_text_stands_where_the_whole_one_cannot() -> None:
    assert placed("请A012号到3号窗口办理", "A012") == Layout(("A012",), 32)


def test_only_what_may_move_moves_and_then_it_is_the_whole_text() -> None:
    assert placed("请A012号到3号窗口办理", "请A012号到3号窗口", moving=True) == Layout(
        ("请A012号到3号窗口办理",), 32, moving=True
    )
    assert placed("请A012号到3号窗口办理") is None


def test_a_ticket_is_not_cut_at_the_end_of_a_row() -> None:
    assert wrapped("请张三A012号", columns=8) == ("请张三", "A012号")


def test_a_word_that_no_row_can_hold_is_cut() -> None:
    assert wrapped("A0123456789", columns=8) == ("A0123456", "789")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.integers(2, 40))
def test_rows_hold_the_text_and_none_is_too_long(text: str, columns: int) -> None:
    rows = wrapped(text, columns)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")
    assert all(sum(map(cells, row)) <= columns for row in rows)


@pytest.mark.parametrize("height", [16, 32])
def test_a_row_stands_in_the_middle(height: int) -> None:
    bits = drawn(Layout(("口",), height), 64, 32)
    lit = [row for row in bits.rows if row]
    assert all(row < 1 << 48 and not row & 0xFFFF for row in lit)
    assert bits.rows.index(lit[0]) >= (32 - height) // 2


def test_a_moving_text_is_drawn_as_long_as_it_is() -> None:
    bits = drawn(Layout(("口" * 10,), 16, moving=True), 64, 16)
    assert bits.width == 160
    assert bits.cut(144, 16).rows == bits.cut(0, 16).rows == drawn(Layout(("口",), 16), 16, 16).rows
    assert not any(bits.cut(160, 64).rows)
