"""The section `alarms` of the site file: what the site adds to the built-in alarms, and what it changes of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Self, cast

from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator

from gateway import registry
from gateway.alarms.condition import Above, Bad, Below, Equals, Priority, Stale, Test
from gateway.alarms.words import BUILT_IN
from gateway.core.config import Id
from gateway.core.contract import DeviceContext
from gateway.core.errors import GatewayError
from gateway.core.model import PartKind, Surface
from gateway.site.load import Section
from gateway.site.positions import is_list, is_mapping
from gateway.site.references import Complaint, listed, names, rows, unknown, unknown_key

TESTS = ("above", "below", "equals", "bad", "stale_s", "event")
LIMITED = ("clock-drift", "outlet-behind")
DAY_S = 86_400.0


def _scalar(value: Any) -> Any:
    if not isinstance(value, str | int | float | bool):
        raise ValueError("must be text, a number, true or false")
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


def _check(data: Mapping[str, Any]) -> Iterable[Complaint]:
    section: Any = data.get("alarms")
    if not is_mapping(section):
        return
    built_in: Any = section.get("built_in")
    for name in built_in if is_mapping(built_in) else ():
        if name not in BUILT_IN:
            yield Complaint(("alarms", "built_in", name), unknown_key(str(name), BUILT_IN))
        elif name not in LIMITED and is_mapping(own := built_in[name]) and "limit" in own:
            yield Complaint(("alarms", "built_in", name, "limit"), f"only {listed(LIMITED)} have a limit")
    seen: dict[str, int] = {}
    for index, rule in enumerate(rows(section, "rules")):
        loc, id_ = ("alarms", "rules", index), rule.get("id")
        if isinstance(id_, str) and id_ in BUILT_IN:
            yield Complaint((*loc, "id"), f"{id_!r} is the name of a built-in alarm: choose another")
        elif isinstance(id_, str) and seen.setdefault(id_, index) != index:
            yield Complaint((*loc, "id"), f"{id_!r} is already used by", ("alarms", "rules", seen[id_]))
        yield from _check_rule(data, rule, index)


def _check_rule(data: Mapping[str, Any], rule: Mapping[str, Any], index: int) -> Iterable[Complaint]:
    devices: Any = rule.get("devices")
    known = names(data, "devices")
    for place, device in enumerate(devices if is_list(devices) else []):
        if not isinstance(device, str):
            continue
        loc = ("alarms", "rules", index)
        if device not in known:
            yield Complaint((*loc, "devices", place), unknown(device, known, "device"))
        elif devices.index(device) != place:
            yield Complaint((*loc, "devices", place), f"{device!r} is named twice")
        elif (surface := _surface(data, device)) is not None:
            yield from (Complaint((*loc, key), text) for key, text in _unfit(surface, device, rule))


def _unfit(surface: Surface, device: str, rule: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """What a rule names that its device does not have."""
    part, point = rule.get("part"), rule.get("point")
    if part is not None and not surface.kinds:
        yield "part", f"{device} has no parts"
        return
    kinds: Sequence[PartKind] = [*surface.kinds.values()] if part is not None else [surface.device]
    points = {point.name for kind in kinds for point in kind.points}
    if isinstance(point, str) and point not in points:
        yield "point", unknown(point, points, "point").replace("; there are", f" of {device}; there are")
    events = {event.name for kind in (surface.device, *surface.kinds.values()) for event in kind.events}
    for key in ("event", "clears"):
        if isinstance(name := rule.get(key), str) and name not in events | LIFE:
            yield key, unknown(name, events | LIFE, "event").replace("; there are", f" of {device}; there are")


LIFE = frozenset({"device.online", "device.offline"})
"""Events of every device: its supervisor records them."""


def _surface(data: Mapping[str, Any], device: str) -> Surface | None:
    """What a device offers; None where its own section is wrong, which is said already."""
    section = next(row for row in rows(data, "devices") if row.get("id") == device)
    try:
        driver = registry.driver(str(section.get("driver")))
        config = driver.config_type.model_validate(section)
    except (GatewayError, ValidationError):
        return None
    return driver(config, cast(DeviceContext, None)).surface()  # pure, and asks nothing of its context: the contract


SECTION = Section("alarms", AlarmsConfig, {}, _check)
