from datetime import datetime, time
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.displays.onbon_k import areas, codec
from drivers.displays.onbon_k.areas import Area
from drivers.displays.onbon_k.codec import Decoder, Frame, Noise, Request
from drivers.shared.checksums import crc16_arc


def vector(name: str) -> list[bytes]:
    """The frames of a vector file; its first line names the source."""
    source, *lines = Path(__file__).with_name("vectors").joinpath(f"{name}.hex").read_text("utf-8").splitlines()
    assert source.startswith("# ")
    return [bytes.fromhex(line) for line in lines]


def text_area(width: int, height: int, text: bytes) -> Area:
    return Area(width=width, height=height, text=text)


ANY = codec.ANY_SCREEN
PING = Request(command=codec.PING)
K3 = Area(width=24, height=32, timeout=2, wrap=2, mode=areas.LEFT, speed=4, hold=5, text=b"012345QRSTTV'B")
K5 = text_area(8, 16, "请A012号到3号窗口".encode("gb2312"))
K6 = Area(width=64, height=16, id=1, text="Z012单[郸".encode("gb2312"))
K10 = Area(x=0x8000, width=0x8080, height=32, timeout=10, speed=2, hold=10, text="欢迎光临".encode("gb2312"))
ENCODED = {
    "k1": [PING.wire(1)],
    "k2": [Request(command=codec.CLEAR).wire(1)],
    "k3": [areas.show(K3, extra=0x2D).wire(1)],
    "k4": [Request(command=codec.POWER, payload=payload).wire(ANY) for payload in (b"\x01", b"\x02")],
    "k5": [areas.show(K5).wire(ANY)],
    "k6": [areas.show(K6).wire(ANY)],
    "k7": [msgspec.structs.replace(codec.set_clock(datetime.fromisoformat("2013-01-25T11:17:26")), extra=8).wire(1)],
    "k8": [Request(command=codec.LIGHT, extra=2, payload=bytes([codec.MANUAL, 12])).wire(1)],
    "k9": [Request(command=codec.AREAS, extra=2, payload=b"\xff\x00").wire(1)],
    "k10": [areas.show(K10).wire(ANY)],
    "k11": [codec.Reply(ok=True).wire(Frame(dst=1, data=b""), src=1)],
}
WIRE = b"".join(frame for name in ENCODED for frame in vector(name))


def decoded(*pieces: bytes, preamble: int = 1) -> list[Frame | Noise]:
    decoder = Decoder(preamble=preamble)
    return [found for piece in pieces for found in decoder.feed(piece)]


@pytest.mark.parametrize("name", ENCODED)
def test_encodes_the_vectors_byte_for_byte(name: str) -> None:
    assert ENCODED[name] == vector(name)


@pytest.mark.parametrize("name", ENCODED)
def test_what_the_vectors_say_encodes_to_the_vectors_again(name: str) -> None:
    frames = decoded(*vector(name), preamble=8)
    assert [frame.wire() for frame in frames if isinstance(frame, Frame)] == vector(name)


def test_reads_the_text_areas_of_the_vectors() -> None:
    frames = decoded(*vector("k3"), *vector("k5"), *vector("k6"))
    requests = [codec.read_request(frame) for frame in frames if isinstance(frame, Frame)]
    assert [areas.read_areas(request.payload) for request in requests] == [(b"", [K3]), (b"", [K5]), (b"", [K6])]
    assert [request.extra for request in requests] == [0x2D, 0, 0]


@pytest.mark.parametrize("preamble", [1, 8])
def test_frames_may_be_cut_anywhere(preamble: int) -> None:
    whole = decoded(WIRE, preamble=preamble)
    assert len(whole) == 12
    assert all(isinstance(found, Frame) for found in whole)
    assert decoded(*(bytes([byte]) for byte in WIRE), preamble=preamble) == whole
    for cut in range(len(WIRE)):
        assert decoded(WIRE[:cut], WIRE[cut:], preamble=preamble) == whole


