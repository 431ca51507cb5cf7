from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.displays.onbon_dynamic.codec import areas, frames, requests
from drivers.displays.onbon_dynamic.codec.bitmaps import Coding, Format, encode
from drivers.displays.onbon_dynamic.codec.frames import Decoder, Dynamic, Frame, Native, Noise
from drivers.displays.onbon_dynamic.codec.requests import Reply, Request
from drivers.shared.image import Bits
from drivers.shared.onbon import framed

BX_5M, BX_5E1, BX_6E1 = 0x52, 0x0154, 0x0174


def vector(name: str) -> list[bytes]:
    """The lines of a vector file; its first line names the source."""
    source, *lines = Path(__file__).with_name("vectors").joinpath(f"{name}.hex").read_text("utf-8").splitlines()
    assert source.startswith("# ")
    return [bytes.fromhex(line) for line in lines]


def captured(seq: int, random: int, request: Request) -> Native:
    return Native(dst=1, version=5, device_type=BX_5M, seq=seq, random=random, data=request.data())


ANSWER = {"dst": frames.GATEWAY, "src": 1}
FRAMES: dict[str, list[Frame]] = {
    "d1": [Dynamic(dst=frames.ANY_SCREEN, data=Request(command=requests.PING).data())],
    "d2": [Dynamic(dst=1, device_type=BX_5E1, data=areas.remove(number).data()) for number in (0, None)],
    "d3": [
        Dynamic(**ANSWER, device_type=BX_5E1, data=Reply().data()),
        Dynamic(**ANSWER, device_type=BX_6E1, data=requests.refusal(requests.BUSY).data()),
    ],
    "native": [
        captured(0x6C32, 0x5D, Request(command=requests.STATUS)),
        captured(0x586A, 0x02, requests.power(on=True)),
        captured(0x586E, 0x76, requests.power(on=False)),
    ],
}
WIRE = b"".join(line for name in FRAMES for line in vector(name))


def decoded(*pieces: bytes, preamble: int = 1) -> list[Frame | Noise]:
    decoder = Decoder(preamble=preamble)
    return [found for piece in pieces for found in decoder.feed(piece)]


@pytest.mark.parametrize("name", FRAMES)
def test_encodes_the_vectors_byte_for_byte(name: str) -> None:
    """The vendor's client ends a frame with one 5A or two; we send one."""
    assert [frame.wire() for frame in FRAMES[name]] == [line.rstrip(b"\x5a") + b"\x5a" for line in vector(name)]


@pytest.mark.parametrize("name", FRAMES)
def test_decodes_the_vectors(name: str) -> None:
    assert decoded(*vector(name), preamble=8) == FRAMES[name]


def test_encodes_the_lengths_and_the_bitmap_of_an_area_as_the_vendor_does() -> None:
    data_length, command_length, area_length, page_length, bitmap = vector("d4")
    bits = Bits(40, 8)
    for x, y in ((0, 0), (1, 0), (2, 0), (33, 1), (39, 7)):
        bits.rows[y] |= 1 << 39 - x
    page = areas.Page(valid=40, stay=100, bitmap=encode(bits, "red", Format(Coding.WORDS, colours=False)))
    area = areas.Area(id=2, timeout=30, x=0, y=0, width=40, height=8, pages=(page,))
    wire = Dynamic(dst=1, device_type=BX_6E1, data=areas.show(area, 6).data()).wire()
    assert wire[8:][12:16] == data_length
    assert wire[8:][19:21] == command_length
    assert wire[8:][23:27] == area_length
    assert wire[8:][60:64] == page_length
    assert wire[8:][90:154] == page.bitmap == bitmap


@pytest.mark.parametrize("preamble", [1, 8])
def test_frames_may_be_cut_anywhere(preamble: int) -> None:
    whole = decoded(WIRE, preamble=preamble)
    assert whole == [frame for frames_ in FRAMES.values() for frame in frames_]
    assert decoded(*(bytes([byte]) for byte in WIRE), preamble=preamble) == whole
    for cut in range(len(WIRE)):
        assert decoded(WIRE[:cut], WIRE[cut:], preamble=preamble) == whole


@given(st.lists(st.binary() | st.sampled_from([b"\xa5" * 8, b"\x5a", b"\xa6\x02", *vector("native")]), max_size=20))
def test_noise_never_raises_and_how_it_is_cut_does_not_matter(pieces: list[bytes]) -> None:
    wire = b"".join(pieces)
    assert decoded(*pieces) == decoded(wire) == decoded(*(bytes([byte]) for byte in wire))


@given(st.binary(max_size=60))
def test_the_content_of_a_frame_is_never_trusted(content: bytes) -> None:
    for version in (b"\xf0", b"\x05", b"\x07"):
        body = content[:4].ljust(4, b"\0") + version + content[4:]
        assert all(isinstance(found, Noise) for found in decoded(framed(body)))


@given(st.integers(0, 0xFFFF), st.integers(0, 0x7FFF), st.sampled_from([5, 6, 7]), st.binary(max_size=900))
def test_every_frame_survives_the_wire(dst: int, seq: int, version: int, data: bytes) -> None:
    sent = Dynamic(dst=dst, data=data), Native(dst=dst, version=version, seq=seq, data=data)
    assert decoded(*(frame.wire() for frame in sent), preamble=8) == [*sent]


def test_a_flood_without_an_end_is_not_kept() -> None:
    decoder = Decoder()
    for _ in range(50):
        assert list(decoder.feed(bytes(100_000))) == []
    assert len(decoder._rest) < 3000
    assert list(decoder.feed(vector("d1")[0]))[-1] == FRAMES["d1"][0]


def test_an_answer_has_the_addresses_swapped_and_a_native_one_the_seq_with_its_highest_bit() -> None:
    for frame in (FRAMES["d1"][0], FRAMES["native"][0]):
        answer = frame.answer(b"x", src=7, device_type=BX_6E1)
        assert (answer.dst, answer.src, answer.device_type, answer.data) == (frame.src, 7, BX_6E1, b"x")
        assert decoded(answer.wire()) == [answer]
        if isinstance(answer, Native):
            assert answer.seq == 0xEC32


def test_a_reply_is_to_its_request_only() -> None:
    status = Request(command=requests.STATUS)
    told = Reply(command=requests.answer_to(requests.STATUS), payload=b"xyz")
    for reply in (told, Reply(), requests.refusal(3)):
        assert requests.read_reply(reply.data()) == reply
        assert reply.to(status)
    assert not told.to(Request(command=requests.PING))
    assert requests.read_reply(told.data()[:-1]) is None
    assert requests.read_reply(b"\0\xa0") is None


@given(st.binary(max_size=40))
def test_no_reply_raises(data: bytes) -> None:
    requests.read_reply(data)


def test_a_payload_may_be_longer_than_its_length_field_can_tell() -> None:
    request = Request(command=requests.UPDATE, payload=bytes(70_000))
    assert requests.read_request(request.data()) == request
    with pytest.raises(ValueError, match="wrong length"):
        requests.read_request(Request(command=requests.UPDATE, payload=b"abc").data() + b"d")
    with pytest.raises(ValueError, match="not a request"):
        requests.read_request(b"\x02\xa2\x00\0\0")
