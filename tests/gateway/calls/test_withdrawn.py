"""What waits to be spoken is withdrawn when nobody is to come for it any more; what has begun is said to its end."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hall_contract.scripted import virtually
from smallhall import Hall
from voicehall import VoiceHall

from gateway.calls.model import Call
from gateway.calls.utterance import State

Test = Callable[[VoiceHall], Awaitable[None]]


def run(test: Test) -> None:
    """Run a test in virtual time, in a hall of one area."""

    async def main() -> None:
        async with VoiceHall() as hall:
            await test(hall)

    virtually(main())


@pytest.mark.parametrize("kind", ["skip", "transfer", "hold"])
def test_a_number_that_ends_before_its_turn_is_not_spoken_and_the_record_says_so(kind: str) -> None:
    async def test(hall: VoiceHall) -> None:
        calls = [hall.call("A1"), hall.call("A2"), hall.call("A2", window="w2"), hall.call("A3")]
        assert hall.voice.withdraw(hall.made("A2", kind=kind))
        assert (hall.state(calls[1]), hall.reason(calls[1])) == (State.WITHDRAWN, f"{kind} came before its turn")
        await asyncio.sleep(60)
        assert hall.speakers["page-1"].texts() == ["请A 幺号到一号窗口", "请A 二号到十二号窗口", "请A 三号到一号窗口"]
        assert hall.told()[0] == (calls[1].call_id, "withdrawn")
        assert hall.dropped("voice.withdrawn") == 0

    run(test)


def test_a_window_that_closes_calls_nobody_any_more() -> None:
    async def test(hall: VoiceHall) -> None:
        calls = [hall.call("A1"), hall.call("A2"), hall.call("B1", window="w2"), hall.call("A3")]
        await asyncio.sleep(1)
        assert hall.voice.withdraw(hall.made("X", kind="close"))
        await asyncio.sleep(60)
        assert [hall.state(call) for call in calls] == ["spoken", "withdrawn", "spoken", "withdrawn"]

    run(test)


def test_what_has_begun_is_said_to_its_end() -> None:
    async def test(hall: VoiceHall) -> None:
        begun = hall.call("A1")
        await asyncio.sleep(1)
        assert not hall.voice.withdraw(hall.made("A1", kind="skip"))
        await asyncio.sleep(60)
        assert (hall.state(begun), hall.speakers["page-1"].texts()) == (State.SPOKEN, ["请A 幺号到一号窗口"])

    run(test)


def test_an_end_that_was_overtaken_ends_nothing_that_was_called_after_it() -> None:
    async def test(hall: VoiceHall) -> None:
        late = hall.made("A2", kind="skip")
        hall.call("A1")
        again = hall.call("A2", kind="recall")
        assert not hall.voice.withdraw(late)
        await asyncio.sleep(60)
        assert hall.state(again) is State.SPOKEN

    run(test)


def test_what_is_withdrawn_is_not_spoken_after_a_restart() -> None:
    async def test(hall: VoiceHall) -> None:
        hall.call("A1")
        hall.call("A2")
        hall.voice.withdraw(hall.made("A2", kind="skip"))
        await hall.again()
        await asyncio.sleep(60)
        assert "请A 二号到一号窗口" not in hall.speakers["page-1"].texts()

    run(test)


@pytest.mark.parametrize(
    ("end", "over"),
    [
        ({"ticket": "A1", "kind": "skip", "seq": 3}, True),
        ({"kind": "close", "seq": 4}, True),
        ({"kind": "pause", "seq": 4}, False),
        ({"kind": "resume", "seq": 4}, False),
        ({"kind": "close", "seq": 1}, False),
        ({"ticket": "A1", "kind": "skip", "seq": 1}, True),
    ],
)
async def test_the_voice_is_told_of_what_ends_numbers(hall: Hall, end: dict[str, object], over: bool) -> None:
    told = list[Call]()
    await hall.call("c1", "A1", seq=0)
    await hall.call("c2", "A2", seq=2)
    hall.calls.voice.withdraw = lambda end: bool(told.append(end))  # type: ignore[method-assign,func-returns-value]  # what it hears
    await hall.call("c3", **end)  # type: ignore[arg-type]  # fields of a call
    assert [call.call_id for call in told if call.kind in ("skip", "close")] == (["c3"] if over else [])
