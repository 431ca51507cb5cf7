"""What goes over the wire, read and answered by code that knows the manuals only, and golden pictures of it."""

from __future__ import annotations

import asyncio
import itertools
import runpy
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.displays.onbon_dynamic.card import Card
from drivers.displays.onbon_dynamic.codec.areas import BLINK, HOLD_LAST, LEFT_ON, LOOP, STATIC
from drivers.displays.onbon_dynamic.config import OnbonDynamicConfig
from drivers.displays.onbon_dynamic.driver import OnbonDynamic
from drivers.shared.font import glyph
from gateway.core.errors import DeviceOffline, ProtocolError
from gateway.core.model import Command, Identity, Reading, Stage
from simulators.displays.onbon_dynamic.server import OnbonDynamicTwin

CARD: dict[str, Any] = runpy.run_path(str(Path(__file__).with_name("independent_card.py")))
SCREENS = Path(__file__).with_name("screens")
LETTERS = {(0, 0, 0): ".", (255, 0, 0): "R", (0, 255, 0): "G", (255, 255, 0): "Y"}
ids = itertools.count()


def config(**keys: Any) -> OnbonDynamicConfig:
    section = {"model": "BX-6E1", "width": 64, "height": 16, "address": "tcp://127.0.0.1:1"}
    return OnbonDynamicConfig.model_validate({"id": "led-05", "driver": "displays.onbon_dynamic"} | section | keys)


class Context:
    """What a driver asks for while it is connected already."""

    points: Mapping[str, Any] = {}

    @property
    def clock(self) -> Any:
        return self

    def now(self) -> datetime:
        return datetime(2026, 3, 2, 4, 34, 50, tzinfo=UTC)

    def stage(self, command: Command, stage: Stage) -> None: ...
    def publish(self, *given: Reading) -> None:
        self.points = {reading.point: reading.value for reading in given}


