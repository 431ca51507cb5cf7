"""Every verb of every driver of this repository, and which roles may ask it: written down here, apart from the code."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from gateway import registry
from gateway.core.contract import DeviceContext
from gateway.core.model import Verb
from gateway.core.rights import Right
from gateway.doors.config import DoorConfig
from gateway.doors.targets import DoorTargets
from gateway.people.rights import Principal, Role

HOUSE = Path(__file__).parents[2]
STEERS = {"facilities", "admin"}
OPENS = {"security", "admin"}
DOORS = dict.fromkeys(("open", "set_mode"), OPENS)
CARDS = ("put_card", "delete_card", "delete_cards", "find_card")
RULES = ("set_profile", "clear_profiles", "set_tasks", "set_anti_passback", "set_interlock", "set_keypads")
EXPECTED = {
    "access.hikvision": {**DOORS, "set_clock": STEERS},
    "access.osdp": {**dict.fromkeys(("light", "buzz"), STEERS), **dict.fromkeys(("output", "open"), OPENS)},
    "access.uhppote": {
        **DOORS,
        **dict.fromkeys((*CARDS, *RULES, "restore_defaults", "set_delay", "set_first_card"), OPENS),
        **dict.fromkeys(("count_cards", "find_profile", "set_clock"), STEERS),
    },
    "access.zkteco_push": {**DOORS, "set_clock": STEERS},
    "displays.caller_pad": {},
    "displays.escpos_printer": {},
    "displays.huidu": dict.fromkeys(("show", "power", "brightness", "set_clock"), STEERS),
    "displays.ledsender": dict.fromkeys(("show", "power", "brightness", "set_clock"), STEERS),
    "displays.onbon_dynamic": dict.fromkeys(("show", "power", "brightness", "set_clock", "speak"), STEERS),
    "displays.onbon_k": dict.fromkeys(("show", "power", "brightness", "set_clock", "timer", "speak"), STEERS),
    "displays.web_screen": dict.fromkeys(("board", "show", "power", "identify", "reload", "speak"), STEERS),
}


def verbs(name: str) -> dict[str, Verb]:
    """What a driver offers, for the device of its sample."""
    reader: Any = YAML(typ="safe")  # ruamel.yaml has no types here
    (section, *_) = reader.load(HOUSE.joinpath("drivers", *name.split("."), "sample.yaml"))["devices"]
    driver = registry.driver(name)
    surface = driver(driver.config_type.model_validate(section), cast(DeviceContext, None)).surface()
    return {verb.name: verb for kind in (surface.device, *surface.kinds.values()) for verb in kind.verbs}


def test_every_driver_has_its_line_here() -> None:
    assert set(EXPECTED) == {".".join(path.parts[-3:-1]) for path in HOUSE.glob("drivers/*/*/driver.py")}


@pytest.mark.parametrize("name", EXPECTED)
def test_every_verb_may_be_asked_by_its_roles_and_no_others(name: str) -> None:
    may = {
        verb.name: {role.value for role in Role if Principal("somebody", role).may_ask("any", verb)}
        for verb in verbs(name).values()
    }
    assert may == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_an_outlet_without_a_person_may_ask_what_the_site_allows_and_nothing_dangerous(name: str) -> None:
    for verb in verbs(name).values():
        open_, shut = (Principal("mqtt", None, allows=always) for always in (yes, no))
        assert open_.may_ask("any", verb) == (not verb.dangerous)
        assert not shut.may_ask("any", verb)


LOCKS = {
    "access.hikvision": {"set_mode"},
    "access.uhppote": {"set_mode", "set_first_card", "set_tasks", "set_interlock", "restore_defaults"},
    "access.zkteco_push": {"set_mode"},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_may_lock_a_door_says_so(name: str) -> None:
    assert {verb.name for verb in verbs(name).values() if verb.locks} == LOCKS.get(name, set())


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.startswith("access.")])
def test_whatever_wants_the_right_to_unlock_a_watched_door_is_asked_of_that_door(name: str) -> None:
    door = DoorConfig(id="front", name="正门", door="acs/d1")
    targets = DoorTargets(cast(Any, SimpleNamespace(entrances={"front": SimpleNamespace(config=door)})))
    opening = [verb for verb in verbs(name).values() if verb.right is Right.UNLOCK]
    assert {"open"} <= {verb.name for verb in opening}
    for verb in opening:
        assert "is decided by doors/front" in str(targets.guard("acs", "d1", verb, {}))


def yes(_device: str, _verb: str) -> bool:
    return True


def no(_device: str, _verb: str) -> bool:
    return False
