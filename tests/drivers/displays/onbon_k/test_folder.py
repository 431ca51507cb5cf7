"""The folder's own documents say what the code says."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from drivers.displays.onbon_k.config import X_UNIT_PX, OnbonKConfig
from drivers.displays.onbon_k.driver import OnbonK

HOUSE = Path(__file__).parents[4]
FOLDER = HOUSE / "drivers" / "displays" / "onbon_k"
PAGE = HOUSE.joinpath("docs", "reference", "drivers.md").read_text("utf-8")
REFERENCE = PAGE.partition("\n## displays.onbon_k\n")[2].partition("\n## ")[0]
COMMON = PAGE.partition("\n## ")[0]
SECTION = {
    "id": "led",
    "driver": "displays.onbon_k",
    "address": "tcp://h:5005",
    "model": "5K1",
    "width": 64,
    "height": 16,
}


def yaml(name: str) -> Any:
    reader: Any = YAML(typ="safe")  # ruamel.yaml has no types here
    return reader.load(FOLDER / name)


def test_is_found_by_its_name() -> None:
    (entry,) = entry_points(group="hall_gateway.drivers", name="displays.onbon_k")
    assert entry.load() is OnbonK


def test_the_sample_is_valid_and_quoted_in_the_readme() -> None:
    (section,) = yaml("sample.yaml")["devices"]
    assert OnbonKConfig.model_validate(section).screen == 1
    assert f"```yaml\n{FOLDER.joinpath('sample.yaml').read_text('utf-8')}```" in FOLDER.joinpath("README.md").read_text(
        "utf-8"
    )


def test_every_rule_of_quality_is_done_or_says_why_not() -> None:
    quality = yaml("quality.yaml")
    assert list(quality) == ["bronze", "silver", "gold"]
    assert set(quality["bronze"].values()) == {"done"}
    assert {rule.split(",")[0] for rules in quality.values() for rule in rules.values()} == {
        "done",
        "exempt",
        "not done",
    }


def test_the_reference_names_every_key_with_its_default_every_verb_and_every_point() -> None:
    rows = [line.split(" | ") for line in (COMMON + REFERENCE).splitlines() if line.startswith("| `")]
    last = {row[0].strip("| `"): row[-1].strip(" |") for row in rows}
    for name, field in OnbonKConfig.model_fields.items():
        default = "required" if field.is_required() else "none" if field.default is None else str(field.default)
        assert last[name] == default, name
    context: Any = None
    device = OnbonK(OnbonKConfig.model_validate(SECTION), context).surface().device
    assert {point.name: point.meaning for point in device.points}.items() <= last.items()
    assert {verb.name for verb in device.verbs} <= set(last)
    assert all(f"`{model}`" in REFERENCE for model in X_UNIT_PX)


def test_a_model_says_how_x_is_counted() -> None:
    assert OnbonKConfig.model_validate(SECTION).x_unit_px == 8
    assert OnbonKConfig.model_validate(SECTION | {"model": "6K2"}).x_unit_px == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("width", 8), ("width", 65), ("width", 1032), ("height", 8), ("height", 24), ("height", 144)],
        *[("screen", 0), ("screen", 65535), ("timeout_s", 0), ("timeout_s", 11), ("timeout_s", float("nan"))],
        *[("ping_s", 0.1), ("resend_s", 1), ("model", "7K1"), ("address", "udp://h:5005"), ("wdith", 64)],
    ],
)
def test_a_section_with_a_mistake_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        OnbonKConfig.model_validate(SECTION | {key: value})
    assert [error["loc"] for error in refusal.value.errors()] == [(key,)]
