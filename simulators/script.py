"""What happens in a scripted day, worked out beforehand: the same world and the same hall are the same script."""

import json
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from simulators.world import StepConfig, VisitorsConfig, World, clock, targets


class Pull(NamedTuple):
    """A lever of a device."""

    device: str
    lever: str
    params: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.device} {self.lever} {_json(self.params)}"


class Call(NamedTuple):
    """A call as the API takes it, without its id."""

    body: Mapping[str, Any]

    def __str__(self) -> str:
        return f"call {_json(self.body)}"


class Moment(NamedTuple):
    """Something that is done at a second of the day."""

    at: float
    what: Pull | Call

    def __str__(self) -> str:
        return f"{clock(self.at)} {self.what}"


def script(world: World, devices: Sequence[str], windows: Sequence[str]) -> list[Moment]:
    """The whole day in its order. Every step has dice of its own: another step does not change what it does."""
    found = [
        moment
        for number, step in enumerate(world.steps)
        for moment in _moments(world, step, devices, Random(f"{world.seed}/step/{number}"))  # noqa: S311 - no secret
    ]
    for number, visitors in enumerate(world.visitors):
        dice = Random(f"{world.seed}/visitors/{number}")  # noqa: S311 - no secret
        found += _arrivals(world, visitors, windows, dice)
    return list(_numbered(sorted(found, key=lambda moment: moment.at)))


def _moments(world: World, step: StepConfig, devices: Sequence[str], dice: Random) -> Iterator[Moment]:
    for second in _times(world, step):
        if dice.random() >= step.chance:
            continue
        at = second + (dice.random() * step.spread if step.spread else 0.0)
        if step.call is not None:
            yield Moment(at, Call(step.call))
        if step.lever is not None:
            for device in _picked(step, devices, dice):
                yield Moment(at, Pull(device, step.lever, step.params))


def _times(world: World, step: StepConfig) -> Sequence[int]:
    if step.at is not None:
        return [step.at]
    start, end = _hours(world, step.after, step.before)
    return range(start, end, step.every or 1)


def _picked(step: StepConfig, devices: Sequence[str], dice: Random) -> Sequence[str]:
    found = targets(step, devices)
    if step.pick is None:
        return found
    chosen = sorted(dice.sample(range(len(found)), step.pick))
    return [found[number] for number in chosen]


def _arrivals(world: World, visitors: VisitorsConfig, windows: Sequence[str], dice: Random) -> Iterator[Moment]:
    """Calls at random times, none of which knows of the others: so many an hour on average."""
    at, end = _hours(world, visitors.after, visitors.before)
    second = at + dice.expovariate(visitors.per_hour / 3600)
    while second < end:
        yield Moment(second, Call({"window": dice.choice(visitors.windows or windows)}))
        second += dice.expovariate(visitors.per_hour / 3600)


def _numbered(moments: Sequence[Moment]) -> Iterator[Moment]:
    """Give visitors their numbers, in the order in which they are called."""
    number = 0
    for at, what in moments:
        if isinstance(what, Call) and list(what.body) == ["window"]:
            number += 1
            yield Moment(at, Call({**what.body, "ticket": f"A{number:03d}"}))
        else:
            yield Moment(at, what)


def _hours(world: World, after: int | None, before: int | None) -> tuple[int, int]:
    return world.opens if after is None else after, world.closes if before is None else before


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