@given(st.lists(st.binary() | st.sampled_from([b"\xa5" * 8, b"\x5a", b"\xa6\x02", *vector("k6")]), max_size=20))
@example([b"\x5b", *vector("k1")])
def test_noise_never_raises_and_how_it_is_cut_does_not_matter(pieces: list[bytes]) -> None:
    wire = b"".join(pieces)
    assert decoded(*pieces) == decoded(wire) == decoded(*(bytes([byte]) for byte in wire))


@given(st.binary(max_size=60), st.sampled_from(sorted(ENCODED)))
def test_a_frame_is_found_behind_any_garbage(garbage: bytes, name: str) -> None:
    for preamble in (1, 8):
        frames = [found for found in decoded(garbage, *vector(name), preamble=preamble) if isinstance(found, Frame)]
        assert frames[-len(ENCODED[name]) :] == decoded(*vector(name))


def test_the_receiver_of_the_gateway_takes_short_preambles_and_long_ends() -> None:
    ping = vector("k1")[0]
    assert decoded(ping[7:] + b"\x5a\x5a", b"\xa5" * 20 + ping) == decoded(ping) * 2
    assert [type(found) for found in decoded(ping[1:], preamble=8)] == [Noise]


def test_a_flood_without_an_end_is_not_kept() -> None:
    decoder = Decoder()
    for _ in range(100):
        assert list(decoder.feed(bytes(100_000))) == []
    assert len(decoder._rest) == codec.MAX_WIRE
    noise, frame = decoder.feed(vector("k1")[0])
    assert isinstance(noise, Noise)
    assert isinstance(frame, Frame)


def test_sum16_is_understood_and_no_check_at_all_is_not() -> None:
    plain = bytes.fromhex("01000080000000000100fe020500a200010000")
    summed = plain + sum(plain).to_bytes(2, "little")
    assert isinstance(decoded(b"\xa5" + summed + b"\x5a")[0], Frame)
    unchecked = plain[:8] + b"\x02" + plain[9:] + b"\0\0"
    assert decoded(b"\xa5" + unchecked + b"\x5a") == [Noise("wrong checksum", unchecked)]


def by_hand(data: bytes) -> bytes:
    """A frame with a right length and CRC in which nothing is escaped."""
    plain = bytes.fromhex("01000080000000000000fe02") + len(data).to_bytes(2, "little") + data
    return b"\xa5" * 8 + plain + crc16_arc(plain).to_bytes(2, "little") + b"\x5a"


def test_a_byte_that_should_be_escaped_or_too_much_data_is_noise() -> None:
    good, raw, most, too_much = by_hand(b"\xa2"), by_hand(b"\xa5"), by_hand(bytes(1024)), by_hand(bytes(1025))
    for preamble in (1, 8):
        assert [type(decoded(wire, preamble=preamble)[-1]) for wire in (good, raw, most, too_much)] == [
            Frame,
            Noise,
            Frame,
            Noise,
        ]


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.binary(max_size=codec.MAX_DATA))
def test_every_frame_survives_the_wire(dst: int, src: int, data: bytes) -> None:
    frame = Frame(dst=dst, src=src, data=data)
    assert decoded(frame.wire(), preamble=8) == [frame]


def test_what_does_not_fit_into_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="1025 bytes of data, a frame takes 1024"):
        Frame(dst=1, data=bytes(1025)).wire()
    with pytest.raises(ValueError, match="bad header"):
        PING.wire(0x10000)
    with pytest.raises(ValueError, match="bad area"):
        areas.show(text_area(0x10000, 16, b""))


def test_replies_say_yes_or_why_not() -> None:
    request = Frame(dst=7, data=b"\xa2\x00\x01\0\0")
    for reply in (codec.Reply(ok=True), codec.Reply(ok=False, error=3), codec.Reply(ok=False, error=0)):
        (frame,) = decoded(reply.wire(request, src=7))
        assert isinstance(frame, Frame)
        assert (frame.dst, frame.src, codec.read_reply(frame)) == (codec.GATEWAY, 7, reply)
    assert codec.read_reply(request) is None
    assert codec.read_reply(Frame(dst=7, data=b"\xa0")) is None


