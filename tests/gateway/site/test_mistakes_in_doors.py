"""Mistakes in the section `doors`, and controllers whose doors nobody watches."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from doorhall import DoorBox

from gateway import registry
from gateway.core.contract import Driver
from gateway.core.model import Surface
from gateway.sections import SECTIONS
from gateway.site.load import load

SITE = """site: {id: a, name: a}
zones: [{id: reception, name: 接待}]
devices:
  - {id: acs, driver: test.doors}
  - {id: other, driver: test.doors}
  - {id: tv, driver: displays.web_screen}
doors:
  - {id: front, name: 正门, door: acs/d1}
"""


class Plain(DoorBox):
    """A device that has no parts."""

    def surface(self) -> Surface:
        return Surface()


@pytest.fixture(autouse=True)
def controllers(monkeypatch: pytest.MonkeyPatch) -> None:
    known = registry.driver

    def driver(name: str) -> type[Driver[Any]]:
        return DoorBox if name == "test.doors" else known(name)

    monkeypatch.setattr(registry, "driver", driver)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{id: b, name: b, door: acx/d2}", "doors[1].door: there is no device 'acx' (did you mean 'acs'?)"),
        ("{id: b, name: b, door: acs}", "doors[1].door: must be DEVICE/PART, a door of a controller by their ids"),
        ("{id: b, name: b, door: tv/left}", "doors[1].door: tv has no doors: its driver controls none"),
        ("{id: b, name: b, door: acs/d1}", "doors[1].door: 'acs/d1' is already used by doors[0]"),
        ("{id: front, name: b, door: acs/d2}", "doors[1].id: 'front' is already used by doors[0]"),
        ("{id: b, name: b, door: acs/d2, zone: x}", "doors[1].zone: there is no zone 'x'; there are: reception"),
        ("{id: b, name: b, door: acs/d2, camera: cam}", "doors[1].camera: there is no device 'cam'"),
        (
            "{id: b, name: b, door: acs/d2, camera: tv}",
            "doors[1].camera: tv is no camera: its driver is displays.web_screen, and that of a",
        ),
        (
            "{id: b, name: b, door: acs/d2, camera: acs/d1}",
            "doors[1].camera: acs is no camera: its driver is test.doors",
        ),
        ("{id: b, name: b, door: acs/d2, camera: a/b/c}", "doors[1].camera: must be DEVICE or DEVICE/PART"),
        ("{id: b, name: b, door: acs/d2, warn_s: 15}", "held_s must be longer than warn_s, 15"),
        ("{id: b, name: b, door: acs/d2, warn_s: 0}", "doors[1].warn_s: must be at least 1"),
        ("{id: b, name: b, door: acs/d2, authorised_s: 61}", "doors[1].authorised_s: must be at most 60"),
        ("{id: b, name: '', door: acs/d2}", "doors[1].name"),
        ("{id: b, door: acs/d2}", "doors[1].name: is missing"),
        ("{id: b, name: b, door: acs/d2, staff: true}", "unknown key 'staff'"),
        (
            "{id: b, name: b, door: acs/d2, release: [{on: '9:00', off: '10:00'}]}",
            "doors[1].release[0].on: must be a time",
        ),
        (
            "{id: b, name: b, door: acs/d2, release: [{on: '24:00', off: '24:00'}]}",
            "doors[1].release[0].on: must be a time of day from 00:00 to 23:59",
        ),
        (
            "{id: b, name: b, door: acs/d2, release: [{on: '22:00', off: '24:01'}]}",
            "doors[1].release[0].off: must be a time of day from 00:01 to 24:00",
        ),
        (
            "{id: b, name: b, door: acs/d2, release: [{on: '22:00', off: '06:00'}]}",
            "two entries, the first until 24:00",
        ),
        ("{id: b, name: b, door: acs/d2, release: [{on: '11:00', off: '10:00'}]}", "off must be later than on, 11:00"),
        (
            "{id: b, name: b, door: acs/d2, release: [{days: [], on: '09:00', off: '10:00'}]}",
            "doors[1].release[0].days",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(complaints: Callable[..., list[str]], entry: str, said: str) -> None:
    found = complaints(SITE + f"  - {entry}\n")
    assert any(line.startswith("site:9: ") and said in line for line in found), found


def test_a_camera_is_named_alone_or_with_a_part_of_it(
    complaints: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes: dict[str, type[Driver[Any]]] = {"cameras.one": Plain, "cameras.recorder": DoorBox, "test.doors": DoorBox}
    monkeypatch.setattr(registry, "driver", boxes.__getitem__)
    site = """site: {id: a, name: a}
devices: [{id: acs, driver: test.doors}, {id: cam, driver: cameras.one}, {id: nvr, driver: cameras.recorder}]
doors:
"""
    named = ("cam", "nvr", "nvr/ch2", "cam/left")
    doors = [f"  - {{id: d{n}, name: d, door: acs/d{n}, camera: {camera}}}\n" for n, camera in enumerate(named)]
    found = complaints(site + "".join(doors))
    assert [line.partition("doors")[2] for line in found] == ["[3].camera: cam has no parts: name the camera alone"]


def test_a_dangerous_verb_of_all_doors_cannot_be_allowed_by_mqtt(complaints: Callable[..., list[str]]) -> None:
    allow = "[doors/front/open, doors/zones/hall/resume, doors/zones/hall/evacuate, 'doors/*/lockdown']"
    found = complaints(SITE + f"mqtt: {{url: mqtt://127.0.0.1, allow: {allow}}}\n")
    assert found == [
        "site:9: mqtt.allow[2]: 'evacuate' of all doors is dangerous, and is never done by MQTT",
    ]


@pytest.mark.parametrize(
    ("controller", "front", "back", "told"),
    [
        ("yard", "gate", "gate", True),
        ("gate", "null", "gate", True),
        ("gate", "yard", "gate", False),
        ("yard", "null", "gate", False),
    ],
)
def test_the_zone_of_all_doors_cannot_be_shut_by_mqtt_either(
    complaints: Callable[..., list[str]], controller: str, front: str, back: str, told: bool
) -> None:
    site = f"""site: {{id: a, name: a}}
zones: [{{id: gate, name: a}}, {{id: yard, name: b}}]
devices: [{{id: acs, driver: test.doors, zone: {controller}}}]
mqtt: {{url: mqtt://127.0.0.1, allow: [doors/zones/hall/lockdown, doors/zones/gate/lockdown, doors/zones/gate/resume]}}
doors:
  - {{id: front, name: a, door: acs/d1, zone: {front}}}
  - {{id: back, name: b, door: acs/d2, zone: {back}}}
"""
    indexes = [0, 1] if told else [0]
    said = "'lockdown' of all doors is dangerous, and is never done by MQTT"
    assert complaints(site) == [f"site:4: mqtt.allow[{index}]: {said}" for index in indexes]


def test_it_is_warned_of_controllers_none_of_whose_doors_is_watched(tmp_path: Path) -> None:
    path = tmp_path / "site"
    path.write_text(SITE)
    warnings = [str(warning).replace(f"{path}:", "") for warning in load(path, SECTIONS).warnings]
    assert warnings == ["5: devices[1]: other controls doors, and doors: names none of them: none is watched"]
