"""Runs all promises against a site, one after the other, and tells which were kept."""

import asyncio
from collections.abc import Callable, Sequence
from statistics import median

import msgspec

from gateway.conformance.probe import Probe, Unmet, probe
from gateway.conformance.promises import PROMISES, SHOWN_S, Promise, expect
from gateway.conformance.setup import check_setup
from gateway.core.known import counted

SAMPLES = 50
PROMISE_S = 60.0  # for one promise with all its waiting
CLEARING_S = 15.0  # about 80 numbers


class Outcome(msgspec.Struct, frozen=True):
    """One promise, and why it was broken; None where it was kept."""

    promise: str
    broken: str | None


class Report(msgspec.Struct, frozen=True):
    """All outcomes, whether all were kept, and how long a call took to be accepted: None where it was not measured."""

    outcomes: Sequence[Outcome]
    kept: bool
    accept_p50_ms: float | None = None
    accept_max_ms: float | None = None


async def prove(
    url: str,
    *,
    window: str,
    token: str,
    told: Callable[[Outcome], None],
    cleared: Callable[[str], None],
    aloud: bool = False,
) -> Report:
    """Run them all against one window of a site. `told` hears of each at once, `cleared` what is left at the end.

    Afterwards, also when cancelled, the window shows its function, and no screen a number of these. Raises what
    check_setup does; then nothing was called.
    """
    async with probe(url, window=window, token=token) as queue:
        await check_setup(queue, aloud=aloud)
        try:
            outcomes = [await _outcome(promise, queue, told) for promise in PROMISES]
            if any(outcome.broken for outcome in outcomes):
                return Report(outcomes, kept=False)
            times_ms = await _times(queue)
            return Report(outcomes, kept=True, accept_p50_ms=median(times_ms), accept_max_ms=max(times_ms))
        finally:
            cleared(await _clear(queue))


async def _clear(queue: Probe) -> str:
    """Take every number off again, the newest first; gives what was done, or why not, in one sentence."""
    numbers = list(reversed(queue.called))
    all_ = counted(len(numbers), "number")
    try:
        async with asyncio.timeout(CLEARING_S):
            for number in numbers:
                expect(await queue.post(queue.body(number, kind="skip")), 202, of=f"the skip of {number}")
            expect(await queue.post(queue.body(None, kind="resume")), 202, of="a resume")
    except (Unmet, TimeoutError) as error:
        why = str(error) or f"that takes longer than {CLEARING_S:g} s"
        return f"not all of {all_} could be taken off again: {why}; the rest goes when its time is over"
    return f"{all_} taken off again; window {queue.window} shows its function"


async def _outcome(promise: Promise, queue: Probe, told: Callable[[Outcome], None]) -> Outcome:
    broken = None
    try:
        async with asyncio.timeout(PROMISE_S):
            await promise(queue)
    except Unmet as error:
        broken = str(error)
    except TimeoutError:
        broken = f"not decided after {PROMISE_S:g} s"
    outcome = Outcome((promise.__doc__ or "").strip(), broken)
    told(outcome)
    return outcome


async def _times(queue: Probe) -> list[float]:
    answers = [await queue.post(queue.body(f"X{number:03}")) for number in range(SAMPLES)]
    for answer in answers:
        expect(answer, 202, of="a call")
    await queue.shows(f"X{SAMPLES - 1:03}", SHOWN_S)
    return [answer.took_ms for answer in answers]
