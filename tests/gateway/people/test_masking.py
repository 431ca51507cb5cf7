"""Names of visitors are made unrecognisable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.people.masking import mask_name

MASKED = {
    "张三": "张*",
    "欧阳娜娜": "欧**",
    "诸葛亮": "诸**",
    "张": "张*",
    "买买提·吐尔逊": "买**",
    "阿·凡提": "阿*",
    "John": "J**",
    "John Smith": "J**",
    "Li": "L*",
    "  张三 ": "张*",
    "\u3000张三\u3000": "张*",
    "张 三": "张**",
    "": "",
    "   ": "",
    "·": "",
    "𠮷野": "𠮷*",
}


@pytest.mark.parametrize(("name", "masked"), MASKED.items())
def test_keeps_the_first_character_only(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(st.text(min_size=1))
def test_never_tells_more_than_one_character_or_the_length_of_a_long_name(name: str) -> None:
    masked = mask_name(name)
    assert len(masked) <= 3
    assert set(masked[1:]) <= {"*"}
