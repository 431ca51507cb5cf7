"""The simulated card without a socket: what it refuses, what it shows."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from drivers.displays.ledsender import codec, program
from drivers.displays.ledsender.codec import Decoder, Packet, Reply
from drivers.displays.ledsender.config import LedSenderConfig
from drivers.displays.ledsender.program import Program, Rectangle, Region, Replacement, String, Strings
from simulators.displays.ledsender.server import DONE, OUT_OF_ORDER, REFUSED, LedSenderTwin

VECTORS = Path(__file__).parents[3] / "drivers" / "displays" / "ledsender" / "vectors"
GOLDEN = Path(__file__).with_name("golden")
TOP, LOW = Rectangle(0, 0, 64, 16), Rectangle(0, 16, 64, 32)
LETTER = {b"\0\0\0": ".", b"\xff\0\0": "r", b"\0\xff\0": "g", b"\xff\xff\0": "y"}


def twin(**keys: Any) -> LedSenderTwin:
    section = {"id": "led", "driver": "displays.ledsender", "address": "udp://10.0.0.1:6666"}
    return LedSenderTwin(LedSenderConfig.model_validate(section | {"width": 64, "height": 32} | keys))


def answers(card: LedSenderTwin, *wires: bytes) -> list[Reply | None]:
    """What a card answers to bytes on one wire."""
    hear, checked = card.answers(), card.config.checked
    frames = [found for wire in wires for reply in hear(wire) for found in Decoder(checked=checked).feed(reply)]
    return [codec.read_reply(frame) for frame in frames if isinstance(frame, Packet)]


def results(card: LedSenderTwin, *packets: Packet) -> list[int]:
    found = answers(card, *(packet.wire(checked=card.config.checked) for packet in packets))
    return [reply.result for reply in found if reply is not None]


def packets(stream: bytes, card: int = 0) -> list[Packet]:
    cut = [stream[start : start + 512] for start in range(0, len(stream), 512)]
    middle = [Packet(command=codec.DATA, card=card, serial=serial, data=data) for serial, data in enumerate(cut, 1)]
    begin = Packet(command=codec.BEGIN, card=card)
    return [begin, *middle, Packet(command=codec.END, card=card, serial=len(cut) + 1)]


def page(text: str, at: Rectangle = TOP, **ways: Any) -> Region:
    inside = Rectangle(0, 0, at.right - at.left, at.bottom - at.top)
    return Region(at, (Strings(inside, (String(text.encode("gbk"), **ways),)),))


def showing(*regions: Region, **keys: Any) -> LedSenderTwin:
    card = twin(**keys)
    stream = Program(program.COLOURS[card.config.colours], regions).encoded()
    assert set(results(card, *packets(stream, card.config.card))) == {DONE}
    return card


def test_obeys_the_vectors() -> None:
    lines = {name: (VECTORS / f"{name}.hex").read_text("utf-8").splitlines()[1] for name in ("l1", "l3", "l4")}
    wire = {name: bytes.fromhex(line) for name, line in lines.items()}
    card = twin()
    card.card.on = False
    assert answers(card, wire["l1"], wire["l4"]) == [Reply(codec.BEGIN, 0, DONE), Reply(codec.SET_POWER, 1, DONE)]
    assert card.seen()["on"] is True
    assert answers(card, wire["l3"]) == []  # it is for card 1
    second = twin(card=1)
    assert answers(second, wire["l3"], wire["l1"]) == [Reply(codec.SET_BRIGHTNESS, 5, DONE)]
    assert second.seen()["brightness"] == 5


def test_shows_a_program_and_replaces_one_object_of_it() -> None:
    card = showing(page("A012"), page("3号窗口", LOW, colour=program.GREEN))
    assert card.seen()["regions"] == ["A012", "3号窗口"]
    new = Replacement(2, 1, 0, page("B07", LOW, colour=program.YELLOW).objects[0])
    assert set(results(card, *packets(new.encoded()))) == {DONE}
    assert (card.seen()["regions"], card.seen()["text"]) == (["A012", "B07"], "A012\nB07")
    assert [one["colour"] for one in card.seen()["objects"]] == ["red", "yellow"]


@pytest.mark.parametrize(
    "region",
    [
        page("A", Rectangle(0, 0, 65, 16)),
        page("A", Rectangle(-1, 0, 64, 16)),
        page("A", Rectangle(0, 17, 64, 33)),
        page("A", Rectangle(8, 0, 8, 16)),
        Region(TOP, (Strings(Rectangle(0, 1, 64, 17), (String(b"A"),)),)),
        page("A", enter=25),
        page("A", leave=18),
        page("A", stay=2),
        page("A", enter_speed=6),
        page("A", leave_speed=6),
        page("A", font=2),
        page("A", colour=0xFF0000),
        Region(TOP, (Strings(TOP, (String(b"\xff\xff"),)),)),
    ],
)
def test_a_program_that_it_cannot_show_is_refused_and_changes_nothing(region: Region) -> None:
    card = showing(page("OLD"))
    assert results(card, *packets(Program(2, (page("NEW"), region)).encoded()))[-1] == REFUSED
    assert card.seen()["text"] == "OLD"


@pytest.mark.parametrize(
    "stream",
    [
        Program(1, (page("A"),)).encoded(),
        Replacement(2, 1, 0, page("A").objects[0]).encoded(),
        Replacement(2, 0, 1, page("A").objects[0]).encoded(),
        b"no program",
        bytes(600),
    ],
)
def test_a_program_for_other_leds_for_what_is_not_there_or_that_is_none_is_refused(stream: bytes) -> None:
    card = showing(page("OLD"))
    assert results(card, *packets(stream))[-1] == REFUSED
    assert card.seen()["text"] == "OLD"


def test_packets_are_taken_once_and_in_their_order() -> None:
    begin, one, two, end = packets(Program(2, (page("A" * 400),)).encoded())
    data = [(Reply(codec.DATA, 1, DONE), one), (Reply(codec.DATA, 2, OUT_OF_ORDER), one)]
    card = twin()
    assert answers(card, begin.wire(checked=False)) == [Reply(codec.BEGIN, 0, DONE)]
    for reply, packet in data:
        assert answers(card, packet.wire(checked=False)) == [reply]
    assert results(card, end) == [REFUSED]
    assert results(card, two, end, end) == [DONE, DONE, DONE]
    assert card.seen()["text"] == "A" * 400
    assert results(card, two, end) == [OUT_OF_ORDER, DONE]  # the end again: it was obeyed
    assert results(card, begin, begin, one, two) == [DONE] * 4
    assert results(card, msgspec.structs.replace(end, serial=9)) == [REFUSED]


def test_a_program_that_never_ends_is_refused() -> None:
    card = twin()
    data = (Packet(command=codec.DATA, card=0, serial=serial, data=bytes(512)) for serial in range(1, 200))
    assert REFUSED in results(card, Packet(command=codec.BEGIN, card=0), *data)


@pytest.mark.parametrize(
    "packet",
    [
        Packet(command=codec.BEGIN, card=0, serial=1),
        Packet(command=codec.BEGIN, card=0, data=b"x"),
        Packet(command=codec.END, card=0),
        Packet(command=codec.END, card=0, serial=1),
        Packet(command=codec.SET_POWER, card=0, serial=2),
        Packet(command=codec.SET_BRIGHTNESS, card=0, serial=8),
        Packet(command=codec.SET_TIME, card=0, data=bytes(16)),
        Packet(command=codec.SET_TIME, card=0, data=bytes(15)),
    ],
)
def test_what_is_out_of_its_range_is_refused(packet: Packet) -> None:
    card = twin()
    assert results(card, packet) == [REFUSED]
    assert (card.seen()["on"], card.seen()["brightness"], card.seen()["clock"]) == (True, 7, None)


def test_what_it_does_not_know_or_is_for_another_card_is_not_answered() -> None:
    card = twin(card=5)
    packets_ = [Packet(command=99, card=5), Packet(command=codec.GET_POWER, card=0), Packet(command=3, card=5)]
    assert results(card, *packets_) == []
    assert card.seen()["packets"] == {"obeyed": 0, "refused": 0, "ignored": 3}


def test_every_flipped_bit_of_a_checked_packet_is_ignored() -> None:
    card = twin(checksum="crc16")
    frame = Packet(command=codec.SET_POWER, card=0, serial=0).wire(checked=True)
    for bit in range(8 * len(frame)):
        broken = bytearray(frame)
        broken[bit // 8] ^= 1 << bit % 8
        assert answers(card, bytes(broken)) == [], bit
    assert card.seen()["on"] is True
    assert answers(card, frame) == [Reply(codec.SET_POWER, 0, DONE)]


def test_a_timetable_keeps_what_it_says() -> None:
    card = twin()
    card.levers()["timetable"]({})
    off, dim = (Packet(command=command, card=0) for command in (codec.SET_POWER, codec.SET_BRIGHTNESS))
    assert results(card, off, dim) == [codec.TIMETABLE] * 2
    card.levers()["timetable"]({"on": False})
    assert results(card, off, dim) == [DONE] * 2


def test_a_restart_forgets_the_program_and_what_was_coming() -> None:
    card = showing(page("OLD"))
    begin, data, end = packets(Program(2, (page("NEW"),)).encoded())
    results(card, begin, data, Packet(command=codec.SET_POWER, card=0))
    card.levers()["silent_reboot"]({})
    assert results(card, end) == [REFUSED]
    seen = card.seen()
    assert (seen["text"], seen["objects"], seen["on"], seen["reboots"]) == ("", [], True, 1)


def test_refuses_as_often_as_told() -> None:
    card = twin()
    card.levers()["nack"]({"count": 2, "result": 4})
    assert results(card, *[Packet(command=codec.GET_POWER, card=0)] * 3) == [4, 4, DONE]
    with pytest.raises(ValueError, match=r"^result: must be at least 2$"):
        card.levers()["nack"]({"result": 1})


def art(card: LedSenderTwin) -> str:
    """The screen in letters: one for each LED."""
    rows = card.card.panel().rows
    return "".join("".join(LETTER[bytes(row[at : at + 3])] for at in range(0, len(row), 3)) + "\n" for row in rows)


SCREENS = {
    "a012": showing(page("A012", colour=program.GREEN), width=64, height=16),
    "two-regions": showing(page("A07号"), page("3号窗口", LOW, colour=program.YELLOW)),
    "large": showing(page("3号A", Rectangle(0, 0, 64, 24), font=1), width=64, height=24),
    "running": showing(page("今日下午暂停服务", enter=program.RUNNING_LEFT), width=64, height=16),
}


@pytest.mark.parametrize("name", SCREENS)
def test_the_pixels_are_those_that_were_looked_at(name: str) -> None:
    assert art(SCREENS[name]) == (GOLDEN / f"{name}.txt").read_text("ascii")
    card = SCREENS[name]
    lit = card.picture()
    assert (lit.width, lit.height) == (4 * card.config.width, 4 * card.config.height)
    results(card, Packet(command=codec.SET_POWER, card=0))
    assert set(art(card)) == {".", "\n"}
    results(card, Packet(command=codec.SET_POWER, card=0, serial=1))
