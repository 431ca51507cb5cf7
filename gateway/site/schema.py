"""The JSON Schema of a site file, for editors: general sections, services' sections, every installed driver."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from gateway import registry
from gateway.site.files import INCLUDE
from gateway.site.load import Section
from gateway.site.model import General

INCLUDES = {"type": ["array", "string"], "items": {"type": "string"}, "description": "Further files, by pattern."}


def driver_schema(name: str) -> dict[str, Any]:
    """The schema of one driver's device section. Raises GatewayError for an unknown driver."""
    return _of_driver(name, "#/$defs/{model}")


def site_schema(sections: Sequence[Section]) -> dict[str, Any]:
    """The schema of the whole file."""
    schema = TypeAdapter(General).json_schema()
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    parts = {each.name: TypeAdapter(each.model).json_schema(ref_template=_place(each.name)) for each in sections}
    devices = {name: _of_driver(name, _place(name)) for name in registry.driver_names()}
    for name, part in [*parts.items(), *devices.items()]:
        definitions |= {f"{name}.{model}": each for model, each in part.pop("$defs", {}).items()}
    own = {"devices": {"type": "array", "items": {"oneOf": [*devices.values()]}}, INCLUDE: INCLUDES}
    schema["properties"] |= parts | own
    named = {"title": "Site file", "description": "The site file of hall-gateway, docs/reference/site-file.md."}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, **named}


def _of_driver(name: str, place: str) -> dict[str, Any]:
    schema = TypeAdapter(registry.driver(name).config_type).json_schema(ref_template=place)
    schema["properties"]["driver"] = {"const": name}
    return schema


def _place(part: str) -> str:
    """Where the definitions of a part stand: apart, for doors of a driver are not those of the section `doors`."""
    return f"#/$defs/{part}.{{model}}"
