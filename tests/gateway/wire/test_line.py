"""A shared line: questions take turns, and what one unit does not answer costs no other its life."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hall_contract.scripted import virtually

from gateway.core.errors import CommandRejected, DeviceOffline, ProtocolError
from gateway.core.turn import Priority, limited, urgency
from gateway.wire.line import LineStatus
from gateway.wire.silence import STALLED_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.wire.conftest import Shared

PROBE, POLL, COMMAND = Priority.PROBE, Priority.POLL, Priority.COMMAND


def test_a_command_goes_before_polls_and_polls_before_probes_and_who_came_first_among_equals(shared: Shared) -> None:
    async def main() -> None:
        async with shared.running(), shared.line.link("A") as a, shared.line.link("B") as b:
            await shared.ask(a, 0)
            asked = [(b, 1, PROBE), (a, 2, POLL), (a, 3, POLL), (a, 4, COMMAND), (a, 5, COMMAND)]
            shared.bus.said.clear()
            tasks = [asyncio.create_task(shared.ask(a, 1))]
            await asyncio.sleep(0.05)
            tasks += [asyncio.create_task(shared.ask(link, number, 1.0, of)) for link, number, of in asked]
            await asyncio.wait(tasks)
        assert [question for _, question in shared.bus.said] == ["A1", "A4", "A5", "B1", "A2", "A3"]
        # B has its free try, which counts as a poll and came first

    virtually(main())


def test_a_command_never_waits_behind_more_than_the_question_in_progress(shared: Shared) -> None:
    async def main() -> None:
        shared.bus.delays["D"] = None
        async with shared.running(), shared.line.link("A") as a, shared.line.link("D") as dead:
            polls = [asyncio.create_task(shared.ask(a, 1)) for _ in range(20)]
            probe = asyncio.create_task(shared.ask(dead, 1, 3.0, PROBE))
            for _ in range(5):
                await asyncio.sleep(0.15)
                began = asyncio.get_running_loop().time()
                await shared.ask(a, 2, 1.0, COMMAND)
                assert asyncio.get_running_loop().time() - began <= 0.1 + 0.1 + 1e-9
            probe.cancel()
            await asyncio.wait({probe, *polls})

    virtually(main())


def test_on_an_idle_line_a_question_goes_at_once(shared: Shared) -> None:
    async def main() -> None:
        async with shared.running(), shared.line.link("A") as a:
            await asyncio.sleep(7.25)
            await shared.ask(a, 1)
        assert shared.bus.said == [(7.25, "A1")]

    virtually(main())


def test_a_unit_that_does_not_answer_ends_its_own_life_only(shared: Shared) -> None:
    async def main() -> None:
        shared.bus.delays["D"] = None
        async with shared.running(), shared.line.link("A") as a, shared.line.link("D") as dead:
            with pytest.raises(DeviceOffline, match=r"^D did not answer within 1 s$"):
                await shared.ask(dead)
            assert isinstance(dead.lost.exception(), DeviceOffline)
            assert not a.lost.done()
            with pytest.raises(DeviceOffline):
                await shared.ask(dead)
            assert await shared.ask(a, 7) == "A7"

    virtually(main())


def test_a_late_answer_of_one_unit_does_not_answer_the_question_to_another(shared: Shared) -> None:
    async def main() -> None:
        shared.bus.delays["A"] = 1.03
        async with shared.running(), shared.line.link("A") as a, shared.line.link("B") as b:
            late = asyncio.create_task(shared.ask(a, 1))
            await asyncio.sleep(0)
            with urgency(POLL):
                asked = b.exchange(b"B1", lambda data: data, 1.0)  # takes whatever it hears
                assert await asked == b"B1;"
            with pytest.raises(DeviceOffline):
                await late
        assert shared.bus.said[1] == (1.08, "B1")  # 50 ms after the last that was heard

    virtually(main())


@pytest.mark.parametrize("delay_s", [1.02, 1.2, 1.9])
def test_a_late_answer_does_not_answer_the_next_question_to_its_own_unit(shared: Shared, delay_s: float) -> None:
    async def main() -> None:
        shared.bus.delays["A"] = delay_s
        async with shared.running():
            async with shared.line.link("A") as a:
                with pytest.raises(DeviceOffline):
                    await shared.ask(a, 1)
            shared.bus.delays["A"] = 0.1
            async with shared.line.link("A") as a:
                assert await shared.ask(a, 2, 1.0, PROBE) == "A2"

    virtually(main())


def test_an_answer_that_is_later_still_costs_one_probe_and_not_every_answer_after_it(shared: Shared) -> None:
    async def main() -> None:
        shared.bus.delays["A"] = 2.15
        async with shared.running():
            async with shared.line.link("A") as a:
                with pytest.raises(DeviceOffline):
                    await shared.ask(a, 1)
            shared.bus.delays["A"] = 0.18
            async with shared.line.link("A") as a:
                assert await shared.ask(a, 2, 1.0, PROBE) == "A1"
                assert await shared.ask(a, 3) == "A3"

    virtually(main())


@pytest.mark.parametrize("delay_s", [0.9, None])
def test_a_question_that_is_cancelled_keeps_the_wire_until_its_answer_is_no_more_to_come(
    shared: Shared, delay_s: float | None
) -> None:
    async def main() -> None:
        shared.bus.delays["A"] = delay_s
        async with shared.running(), shared.line.link("A") as a, shared.line.link("B") as b:
            asked = asyncio.create_task(shared.ask(a, 1))
            await asyncio.sleep(0.2)
            asked.cancel()
            await shared.ask(b, 1)
            at, question = shared.bus.said[-1]
            assert (round(at, 3), question) == (0.9 if delay_s else 1.05, "B1")
            assert a.lost.done() == (delay_s is None)

    virtually(main())


def test_a_question_that_is_cancelled_before_its_turn_is_never_put(shared: Shared) -> None:
    async def main() -> None:
        async with shared.running(), shared.line.link("A") as a:
            one, two = [asyncio.create_task(shared.ask(a, number)) for number in (1, 2)]
            await asyncio.sleep(0.05)
            two.cancel()
            assert await one == "A1"
            assert await shared.ask(a, 3) == "A3"
        assert [question for _, question in shared.bus.said] == ["A1", "A3"]

    virtually(main())


def raising(error: Exception) -> Callable[[bytes], None]:
    def matches(_: bytes) -> None:
        raise error

    return matches


@pytest.mark.parametrize("error", [CommandRejected("no"), ProtocolError("in verse")])
def test_what_the_matcher_raises_is_raised_to_who_asked(shared: Shared, error: Exception) -> None:
    async def main() -> None:
        async with shared.running(), shared.line.link("A") as a:
            with pytest.raises(type(error), match=str(error)):
                await a.exchange(b"A1", raising(error), 1.0)
            assert await shared.ask(a, 2) == "A2"

    virtually(main())


def test_a_bug_in_a_matcher_costs_its_question_and_not_the_line(shared: Shared) -> None:
    told: list[BaseException] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))
        async with shared.running(), shared.line.link("A") as a, shared.line.link("B") as b:
            with pytest.raises(DeviceOffline):
                await a.exchange(b"A1", raising(KeyError("a bug")), 1.0)
            assert await shared.ask(b) == "B1"

    virtually(main())
    assert [type(error) for error in told] == [KeyError]


def test_when_the_wire_is_lost_everybody_hears_it_at_once(shared: Shared) -> None:
    async def main() -> None:
        async with shared.running(), shared.line.link("A") as a, shared.line.link("B") as b:
            asking, waiting = [asyncio.create_task(shared.ask(link)) for link in (a, b)]
            await asyncio.sleep(0.05)
            shared.bus.unplug()
            for task in (asking, waiting):
                with pytest.raises(
                    DeviceOffline, match=r"^line bus-1 is offline: bus closed the connection: pulled out$"
                ):
                    await task
            assert asyncio.get_running_loop().time() == 0.05
            assert a.lost.done()
            assert shared.line.status is LineStatus.OFFLINE
            with pytest.raises(DeviceOffline, match=r"^line bus-1 is offline: "):
                async with shared.line.link("A"):
                    pass

    virtually(main())


def test_a_unit_waits_for_a_line_that_is_being_opened_and_that_is_not_time_of_its_connect(shared: Shared) -> None:
    async def main() -> None:
        async def early() -> str:
            async with limited(0.3), shared.line.link("A") as a:
                return await shared.ask(a)

        waiting = asyncio.create_task(early())
        await asyncio.sleep(0.5)
        async with shared.running():
            assert await waiting == "A1"

    virtually(main())


def test_waiting_for_a_turn_does_not_use_up_the_time_of_a_connect(shared: Shared) -> None:
    async def main() -> None:
        shared.bus.delays |= {"A": 4.0, "B": 2.0, "D": None}
        async with shared.running(), shared.line.link("A") as a, shared.line.link("B") as b, shared.line.link("D") as d:
            long = asyncio.create_task(shared.ask(a, 1, 5.0))
            await asyncio.sleep(0.1)
            async with limited(3.0):
                assert await shared.ask(b, 1, 5.0) == "B1"  # 3.9 s of waiting, 2 of asking
            await long
            with pytest.raises(TimeoutError):
                async with limited(3.0):
                    await shared.ask(d, 1, 5.0)

    virtually(main())


def living(*units: str) -> dict[str, dict[str, Any]]:
    """Units that are polled every second, and looked for every two."""
    return {unit: {"polls": [], "timeout_s": 1.0, "every_s": 1.0, "rest_s": 2.0} for unit in units}


def test_a_wire_on_which_all_who_answered_are_silent_is_given_up_after_a_while(shared: Shared) -> None:
    async def main() -> None:
        async with shared.running(living("A", "B")):
            await asyncio.sleep(9)
            shared.bus.delays = {"A": None}
            await asyncio.sleep(60)
            assert shared.line.status is LineStatus.OPEN, "B answers, and A is dead by itself"
            shared.bus.delays = {"A": None, "B": None}
            await asyncio.sleep(STALLED_S)
            assert shared.line.view()["status"] == "open"
            await asyncio.sleep(5)
            assert shared.line.view()["why"] == "nobody on it has answered for 30 s: it is opened anew, once"

    virtually(main())


def test_a_wire_on_which_nobody_ever_answered_is_kept_and_so_is_the_one_that_came_for_a_silent_one(
    shared: Shared,
) -> None:
    async def main() -> None:
        shared.bus.delays = {"A": None, "B": None}
        async with shared.running(living("A", "B")):
            await asyncio.sleep(3600)
            assert shared.line.status is LineStatus.OPEN
            since = shared.line.view()["silent_since"]
            assert since is not None
            shared.bus.delays = {}
            await asyncio.sleep(5)
            shared.bus.delays = {"A": None, "B": None}
            await asyncio.sleep(STALLED_S + 5)
            assert shared.line.view()["status"] == "offline"
        async with shared.running(living("A", "B")):
            silent = shared.line.view()["silent_since"]
            assert silent is not None, "a new wire does not end a silence"
            assert silent != since
            await asyncio.sleep(3600)
            assert (shared.line.view()["status"], shared.line.view()["silent_since"]) == ("open", silent)

    virtually(main())


def test_tells_how_the_line_is(shared: Shared) -> None:
    async def main() -> None:
        line, bus = shared.line, shared.bus
        for unit in ("B", "A"):
            line.join(unit, lambda: None)
        assert (line.view()["status"], line.view()["devices"]) == ("connecting", ["A", "B"])
        async with shared.running(), line.link("A") as a, line.link("B") as b:
            assert (line.view()["status"], line.view()["online"]) == ("open", 0)
            await shared.ask(a)
            await shared.ask(b)
            bus.delays = {"A": None, "B": None}
            assert (line.view()["silent_since"], line.view()["online"]) == (None, 2)
            with pytest.raises(DeviceOffline):
                await shared.ask(a)
            assert (line.view()["silent_since"], line.view()["online"]) == (None, 1)
            with pytest.raises(DeviceOffline):
                await shared.ask(b)
            assert line.view()["silent_since"] == "2026-01-01T00:00:02.250000+00:00"
            bus.unplug()
            await asyncio.sleep(0.01)
            assert (line.view()["status"], line.view()["silent_since"]) == ("offline", None)
            assert line.view()["why"] == "bus closed the connection: pulled out"
        line.leave("B")
        assert line.view()["devices"] == ["A"]

    virtually(main())
