"""The simulated card without a socket: what it refuses, what it shows."""

from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from drivers.displays.onbon_k import areas, codec
from drivers.displays.onbon_k.areas import Area
from drivers.displays.onbon_k.codec import Decoder, Frame, Noise, Reply, Request
from drivers.displays.onbon_k.config import OnbonKConfig
from drivers.shared.image import Panel
from simulators.displays.onbon_k.server import OnbonKTwin

VECTORS = Path(__file__).parents[3] / "drivers" / "displays" / "onbon_k" / "vectors"
MODELS = {"k3": ("5K1", 192, 32), "k5": ("5K1", 64, 16), "k10": ("6K3", 128, 32)}
ASKED = ["k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "k10"]
ACK, OLD = Reply(ok=True), "OLD"


def twin(model: str = "6K1", width: int = 64, height: int = 16, **keys: Any) -> OnbonKTwin:
    section = {"id": "led", "driver": "displays.onbon_k", "address": "tcp://10.0.0.1:5005"}
    return OnbonKTwin(OnbonKConfig.model_validate(section | {"model": model, "width": width, "height": height} | keys))


def replies(card: OnbonKTwin, *wire: bytes) -> list[Reply | None]:
    """What a card answers to bytes on a new connection."""
    answer = card.answers()
    frames = [found for piece in wire for reply in answer(piece) for found in Decoder(preamble=8).feed(reply)]
    assert not any(isinstance(frame, Noise) for frame in frames)
    return [codec.read_reply(frame) for frame in frames if isinstance(frame, Frame)]


def vector(name: str) -> list[bytes]:
    _, *lines = VECTORS.joinpath(f"{name}.hex").read_text("utf-8").splitlines()
    return [bytes.fromhex(line) for line in lines]


def showing_old(name: str) -> OnbonKTwin:
    """A card of the model that a vector is for, with something on its screen."""
    card = twin(*MODELS.get(name, ("6K1", 64, 16)))
    old = areas.show(Area(width=1 if name in ("k3", "k5") else 8, height=16, id=9, text=OLD.encode()))
    assert replies(card, old.wire(1)) == [ACK]
    return card


def steady(card: OnbonKTwin) -> Mapping[str, Any]:
    """What is seen, but for what goes on by itself, and its clock to the year."""
    return {key: value for key, value in card.seen().items() if key != "frames"} | {"clock": card.seen()["clock"][:4]}


def test_obeys_the_vectors() -> None:
    shown: dict[str, Mapping[str, Any]] = {}
    for name in ASKED:
        card = showing_old(name)
        assert replies(card, *vector(name)) == [ACK] * len(vector(name))
        shown[name] = card.seen()
    assert {name: seen["text"] for name, seen in shown.items()} == {
        "k1": OLD,
        "k2": "",
        "k3": f"012345QRSTTV'B\n{OLD}",
        "k4": "",
        "k5": f"请A012号到3号窗口\n{OLD}",
        "k6": f"Z012单[郸\n{OLD}",
        "k7": OLD,
        "k8": OLD,
        "k9": "",
        "k10": f"欢迎光临\n{OLD}",
    }
    assert shown["k7"]["clock"][:16] == "2013-01-25T11:17"
    assert {name: seen["brightness"] for name, seen in shown.items() if seen["brightness"] != 16} == {"k8": 12}
    assert [name for name, seen in shown.items() if not seen["on"]] == ["k4"]


@pytest.mark.parametrize("name", ASKED)
def test_every_flipped_bit_of_the_vectors_is_refused(name: str) -> None:
    """No answer, no change; and the next frame on the same connection is understood."""
    card = showing_old(name)
    before = steady(card)
    for frame in vector(name):
        for bit in range(8 * len(frame)):
            broken = bytearray(frame)
            broken[bit // 8] ^= 1 << bit % 8
            assert replies(card, bytes(broken)) == [], bit
            assert replies(card, bytes(broken), vector("k1")[0]) == [ACK], bit
    assert steady(card) == before


def test_shows_colours_and_pixels_until_it_is_dark() -> None:
    card = twin()
    text = b"\\C2A" + b"\\C3" + "号".encode("gbk") + b"\\C1B"
    assert replies(card, areas.show(Area(width=64, height=16, text=text)).wire(1)) == [ACK]
    assert card.seen()["runs"] == [
        {"text": "A", "colour": "green"},
        {"text": "号", "colour": "yellow"},
        {"text": "B", "colour": "red"},
    ]
    drawn = Panel(64, 16)
    drawn.write([("A", "green"), ("号", "yellow"), ("B", "red")], wrap=False)
    assert card.picture().data == drawn.png()
    replies(card, Request(command=codec.POWER, payload=b"\x02").wire(1))
    assert card.seen()["runs"] == []
    assert card.picture().data == Panel(64, 16).png()


def test_areas_stand_where_they_belong() -> None:
    card = twin("5K2", 64, 32)
    replies(card, areas.show(Area(x=2, y=16, width=4, height=16, id=3, text=b"AB")).wire(1))
    drawn, part = Panel(64, 32), Panel(32, 16)
    part.write([("A", "red"), ("B", "red")], wrap=False)
    drawn.paste(16, 16, part)
    assert card.picture().data == drawn.png()


@pytest.mark.parametrize(
    ("extra", "head", "left"),
    [(0, "0001", ["new", "one", "two"]), (1, "0001", ["new"]), (0, "ff01", ["new"]), (0, "010101", ["new", "two"])],
)
def test_a_new_area_leaves_clears_or_deletes_the_others(extra: int, head: str, left: list[str]) -> None:
    card = twin()
    for number, text in ((1, b"one"), (2, b"two")):
        replies(card, areas.show(Area(width=8, height=16, id=number, text=text)).wire(1))
    payload = bytes.fromhex(head) + areas.show(Area(width=8, height=16, text=b"new")).payload[2:]
    assert replies(card, Request(command=codec.AREAS, extra=extra, payload=payload).wire(1)) == [ACK]
    assert sorted(area["text"] for area in card.seen()["areas"]) == left


def shown(**fields: Any) -> bytes:
    area = Area(width=64, height=16, text=b"A")
    return areas.show(msgspec.structs.replace(area, **fields)).wire(1)


def asked(data: bytes, **header: int) -> bytes:
    return Frame(dst=1, data=data, **header).wire()


PING = b"\xa2\x00\x01\0\0"


@pytest.mark.parametrize(
    ("wire", "error"),
    [
        (asked(b"\xa7\x00\x01\0\0"), codec.GROUP),
        (asked(b"\xa2\x77\x01\0\0"), codec.COMMAND),
        (asked(PING, device_type=0x62), codec.CONTROLLER),
        (asked(PING, version=0xF0), codec.PARAMETERS),
        (asked(PING, display=2), codec.PARAMETERS),
        (asked(PING + b"\0"), codec.PARAMETERS),
        (asked(PING[:4]), codec.PARAMETERS),
        (asked(b""), codec.PARAMETERS),
        (asked(b"\xa2\x00\x02\0\0"), codec.PARAMETERS),
        (asked(b"\xa3\x00\x01\0\0\x03"), codec.PARAMETERS),
        (asked(b"\xa3\x10\x01\0\0\x00"), codec.PARAMETERS),
        (asked(b"\xa3\x06\x01\0\0"), codec.PARAMETERS),
        (areas.show(Area(width=64, height=16), extra=7).wire(1), codec.PARAMETERS),
        *(
            (shown(**{field: value}), codec.PARAMETERS)
            for field, value in [
                *[("x", 1), ("y", 1), ("width", 65), ("width", 0), ("height", 17), ("height", 0)],
                *[("kind", 1), ("run_mode", 6), ("sound", areas.Sound()), ("extensions", 1)],
                *[("lines", 0), ("lines", 3), ("wrap", 0), ("wrap", 3), ("mode", 0), ("mode", 7)],
            ]
        ),
        (codec.light(0).wire(1), codec.PARAMETERS),
        (codec.light(17).wire(1), codec.PARAMETERS),
        (asked(codec.LIGHT + b"\x01\0\0\x02\x0c"), codec.PARAMETERS),
        (asked(codec.CLOCK + b"\x01\0\0\x13\x20\x01\x25\x11\x17\x26\x04"), codec.PARAMETERS),
        (asked(codec.TIMER + b"\x01\0\0\x00"), codec.PARAMETERS),
        (asked(codec.TIMER + b"\x01\0\0\x01\x08\x00\x24\x00"), codec.PARAMETERS),
        (asked(codec.NO_TIMER + b"\x01\0\0\x00"), codec.PARAMETERS),
        (shown(text=b"\\C4A"), codec.PARAMETERS),
        (shown(text=b"A\\"), codec.PARAMETERS),
        (shown(text="乗".encode("gbk")), codec.PARAMETERS),
        (shown(text=b"A\xff"), codec.PARAMETERS),
    ],
)
def test_a_whole_frame_that_asks_for_the_impossible_is_refused(wire: bytes, error: int) -> None:
    card = showing_old("k1")
    assert replies(card, wire) == [Reply(ok=False, error=error)]
    assert card.seen()["text"] == OLD
    assert card.seen()["frames"] == {"obeyed": 1, "refused": 1, "ignored": 0}


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (areas.Sound(), ["A"]),
        (areas.Sound(words="请".encode("gbk")), ["请"]),
        (areas.Sound(words=b"\xff"), []),
        (areas.Sound(person=6), []),
        (areas.Sound(volume=11), []),
        (areas.Sound(speed=11), []),
    ],
)
def test_a_voice_says_its_own_words_or_those_of_its_area(sound: areas.Sound, said: list[str]) -> None:
    card = twin("6K1-YY")
    assert replies(card, shown(sound=sound)) == [ACK if said else Reply(ok=False, error=codec.PARAMETERS)]
    assert [each["text"] for each in card.seen()["said"]] == said


