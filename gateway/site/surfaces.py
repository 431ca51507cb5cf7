"""What the devices of a site file offer, found without running them."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import ValidationError

from gateway import registry
from gateway.core.config import DeviceConfig
from gateway.core.contract import DeviceContext
from gateway.core.errors import GatewayError
from gateway.core.model import Surface
from gateway.site.references import rows


class Surfaces:
    """The surface of every device of a site file as it is written, by id; each is found once, when it is asked for."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._sections = {id_: row for row in reversed(rows(data, "devices")) if isinstance(id_ := row.get("id"), str)}
        self._found: dict[str, Surface | None] = {}

    def __contains__(self, device: object) -> bool:
        return device in self._sections

    @property
    def devices(self) -> list[str]:
        """The ids of all devices."""
        return [*self._sections]

    def driver(self, device: str) -> str:
        """What its own section names as its driver; empty where it names none."""
        return str(self._sections.get(device, {}).get("driver") or "")

    def of(self, device: str) -> Surface | None:
        """What a device offers; None where its own section is wrong, which is said already."""
        if device not in self._found:
            config = _config(self._sections.get(device, {}))
            self._found[device] = None if config is None else surface(config)
        return self._found[device]

    def doors(self, device: str) -> Sequence[str] | None:
        """The parts of a device that are doors, as its own section tells them; None where it does not."""
        config = _config(self._sections.get(device, {}))
        return None if config is None else config.door_ids


def surface(config: DeviceConfig) -> Surface:
    """What a device offers, by its section. Raises GatewayError where its driver cannot be loaded."""
    driver = registry.driver(config.driver)
    return driver(config, cast(DeviceContext, None)).surface()  # pure, and asks nothing of its context: the contract


def _config(section: Mapping[str, Any]) -> DeviceConfig | None:
    try:
        return registry.driver(str(section.get("driver"))).config_type.model_validate(dict(section))
    except (GatewayError, ValidationError):
        return None
