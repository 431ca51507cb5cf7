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
    schema = TypeAdapter(registry.driver(name).config_type).json_schema()
    schema["properties"]["driver"] = {"const": name}
    return schema


def site_schema(sections: Sequence[Section]) -> dict[str, Any]:
    """The schema of the whole file."""
    schema = TypeAdapter(General).json_schema()
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    parts = {section.name: TypeAdapter(section.model).json_schema() for section in sections}
    devices = [driver_schema(name) for name in registry.driver_names()]
    for part in [*parts.values(), *devices]:
        definitions.update(part.pop("$defs", {}))
    own = {"devices": {"type": "array", "items": {"oneOf": devices}}, INCLUDE: INCLUDES}
    schema["properties"] |= parts | own
    named = {"title": "Site file", "description": "The site file of hall-gateway, docs/reference/site-file.md."}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, **named}
