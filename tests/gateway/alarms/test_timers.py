"""Times: the newest one of each key, in their order, and nothing in between."""

import asyncio

from hall_contract.scripted import virtually

from gateway.alarms.timers import Timers


def test_what_is_due_is_given_once_and_the_earliest_first() -> None:
    timers: Timers[str] = Timers()
    for key, due in (("a", 3.0), ("b", 1.0), ("c", 9.0)):
        timers.set(key, due)
    assert timers.take(5.0) == ["b", "a"]
    assert timers.take(5.0) == []
    assert timers.take(9.0) == ["c"]


def test_a_new_time_takes_the_place_of_the_old_one() -> None:
    timers: Timers[str] = Timers()
    for due in (5.0, 2.0, 8.0):
        timers.set("a", due)
    timers.set("b", 3.0)
    timers.set("b", None)
    assert timers.take(7.0) == []
    assert timers.take(8.0) == ["a"]


def test_times_that_are_set_again_and_again_do_not_pile_up() -> None:
    timers: Timers[str] = Timers()
    for step in range(10_000):
        timers.set("a", 10_000.0 - step)
        timers.set("b", 20_000.0 + step)
    assert len(timers._heap) < 100


def test_waiting_ends_when_something_is_due_and_when_something_sooner_comes() -> None:
    async def main() -> None:
        timers: Timers[str] = Timers()
        timers.set("late", 100.0)
        waiting = asyncio.create_task(timers.wait())
        await asyncio.sleep(1)
        timers.set("soon", 5.0)
        await waiting
        await timers.wait()
        assert asyncio.get_running_loop().time() == 5.0
        assert timers.take(5.0) == ["soon"]
        await timers.wait()
        assert asyncio.get_running_loop().time() == 100.0

    virtually(main())
