"""Home Assistant's own opinion: run by the Python of an environment in which it is installed.

Reads a line of JSON for each entity, [platform, configuration, values]; writes one with what Home Assistant's schema
complains of, null for nothing, and what its template makes of each value.
"""

import importlib
import json
import sys
from typing import Any

template: Any = importlib.import_module("homeassistant.helpers.template")
voluptuous: Any = importlib.import_module("voluptuous")


def complaint(platform: str, config: dict[str, Any]) -> str | None:
    module: Any = importlib.import_module(f"homeassistant.components.mqtt.{platform}")
    try:
        taken = module.DISCOVERY_SCHEMA(config)
    except voluptuous.Invalid as error:
        return str(error)
    ignored = sorted(config.keys() - taken.keys())
    return f"ignored: {', '.join(ignored)}" if ignored else None


def rendered(config: dict[str, Any], values: list[Any]) -> list[str]:
    environment = template.TemplateEnvironment(None, False, False, None)
    compiled = environment.from_string(config["value_template"])
    return [compiled.render(value_json=value) for value in values]


for line in sys.stdin:
    platform, config, values = json.loads(line)
    sys.stdout.write(json.dumps([complaint(platform, config), rendered(config, values)]) + "\n")
    sys.stdout.flush()
