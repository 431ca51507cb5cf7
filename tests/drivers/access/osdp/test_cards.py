"""Bits of a card become what it is known by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.access.osdp.cards import WIEGAND, Misread, person
from simulators.access.osdp.levers import wiegand

PRINTED = [
    (26, "bdd93740", 123 << 16 | 45678),  # 1 011110111011 001001101110 1: facility 123, card 45678
    (34, "82696eea80", 1234 << 16 | 56789),
    (37, "adfdc1c350", 12345678901),
]
"""Worked out by hand, with a pencil and the rule of the two halves."""


@pytest.mark.parametrize(("bits", "wire", "number"), PRINTED)
def test_reads_the_formats_with_parity(bits: int, wire: str, number: int) -> None:
    assert person(bits, bytes.fromhex(wire), wiegand=True) == f"card:{number}"
    assert wiegand(number, bits).hex() == wire


@given(st.sampled_from(WIEGAND), st.data())
def test_reads_every_number_that_a_reader_sends(bits: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, 2 ** (bits - 2) - 1))
    assert person(bits, wiegand(number, bits), wiegand=True) == f"card:{number}"


@given(st.sampled_from(WIEGAND), st.data())
def test_a_flipped_bit_is_a_misread_card_and_never_another_one(bits: int, data: st.DataObject) -> None:
    number, place = data.draw(st.integers(0, 2 ** (bits - 2) - 1)), data.draw(st.integers(0, bits - 1))
    wire = wiegand(number, bits)
    flipped = int.from_bytes(wire, "big") ^ 1 << 8 * len(wire) - 1 - place
    assert person(bits, flipped.to_bytes(len(wire), "big"), wiegand=True) == Misread("its parity is wrong")


def test_a_format_without_parity_is_known_by_its_bits() -> None:
    assert person(32, bytes.fromhex("04a1b2c3"), wiegand=False) == "card:32:04a1b2c3"
    assert person(56, bytes.fromhex("04a1b2c3d4e5f6"), wiegand=True) == "card:56:04a1b2c3d4e5f6"
    assert person(26, bytes(4), wiegand=False) == "card:26:0000000"


@given(st.integers(-1, 600), st.binary(max_size=64), st.booleans())
def test_nothing_makes_it_raise(bits: int, data: bytes, wiegand: bool) -> None:
    found = person(bits, data, wiegand=wiegand)
    assert isinstance(found, Misread) == (not (isinstance(found, str) and found.startswith("card:")))


@pytest.mark.parametrize("bits", [0, 27])
def test_bits_that_are_not_there_are_no_card(bits: int) -> None:
    assert person(bits, bytes(3), wiegand=True) == Misread("the reader sent no bits, or fewer than it said")