class Wire:
    """A link on which `answer` answers; it keeps what was written."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer, self.written = answer, b""

    async def exchange(self, request: bytes, matches: Any, timeout_s: float, sent: Any = None) -> Any:
        self.written += request
        reply = matches(self._answer(request))
        if reply is None:
            raise DeviceOffline("no answer")
        return reply


def connected(answer: Callable[[bytes], bytes], **keys: Any) -> tuple[OnbonDynamic, Wire, Context]:
    context: Any = Context()
    driver, wire = OnbonDynamic(config(**keys), context), Wire(answer)
    driver._card = Card(driver.config, wire)
    return driver, wire, context


def do(driver: OnbonDynamic, verb: str, part: str | None = None, **params: Any) -> Mapping[str, Any]:
    command = Command(id=f"c{next(ids)}", verb=verb, part=part, params=params, deadline=0, actor="test")
    return asyncio.run(driver.execute(command))


def acks(wire: bytes) -> bytes:
    """An independent card that says yes to everything."""
    replies: Iterator[bytes] = (
        CARD["reply"](bytes.fromhex("00a000000000000000"), seq if kind == "native" else None)
        for kind, _, _, seq in CARD["requests"](wire)
    )
    return b"".join(replies)


def last(wire: Wire) -> tuple[str, bytes, bytes]:
    """The last request: in which protocol, what, its payload."""
    kind, command, payload, _ = CARD["requests"](wire.written)[-1]
    return kind, command, payload


def art(pixels: Mapping[tuple[int, int], tuple[int, int, int]], width: int, height: int) -> str:
    rows = ("".join(LETTERS[pixels.get((x, y), (0, 0, 0))] for x in range(width)) for y in range(height))
    return "".join(f"{row}\n" for row in rows)


@pytest.mark.parametrize(
    ("name", "series", "leds", "keys", "show"),
    [
        ("6e1-red", "6E", 2, {}, {"text": "A012号"}),
        ("5e1-one-colour", "5E", 1, {"model": "BX-5E1", "leds": "one"}, {"text": "䶮Z[", "colour": "green"}),
        ("5q1-green", "5Q", 3, {"model": "BX-5Q1+", "width": 48, "height": 32}, {"text": "B07", "colour": "green"}),
        ("6q1-yellow", "6Q", 3, {"model": "BX-6Q1", "width": 72, "height": 32},
         {"text": "请张三A012号", "colour": "yellow"}),
    ],
)  # fmt: skip
def test_the_pixels_on_the_wire_are_the_golden_ones(
    name: str, series: str, leds: int, keys: dict[str, Any], show: dict[str, Any]
) -> None:
    driver, wire, _ = connected(acks, **keys)
    do(driver, "show", **show)
    kind, command, payload = last(wire)
    (page,) = CARD["pages"](payload, driver.config.card.generation)
    assert (kind, command, page["mode"], page["run_mode"]) == ("dynamic", b"\xa7\x00", STATIC, HOLD_LAST)
    shown = art(CARD["pixels"](page, series, leds), page["width"], page["height"])
    assert shown == SCREENS.joinpath(f"{name}.txt").read_text("ascii")


@pytest.mark.parametrize("model", ["BX-5E1", "BX-6E1"])
def test_attention_is_a_blinking_page_and_then_the_same_at_rest(model: str) -> None:
    driver, wire, _ = connected(acks, model=model, blink_speed=7)
    do(driver, "show", text="A012", attention=True)
    blinking, still = CARD["pages"](last(wire)[2], driver.config.card.generation)
    assert (blinking["mode"], blinking["stay"], blinking["speed"], blinking["run_mode"]) == (BLINK, 300, 7, HOLD_LAST)
    assert (still["mode"], still["bitmap"]) == (STATIC, blinking["bitmap"])


@pytest.mark.parametrize(("model", "series"), [("BX-5E1", "5E"), ("BX-6E1", "6E")])
def test_a_long_text_moves_on_pages_that_follow_one_another(model: str, series: str) -> None:
    driver, wire, _ = connected(acks, model=model, scroll_speed=9)
    text = "今日下午Z号窗口暂停服务"
    do(driver, "show", text=text, fit="scroll", attention=True)
    pages = CARD["pages"](last(wire)[2], driver.config.card.generation)
    assert {(page["mode"], page["stay"], page["speed"], page["run_mode"]) for page in pages} == {(LEFT_ON, 0, 9, LOOP)}
    strip = {
        (64 * number + x, y): colour
        for number, page in enumerate(pages)
        for (x, y), colour in CARD["pixels"](page, series).items()
    }
    drawn: dict[tuple[int, int], tuple[int, int, int]] = {}
    start = 0
    for character in text:
        width, rows = glyph(character)
        drawn |= {
            (start + x, y): (255, 0, 0) for y, row in enumerate(rows) for x in range(width) if row >> width - 1 - x & 1
        }
        start += width
    assert strip == drawn
    assert sum(page["valid"] for page in pages) == start + 32


def test_a_region_is_an_area_and_is_removed_alone() -> None:
    regions = [{"id": f"w{n}", "x": 64 * n, "y": 16, "width": 48, "height": 16} for n in range(2)]
    driver, wire, _ = connected(acks, width=128, height=32, regions=regions, with_programs=True)
    do(driver, "show", part="w1", text="B07")
    (page,) = CARD["pages"](last(wire)[2], 6)
    names = ("id", "x", "y", "width", "height", "with_programs", "alone")
    assert [page[name] for name in names] == [1, 64, 16, 48, 16, 1, 0]
    do(driver, "show", part="w1", text="")
    assert last(wire) == ("dynamic", b"\xa7\x01", b"\x01\x01")


def test_every_other_verb_is_on_the_wire_as_documented() -> None:
    driver, wire, _ = connected(acks)
    asks: list[tuple[str, dict[str, Any], tuple[str, bytes, bytes]]] = [
        ("show", {"text": ""}, ("dynamic", b"\xa7\x01", b"\xff")),
        ("brightness", {"percent": 100}, ("dynamic", b"\xa2\x07", b"\x00" + b"\x0f" * 48)),
        ("power", {"on": True}, ("native", b"\xa2\x05", b"\x01")),
        ("set_clock", {}, ("native", b"\xa2\x02", bytes.fromhex("2620030212345001"))),
    ]
    for verb, params, expected in asks:
        do(driver, verb, **params)
        assert last(wire) == expected
    seqs = [seq for kind, _, _, seq in CARD["requests"](wire.written) if kind == "native"]
    assert seqs == [2, 4]


@pytest.mark.parametrize("model", ["BX-5E1", "BX-6Q1"])
def test_an_answer_that_is_written_by_hand_is_understood(model: str) -> None:
    told = bytes.fromhex("01000004 0300 50303030 00000001 262003021235200100eb00012c00e6010900 00")

    def answer(wire: bytes) -> bytes:
        ((kind, command, _, seq),) = CARD["requests"](wire)
        assert (kind, command) == ("native", b"\xa2\x0f")
        data = b"\x00\xa2\x8f" + bytes(4) + len(told).to_bytes(2, "little") + told
        return bytes(CARD["reply"](data, seq, version=5 if model == "BX-5E1" else 7))

    driver, _, _ = connected(answer, model=model)
    values = {reading.point: reading.value for reading in asyncio.run(driver.poll("ping"))}
    assert {name: values[name] for name in driver.values} == {
        "on": True,
        "brightness": 31,
        "temperature_1": 23.5,
        "temperature_2": -4.4,
        "humidity": 48.6,
        "noise": 0.9,
        "clock_offset_s": 30.0,
    }


def test_the_name_that_a_card_gives_its_firmware_is_made_harmless() -> None:
    told = b"\x99\x99" + b"\x1b[2J\n\xff\x009" + bytes(21)
    answer = CARD["reply"](b"\x00\xa2\x80" + bytes(4) + b"\x1f\x00" + told, 2)
    driver, _, _ = connected(lambda _: answer)
    assert asyncio.run(driver._identity()) == Identity(firmware="[2J\ufffd9")


ACK = bytes.fromhex("00a000000000000000")


@pytest.mark.parametrize(
    "wrong",
    [
        CARD["reply"](ACK, None),
        CARD["reply"](ACK, 4),
        CARD["reply"](b"\x00\xa2\x80" + ACK[3:], 2),
        CARD["reply"](ACK[:-1], 2),
        CARD["reply"](ACK, 2).replace(b"\x00\x80\x01", b"\x01\x80\x01"),
        b"garbage \xa5\x5a",
    ],
)
def test_only_the_answer_to_its_own_question_counts(wrong: bytes) -> None:
    driver, _, _ = connected(lambda _: wrong, screen=1)
    with pytest.raises(DeviceOffline):
        do(driver, "power", on=True)
    driver, _, _ = connected(lambda _: wrong + CARD["reply"](ACK, 2), screen=1)
    assert do(driver, "power", on=True) == {"on": True}


def test_an_answer_that_is_too_short_is_no_protocol() -> None:
    short = b"\x00\xa2\x8f" + bytes(4) + b"\x03\x00abc"
    driver, _, _ = connected(lambda _: CARD["reply"](short, 2))
    with pytest.raises(ProtocolError, match="the status is cut off"):
        asyncio.run(driver.poll("ping"))


@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from("ZU[]\\单会乗䶮郸播□＼·―"), max_size=60),
    st.sampled_from(["red", "green", "yellow"]),
    st.sampled_from(["BX-5E1", "BX-5Q1+", "BX-6E1", "BX-6Q1"]),
    st.integers(1, 500),
)
@example("ZU[\\单会乗䶮", "green", "BX-6E1", 1)
def test_any_text_arrives_as_the_driver_says(text: str, colour: str, model: str, size: int) -> None:
    """The driver writes to a card without a socket between them, in pieces of any size."""
    twin = OnbonDynamicTwin(config(model=model, width=96, height=32))
    answer = twin.answers()

    def answered(wire: bytes) -> bytes:
        pieces = (wire[at : at + size] for at in range(0, len(wire), size))
        return b"".join(reply for piece in pieces for reply in answer(piece))

    driver, _, context = connected(answered, model=model, width=96, height=32)
    detail = do(driver, "show", text=text, colour=colour, fit="scroll")
    assert detail["shown"] == context.points["text"]
    if detail["shown"]:
        assert driver.picture(None) == twin.picture()
        assert [area["colour"] for area in twin.seen()["areas"]] == ([colour] if detail["shown"].strip(" 　") else [""])
    else:
        assert twin.seen()["areas"] == []
