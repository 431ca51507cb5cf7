"""Finds the data that comes with the program: in the checkout first, else where the wheel put it."""

import sys
from pathlib import Path

from gateway.core.errors import GatewayError


def shipped(name: str) -> Path:
    """The path of a file of `config/`. Raises GatewayError when it was not installed."""
    checkout = Path(__file__).parents[1] / "config" / name
    installed = Path(sys.prefix) / "share" / "hall-gateway" / name
    for path in (checkout, installed):
        if path.is_file():
            return path
    raise GatewayError(f"{name} is missing: looked at {checkout} and {installed}")
