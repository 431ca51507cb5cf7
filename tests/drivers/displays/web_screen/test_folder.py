"""The folder's own documents say what the code says."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from drivers.displays.web_screen.config import WebScreenConfig
from drivers.displays.web_screen.driver import WebScreen
from gateway.core.config import DeviceConfig

HOUSE = Path(__file__).parents[4]
FOLDER = HOUSE / "drivers/displays/web_screen"
PAGE = (HOUSE / "docs/reference/drivers.md").read_text()
REFERENCE = PAGE.partition("\n## displays.web_screen\n")[2].partition("\n## ")[0]
SECTION = {"id": "tv", "driver": "displays.web_screen"}


def yaml(name: str) -> Any:
    reader: Any = YAML(typ="safe")  # ruamel.yaml has no types here
    return reader.load(FOLDER / name)


def test_is_found_by_its_name() -> None:
    (entry,) = entry_points(group="hall_gateway.drivers", name="displays.web_screen")
    assert entry.load() is WebScreen


def test_the_sample_is_valid_and_quoted_in_the_readme() -> None:
    (section,) = yaml("sample.yaml")["devices"]
    assert WebScreenConfig.model_validate(section).hide_after_min == 5
    sample = (FOLDER / "sample.yaml").read_text()
    assert f"```yaml\n{sample}```" in (FOLDER / "README.md").read_text()


def test_every_rule_of_quality_is_done_or_says_why_not() -> None:
    quality = yaml("quality.yaml")
    assert list(quality) == ["bronze", "silver", "gold"]
    assert set(quality["bronze"].values()) == {"done"}
    rules = {rule.split(",")[0] for part in quality.values() for rule in part.values()}
    assert rules == {"done", "exempt", "not done"}


def test_the_reference_names_every_key_with_its_default_every_verb_and_every_point() -> None:
    rows = [line.split(" | ") for line in REFERENCE.splitlines() if line.startswith("| `")]
    last = {row[0].strip("| `"): row[-1].strip(" |") for row in rows}
    own = WebScreenConfig.model_fields.keys() - DeviceConfig.model_fields.keys()
    assert {name: str(WebScreenConfig.model_fields[name].default) for name in own}.items() <= last.items()
    context: Any = None
    device = WebScreen(WebScreenConfig.model_validate(SECTION), context).surface().device
    assert {point.name: point.meaning for point in device.points}.items() <= last.items()
    assert {verb.name for verb in device.verbs} <= set(last)


@pytest.mark.parametrize(
    ("key", "value"),
    [("beat_s", 0), ("beat_s", 11), ("hide_after_min", 0), ("hide_after_min", 1441), ("adress", "x")],
)
def test_a_section_with_a_mistake_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        WebScreenConfig.model_validate({**SECTION, key: value})
    assert [error["loc"] for error in refusal.value.errors()] == [(key,)]


def test_a_screen_is_silent_after_two_beats_and_a_bit() -> None:
    context: Any = None
    assert WebScreen(WebScreenConfig.model_validate(SECTION), context).surface().silent_after_s == 12
