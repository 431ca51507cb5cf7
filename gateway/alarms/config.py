"""The section `alarms` of the site file: what the site adds to the built-in alarms, and what it changes of them."""

from math import isfinite
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from gateway.alarms.check import check
from gateway.alarms.condition import Above, Bad, Below, Equals, Priority, Stale, Test
from gateway.core.config import Id
from gateway.core.known import listed
from gateway.site.load import Section

TESTS = ("above", "below", "equals", "bad", "stale_s", "event")
DAY_S = 86_400.0


def _scalar(value: Any) -> Any:
    if not isinstance(value, str | int | float | bool):
        raise ValueError("must be text, a number, true or false")
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("must be a finite number")
    return value


class TextConfig(BaseModel, frozen=True, extra="forbid"):
    """A sentence in the two languages of the hall."""

    zh: str = Field(min_length=1, max_length=400)
    en: str = Field(min_length=1, max_length=400)


class BuiltInConfig(BaseModel, frozen=True, extra="forbid"):
    """`alarms.built_in.NAME`: what a site changes of a built-in alarm."""

    enabled: bool = True
    priority: Priority | None = None
    on_delay_s: float | None = Field(default=None, ge=0, le=DAY_S, allow_inf_nan=False)
    off_delay_s: float | None = Field(default=None, ge=0, le=DAY_S, allow_inf_nan=False)
    limit: float | None = Field(default=None, gt=0, le=1e9, allow_inf_nan=False)
    must_ack: bool | None = None
    title: TextConfig | None = None
    guidance: TextConfig | None = None


class RuleConfig(BaseModel, frozen=True, extra="forbid"):
    """`alarms.rules[]`: a condition over a point, or over events, of some devices."""

    id: Id
    devices: list[Id] = Field(min_length=1, max_length=500)
    part: Id | None = None
    point: str | None = Field(default=None, min_length=1, max_length=64)
    above: float | None = Field(default=None, allow_inf_nan=False)
    below: float | None = Field(default=None, allow_inf_nan=False)
    band: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    equals: Annotated[Any, AfterValidator(_scalar)] = None
    bad: bool = False
    stale_s: float | None = Field(default=None, ge=1, le=DAY_S)
    event: str | None = Field(default=None, min_length=1, max_length=64)
    clears: str | None = Field(default=None, min_length=1, max_length=64)
    clear_after_s: float | None = Field(default=None, ge=1, le=DAY_S)
    on_delay_s: float = Field(default=0.0, ge=0, le=DAY_S)
    off_delay_s: float = Field(default=0.0, ge=0, le=DAY_S)
    priority: Priority = Priority.MEDIUM
    must_ack: bool | None = None
    title: TextConfig
    guidance: TextConfig

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = [name for name in TESTS if name in self.model_fields_set]
        if len(given) != 1:
            raise ValueError(f"must have exactly one of {', '.join(TESTS)}; it has {listed(given)}")
        if (self.event is None) == (self.point is None):
            raise ValueError(f"{given[0]} {'needs a' if self.event is None else 'takes no'} point")
        if self.event is None and (self.clears or self.clear_after_s):
            raise ValueError("clears and clear_after_s belong to an event")
        if self.event is not None and self.clears == self.event:
            raise ValueError(f"clears must be another event than {self.event!r}, which raises it")
        if self.event is not None and (self.on_delay_s or self.off_delay_s):
            raise ValueError("an event has no on_delay_s and no off_delay_s: it happens at once")
        if self.band and given[0] not in ("above", "below"):
            raise ValueError("band belongs to above or below")
        if self.bad is False and given == ["bad"]:
            raise ValueError("bad must be true")
        return self

    @property
    def test(self) -> Test | None:
        """The test of its point; None where it is about events."""
        if self.above is not None:
            return Above(self.above, self.band)
        if self.below is not None:
            return Below(self.below, self.band)
        if self.stale_s is not None:
            return Stale(self.stale_s)
        if self.equals is not None:
            return Equals(self.equals)
        return Bad() if self.bad else None


class AlarmsConfig(BaseModel, frozen=True, extra="forbid"):
    """`alarms`: the rules of the site, and what it changes of the built-in alarms."""

    rules: list[RuleConfig] = Field(default=[], max_length=2000)
    built_in: dict[str, BuiltInConfig] = {}


SECTION = Section("alarms", AlarmsConfig, {}, check)
