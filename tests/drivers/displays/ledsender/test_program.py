import runpy
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.displays.ledsender import program
from drivers.displays.ledsender.program import Program, Rectangle, Region, Replacement, String, Strings

regions_of: Callable[[bytes, list[str]], list[str]] = runpy.run_path(
    str(Path(__file__).with_name("independent_decoder.py"))
)["regions"]
EDGES = st.builds(Rectangle, *[st.integers(-(2**31), 2**31 - 1)] * 4)
BYTES, WORDS, LONGS = st.integers(0, 0xFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
TEXTS = st.builds(
    String,
    st.binary(max_size=40).map(lambda text: text.replace(b"\0", b"")),
    LONGS,
    WORDS,
    *[BYTES] * 4,
    *[WORDS] * 3,
    LONGS,
    st.integers(-(2**31), 2**31 - 1),
)
STRINGS = st.builds(Strings, EDGES, st.lists(TEXTS, min_size=1, max_size=3).map(tuple))
REGIONS = st.builds(Region, EDGES, st.lists(STRINGS, max_size=3).map(tuple))
COLOURS = st.sampled_from(sorted(program.COLOURS.values()))
PROGRAMS = st.builds(Program, COLOURS, st.lists(REGIONS, max_size=3).map(tuple))
REPLACEMENTS = st.builds(Replacement, COLOURS, WORDS, WORDS, STRINGS)
WHOLE = Rectangle(0, 0, 64, 16)


def one(text: bytes, **ways: int) -> Program:
    return Program(2, (Region(WHOLE, (Strings(WHOLE, (String(text, **ways),)),)),))


def test_every_object_is_as_large_as_all_that_is_in_it() -> None:
    """20 + 40 + 32 + 24 + 28 + 32 bytes, and the text with a NUL, padded to 4."""
    stream = one("A012号".encode("gbk")).encoded()
    sizes = {20 + 16: 164, 60 + 8: 124, 92 + 16: 92, 116 + 4: 68, 144 + 20: 40}
    assert len(stream) == int.from_bytes(stream[4:8], "little") == 184
    assert {at: int.from_bytes(stream[at : at + 4], "little") for at in sizes} == sizes
    assert stream[176:] == bytes.fromhex("41303132bac50000")


@pytest.mark.parametrize(("text", "padded"), [(b"", 4), (b"A", 4), (b"ABC", 4), (b"ABCD", 8), (b"ABCDE", 8)])
def test_a_text_ends_with_a_zero(text: bytes, padded: int) -> None:
    assert one(text).encoded()[176:] == text + bytes(padded - len(text))


def test_a_text_of_the_vendor_is_encoded_byte_for_byte() -> None:
    """Marks, offsets and values of every field, from the structures of the header files alone."""
    text = String(b"AB", program.GREEN, 1, 6, 2, 1, 0, 3, 4, 5, 1000, -1)
    expected = "3300 06 02 01 00 0300 0400 0500 e8030000 ffffffff 24000000 00ff0000 0100 0000 41420000"
    assert text.encoded() == bytes.fromhex(expected)


def test_a_replacement_names_the_object_and_not_what_is_around_it() -> None:
    stream = Replacement(1, 3, 0, Strings(WHOLE, (String(b"A"),))).encoded()
    assert stream[:32].hex(" ", 2) == "2900 0100 6000 0000 0100 0000 ffff ffff 0000 0000 0100 0000 0300 0000 0000 0000"
    assert len(stream) == 0x60


@given(PROGRAMS | REPLACEMENTS)
def test_what_is_encoded_is_read_again(made: Program | Replacement) -> None:
    assert program.read(made.encoded()) == made


@given(PROGRAMS | REPLACEMENTS, st.data())
def test_a_program_that_is_cut_off_or_too_long_is_refused(made: Program | Replacement, data: st.DataObject) -> None:
    stream = made.encoded()
    for wrong in (stream[: data.draw(st.integers(0, len(stream) - 1))], stream + b"\0"):
        with pytest.raises(ValueError, match=r"cut off|bad root"):
            program.read(wrong)


@given(PROGRAMS, st.data())
def test_a_wrong_byte_is_refused_or_read_as_another_value_and_never_a_surprise(
    made: Program, data: st.DataObject
) -> None:
    stream = bytearray(made.encoded())
    stream[data.draw(st.integers(0, len(stream) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(ValueError):
        assert isinstance(program.read(bytes(stream)), Program | Replacement)


@given(st.binary(max_size=300))
@example(bytes(300))
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut off|bad root"):
        program.read(garbage)


MARKS = {0: "not a program", 20: "bad chapter", 60: "bad region", 92: "bad page", 116: "bad object", 144: "bad text"}


@pytest.mark.parametrize("at", MARKS)
def test_an_object_without_its_mark_is_refused(at: int) -> None:
    stream = bytearray(one(b"A").encoded())
    stream[at] ^= 0x40
    with pytest.raises(ValueError, match=MARKS[at]):
        program.read(bytes(stream))


@pytest.mark.parametrize("at", [28, 66, 100, 142])
@pytest.mark.parametrize("by", [1, 2])
def test_a_count_that_is_not_true_is_refused(at: int, by: int) -> None:
    stream = bytearray(one(b"A").encoded())
    stream[at] ^= by
    with pytest.raises(ValueError, match=r"cut off|behind the last|bad"):
        program.read(bytes(stream))


@given(st.lists(st.lists(st.text("A0U会机回\\号", max_size=9), min_size=1, max_size=3), min_size=1, max_size=4))
def test_one_who_only_knows_the_description_reads_the_same_texts(screen: list[list[str]]) -> None:
    rows = [[Strings(WHOLE, (String(b"old"), String(row.encode("gbk")))) for row in region] for region in screen]
    made = Program(2, tuple(Region(WHOLE, tuple(region)) for region in rows))
    assert regions_of(made.encoded(), []) == ["".join(region) for region in screen]
    new = Replacement(2, 0, 0, rows[-1][-1])
    assert regions_of(new.encoded(), ["x"]) == [screen[-1][-1]]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="bad program"):
        one(b"A", enter=256).encoded()
    with pytest.raises(ValueError, match="bad program"):
        Replacement(2, 0, 0, Strings(msgspec.convert((0, 0, 2**31, 0), Rectangle), (String(b"A"),))).encoded()
