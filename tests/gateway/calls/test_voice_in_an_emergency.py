"""While an emergency is shown in a zone nobody is called to a window there."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hall_contract.scripted import virtually
from smallhall import Hall
from voicehall import VoiceHall, area

from gateway.calls.emergency import HALL
from gateway.calls.utterance import State
from gateway.calls.voice import FRESH
from gateway.core.model import Command

Test = Callable[[VoiceHall], Awaitable[None]]


def run(test: Test, *areas: object) -> None:
    """Run a test in virtual time, in a hall of these areas."""

    async def main() -> None:
        async with VoiceHall(*areas) as hall:  # type: ignore[arg-type]  # areas are what area() gives
            await test(hall)

    virtually(main())


@pytest.mark.parametrize("zone", [HALL, "a"])
def test_calls_wait_in_their_order_for_the_all_clear_if_their_time_is_not_over(zone: str) -> None:
    async def test(hall: VoiceHall) -> None:
        hall.alarm(zone)
        calls = [hall.call("A1"), hall.call("A2", ttl_s=20), hall.call("A3", window="w2")]
        await asyncio.sleep(30)
        assert [hall.state(call) for call in calls] == ["queued"] * 3
        hall.all_clear()
        await asyncio.sleep(30)
        assert hall.speakers["page-1"].texts() == ["请A 幺号到一号窗口", "请A 三号到十二号窗口"]
        assert [hall.state(call) for call in calls] == ["spoken", "expired", "spoken"]

    run(test, area(zones=["a"]))


def test_another_zone_goes_on_and_an_area_of_all_zones_falls_silent() -> None:
    async def test(hall: VoiceHall) -> None:
        hall.alarm("b")
        hall.call("A1")
        await asyncio.sleep(20)
        assert [hall.speakers[f"page-{number}"].texts() for number in (1, 2)] == [["请A 幺号到一号窗口"], []]

    run(test, area(zones=["a"], speakers=["page-1"]), area(id="all", speakers=["page-2"]))


def test_what_is_being_said_is_said_to_its_end_and_not_repeated() -> None:
    async def test(hall: VoiceHall) -> None:
        begun, waits = hall.call("A1"), hall.call("A2")
        await asyncio.sleep(1)
        hall.alarm(HALL)
        await asyncio.sleep(60)
        assert hall.speakers["page-1"].texts() == ["请A 幺号到一号窗口"]
        assert (hall.state(begun), hall.state(waits)) == (State.SPOKEN, State.QUEUED)
        hall.all_clear()
        await asyncio.sleep(60)
        assert hall.speakers["page-1"].texts()[1:] == ["请A 二号到一号窗口"] * 3

    run(test, area(repeat=3))


def test_an_emergency_while_the_first_speaker_is_waited_for_silences_too() -> None:
    async def test(hall: VoiceHall) -> None:
        page = hall.speakers["page-1"]
        page.plug(on=False)
        hall.call("A1")
        await asyncio.sleep(2)
        hall.alarm(HALL)
        page.plug()
        await asyncio.sleep(30)
        assert page.heard == []
        hall.all_clear()
        await asyncio.sleep(30)
        assert len(page.heard) == 1

    run(test, area(speakers=["page-1"]))


@pytest.mark.parametrize("zone", [HALL, "a"])
def test_what_waits_for_the_all_clear_waits_over_a_restart_however_old_it_is(zone: str) -> None:
    async def test(hall: VoiceHall) -> None:
        hall.alarm(zone)
        calls = [hall.call("A1"), hall.call("A2", ttl_s=60)]
        hall.clock.ahead += 3 * FRESH
        await hall.again()
        assert [hall.state(call) for call in calls] == ["queued", "expired"]
        hall.all_clear()
        await asyncio.sleep(30)
        assert hall.speakers["page-1"].texts() == ["请A 幺号到一号窗口"]
        assert hall.told() == [("c2", "expired"), ("c1", "spoken")]

    run(test, area(zones=["a"]))


def test_an_emergency_elsewhere_keeps_nothing_that_is_too_old() -> None:
    async def test(hall: VoiceHall) -> None:
        hall.alarm("b")
        hall.speakers["page-1"].takes_s = 60
        calls = [hall.call("A1"), hall.call("A2")]
        hall.clock.ahead += 3 * FRESH
        await hall.again()
        assert hall.state(calls[1]) is State.MISSED

    run(test, area(zones=["a"]))


async def test_the_voice_is_told_of_an_emergency_and_of_its_end(hall: Hall) -> None:
    told: list[bool] = []
    announced = hall.calls._announced
    hall.calls.voice.announce = lambda: told.append(announced.emergency(None) is not None)  # type: ignore[method-assign]  # what it hears
    for verb, params in (("emergency", {"text": "请立即疏散"}), ("all_clear", {})):
        command = Command(id=verb, verb=verb, part=None, params=params, deadline=1e9, actor="boss")
        await hall.calls.targets["screens/hall"].execute(command)
    assert told == [True, False]
