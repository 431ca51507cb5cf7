from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.displays.huidu import codec, requests
from drivers.displays.huidu.codec import Decoder, Gathering, Noise, Packet
from drivers.shared.markup import Element, parse

VECTORS = ("h1", "h2", "h3", "h4", "h5", "h6")


def vector(name: str) -> list[bytes]:
    """The packets of a vector file; its first line names the source."""
    source, *lines = Path(__file__).with_name("vectors").joinpath(f"{name}.hex").read_text("utf-8").splitlines()
    assert source.startswith("# ")
    return [bytes.fromhex(line) for line in lines]


WIRE = b"".join(packet for name in VECTORS for packet in vector(name))


def decoded(*pieces: bytes) -> list[Packet | Noise]:
    decoder = Decoder()
    return [found for piece in pieces for found in decoder.feed(piece)]


def gathered(*pieces: bytes) -> list[bytes]:
    """The whole XMLs in packets."""
    gathering = Gathering()
    wholes = [gathering.add(found.data) for found in decoded(*pieces) if isinstance(found, Packet)]
    return [whole for whole in wholes if whole is not None]


def test_encodes_the_vectors_byte_for_byte() -> None:
    version = requests.command("##GUID", "GetIFVersion", requests.value("version", 1000000))
    name = requests.command("0123456789abcdef" * 2, "GetDeviceName")
    assert [codec.parts(codec.COMMAND, version)] == vector("h1")
    assert [codec.parts(codec.COMMAND, name)] == vector("h3")
    assert [codec.version_ask().wire()] == vector("h4")
    assert [Packet(codec.HEARTBEAT).wire(), Packet(codec.HEARTBEAT_ANSWER).wire()] == vector("h6")


@pytest.mark.parametrize("name", VECTORS)
def test_what_the_vectors_say_encodes_to_the_vectors_again(name: str) -> None:
    assert [found.wire() for found in decoded(*vector(name)) if isinstance(found, Packet)] == vector(name)


def test_reads_the_xml_of_two_clients_alike() -> None:
    (one,), (other,) = (gathered(*vector(name)) for name in ("h1", "h2"))
    assert (len(one), len(other)) == (120, 138)
    for xml in (one, other):
        root = parse(xml, codec.MAX_XML)
        assert (root.attributes["guid"], root.attribute("in/version", "value")) == ("##GUID", "1000000")


def test_a_version_is_answered_with_8_or_with_10_bytes() -> None:
    short, long = (found.data for found in decoded(*vector("h5")) if isinstance(found, Packet))
    assert codec.read_version(short) == codec.read_version(long) == "kSuccess"
    assert codec.read_version(long[:4] + b"\x03\x00") == "kVersionTooLow"
    for length in (0, 3, 5, 7):
        with pytest.raises(ValueError, match=f"a version of {length} bytes"):
            codec.read_version(bytes(length))


def test_packets_may_be_cut_anywhere() -> None:
    whole = decoded(WIRE)
    assert len(whole) == 8
    assert decoded(*(bytes([byte]) for byte in WIRE)) == whole
    for cut in range(len(WIRE)):
        assert decoded(WIRE[:cut], WIRE[cut:]) == whole


@given(st.lists(st.binary(max_size=40) | st.sampled_from([vector("h4")[0], vector("h6")[0], b"\xff\xff"]), max_size=20))
def test_noise_never_raises_and_how_it_is_cut_does_not_matter(pieces: list[bytes]) -> None:
    wire = b"".join(pieces)
    assert decoded(*pieces) == decoded(wire) == decoded(*(bytes([byte]) for byte in wire))


@pytest.mark.parametrize("length", [0, 1, 3, 9217, 65535])
def test_nothing_is_understood_behind_a_length_that_cannot_be(length: int) -> None:
    decoder = Decoder()
    head = length.to_bytes(2, "little")
    assert list(decoder.feed(vector("h4")[0] + head + vector("h6")[0])) == [*decoded(*vector("h4")), Noise(head)]
    assert list(decoder.feed(vector("h6")[0] * 1000)) == []
    assert decoder._rest == b""


def test_a_packet_that_never_ends_is_kept_only_up_to_its_length() -> None:
    decoder = Decoder()
    assert list(decoder.feed(b"\x00\x24\x03\x20" + bytes(9000))) == []
    assert [len(found.data) for found in decoder.feed(bytes(9000)) if isinstance(found, Packet)] == [9212]
    assert decoder._rest == b""


@given(st.text(max_size=9000), st.integers(1, 3))
def test_an_xml_of_any_length_survives_the_wire_in_parts_of_8000_bytes(text: str, times: int) -> None:
    xml = text.encode("utf-8", "replace") * times or b"<x/>"
    wire = codec.parts(codec.COMMAND, xml)
    packets = [found for found in decoded(wire) if isinstance(found, Packet)]
    assert all(len(packet.data) <= codec.PART.size + codec.MAX_PART for packet in packets)
    assert gathered(wire) == [xml]


def part(total: int, offset: int, data: bytes) -> bytes:
    return codec.PART.pack(total, offset) + data


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ([b"1234567"], "kInvalidPacketLen"),
        ([part(codec.MAX_XML + 1, 0, b"")], "kXmlCmdTooLong"),
        ([part(9, 3, b"abc")], "kInvalidXmlIndex"),
        ([part(9, 0, b"abc"), part(9, 6, b"ghi")], "kInvalidXmlIndex"),
        ([part(9, 0, b"abc"), part(9, 3, b"def"), part(9, 3, b"def")], "kInvalidXmlIndex"),
        ([part(9, 0, b"abc"), part(8, 3, b"def")], "kInvalidXmlIndex"),
    ],
)
def test_parts_that_do_not_follow_one_another_are_an_error(parts: list[bytes], error: str) -> None:
    gathering = Gathering()
    with pytest.raises(ValueError, match=f"^{error}$"):
        [gathering.add(data) for data in parts]


def test_a_first_part_begins_anew_and_bytes_behind_the_end_are_cut_off() -> None:
    gathering = Gathering()
    given = [part(6, 0, b"ab"), part(6, 0, b"abc"), part(6, 3, b"defgh"), part(2, 0, b"xy")]
    assert [gathering.add(data) for data in given] == [None, None, b"abcdef", b"xy"]


def test_errors_have_names_up_to_the_last_of_the_sdk() -> None:
    assert len(codec.ERRORS) == len(set(codec.ERRORS)) == 53
    for number, name in ((0, "kSuccess"), (4, "kDeviceOccupa"), (22, "kParseXmlFailed"), (43, "kInvalidGUID")):
        assert codec.read_error(number.to_bytes(2, "little")) == codec.ERRORS[number] == name
    assert codec.read_error(b"\x35\x00") == "error 53"
    assert codec.read_error(b"\x01") == "an error without a number"
    assert codec.read_error(codec.error("kInvalidMethod").data) == "kInvalidMethod"
    with pytest.raises(ValueError, match="kDownloadingFile has no number"):
        codec.error("kDownloadingFile")


def test_a_packet_that_is_too_long_is_refused() -> None:
    assert len(Packet(1, bytes(9212)).wire()) == codec.MAX_PACKET
    with pytest.raises(ValueError, match="a packet of 9217 bytes, 9216 are allowed"):
        Packet(1, bytes(9213)).wire()


def test_the_length_of_a_chinese_xml_is_that_of_its_bytes() -> None:
    xml = requests.command("g", "M", Element("string", text="请到三号窗口"))
    total, _ = codec.PART.unpack_from(codec.parts(codec.COMMAND, xml), 4)
    assert total == len(xml) == len(xml.decode()) + 12
