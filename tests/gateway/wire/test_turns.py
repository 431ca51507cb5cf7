"""What the dead may cost the living, and how soon a line that was silent is whole again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hall_contract.scripted import virtually
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.wire import line as module

if TYPE_CHECKING:
    from tests.gateway.wire.conftest import Shared


def unit(timeout_s: float = 1.0, every_s: float = 1.0, rest_s: float = 1.0) -> dict[str, Any]:
    """How one lives: it is polled every `every_s`, and looked for every `rest_s` when it is not woken before."""
    return {"polls": [], "timeout_s": timeout_s, "every_s": every_s, "rest_s": rest_s}


def test_one_dead_card_of_four_costs_the_others_no_more_than_one_poll_of_twenty(shared: Shared) -> None:
    async def main() -> None:
        units = {name: unit(3.0) for name in "ABCD"}
        shared.bus.delays["D"] = None
        async with shared.running(units):
            await asyncio.sleep(10)
            before = [len(units[name]["polls"]) for name in "ABC"]
            await asyncio.sleep(600)
            kept = [len(units[name]["polls"]) - already for name, already in zip("ABC", before, strict=True)]
        assert min(kept) >= 0.95 * 600
        assert 0.03 * 600 <= shared.busy_s("probe") <= 0.05 * 610 + 3.1  # 3.1 s: its first try

    virtually(main())


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    timeouts=st.lists(st.sampled_from([0.3, 1.0, 3.0, 10.0]), min_size=1, max_size=5),
    every_s=st.sampled_from([0.5, 2.0, 5.0]),
)
def test_probes_never_take_more_than_their_share_from_those_who_answer(
    monkeypatch: pytest.MonkeyPatch, shared: Shared, timeouts: list[float], every_s: float
) -> None:
    """Beside the first try of each, and what may be saved up for one."""
    shared = type(shared)(type(shared.bus)())
    monkeypatch.setattr(module, "open_wire", shared.bus.open)

    async def main() -> None:
        dead = {name: unit(timeout_s) for name, timeout_s in zip("BCDEF", timeouts, strict=False)}
        shared.bus.delays = dict.fromkeys(dead, None)
        async with shared.running({"A": unit(1.0, every_s), **dead}):
            for seconds in (30, 400):
                await asyncio.sleep(seconds - asyncio.get_running_loop().time())
                allowed_s = sum(timeouts) + max(timeouts) + 0.05 * seconds
                assert shared.busy_s("probe") <= allowed_s + 0.2 * len(timeouts)

    virtually(main())


def test_a_unit_that_comes_back_on_a_busy_line_is_found(shared: Shared) -> None:
    async def main() -> None:
        units = {"A": unit(0.5, 0.5), "D": unit(0.5)}
        shared.bus.delays["D"] = None
        async with shared.running(units):
            await asyncio.sleep(60)
            shared.bus.delays["D"] = 0.1
            await asyncio.sleep(15)
            assert len(units["D"]["polls"]) > 0

    virtually(main())


def test_the_first_answer_on_a_silent_line_wakes_all_its_units_at_once(shared: Shared) -> None:
    async def main() -> None:
        units = {name: unit(rest_s=60.0) for name in "ABCDEFGH"}
        shared.bus.delays = dict.fromkeys(units, None)
        async with shared.running(units):
            await asyncio.sleep(300)
            shared.bus.delays = {}
            first_s = await _first(units)
            await asyncio.sleep(8 * 0.25)  # a probe of each takes 0.15 s, a poll 0.1
            late = {name: each["polls"] for name, each in units.items() if not each["polls"]}
            assert (late, first_s < 300 + 61) == ({}, True)

    virtually(main())


async def _first(units: dict[str, dict[str, Any]]) -> float:
    while not any(each["polls"] for each in units.values()):  # noqa: ASYNC110 - virtual time knows no event
        await asyncio.sleep(0.01)
    return asyncio.get_running_loop().time()


def test_a_unit_that_flickers_does_not_give_the_dead_a_free_try_each_time(shared: Shared) -> None:
    async def main() -> None:
        units = {"A": unit(0.2, 0.5)} | {name: unit(3.0) for name in "BCD"}
        shared.bus.delays |= dict.fromkeys("BCD", None)
        async with shared.running(units):
            await asyncio.sleep(30)
            for _ in range(30):
                shared.bus.delays["A"] = None
                await asyncio.sleep(1)
                shared.bus.delays["A"] = 0.1
                await asyncio.sleep(9)
            assert len(units["A"]["polls"]) > 330  # of 480; without the rule 261

    virtually(main())


def test_at_the_start_nobody_waits_for_the_dead_longer_than_one_try(shared: Shared) -> None:
    async def main() -> None:
        units = {name: unit(3.0) for name in "DABC"}
        shared.bus.delays["D"] = None
        async with shared.running(units):
            await asyncio.sleep(3.05 + 3 * 0.15 + 3 * 0.1 + 0.01)
            assert [len(units[name]["polls"]) for name in "ABC"] == [1, 1, 1]

    virtually(main())
