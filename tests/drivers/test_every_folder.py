"""The documents in the folder of each driver, and its place in the reference, say what the code says."""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway.core.panel import PanelConfig

HOUSE = Path(__file__).parents[2]
PAGE = (HOUSE / "docs/reference/drivers.md").read_text("utf-8")
OURS = [entry for entry in entry_points(group="hall_gateway.drivers") if entry.module.startswith("drivers.")]


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def yaml(path: Path) -> Any:
    reader: Any = YAML(typ="safe")  # ruamel.yaml has no types here
    return reader.load(path)


@pytest.fixture(params=OURS, ids=lambda entry: entry.name)
def entry(request: pytest.FixtureRequest) -> EntryPoint:
    found: EntryPoint = request.param
    return found


@pytest.fixture
def folder(entry: EntryPoint) -> Path:
    return HOUSE.joinpath(*entry.module.split(".")[:-1])


def test_there_are_drivers_to_look_at() -> None:
    assert {entry.name for entry in OURS} >= {"displays.onbon_dynamic", "displays.onbon_k", "displays.web_screen"}


def test_its_folder_is_its_name(entry: EntryPoint, folder: Path) -> None:
    assert folder == HOUSE.joinpath("drivers", *entry.name.split("."))


def test_the_sample_is_valid_and_quoted_in_the_readme(entry: EntryPoint, folder: Path) -> None:
    for device in yaml(folder / "sample.yaml")["devices"]:
        assert device["driver"] == entry.name
        entry.load().config_type.model_validate(device)
    assert f"```yaml\n{(folder / 'sample.yaml').read_text('utf-8')}```" in (folder / "README.md").read_text("utf-8")


def test_every_rule_of_quality_is_done_or_says_why_not(folder: Path) -> None:
    quality = yaml(folder / "quality.yaml")
    assert list(quality) == ["bronze", "silver", "gold"]
    assert set(quality["bronze"].values()) == {"done"}
    for rule in [rule for rules in quality.values() for rule in rules.values()]:
        what, _, why = rule.partition(", ")
        assert what in {"done", "exempt", "not done"}
        assert why or what != "not done", rule


def test_the_reference_names_every_key_with_its_default_every_verb_and_every_point(
    entry: EntryPoint, folder: Path
) -> None:
    driver = entry.load()
    (device, *_) = yaml(folder / "sample.yaml")["devices"]
    config = driver.config_type.model_validate(device)
    panels = section("All LED screens") if isinstance(config, PanelConfig) else ""
    text = PAGE.partition("\n## ")[0] + panels + section(entry.name)
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `")]
    last = {row[0].strip("| `"): row[-1].strip(" |") for row in rows}
    for name, field in driver.config_type.model_fields.items():
        default = "required" if field.is_required() else "none" if field.default is None else str(field.default)
        assert last[name] == default, name
    surface = driver(config, None).surface()
    for kind in (surface.device, *surface.kinds.values()):
        assert {point.name: point.meaning for point in kind.points}.items() <= last.items()
        assert {verb.name for verb in kind.verbs} | {event.name for event in kind.events} <= set(last)
