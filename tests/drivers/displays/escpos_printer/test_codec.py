from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.displays.escpos_printer.codec import QUESTION, Decoder, Fault, Paper, Status, read_status

VECTOR = Path(__file__).with_name("vectors") / "answers.hex"
WELL = Status(online=True, cover_open=False, paper=Paper.OK, feed_button=False, error=Fault.NONE)


def decoded(*pieces: bytes) -> list[Status]:
    decoder = Decoder()
    return [found for piece in pieces for found in decoder.feed(piece)]


def test_asks_all_four_questions_at_once_and_nothing_that_would_be_printed() -> None:
    assert bytes.fromhex("100401 100402 100403 100404") == QUESTION


def test_reads_answers_made_by_others() -> None:
    source, *lines = VECTOR.read_text("utf-8").splitlines()
    assert source.startswith("# ")
    answers = bytes.fromhex("".join(line.partition("#")[0] for line in lines))
    assert read_status(answers) == Status(
        online=False, cover_open=True, paper=Paper.OK, feed_button=True, error=Fault.CUTTER
    )


@pytest.mark.parametrize(
    ("answers", "changed"),
    [
        ("12 12 12 12", {}),
        ("1a 16 12 12", {"online": False, "cover_open": True}),
        ("1a 32 12 7e", {"online": False, "paper": Paper.OUT}),
        ("1a 32 12 12", {"online": False, "paper": Paper.OUT}),
        ("12 12 12 1e", {"paper": Paper.LOW}),
        ("12 12 12 72", {"paper": Paper.OUT}),
        ("5a 12 12 12", {"online": False, "feed_button": True}),
        ("1a 1a 12 12", {"online": False, "feed_button": True}),
        ("1a 52 16 12", {"online": False, "error": Fault.MECHANICAL}),
        ("1a 52 1a 12", {"online": False, "error": Fault.CUTTER}),
        ("1a 52 32 12", {"online": False, "error": Fault.FATAL}),
        ("1a 52 52 12", {"online": False, "error": Fault.PASSING}),
        ("1a 52 7e 12", {"online": False, "error": Fault.FATAL}),
        ("1a 52 12 12", {"online": False, "error": Fault.OTHER}),
        ("3e 12 12 12", {"online": False}),
    ],
)
def test_every_bit_has_its_meaning(answers: str, changed: dict[str, Any]) -> None:
    assert decoded(bytes.fromhex(answers)) == [msgspec.structs.replace(WELL, **changed)]


@given(st.lists(st.binary(max_size=9), max_size=9))
def test_noise_never_raises_and_how_it_is_cut_does_not_matter(pieces: list[bytes]) -> None:
    wire = b"".join(pieces)
    assert decoded(*pieces) == decoded(wire) == decoded(*(bytes([byte]) for byte in wire))


@given(st.integers(0, 15), st.integers(0, 127), st.integers(0, 127), st.integers(0, 127))
def test_an_automatic_status_between_the_answers_is_passed_over(first: int, second: int, third: int, last: int) -> None:
    """Its bytes by their fixed bits: 0xx1xx00, 0xx0xxxx, 0xx0xxxx, 0xx0xxxx (Epson, GS a)."""
    status = bytes([0x10 | (first & 3) << 2 | (first & 12) << 3, second & 0x6F, third & 0x6F, last & 0x6F])
    assert decoded(b"\x1a\x32" + status + b"\x12\x7e") == [
        Status(online=False, cover_open=False, paper=Paper.OUT, feed_button=False, error=Fault.NONE)
    ]


def test_a_flood_is_not_kept() -> None:
    decoder = Decoder()
    assert len(list(decoder.feed(b"\x12" * 100_003))) == 25_000
    assert len(decoder._answers) == 3
