from hypothesis import given
from hypothesis import strategies as st

from drivers.shared.onbon import Decoder, Noise, framed, most_wire

CONTENT = bytes.fromhex("a5a65a5b 00 b5a5 b5a6 5b02 a601")


def same(content: bytes) -> bytes | Noise:
    return content


def decoded(*pieces: bytes, preamble: int = 1) -> list[bytes | Noise]:
    decoder = Decoder(same, most=most_wire(600), preamble=preamble)
    return [found for piece in pieces for found in decoder.feed(piece)]


def test_the_four_special_bytes_are_escaped_once() -> None:
    escaped = bytes.fromhex("a602 a601 5b02 5b01 00 b5a602 b5a601 5b0102 a60101")
    assert framed(CONTENT) == b"\xa5" * 8 + escaped + b"\x5a"


@given(st.lists(st.binary(min_size=1, max_size=600), max_size=4), st.integers(1, 50))
def test_every_content_survives_the_wire_however_it_is_cut(contents: list[bytes], size: int) -> None:
    wire = b"".join(map(framed, contents))
    assert decoded(*(wire[at : at + size] for at in range(0, len(wire), size)), preamble=8) == contents


@given(st.binary(max_size=100))
def test_a_frame_is_found_behind_any_garbage(garbage: bytes) -> None:
    assert decoded(garbage, framed(CONTENT))[-1] == CONTENT


def test_what_is_no_frame_says_why() -> None:
    wire = b"xx\x5a" + b"\xa5\xa6\x03\x5a" + b"\xa5" * 8 + b"a\xa5b\x5a"
    assert [found.reason for found in decoded(wire, preamble=8) if isinstance(found, Noise)] == [
        "no preamble",
        "no preamble",
        "broken frame",
    ]
    assert decoded(b"\xa5\xa6\x03\x5a") == [Noise("bad escape", b"\xa6\x03")]
