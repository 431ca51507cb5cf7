from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.displays.ledsender import codec
from drivers.displays.ledsender.codec import Decoder, Noise, Packet, Reply


def vector(name: str) -> bytes:
    """The frame of a vector file; its first line names the source."""
    source, line = Path(__file__).with_name("vectors").joinpath(f"{name}.hex").read_text("utf-8").splitlines()
    assert source.startswith("# ")
    return bytes.fromhex(line)


VECTORS = {
    "l1": Packet(command=codec.BEGIN, card=0),
    "l2": Packet(command=codec.END, card=0, serial=2),
    "l3": Packet(command=codec.SET_BRIGHTNESS, card=1, serial=5),
    "l4": Packet(command=codec.SET_POWER, card=0, serial=1),
}
WIRE = b"".join(map(vector, VECTORS))
PACKETS = st.builds(
    Packet,
    command=st.integers(0, 0xFFFF),
    card=st.integers(0, 255),
    sender=st.integers(0, 255),
    serial=st.integers(0, 0xFFFFFFFF),
    data=st.binary(max_size=codec.MOST_DATA),
)


def decoded(*pieces: bytes, checked: bool = False) -> list[Packet | Noise]:
    decoder = Decoder(checked=checked)
    return [found for piece in pieces for found in decoder.feed(piece)]


@pytest.mark.parametrize("name", VECTORS)
def test_encodes_and_reads_the_vectors_byte_for_byte(name: str) -> None:
    assert VECTORS[name].wire(checked=False) == vector(name)
    assert decoded(vector(name)) == [VECTORS[name]]


def test_packets_may_be_cut_anywhere() -> None:
    whole = decoded(WIRE)
    assert whole == list(VECTORS.values())
    assert decoded(*(bytes([byte]) for byte in WIRE)) == whole
    for cut in range(len(WIRE)):
        assert decoded(WIRE[:cut], WIRE[cut:]) == whole


@given(PACKETS, st.booleans())
@example(Packet(command=2, card=0, data="U会机回".encode("gbk")), False)
@example(Packet(command=0x55AA, card=0xBB, sender=0xAA, serial=0x55BBAA56, data=b"\xbb\xab\x55\xbc"), True)
def test_every_packet_survives_the_wire(packet: Packet, checked: bool) -> None:
    wire = packet.wire(checked=checked)
    assert (wire[0], wire[-1]) == (0x55, 0xAA)
    assert {0x55, 0xAA} & set(wire[1:-1]) == set()
    assert decoded(wire, checked=checked) == [packet]
    assert decoded(wire) == [packet]


@given(
    st.lists(st.binary() | st.sampled_from([b"\x55", b"\xaa", b"\xbb", b"\xbb\x56", vector("l3")]), max_size=20),
    st.booleans(),
)
def test_noise_never_raises_and_how_it_is_cut_does_not_matter(pieces: list[bytes], checked: bool) -> None:
    wire = b"".join(pieces)
    byte_by_byte = decoded(*(bytes([byte]) for byte in wire), checked=checked)
    assert decoded(*pieces, checked=checked) == decoded(wire, checked=checked) == byte_by_byte


@given(st.binary(max_size=60), st.sampled_from(sorted(VECTORS)))
def test_a_packet_is_found_behind_any_garbage(garbage: bytes, name: str) -> None:
    assert decoded(garbage, vector(name))[-1] == VECTORS[name]


def test_a_flood_without_an_end_is_not_kept() -> None:
    decoder = Decoder(checked=False)
    for _ in range(100):
        assert list(decoder.feed(bytes(100_000))) == []
    assert len(decoder._rest) == codec.MOST_WIRE + 1
    noise, packet = decoder.feed(vector("l1"))
    assert isinstance(noise, Noise)
    assert packet == VECTORS["l1"]


