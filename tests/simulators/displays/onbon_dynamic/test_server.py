"""The simulated card without a socket: what it refuses, what it shows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from drivers.displays.onbon_dynamic.codec import areas, requests, state
from drivers.displays.onbon_dynamic.codec.areas import Area, Page
from drivers.displays.onbon_dynamic.codec.bitmaps import encode
from drivers.displays.onbon_dynamic.codec.frames import ANY_SCREEN, Decoder, Dynamic, Frame, Native, Noise
from drivers.displays.onbon_dynamic.codec.requests import Reply, Request, Voice, refusal
from drivers.displays.onbon_dynamic.config import OnbonDynamicConfig
from drivers.shared.image import Panel
from drivers.shared.layout import Layout, drawn
from simulators.displays.onbon_dynamic.server import OnbonDynamicTwin

VECTORS = Path(__file__).parents[3] / "drivers" / "displays" / "onbon_dynamic" / "vectors"
ACK, OLD = Reply(), "OLD"
PING = Request(command=requests.PING)


def twin(model: str = "BX-6E1", **keys: Any) -> OnbonDynamicTwin:
    section = {"id": "led", "driver": "displays.onbon_dynamic", "address": "tcp://10.0.0.1:5005", "model": model}
    return OnbonDynamicTwin(OnbonDynamicConfig.model_validate(section | {"width": 64, "height": 16} | keys))


def dynamic(request: Request, **header: int) -> bytes:
    return Dynamic(**{"dst": 1} | header, data=request.data()).wire()


def native(request: Request, version: int = 7, **header: int) -> bytes:
    return Native(**{"dst": 1, "seq": 2} | header, version=version, data=request.data()).wire()


def answers(card: OnbonDynamicTwin, *wire: bytes) -> list[Frame]:
    """What a card answers to bytes on a new connection."""
    answer = card.answers()
    found = [frame for piece in wire for reply in answer(piece) for frame in Decoder(preamble=8).feed(reply)]
    return [frame for frame in found if not isinstance(frame, Noise)]


def replies(card: OnbonDynamicTwin, *wire: bytes) -> list[Reply | None]:
    return [requests.read_reply(frame.data) for frame in answers(card, *wire)]


def area(card: OnbonDynamicTwin, text: str, **fields: Any) -> Area:
    width = fields.get("width", 64)
    bitmap = encode(drawn(Layout((text,), 16), width, 16), "red", card.config.form)
    plain = Area(id=0, x=0, y=0, width=64, height=16, pages=(Page(valid=width, bitmap=bitmap),))
    return msgspec.structs.replace(plain, **fields)


def shown(card: OnbonDynamicTwin, text: str, **fields: Any) -> bytes:
    return dynamic(areas.show(area(card, text, **fields), card.config.card.generation))


def showing_old(model: str = "BX-6E1", **keys: Any) -> OnbonDynamicTwin:
    """A card with something on its screen."""
    card = twin(model, **keys)
    assert replies(card, shown(card, OLD)) == [ACK]
    return card


def vector(name: str) -> list[bytes]:
    _, *lines = VECTORS.joinpath(f"{name}.hex").read_text("utf-8").splitlines()
    return [bytes.fromhex(line) for line in lines]


def lasting(card: OnbonDynamicTwin) -> Mapping[str, Any]:
    return {name: value for name, value in card.seen().items() if name not in ("frames", "clock")}


def test_obeys_the_vectors() -> None:
    card = showing_old("BX-5E1")
    assert replies(card, *vector("d1")) == [ACK]
    assert card.seen()["text"] == OLD
    assert replies(card, vector("d2")[0]) == [ACK]
    assert card.seen()["text"] == ""
    card = showing_old("BX-5E1", regions=[])
    assert replies(card, vector("d2")[1]) == [ACK]
    assert card.seen()["areas"] == []


def test_refuses_the_native_vectors_which_are_for_another_card() -> None:
    """They are for a BX-5M; with the type of any card they are obeyed."""
    card = twin("BX-5E1")
    assert replies(card, *vector("native")) == [refusal(requests.CONTROLLER)] * 3
    frames = [frame for line in vector("native") for frame in Decoder(preamble=8).feed(line)]
    anyhow = [msgspec.structs.replace(frame, device_type=0xFFFE) for frame in frames if isinstance(frame, Native)]
    status, on, off = answers(card, *(frame.wire() for frame in anyhow))
    assert isinstance(status, Native)
    assert status.seq == anyhow[0].seq | 0x8000
    told = requests.read_reply(status.data)
    assert told is not None
    assert (told.command, state.read_status(told.payload).on) == (b"\xa2\x8f", True)
    assert (requests.read_reply(on.data), requests.read_reply(off.data), card.seen()["on"]) == (ACK, ACK, False)


@pytest.mark.parametrize("wire", [*vector("d2"), native(requests.power(on=False)), native(PING, version=5)])
def test_every_flipped_bit_is_refused(wire: bytes) -> None:
    """No answer, no change; and the next frame on the same connection is understood."""
    wire = wire.replace(b"\x5a\x5a", b"\x5a")
    card = showing_old("BX-5E1")
    before = lasting(card)
    for bit in range(8 * len(wire)):
        broken = bytearray(wire)
        broken[bit // 8] ^= 1 << bit % 8
        assert replies(card, bytes(broken)) == [], bit
        assert replies(card, bytes(broken), vector("d1")[0]) == [ACK], bit
    assert lasting(card) == before


@pytest.mark.parametrize("model", ["BX-5E1", "BX-5Q0+", "BX-6E1", "BX-6Q1"])
def test_areas_stand_where_they_belong(model: str) -> None:
    card = twin(model, width=96, height=32)
    replies(card, shown(card, "AB", id=3, x=64, y=16, width=32))
    part = Panel(32, 16)
    part.paint(0, 0, drawn(Layout(("AB",), 16), 32, 16), "red")
    expected = Panel(96, 32)
    expected.paste(64, 16, part)
    assert card.picture().data == expected.png()
    (seen,) = card.seen()["areas"]
    assert (seen["id"], seen["text"], seen["colour"], seen["pages"]) == (3, "AB", "red", 1)
    replies(card, native(requests.power(on=False), version=5 if model.startswith("BX-5") else 7))
    assert (card.seen()["text"], card.picture().data) == ("", Panel(96, 32).png())


def changed(**fields: Any) -> Request:
    card = twin()
    return areas.show(msgspec.structs.replace(area(card, "A"), **fields), 6)


def paged(**fields: Any) -> Request:
    page = area(twin(), "A").pages[0]
    return changed(pages=(msgspec.structs.replace(page, **fields),))


def asked(command: bytes, payload: bytes = b"") -> Request:
    return Request(command=command, payload=payload)


CLOCK = bytes.fromhex("2620030212345001")


@pytest.mark.parametrize(
    ("wire", "error"),
    [
        (dynamic(asked(b"\xa3\x00")), requests.GROUP),
        (dynamic(asked(b"\xa2\x77")), requests.COMMAND),
        (dynamic(asked(requests.STATUS)), requests.COMMAND),
        (native(asked(requests.UPDATE)), requests.COMMAND),
        (dynamic(PING, device_type=0x0274), requests.CONTROLLER),
        (native(PING, device_type=0x0274), requests.CONTROLLER),
        (dynamic(asked(requests.PING, b"\0")), requests.PARAMETERS),
        (Dynamic(dst=1, data=b"\x01\xa2\x00\x09\x00").wire(), requests.PARAMETERS),
        (Dynamic(dst=1, data=b"\x02\xa2\x00\0\0").wire(), requests.PARAMETERS),
        (Dynamic(dst=1, data=b"\x01\xa2\x00").wire(), requests.PARAMETERS),
        (native(asked(requests.POWER, b"\x02")), requests.PARAMETERS),
        (native(asked(requests.SET_CLOCK, CLOCK[:-1] + b"\x02")), requests.DATE),
        (native(asked(requests.SET_CLOCK, b"\xff" * 8)), requests.DATE),
        (dynamic(asked(requests.BRIGHTNESS, b"\0" + b"\x10" * 48)), requests.PARAMETERS),
        (dynamic(asked(requests.BRIGHTNESS, b"\x01" + b"\x0f" * 48)), requests.PARAMETERS),
        (dynamic(asked(requests.BRIGHTNESS, b"\0" + b"\x0f" * 47)), requests.PARAMETERS),
        (dynamic(asked(requests.BRIGHTNESS)), requests.PARAMETERS),
        (dynamic(asked(requests.DELETE, b"\x02\x00")), requests.PARAMETERS),
        (dynamic(asked(requests.DELETE)), requests.PARAMETERS),
        (dynamic(asked(requests.UPDATE)), requests.PARAMETERS),
        (dynamic(changed(x=32)), requests.SCREEN),
        (dynamic(changed(y=1)), requests.SCREEN),
        (dynamic(changed(id=32)), requests.MEMORY),
        (dynamic(changed(run_mode=5)), requests.PARAMETERS),
        (dynamic(changed(pages=())), requests.PARAMETERS),
        (dynamic(changed(width=63)), requests.PARAMETERS),
        (dynamic(changed(height=15)), requests.PARAMETERS),
        (dynamic(paged(mode=0x29)), requests.PARAMETERS),
        (dynamic(paged(valid=65)), requests.PARAMETERS),
        (dynamic(paged(valid=0)), requests.PARAMETERS),
        (dynamic(paged(bitmap=b"\xff")), requests.PARAMETERS),
        (dynamic(requests.say(Voice(b"\xff", 0, 1, 5))), requests.PARAMETERS),
    ],
)
def test_a_whole_frame_that_asks_for_the_impossible_is_refused(wire: bytes, error: int) -> None:
    card = showing_old()
    assert replies(card, wire) == [refusal(error)]
    assert card.seen()["text"] == OLD
    assert card.seen()["frames"] == {"obeyed": 1, "refused": 1, "ignored": 0}


def test_a_frame_for_another_screen_is_not_answered() -> None:
    card = twin(screen=5)
    assert replies(card, dynamic(PING, dst=6), native(PING, dst=1)) == []
    assert [frame.src for frame in answers(card, dynamic(PING, dst=5), dynamic(PING, dst=ANY_SCREEN))] == [5, 5]
    assert card.seen()["frames"] == {"obeyed": 2, "refused": 0, "ignored": 2}


def test_answers_only_when_asked_to() -> None:
    card = showing_old()
    quiet = Request(command=requests.DELETE, payload=areas.ALL, wants_reply=False)
    assert replies(card, dynamic(quiet)) == []
    assert card.seen()["text"] == ""


def test_says_who_it_is() -> None:
    (reply,) = replies(twin("BX-6Q2"), native(PING))
    assert reply is not None
    told = state.read_ping(reply.payload)
    assert (told.device_type, told.screen, told.width, told.height) == (0x0266, 1, 64, 16)


def test_speaks_until_its_queue_is_full_and_an_old_card_never() -> None:
    card = twin()
    speak = dynamic(requests.say(Voice("请".encode("gb2312"), 0, 3, 7)))
    assert replies(card, *[speak] * 65) == [ACK] * 64 + [refusal(requests.MEMORY)]
    assert card.seen()["spoken"][0] == {"text": "请", "repeat": 3, "volume": 70}
    assert replies(twin("BX-5E1"), speak) == [refusal(requests.COMMAND)]


def test_a_restart_forgets_everything_but_its_brightness() -> None:
    card = showing_old()
    replies(card, native(requests.power(on=False)), dynamic(requests.brightness(7)))
    card.levers()["silent_reboot"]({})
    seen = card.seen()
    assert (seen["text"], seen["areas"], seen["on"], seen["reboots"], seen["brightness"]) == ("", [], True, 1, 50)


def test_refuses_as_often_as_told() -> None:
    card = twin()
    card.levers()["nack"]({"count": 2, "code": 4})
    assert replies(card, *[dynamic(PING), native(PING)]) == [refusal(4)] * 2
    assert replies(card, dynamic(PING)) == [ACK]
    with pytest.raises(ValueError, match=r"^code: must be at least 1$"):
        card.levers()["nack"]({"code": 0})


def test_pages_go_on_in_their_time() -> None:
    card = twin()
    now = 0.0
    card.card._now = lambda: now
    first, second = area(card, "A").pages[0], area(card, "B").pages[0]
    pages = (msgspec.structs.replace(first, stay=200, repeat=2), msgspec.structs.replace(second, stay=100))
    for run_mode, expected in ((areas.LOOP, "AABAAB"), (areas.HOLD_LAST, "AABBBB")):
        now = 10.0
        replies(card, dynamic(areas.show(area(card, "A", pages=pages, run_mode=run_mode), 6)))
        letters: list[str] = []
        for passed in (1.0, 3.9, 4.5, 6.0, 8.0, 9.5):
            now = 10.0 + passed
            letters += [letter for letter in "AB" if card.card.panel().rows == _drawn(letter)]
        assert "".join(letters) == expected


def _drawn(text: str) -> list[bytearray]:
    panel = Panel(64, 16)
    panel.paint(0, 0, drawn(Layout((text,), 16), 64, 16), "red")
    return panel.rows


def test_a_wrong_id_is_another_screen_or_another_question() -> None:
    card = twin(screen=5)
    spoiled = card._faults.misaddress
    assert spoiled is not None
    for question in (dynamic(PING, dst=5), native(PING, dst=5)):
        (right,) = card.answers()(question)
        (frame,) = Decoder(preamble=8).feed(spoiled(right))
        assert isinstance(frame, Dynamic | Native)
        assert (frame.src == 6) if isinstance(frame, Dynamic) else (frame.seq == 0x8000)
