"""A simulated bus: its timing, who hears what, and what happens when two speak at once."""

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hall_contract.scripted import virtually

from drivers.displays.onbon_k import codec
from drivers.displays.onbon_k.config import OnbonKConfig
from gateway.core.address import Port
from simulators.bus import Bus
from simulators.displays.onbon_k.server import OnbonKTwin

PORT = Port(baud=9600)
PING = codec.Request(command=codec.PING)


def card(screen: int) -> OnbonKTwin:
    section = {"id": f"led-{screen}", "driver": "displays.onbon_k", "address": "line:bus", "screen": screen}
    return OnbonKTwin(OnbonKConfig.model_validate({**section, "model": "6K2", "width": 64, "height": 16}))


class Ear:
    """What the gateway hears, and when."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, bytes]] = []

    def __call__(self, data: bytes) -> None:
        self.heard.append((asyncio.get_running_loop().time(), data))

    @property
    def bytes(self) -> bytes:
        return b"".join(data for _, data in self.heard)

    def replies(self) -> Iterator[int]:
        """The numbers of those whose answers are whole."""
        return (found.src for found in codec.Decoder().feed(self.bytes) if isinstance(found, codec.Frame))


@pytest.mark.parametrize("chunk_s", [0.0, 0.005])
@pytest.mark.parametrize("baud", [9600, 115200])
def test_a_frame_takes_as_long_as_on_a_wire(chunk_s: float, baud: int) -> None:
    async def main() -> None:
        ear = Ear()
        bus = Bus(Port(baud=baud), ear, chunk_s=chunk_s)
        bus.plug(card(1))
        bus.say(PING.wire(1))
        await asyncio.sleep(1)
        answer = codec.Reply(ok=True).wire(codec.Frame(dst=1, data=b""), src=1)
        assert ear.bytes == answer
        bytes_ = len(PING.wire(1)) + len(answer)
        assert ear.heard[-1][0] == pytest.approx(bytes_ * 10 / baud)
        assert len(ear.heard) == len(answer) if not chunk_s else len(ear.heard) < len(answer) / 3

    virtually(main())


def test_only_the_one_that_is_asked_answers_and_all_hear_it() -> None:
    async def main() -> None:
        ear, cards = Ear(), [card(number) for number in (1, 2, 3)]
        bus = Bus(PORT, ear)
        for each in cards:
            bus.plug(each)
        bus.say(PING.wire(2))
        await asyncio.sleep(1)
        assert list(ear.replies()) == [2]
        assert [each.seen()["frames"]["obeyed"] for each in cards] == [0, 1, 0]
        assert [each.seen()["frames"]["ignored"] for each in cards] == [2, 0, 2]  # the question and the answer

    virtually(main())


def test_two_that_answer_at_once_are_both_garbled() -> None:
    async def main() -> None:
        ear = Ear()
        bus = Bus(PORT, ear)
        for number in (1, 2):
            bus.plug(card(number))
        bus.say(PING.wire(codec.ANY_SCREEN))
        await asyncio.sleep(1)
        assert len(ear.bytes) > 0
        assert list(ear.replies()) == []
        bus.say(PING.wire(1))
        await asyncio.sleep(1)
        assert list(codec.Decoder().feed(ear.bytes[-30:])) != []

    virtually(main())


def test_a_question_into_an_answer_garbles_both() -> None:
    async def main() -> None:
        ear, cards = Ear(), [card(1), card(2)]
        bus = Bus(PORT, ear)
        for each in cards:
            bus.plug(each)
        question = PING.wire(1)
        bus.say(question)
        await asyncio.sleep(len(question) * PORT.byte_s + 0.01)
        bus.say(PING.wire(2))
        await asyncio.sleep(1)
        assert list(ear.replies()) == []
        assert cards[1].seen()["frames"]["obeyed"] == 0

    virtually(main())


def test_frames_are_whole_on_a_loop_that_counts_whole_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """As uvloop does: what is due is called at the nearest of them, which may be too early, the last of it first."""

    async def main() -> None:
        loop, count = asyncio.get_running_loop(), itertools.count()
        exactly = loop.call_at

        def call_at(when: float, *args: Any, **more: Any) -> asyncio.TimerHandle:
            return exactly(round(when, 3) - next(count) * 1e-9, *args, **more)

        monkeypatch.setattr(loop, "call_at", call_at)
        ear = Ear()
        bus = Bus(Port(baud=57600), ear)
        bus.plug(card(1))
        for _ in range(20):
            bus.say(PING.wire(1))
            await asyncio.sleep(0.0303)
        assert list(ear.replies()) == [1] * 20

    virtually(main())


def test_faults_spoil_what_a_box_says_and_a_box_that_restarts_is_silent_for_a_while() -> None:
    async def main() -> None:
        ear, one = Ear(), card(1)
        bus = Bus(PORT, ear)
        bus.plug(one)

        async def answers() -> bool:
            ear.heard.clear()
            bus.say(PING.wire(1))
            await asyncio.sleep(0.5)
            return list(ear.replies()) == [1]

        assert await answers()
        for lever, params in (("mute", {}), ("cut", {"after": 9})):
            one.levers()[lever](params)
            assert not await answers()
            one.levers()["heal"]({})
            assert await answers()

    virtually(main())


def test_a_bus_that_ends_leaves_no_connection_with_its_boxes() -> None:
    async def main() -> None:
        box = card(1)
        for _ in range(3):
            bus = Bus(PORT, Ear())
            bus.plug(box)
            bus.say(PING.wire(1))
            await asyncio.sleep(1)
            assert len(box._connections) == 1
            bus.end()
            assert box._connections == set()

    virtually(main())
