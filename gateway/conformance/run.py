"""Runs all promises against a site, one after the other, and tells which were kept."""

import asyncio
from collections.abc import Callable, Sequence
from statistics import median

import msgspec

from gateway.conformance.probe import Probe, Unmet, probe
from gateway.conformance.promises import PROMISES, SHORTEST_S, SHOWN_S, Promise, expect
from gateway.core.errors import WrongInput

SAMPLES = 50
PROMISE_S = 60.0  # for one promise with all its waiting
LONG_AGO = "2026-01-01T00:00:00Z"


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


async def prove(url: str, *, window: str, token: str, told: Callable[[Outcome], None], aloud: bool = False) -> Report:
    """Run them all against one window of a site, which shows its function afterwards. `told` hears of each at once.

    Raises WrongInput where the numbers would be spoken, unless `aloud`.
    """
    async with probe(url, window=window, token=token) as queue:
        if not aloud:
            await _unheard(queue)
        try:
            outcomes = [await _outcome(promise, queue, told) for promise in PROMISES]
            if any(outcome.broken for outcome in outcomes):
                return Report(outcomes, kept=False)
            times_ms = await _times(queue)
            return Report(outcomes, kept=True, accept_p50_ms=median(times_ms), accept_max_ms=max(times_ms))
        finally:
            await queue.post(queue.body(None, kind="resume"))


async def _unheard(queue: Probe) -> None:
    """Ask by a call that was over before it came: it is neither shown nor spoken. Raises WrongInput."""
    answer = await queue.post(queue.body(at=LONG_AGO, ttl_s=SHORTEST_S))
    if areas := answer.body.get("voice"):
        raise WrongInput(
            f"window {queue.window} is heard in the voice area {', '.join(areas)}: about 80 numbers that nobody has"
            " would be spoken there; name a window that no area hears, or give --aloud"
        )


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
