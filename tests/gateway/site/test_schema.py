"""The JSON Schema and the reference page know every key of the site file."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from gateway import registry
from gateway.core.config import SecretRef
from gateway.core.errors import GatewayError
from gateway.sections import SECTIONS
from gateway.site.load import load
from gateway.site.model import General
from gateway.site.positions import is_list, is_mapping
from gateway.site.schema import driver_schema, site_schema

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
SCHEMA = site_schema(SECTIONS)
SHIPPED = [name for name in registry.driver_names() if not name.startswith("test.")]


def nodes(value: Any) -> Iterable[dict[str, Any]]:
    """Every mapping inside a JSON value."""
    if is_mapping(value):
        yield value
    for inner in value.values() if is_mapping(value) else value if is_list(value) else ():
        yield from nodes(inner)


def keys(schema: dict[str, Any]) -> set[str]:
    """The keys of one mapping."""
    return set(schema["properties"])


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    names = {node["$ref"].removeprefix("#/$defs/") for node in nodes(SCHEMA) if "$ref" in node}
    assert {"SiteInfo", "SecretRef", "windows.WindowConfig"} <= names <= set(SCHEMA["$defs"])


def test_the_schema_is_closed_json() -> None:
    assert json.loads(json.dumps(SCHEMA, allow_nan=False)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    mappings = [node for node in nodes(SCHEMA) if "properties" in node and node.get("type") == "object"]
    assert len(mappings) >= 10
    assert all(node["additionalProperties"] is False for node in mappings)
    assert all(set(node.get("required", ())) <= keys(node) for node in mappings)


def test_the_schema_has_every_section_and_every_driver() -> None:
    sections = {*General.model_fields, "devices", "include", *(section.name for section in SECTIONS)}
    assert keys(SCHEMA) == sections
    drivers = [device["properties"]["driver"]["const"] for device in SCHEMA["properties"]["devices"]["items"]["oneOf"]]
    assert drivers == registry.driver_names()


@pytest.mark.parametrize("name", registry.driver_names())
def test_the_schema_of_a_driver_has_every_key(name: str) -> None:
    assert keys(driver_schema(name)) == set(registry.driver(name).config_type.model_fields)


def test_models_of_one_name_are_told_apart_in_the_schema_of_the_whole_file() -> None:
    named: dict[str, set[str]] = {}
    for name, definition in SCHEMA["$defs"].items():
        if name.endswith(".DoorConfig"):
            named[name] = keys(definition)
    assert named["doors.DoorConfig"] > {"held_s", "camera"}
    assert "number" in named["access.uhppote.DoorConfig"]


def test_a_driver_that_is_not_installed_has_no_schema() -> None:
    with pytest.raises(GatewayError, match=r"^no driver 'displays\.lost'.*; installed: .*displays\.onbon_k"):
        driver_schema("displays.lost")


def documented(page: Path) -> dict[str, set[str]]:
    """The keys in the tables of a page, by heading."""
    sections = re.split(r"(?m)^## ", page.read_text())[1:]
    return {section.split()[0].strip("`:"): set(re.findall(r"(?m)^\| `(\w+)` \|", section)) for section in sections}


def test_the_reference_has_every_key_of_every_section_and_no_other() -> None:
    parts = {**SCHEMA["properties"], "Secrets": SecretRef.model_json_schema()}
    del parts["devices"], parts["include"]
    models = {name: next(node for node in resolved(part) if "properties" in node) for name, part in parts.items()}
    page = documented(REFERENCE / "site-file.md")
    assert {name: page[name] for name in models} == {name: keys(model) for name, model in models.items()}


@pytest.mark.parametrize("name", [name for name in registry.driver_names() if not name.startswith("test.")])
def test_the_reference_has_every_key_of_every_driver(name: str) -> None:
    text = (REFERENCE / "drivers.md").read_text()
    own = text.partition(f"## {name}\n")[2].partition("\n## ")[0]
    common = text.partition("\n## ")[0] + text.partition("## All LED screens\n")[2].partition("\n## ")[0]
    assert [key for key in keys(driver_schema(name)) if f"\n| `{key}` |" not in common + own] == []


def test_the_small_site_of_the_reference_is_right(tmp_path: Path) -> None:
    text = re.findall(r"(?s)```yaml\n(.*?)```", (REFERENCE / "site-file.md").read_text())
    (tmp_path / "site.yaml").write_text(text[0])
    (tmp_path / "sim.yaml").write_text(text[1])
    for secret in ("journal.key", "mqtt.password"):
        (tmp_path / secret).write_text("5e" * 32)
    site = load(tmp_path / "site.yaml", SECTIONS, overlays=[tmp_path / "sim.yaml"])
    assert site.devices[0].model_dump()["address"] == "tcp://127.77.0.1:5005"


def resolved(node: Any) -> Iterable[dict[str, Any]]:
    """Every mapping inside a part of the schema, through its references."""
    for inner in nodes(node):
        yield inner
        if "$ref" in inner:
            yield from resolved(SCHEMA["$defs"][inner["$ref"].removeprefix("#/$defs/")])
