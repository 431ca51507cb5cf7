"""A scripted day in the hall: what a scenario file may say. All its mistakes are found at once, with their lines."""

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from gateway.core.known import lacks, unknown
from gateway.core.twin import Twin
from gateway.site.load import SiteError
from gateway.site.positions import Loc, read_yaml
from gateway.site.sentences import sentence

CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
SPAN = re.compile(r"(\d{1,5})(s|m|h)")
UNITS_S = {"s": 1, "m": 60, "h": 3600}


def _clock(text: Any) -> Any:
    match = CLOCK.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('must be a time of the day such as "08:30" or "08:30:15"')
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)


def _span(text: Any) -> Any:
    match = SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None or not int(match[1]):
        raise ValueError("must be a duration such as 30s, 20m or 1h")
    return int(match[1]) * UNITS_S[match[2]]


Clock = Annotated[int, BeforeValidator(_clock)]
"""A time of the day, in seconds since midnight."""
Span = Annotated[int, BeforeValidator(_span)]
"""A duration, in seconds."""


class Hours(BaseModel, frozen=True, extra="forbid"):
    """A part of the day; all of it where nothing is said."""

    after: Clock | None = None
    before: Clock | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.after is not None and self.before is not None and self.after >= self.before:
            raise ValueError("`after` must be earlier than `before`")
        return self


class StepConfig(Hours, frozen=True, extra="forbid"):
    """Something that is done `at` a time, or `every` so often: a lever of some devices, or a call."""

    at: Clock | None = None
    every: Span | None = None
    spread: Span | None = Field(default=None, description="Each time up to so much later, at random.")
    chance: float = Field(default=1.0, gt=0, le=1, description="How probable it is, each time.")
    lever: str | None = None
    of: str = Field(default="*", description="A pattern of device ids: *, ? and […].")
    pick: int | None = Field(default=None, ge=1, description="So many of these devices, at random; else all.")
    params: dict[str, Any] = Field(default={}, description="The parameters of the lever.")
    call: dict[str, Any] | None = Field(default=None, description="A call as POST /calls takes it, without call_id.")

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.at is None) == (self.every is None):
            raise ValueError("must have exactly one of `at` and `every`")
        if (self.lever is None) == (self.call is None):
            raise ValueError("must have exactly one of `lever` and `call`")
        if self.at is not None and (self.after, self.before) != (None, None):
            raise ValueError("`after` and `before` go with `every`, not with `at`")
        return self


class VisitorsConfig(Hours, frozen=True, extra="forbid"):
    """People who take a number and are called: `per_hour` of them on average, to windows at random."""

    per_hour: float = Field(gt=0, le=36_000)
    windows: list[str] | None = Field(default=None, min_length=1, description="The ids of windows; else all.")


class World(BaseModel, frozen=True, extra="forbid"):
    """A day. The same `seed` is the same day, to the second."""

    seed: int = Field(default=0, ge=0, le=2**53)
    opens: Clock = 8 * 3600 + 1800
    closes: Clock = 17 * 3600 + 1800
    speed: float = Field(default=60.0, gt=0, le=3600, description="Seconds of the day in one second.")
    steps: list[StepConfig] = []
    visitors: list[VisitorsConfig] = []

    @model_validator(mode="after")
    def _day(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("`opens` must be earlier than `closes`")
        return self


def load_world(path: Path, twins: Mapping[str, Twin[Any]], windows: Sequence[str]) -> World:
    """Read a scenario file for a hall. Raises SiteError with all its mistakes, Mistake when it cannot be read."""
    source = read_yaml(path)
    try:
        world = World.model_validate(source.data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise SiteError([source.mistake(tuple(each["loc"]), sentence(each, World)) for each in details]) from error
    mistakes = [source.mistake(loc, text) for loc, text in _wrong(world, twins, windows)]
    if mistakes:
        raise SiteError(sorted(mistakes, key=lambda mistake: mistake.line))
    return world


def targets(step: StepConfig, devices: Iterable[str]) -> list[str]:
    """The devices that a step is about, in the order of the site file."""
    return [device for device in devices if fnmatchcase(device, step.of)]


def _wrong(world: World, twins: Mapping[str, Twin[Any]], windows: Sequence[str]) -> Iterable[tuple[Loc, str]]:
    """What no model can tell: names, the parameters of levers, and times outside of the day."""
    for number, step in enumerate(world.steps):
        loc: Loc = ("steps", number)
        yield from _outside(world, loc, {"at": step.at, "after": step.after, "before": step.before})
        if step.lever is not None:
            yield from _wrong_lever(step, step.lever, twins, loc)
        window = (step.call or {}).get("window")
        if step.call is not None and window not in windows:
            yield (*loc, "call", "window"), unknown(str(window), windows, "window")
    for number, visitors in enumerate(world.visitors):
        yield from _outside(world, ("visitors", number), {"after": visitors.after, "before": visitors.before})
        for place, window in enumerate(visitors.windows or ()):
            if window not in windows:
                yield ("visitors", number, "windows", place), unknown(window, windows, "window")


def _outside(world: World, loc: Loc, times: Mapping[str, int | None]) -> Iterable[tuple[Loc, str]]:
    for key, at in times.items():
        if at is not None and not world.opens <= at <= world.closes:
            yield (*loc, key), f"must be from {clock(world.opens)} to {clock(world.closes)}: the hall is closed then"


def _wrong_lever(step: StepConfig, lever: str, twins: Mapping[str, Twin[Any]], loc: Loc) -> Iterable[tuple[Loc, str]]:
    found = targets(step, twins)
    if not found:
        yield (*loc, "of"), unknown(step.of, twins, "device")
    if step.pick is not None and step.pick > len(found):
        yield (*loc, "pick"), f"must be at most {len(found)}: so many devices match {step.of!r}"
    for device in found:
        levers = twins[device].levers()
        if lever not in levers:
            yield (*loc, "lever"), lacks(device, "lever", lever, levers)
            return
        try:
            levers[lever].check(step.params)
        except ValueError as error:
            yield (*loc, "params"), f"lever {lever}: {error}"
            return


def clock(second: float) -> str:
    """A time of the day as text."""
    return f"{int(second) // 3600:02d}:{int(second) // 60 % 60:02d}:{int(second) % 60:02d}"
