"""Pseudonyms cannot be guessed without the key, and what is sealed opens only in its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.people.pseudonyms import Person, PersonUnreadable, Pseudonyms

KEY, OTHER = bytes(32), bytes([1]) * 32


def test_a_card_has_the_same_pseudonym_everywhere_in_a_site_and_another_one_elsewhere() -> None:
    assert Pseudonyms(KEY, "a").of("card:7") == Pseudonyms(KEY, "a").of("card:7")
    others = {Pseudonyms(KEY, "b").of("card:7"), Pseudonyms(OTHER, "a").of("card:7"), Pseudonyms(KEY, "a").of("card:8")}
    assert len(others | {Pseudonyms(KEY, "a").of("card:7")}) == 4


def test_a_mark_is_that_of_one_key_and_site_and_never_a_pseudonym() -> None:
    one = Pseudonyms(KEY, "a")
    assert one.mark("card:7") == Pseudonyms(KEY, "a").mark("card:7")
    others = {Pseudonyms(KEY, "b").mark("card:7"), Pseudonyms(OTHER, "a").mark("card:7"), one.mark("card:8")}
    assert len(others | {one.mark("card:7"), one.of("card:7").removeprefix("p-")}) == 5


@given(st.text(max_size=40), st.text(max_size=40), st.none() | st.text(max_size=20))
def test_what_is_sealed_is_unsealed_in_its_place(known_as: str, name: str, department: str | None) -> None:
    pseudonyms, person = Pseudonyms(KEY, "a"), Person(known_as, name, department)
    assert pseudonyms.unseal(pseudonyms.of(known_as), pseudonyms.seal(person)) == person


def test_nothing_of_a_person_can_be_read_in_what_is_sealed() -> None:
    sealed = Pseudonyms(KEY, "a").seal(Person("card:9896534", "欧阳娜娜", "信访局"))
    assert not [clear for clear in ("9896534", "欧阳", "信访") if clear.encode() in sealed]


def test_another_key_another_site_another_place_and_a_changed_byte_open_nothing() -> None:
    pseudonyms = Pseudonyms(KEY, "a")
    person = Person("card:7", "张三")
    sealed, place = pseudonyms.seal(person), pseudonyms.of("card:7")
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for who, where, what in (
        (Pseudonyms(OTHER, "a"), place, sealed),
        (Pseudonyms(KEY, "b"), place, sealed),
        (pseudonyms, pseudonyms.of("card:8"), sealed),
        (pseudonyms, place, changed),
        (pseudonyms, place, b""),
    ):
        with pytest.raises(PersonUnreadable, match=r"people\.key"):
            who.unseal(where, what)
