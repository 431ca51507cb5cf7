"""Habits of the source that no linter of ours knows."""

import re
from pathlib import Path

HOUSE = Path(__file__).parents[2]
PRODUCT = [path for package in ("gateway", "drivers", "simulators") for path in (HOUSE / package).rglob("*.py")]
EVERYTHING = [*PRODUCT, *(HOUSE / "tests").rglob("*.py")]
VAGUE = {"common", "helper", "helpers", "manager", "misc", "util", "utils"}
LINES = 250
SUPPRESSION = re.compile(r"# (?:noqa|type: ignore|pyright: ignore)\b(?P<rest>.*)")
WITH_REASON = re.compile(r"(?:: [A-Z0-9, ]+ -|\[[a-zA-Z, -]+\](?: -|  #)) \S.+")


def test_every_module_is_named_by_its_subject() -> None:
    names = {(path, name) for path in PRODUCT for name in (path.stem, path.parent.name)}
    assert {path for path, name in names if name in VAGUE} == set()


def test_no_file_of_the_product_is_long() -> None:
    assert {path: n for path in PRODUCT if (n := len(path.read_text().splitlines())) > LINES} == {}


def test_every_suppression_is_narrow_and_gives_its_reason() -> None:
    assert WITH_REASON.fullmatch(": BLE001 - a bug stops one device")
    assert not WITH_REASON.fullmatch("[arg-type]")
    bare = [
        f"{path.relative_to(HOUSE)}: {found[0]}"
        for path in EVERYTHING
        if path != Path(__file__)
        for found in SUPPRESSION.finditer(path.read_text())
        if not WITH_REASON.fullmatch(found["rest"])
    ]
    assert bare == []


def test_no_folder_of_tests_is_a_package() -> None:
    assert list((HOUSE / "tests").rglob("__init__.py")) == []  # tests/drivers would shadow drivers
