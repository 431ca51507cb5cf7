"""What a driver says of itself without asking the device."""

import asyncio
import builtins
import io
import socket
from typing import Any, cast

import msgspec
import pytest
from hall_contract.case import Case
from hall_contract.hall import ID, Hall
from hall_contract.sound import NoContext

from gateway import registry
from gateway.core.contract import DeviceContext, Driver
from gateway.core.errors import CommandRejected
from gateway.core.model import Quality

TYPES: dict[str, tuple[type, ...]] = {"number": (int, float), "integer": (int,), "boolean": (bool,), "text": (str,)}


def forbidden(*_: Any, **__: Any) -> Any:
    raise AssertionError("input or output")


def build(case: Case) -> Driver[Any]:
    driver_type = registry.driver(case.driver)
    section = {"id": ID, "driver": case.driver, **case.section(case.address("127.0.0.1", 1), often_s=5)}
    return driver_type(driver_type.config_type.model_validate(section), cast(DeviceContext, NoContext()))


def test_building_and_describing_does_no_input_and_no_output(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    build(case)  # what is imported or read once is there now
    for module, name in ((socket, "socket"), (builtins, "open"), (io, "open")):
        monkeypatch.setattr(module, name, forbidden)
    driver = build(case)
    assert driver.surface() == driver.surface() == build(case).surface()
    assert driver.picture(None) is None


def test_says_whether_it_is_passive_as_its_case_does(case: Case) -> None:
    assert (build(case).surface().silent_after_s is not None) == case.passive


def test_names_are_given_once_and_types_are_known(case: Case) -> None:
    surface = build(case).surface()
    for kind in (surface.device, *surface.kinds.values()):
        for names in ([p.name for p in kind.points], [v.name for v in kind.verbs], [e.name for e in kind.events]):
            assert len(names) == len(set(names))
        assert {point.type for point in kind.points} <= set(TYPES)


def test_parameters_that_are_nonsense_are_refused_for_every_verb(case: Case) -> None:
    driver = build(case)
    surface = driver.surface()
    for part, kind in ((None, surface.device), *((f"any-{name}", kind) for name, kind in surface.kinds.items())):
        for verb in kind.verbs:
            fields = [field.encode_name for field in msgspec.structs.fields(verb.params)]
            for nonsense in ("no_such_parameter", *fields):
                with pytest.raises(CommandRejected, match=nonsense):
                    driver.check(verb, part, {nonsense: [[]]})


def test_what_the_case_asks_is_accepted(case: Case) -> None:
    driver = build(case)
    surface = driver.surface()
    kinds = [surface.device, *surface.kinds.values()]
    for verb_name, part, params in filter(None, (case.command, *(case.wishes or ()))):
        (verb,) = {verb for kind in kinds for verb in kind.verbs if verb.name == verb_name}
        driver.check(verb, part, params)


async def test_reads_every_point_that_it_declares_and_no_other(hall: Hall) -> None:
    await hall.online(often_s=0.05)
    for wish in hall.case.wishes or ():
        await hall.ended(hall.wish(wish))
    await asyncio.sleep(0.2)
    view, surface = hall.life.view, hall.life.surface
    for part, points in view.points.items():
        kind = surface.device if part is None else surface.kinds[view.parts[part].kind]
        assert set(points) == {point.name for point in kind.points}
        for point in kind.points:
            reading = points[point.name].now
            assert isinstance(reading.value, TYPES[point.type]) == (reading.quality is not Quality.BAD)
    assert any(held.now.quality is Quality.GOOD for points in view.points.values() for held in points.values())
    assert hall.metric("hall_guard_failures_total", name=ID) == 0  # the hub refuses what is not declared
