"""What people read of the built-in alarms: shipped as YAML beside this module, so that a hall can change every word."""

from pathlib import Path

import msgspec

from gateway.alarms.condition import Words
from gateway.site.positions import read_yaml

BUILT_IN: dict[str, Words] = msgspec.convert(
    read_yaml(Path(__file__).with_name("built_in.yaml")).data, dict[str, Words]
)
"""The words of every built-in alarm, by its name."""
