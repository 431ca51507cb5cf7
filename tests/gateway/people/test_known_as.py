"""A card is known in one form, however a device or a person writes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import WrongInput
from gateway.people.known_as import canonical, known_as
from gateway.people.pseudonyms import Pseudonyms


@pytest.mark.parametrize(
    ("told", "form"),
    [
        ("card:0009896534", "card:9896534"),
        ("card:0", "card:0"),
        ("card:32:8C3A11F0", "card:32:8c3a11f0"),
        ("card:032:08", "card:32:00000008"),
        ("card:5:1f", "card:5:1f"),
        ("card:4:1f", "card:4:1f"),  # more than its bits: left as it is
        ("card:8C3A11F0", "card:8C3A11F0"),
        ("card:\uff11", "card:\uff11"),
        ("employee:0017", "employee:0017"),
        ("0017", "0017"),
        ("card", "card"),
        ("", ""),
    ],
)
def test_a_card_has_one_form_and_all_else_is_left_as_it_is(told: str, form: str) -> None:
    assert canonical(told) == form
    pseudonyms = Pseudonyms(bytes(32), "a")
    assert pseudonyms.of(told) == pseudonyms.of(form)


@given(st.text(max_size=80) | st.from_regex(r"card:[0-9]{1,3}(:[0-9a-fA-F]{1,9})?", fullmatch=True))
def test_the_one_form_is_its_own(told: str) -> None:
    assert canonical(canonical(told)) == canonical(told)


@given(st.integers(1, 256), st.data())
def test_what_a_person_gives_is_what_a_reader_tells(bits: int, data: st.DataObject) -> None:
    value = data.draw(st.integers(0, 2**bits - 1))
    assert known_as("card", f"{bits}:{value:X}") == canonical(f"card:{bits}:{value:0{(bits + 3) // 4}x}")


@pytest.mark.parametrize("card", ["", "x", "1" * 21, "32:", ":8c", "32:8g", "4:1f", "1:2:3", "1000:1"])
def test_what_is_no_card_cannot_be_given(card: str) -> None:
    with pytest.raises(WrongInput, match="card must be 1 to 20 digits, or BITS:HEX"):
        known_as("card", card)