@given(PACKETS, st.data())
def test_a_flipped_bit_of_a_checked_packet_is_never_read_as_another(packet: Packet, data: st.DataObject) -> None:
    wire = bytearray(packet.wire(checked=True))
    bit = data.draw(st.integers(0, 8 * len(wire) - 1))
    wire[bit // 8] ^= 1 << bit % 8
    assert not [found for found in decoded(bytes(wire), checked=True) if isinstance(found, Packet)]


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        ("55aa", "wrong length"),
        ("5500000000000000aa", "wrong length"),
        ("55" + "00" * 523 + "aa", "wrong length"),
        ("55bb00aa", "bad escape"),
        ("5500bbaa", "bad escape"),
        ("00aa", "no beginning"),
    ],
)
def test_what_is_no_packet_says_why(wire: str, reason: str) -> None:
    assert [found.reason for found in decoded(bytes.fromhex(wire)) if isinstance(found, Noise)] == [reason]


def test_what_does_not_fit_into_a_packet_is_refused() -> None:
    with pytest.raises(ValueError, match="513 bytes of data, a packet takes 512"):
        Packet(command=2, card=0, data=bytes(513)).wire(checked=False)
    with pytest.raises(ValueError, match="bad packet"):
        Packet(command=2, card=256).wire(checked=False)
    with pytest.raises(ValueError, match="bad reply"):
        Reply(1, 0, 0x10000).packet(VECTORS["l1"], card=0)


def test_a_reply_names_its_question_and_is_nothing_else() -> None:
    (packet,) = decoded(Reply(codec.END, 2, 1).packet(VECTORS["l2"], card=7).wire(checked=False))
    assert isinstance(packet, Packet)
    assert (packet.sender, codec.read_reply(packet)) == (7, Reply(codec.END, 2, 1))
    assert codec.read_reply(VECTORS["l2"]) is None
    assert codec.read_reply(Packet(command=codec.RESPOND, card=0, data=b"\0\0\0")) is None


DATA2 = Packet(command=codec.DATA, card=0, serial=2, data=b"x")


@pytest.mark.parametrize(
    ("asked", "reply", "answers", "done"),
    [
        (DATA2, Reply(codec.DATA, 2, 1), True, True),
        (DATA2, Reply(codec.DATA, 2, 0), True, True),
        (DATA2, Reply(codec.DATA, 2, 7), True, False),
        (DATA2, Reply(codec.DATA, 3, 0), True, True),  # it has this one already
        (DATA2, Reply(codec.DATA, 1, 1), False, True),  # of the packet before, late
        (DATA2, Reply(codec.END, 2, 1), False, True),
        (VECTORS["l2"], Reply(codec.END, 3, 1), False, True),
        (VECTORS["l2"], Reply(codec.END, 2, 255), True, True),  # it writes its flash
        (VECTORS["l3"], Reply(codec.SET_BRIGHTNESS, 7, codec.TIMETABLE), True, False),
        (VECTORS["l3"], Reply(codec.SET_BRIGHTNESS, 7, 1), False, True),
        (Packet(command=codec.GET_POWER, card=0), Reply(codec.GET_POWER, 1, 99), True, True),
        (Packet(command=codec.GET_POWER, card=0), Reply(codec.GET_POWER, 2, 1), False, True),
        (Packet(command=codec.GET_BRIGHTNESS, card=0), Reply(codec.GET_BRIGHTNESS, 8, 1), False, True),
    ],
)
def test_a_reply_answers_its_own_question_only(asked: Packet, reply: Reply, answers: bool, done: bool) -> None:
    assert codec.answers(asked, reply) is answers
    if answers:
        assert codec.is_done(asked, reply, [0, 1, 255]) is done


def test_a_time_is_that_of_windows() -> None:
    sunday = datetime(2026, 11, 22, 23, 59, 58, 7000)  # noqa: DTZ001 - a card has no zone
    assert codec.system_time(sunday).hex() == "ea070b000000160017003b003a000700"
    assert codec.read_system_time(codec.system_time(sunday)) == sunday
    for wrong in (b"", bytes(16), codec.system_time(sunday)[:4] + b"\x01\0" + codec.system_time(sunday)[6:]):
        with pytest.raises(ValueError, match=r"not a time|month|year|wrong day"):
            codec.read_system_time(wrong)
