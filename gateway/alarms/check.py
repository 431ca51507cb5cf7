"""What only the whole site file can tell of the section `alarms`: names, and tests that could never come true."""

import json
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from gateway.alarms.words import BUILT_IN
from gateway.core.known import listed, unknown, unknown_key
from gateway.core.model import PartKind, Surface
from gateway.site.positions import is_list, is_mapping
from gateway.site.references import Complaint, rows
from gateway.site.surfaces import Surfaces

LIMITED = ("clock-drift", "outlet-behind")
LIFE = frozenset({"device.online", "device.offline"})
"""Events of every device: its supervisor records them, and of no part."""
NUMBERS = frozenset({"number", "integer"})
TYPES = {"number": "a number", "integer": "a whole number", "boolean": "true or false", "text": "text"}


def check(data: Mapping[str, Any]) -> Iterable[Complaint]:
    """Complain of all of it."""
    section: Any = data.get("alarms")
    if not is_mapping(section):
        return
    yield from _check_built_in(section.get("built_in"))
    surfaces, seen = Surfaces(data), dict[str, int]()
    for index, rule in enumerate(rows(section, "rules")):
        loc, id_ = ("alarms", "rules", index), rule.get("id")
        if isinstance(id_, str) and id_ in BUILT_IN:
            yield Complaint((*loc, "id"), f"{id_!r} is the name of a built-in alarm: choose another")
        elif isinstance(id_, str) and seen.setdefault(id_, index) != index:
            yield Complaint((*loc, "id"), f"{id_!r} is already used by", ("alarms", "rules", seen[id_]))
        for inside, text in _check_rule(surfaces, rule):
            yield Complaint((*loc, *inside), text)


def _check_built_in(built_in: Any) -> Iterable[Complaint]:
    for name in built_in if is_mapping(built_in) else ():
        if name not in BUILT_IN:
            yield Complaint(("alarms", "built_in", name), unknown_key(str(name), BUILT_IN))
        elif name not in LIMITED and is_mapping(own := built_in[name]) and "limit" in own:
            yield Complaint(("alarms", "built_in", name, "limit"), f"only {listed(LIMITED)} have a limit")


def _check_rule(surfaces: Surfaces, rule: Mapping[str, Any]) -> Iterable[tuple[tuple[str | int, ...], str]]:
    devices: Any = rule.get("devices")
    for place, device in enumerate(devices if is_list(devices) else []):
        if not isinstance(device, str):
            continue
        if device not in surfaces:
            yield ("devices", place), unknown(device, surfaces.devices, "device")
        elif devices.index(device) != place:
            yield ("devices", place), f"{device!r} is named twice"
        elif (surface := surfaces.of(device)) is not None:
            yield from (((key,), text) for key, text in _unfit(surface, device, rule))


def _unfit(surface: Surface, device: str, rule: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """What a rule names that its device does not have, or that can never hold of it."""
    part = rule.get("part")
    if part is not None and not surface.kinds:
        yield "part", f"{device} has no parts"
        return
    kinds = [*surface.kinds.values()] if part is not None else [surface.device]
    yield from _unfit_point(kinds, device, rule)
    events = {event.name for kind in (*kinds, *surface.kinds.values()) for event in kind.events}
    events |= LIFE if part is None else set()
    for key in ("event", "clears"):
        if isinstance(name := rule.get(key), str) and name not in events:
            of = f" of {device}" if part is None else f" of a part of {device}"
            yield key, unknown(name, events, "event").replace("; there are", f"{of}; there are")


def _unfit_point(kinds: Iterable[PartKind], device: str, rule: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    name, types = rule.get("point"), dict[str, set[str]]()
    for point in (point for kind in kinds for point in kind.points):
        types.setdefault(point.name, set()).add(point.type)
    if not isinstance(name, str):
        return
    if name not in types:
        yield "point", unknown(name, types, "point").replace("; there are", f" of {device}; there are")
        return
    is_ = f"{name} of {device} is {' or '.join(TYPES[type_] for type_ in sorted(types[name]))}"
    for key in ("above", "below"):
        if key in rule and not types[name] & NUMBERS:
            yield key, f"{is_}: only a number can be {key} a limit"
    if "equals" in rule and not any(_can_be(rule["equals"], type_) for type_ in types[name]):
        yield "equals", f"{is_}: it is never {json.dumps(rule['equals'], ensure_ascii=False, default=str):.80}"


def _can_be(value: Any, type_: str) -> bool:
    """Whether a point of a type can have a value; what no point can have is said already."""
    if isinstance(value, bool):
        return type_ == "boolean"
    if isinstance(value, float) and isfinite(value) and not value.is_integer():
        return type_ == "number"
    if isinstance(value, int | float):
        return type_ in NUMBERS
    return type_ == "text" or not isinstance(value, str)