def test_remembers_the_last_fifty_sayings_only() -> None:
    card = twin("6K1-YY")
    replies(card, *(shown(sound=areas.Sound(words=str(number).encode())) for number in range(60)))
    assert [each["text"] for each in card.seen()["said"]] == [str(number) for number in range(10, 60)]


def test_a_frame_for_another_screen_is_not_answered() -> None:
    ping = Request(command=codec.PING)
    card = twin(screen=5)
    assert replies(card, ping.wire(6), ping.wire(1)) == []
    assert replies(card, ping.wire(5), ping.wire(codec.ANY_SCREEN)) == [ACK, ACK]
    assert card.seen()["frames"] == {"obeyed": 2, "refused": 0, "ignored": 2}


def test_answers_only_when_asked_to() -> None:
    card = showing_old("k1")
    assert replies(card, Request(command=codec.CLEAR, wants_reply=False).wire(1)) == []
    assert card.seen()["text"] == ""


def test_knows_its_own_device_type_beside_any() -> None:
    assert replies(twin("6K1"), asked(PING, device_type=0x61), asked(PING)) == [ACK, ACK]
    assert replies(twin("5K1"), asked(PING, device_type=0x61)) == [Reply(ok=False, error=codec.CONTROLLER)]


def test_a_restart_forgets_everything() -> None:
    card = showing_old("k1")
    replies(card, vector("k4")[1])
    replies(card, codec.light(3).wire(1), codec.set_timer([(time(8), time(9))]).wire(1))
    card.levers()["silent_reboot"]({})
    assert (card.seen()["brightness"], card.seen()["timer"]) == (16, [])
    assert (card.seen()["text"], card.seen()["areas"], card.seen()["on"], card.seen()["reboots"]) == ("", [], True, 1)


def test_refuses_as_often_as_told() -> None:
    card = twin()
    card.levers()["nack"]({"count": 2, "code": 4})
    assert replies(card, *vector("k1") * 3) == [Reply(ok=False, error=4)] * 2 + [ACK]
    with pytest.raises(ValueError, match=r"^code: must be at least 1$"):
        card.levers()["nack"]({"code": 0})
