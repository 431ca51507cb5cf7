from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.displays.caller_pad import codec
from drivers.displays.caller_pad.codec import Decoder, Frame, Noise

VECTORS = {
    "begin_rating": Frame(1, 0x01, b"\x0b"),
    "ticket": Frame(1, 0x02, bytes.fromhex("0a0a0a000102")),
    "stars": Frame(1, 0x02, b"\x05"),
}
FRAMES = st.builds(Frame, st.integers(0, 255), st.integers(0, 255), st.binary(min_size=1, max_size=codec.MOST_DATA))


def vector(name: str) -> bytes:
    """The frame of a vector file; its first line names the source."""
    source, line = Path(__file__).with_name("vectors").joinpath(f"{name}.hex").read_text("utf-8").splitlines()
    assert source.startswith("# ")
    return bytes.fromhex(line)


def decoded(*pieces: bytes) -> list[Frame | Noise]:
    decoder = Decoder()
    return [found for piece in pieces for found in decoder.feed(piece)]


def frames(*pieces: bytes) -> list[Frame]:
    return [found for found in decoded(*pieces) if isinstance(found, Frame)]


@pytest.mark.parametrize("name", VECTORS)
def test_encodes_and_reads_the_vectors_byte_for_byte(name: str) -> None:
    assert VECTORS[name].wire() == vector(name)
    assert decoded(vector(name)) == [VECTORS[name]]


def test_a_press_is_answered_with_itself_and_a_rating_with_a_sum_that_is_ten_less() -> None:
    press = Frame(3, 0x01, b"\x0c")
    assert codec.ack(press) == press
    rating = Frame(3, codec.RATED, b"\x02")
    said, answered = rating.wire(), codec.ack(rating).wire()
    assert said == bytes.fromhex("ff68 03 03 68 03 11 02 16 16")
    assert answered == said[:6] + b"\x01" + said[7:8] + bytes([said[8] - 0x10]) + said[9:]


@given(FRAMES)
def test_every_frame_survives_the_wire(frame: Frame) -> None:
    assert decoded(frame.wire()) == [frame]


@given(st.lists(FRAMES | st.binary(max_size=12), max_size=6))
def test_how_the_wire_is_cut_does_not_matter_and_nothing_is_lost(said: list[Frame | bytes]) -> None:
    wire = b"".join(each.wire() if isinstance(each, Frame) else each for each in said)
    assert frames(*(bytes([byte]) for byte in wire)) == frames(wire)
    found = decoded(wire)
    size = sum(len(each.wire() if isinstance(each, Frame) else each.data) for each in found)
    assert len(wire) - size < 5 + 2 + codec.MOST_DATA + 2  # at most the beginning of a frame is held


@given(st.binary(max_size=40), FRAMES)
def test_behind_any_garbage_a_frame_that_is_said_often_enough_is_found(garbage: bytes, frame: Frame) -> None:
    assert frame in frames(garbage, frame.wire(), frame.wire(), frame.wire(), frame.wire())


@pytest.mark.parametrize("name", VECTORS)
def test_no_frame_with_one_flipped_bit_is_taken(name: str) -> None:
    for bit in range(8 * len(vector(name))):
        broken = bytearray(vector(name))
        broken[bit // 8] ^= 1 << bit % 8
        assert frames(bytes(broken), bytes(30)) == [], bit


def test_what_stands_before_a_frame_is_noise_also_where_its_sum_would_be_right() -> None:
    body = bytes.fromhex("0101 0c")
    looks_right = b"\0\0\0\0\0" + body + bytes([sum(body), 0x16])
    assert decoded(looks_right + vector("stars")) == [Noise(looks_right), VECTORS["stars"]]


@pytest.mark.parametrize("size", [0, 17])
def test_data_that_no_frame_has_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"{size} bytes of data, a frame has 1 to 16"):
        Frame(1, 1, bytes(size)).wire()


def test_a_flood_is_not_kept() -> None:
    decoder = Decoder()
    for piece in (bytes(100_000), b"\xff" * 100_000, b"\xff\x68" * 50_000):
        for _ in decoder.feed(piece):
            continue
        assert len(decoder._rest) < 30
