"""Finds drivers by entry point, and imports only those that are asked for."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeGuard

from gateway.core.contract import Driver
from gateway.core.errors import GatewayError
from gateway.core.known import listed, maybe

BROKEN = (ImportError, AttributeError, SyntaxError, NameError, TypeError, ValueError, OSError)
"""What reading a package that is broken, or half installed, raises."""
DRIVERS = "hall_gateway.drivers"
TOOLS = "hall_gateway.tools"


@cache
def _found(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}


def driver_names() -> list[str]:
    """The names of all installed drivers, sorted."""
    return sorted(_found(DRIVERS))


def driver(name: str) -> type[Driver[Any]]:
    """The class of a driver. Raises GatewayError with the names that exist, or with what fails to import."""
    loaded: Any = _load(DRIVERS, name, "driver")
    if not _is_driver(loaded):
        raise GatewayError(f"driver {name!r}: its entry point is not a Driver class")
    return loaded


def tool(name: str) -> Any:
    """A function that another package offers under a fixed name, for example `simulate`."""
    return _load(TOOLS, name, "tool")


def _is_driver(loaded: Any) -> TypeGuard[type[Driver[Any]]]:
    return isinstance(loaded, type) and issubclass(loaded, Driver)


def _load(group: str, name: str, what: str) -> Any:
    point = _found(group).get(name)
    if point is None:
        raise GatewayError(
            f"no {what} {name!r:.100}{maybe(name, _found(group))}; installed: {listed(_found(group), 99)}"
        )
    try:
        return point.load()
    except BROKEN as error:
        raise GatewayError(f"{what} {name!r} cannot be loaded: {error}") from error