@pytest.mark.parametrize("cut", range(10))
def test_an_area_that_is_cut_off_or_too_long_is_an_error(cut: int) -> None:
    payload = areas.show(K5).payload
    with pytest.raises(ValueError, match=r"cut off|wrong length"):
        areas.read_areas(payload[: len(payload) * cut // 10])
    with pytest.raises(ValueError, match="behind the last"):
        areas.read_areas(payload + bytes(cut + 1))


def test_a_sound_stands_between_the_place_of_an_area_and_its_layout() -> None:
    """The bytes by hand, from the field table of the reference: there is no capture of a frame with a sound."""
    own = areas.Sound(person=2, repeat=1, volume=8, speed=5)
    given_words = msgspec.structs.replace(own, words="请A012号".encode("gb2312"))
    place, layout = "00 0000 0000 4000 1000 01 00 00 0500", "00 00 02 01 01 00 00 08 01000000 41"
    for sound, block, length in (
        (None, "00", "1c00"),
        (own, "01 12 08 05", "1f00"),
        (given_words, "02 12 08 05 08000000 c7eb41303132bac5", "2b00"),
    ):
        area = Area(width=64, height=16, id=1, sound=sound, text=b"A")
        request = areas.show(area)
        assert request.payload == bytes.fromhex(f"00 01 {length} {place} {block} {layout}")
        assert areas.read_areas(request.payload) == (b"", [area])


@given(st.integers(0, 15), st.integers(0, 15), st.binary(max_size=60) | st.none(), st.binary(max_size=60))
def test_every_sound_survives_the_wire_and_none_that_is_cut_is_taken(
    person: int, repeat: int, words: bytes | None, text: bytes
) -> None:
    area = Area(sound=areas.Sound(person=person, repeat=repeat, words=words), text=text)
    payload = areas.show(area).payload
    assert areas.read_areas(payload) == (b"", [area])
    for cut in range(len(payload)):
        with pytest.raises(ValueError, match=r"cut off|wrong length"):
            areas.read_areas(payload[:cut])


@given(st.binary(max_size=80))
def test_the_readers_of_payloads_raise_nothing_but_value_errors(payload: bytes) -> None:
    for read in (areas.read_areas, codec.read_clock, codec.read_light, codec.read_timer):
        try:
            read(payload)
        except ValueError:
            continue


def test_a_brightness_has_the_same_level_by_hand_and_for_every_half_hour() -> None:
    assert codec.light(16).payload == bytes([1, *[16] * 49])
    assert [codec.read_light(codec.light(level).payload) for level in (1, 16)] == [1, 16]
    assert codec.read_light(b"\x01\x0c") == 12
    for wrong in (b"", b"\x01", b"\x02\x0c", b"\x01\x0c\x0c"):
        with pytest.raises(ValueError, match="by hand"):
            codec.read_light(wrong)


@given(st.datetimes())
def test_every_time_survives_the_clock(at: datetime) -> None:
    assert codec.read_clock(codec.set_clock(at).payload) == at.replace(microsecond=0)


@pytest.mark.parametrize("payload", ["", "1320012511172606", "1320012511172", "1a20012511172605", "1320132511172605"])
def test_a_clock_that_cannot_be_is_an_error(payload: str) -> None:
    with pytest.raises(ValueError, match=r"BCD|day|month"):
        codec.read_clock(bytes.fromhex(payload.ljust(len(payload) + len(payload) % 2, "0")))


def test_a_timer_has_up_to_three_spans_and_none_cancels_it() -> None:
    spans = [(time(8, 0), time(12, 30)), (time(13, 30), time(17, 45)), (time(22, 0), time(6, 0))]
    request = codec.set_timer(spans)
    assert request.payload == bytes.fromhex("03 08001230 13301745 22000600")
    assert (request.command, codec.read_timer(request.payload)) == (b"\xa3\x01", tuple(spans))
    assert codec.set_timer([]) == Request(command=b"\xa3\x08")
    with pytest.raises(ValueError, match="4 spans, a card takes 3"):
        codec.set_timer([*spans, spans[0]])
    for wrong in ("", "00", "04", "01080012", "0108001260", "010800123000"):
        with pytest.raises(ValueError, match=r"spans|BCD|minute"):
            codec.read_timer(bytes.fromhex(wrong))
