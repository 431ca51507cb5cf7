"""The outside of frames: against libosdp's own, and against anything."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.access.osdp.codec import BUSY, NAK, Answers, Frame, crc16, read

VECTORS = Path(__file__).with_name("vectors")
POLL = bytes.fromhex("ff530508000660deef")
ACK = bytes.fromhex("5385080006406ce9")


def lines(name: str) -> list[bytes]:
    """The frames of a vector, behind its source."""
    source, *rest = (VECTORS / f"{name}.hex").read_text("utf-8").splitlines()
    assert source.startswith("# ")
    return [bytes.fromhex(line) for line in rest]


PAIRS = [pair for name in ("conversation", "clear") for pair in zip(lines(name)[::2], lines(name)[1::2], strict=True)]


def framed(address: int, sequence: int, code: int, data: bytes = b"") -> bytes:
    """A frame with a checksum instead of a CRC."""
    body = bytes([code]) + data
    head = bytes([0x53, address]) + (6 + len(body)).to_bytes(2, "little") + bytes([sequence])
    return head + body + bytes([-sum(head + body) % 256])


def test_the_crc_is_that_of_the_catalogue() -> None:
    assert crc16(b"123456789") == 0xE5CC  # CRC-16/SPI-FUJITSU


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].hex())
def test_finds_the_answer_to_each_question_of_libosdp(pair: tuple[bytes, bytes]) -> None:
    question, answer = pair
    assert Answers(question).feed(answer) == answer


def test_reads_what_is_in_the_clear() -> None:
    assert read(POLL[1:]) == Frame(5, 2, secure=False, code=0x60, data=b"")
    challenge, poll = lines("conversation")[4][1:], lines("conversation")[8][1:]
    assert read(challenge) == Frame(5, 2, secure=True, code=0x76, data=bytes.fromhex("d764c8cce93255c4"))
    found = read(poll)
    assert found is not None
    assert (found.secure, found.code) == (True, 0x60)
    assert read(framed(0x85, 1, NAK, b"\x06")) == Frame(0x85, 1, secure=False, code=NAK, data=b"\x06")


@given(st.sampled_from(PAIRS), st.lists(st.integers(0, 80), max_size=8), st.binary(max_size=40))
def test_an_answer_may_be_cut_anywhere_and_follow_anything(
    pair: tuple[bytes, bytes], cuts: list[int], noise: bytes
) -> None:
    question, answer = pair
    wire = noise + answer
    places = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    answers = Answers(question)
    found = [answers.feed(wire[begin:end]) for begin, end in pairwise(places)]
    assert next(one for one in found if one is not None) == answer


@pytest.mark.parametrize(
    "other",
    [
        bytes.fromhex("5385080005403fbc"),  # the answer to the question before
        framed(0x86, 2, 0x40),  # of another reader
        framed(0x05, 2, 0x40),  # a question
        ACK[:-1] + b"\xff",
        ACK[:-1],
    ],
)
def test_what_is_not_the_answer_is_passed_over(other: bytes) -> None:
    answers = Answers(POLL)
    assert answers.feed(other) is None
    assert answers.feed(ACK) == ACK or other == ACK[:-1]


@pytest.mark.parametrize("code", [BUSY, NAK])
def test_who_is_busy_or_has_lost_count_may_answer_with_another_number(code: int) -> None:
    answer = framed(0x85, 0, code, b"\x04" if code == NAK else b"")
    assert Answers(POLL).feed(answer) == answer


@given(st.binary(max_size=60), st.lists(st.binary(max_size=60)))
def test_nothing_makes_it_raise(question: bytes, pieces: list[bytes]) -> None:
    answers = Answers(question)
    for piece in pieces:
        answers.feed(piece)


def test_it_never_holds_more_than_the_longest_frame() -> None:
    answers = Answers(POLL)
    for _ in range(100):
        answers.feed(bytes(1000))
    assert len(answers._decoder._held) == 1440
    assert answers.feed(ACK) == ACK
