import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.shared.font import drawable
from drivers.shared.image import Bits
from drivers.shared.layout import Layout, arrange, drawn
from drivers.shared.text import printable
from simulators.reading import read

FACES = (64, 48, 32, 16)


def laid(text: str, width: int, height: int) -> Layout:
    faces = [face for face in FACES if face <= min(width, height)]
    layout = arrange([text], width=width, height=height, faces=faces, moving=True)
    assert layout is not None
    return layout


@pytest.mark.parametrize("text", ["A012", "请A012号到3号窗口", "䶮Z", "A 1", "一-二", "乗[\\ZU会", "II||..川", "x  "])
@pytest.mark.parametrize(("width", "height"), [(64, 16), (63, 33), (128, 64), (96, 48)])
def test_a_text_is_read_as_it_was_drawn(text: str, width: int, height: int) -> None:
    layout = laid(text, width, height)
    assert read(drawn(layout, width, height), moving=layout.moving) == layout.text


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("ABZ019请号到窗口业务"), min_size=1, max_size=30))
@example("‖||…..")
def test_what_is_read_looks_the_same(text: str) -> None:
    """Not always the same characters: some glyphs have two, and gaps at the ends are not seen."""
    layout = laid(drawable(printable(text, 30))[0], 96, 32)
    picture = drawn(layout, 96, 32)
    found = read(picture, moving=layout.moving)
    assert found is not None
    if len(layout.rows) == 1 and found:
        assert drawn(layout._replace(rows=(found,)), 96, 32).rows == picture.rows


def test_a_picture_that_is_no_text_is_not_read() -> None:
    picture = Bits(64, 16)
    assert read(picture) == ""
    picture.rows = [0x0123456789ABCDEF] * 16
    assert read(picture) is None
    picture.rows = drawn(Layout(("A012",), 16), 64, 16).rows
    picture.rows[8] ^= 1 << 30
    assert read(picture) is None
