"""Drivers are found by entry point; what is wrong with one is one sentence."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from gateway import registry
from gateway.core.contract import Driver
from gateway.core.errors import GatewayError

INSTALLED = {
    "good": "gateway.core.contract:Driver",
    "no-module": "gateway.lost:Driver",
    "no-name": "gateway.core.contract:Lost",
    "no-driver": "gateway.core.contract:Link",
    "no-class": "gateway.core.contract:convert",
    "no-python": "hall_broken:Driver",
}


def test_finds_the_drivers_of_this_distribution() -> None:
    assert "displays.onbon_k" in registry.driver_names()
    assert issubclass(registry.driver("displays.onbon_k"), Driver)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("lost", "no driver 'lost'; installed: good, no-class, no-driver, no-module, no-name, no-python"),
        ("no-module", "driver 'no-module' cannot be loaded: No module named 'gateway.lost'"),
        ("no-name", "driver 'no-name' cannot be loaded: module 'gateway.core.contract' has no attribute 'Lost'"),
        ("no-driver", "driver 'no-driver': its entry point is not a Driver class"),
        ("no-class", "driver 'no-class': its entry point is not a Driver class"),
        ("no-python", "driver 'no-python' cannot be loaded: name 'lost' is not defined"),
    ],
)
def test_says_what_is_wrong_with_a_driver(
    name: str, sentence: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "hall_broken.py").write_text("Driver = lost\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def found(group: str) -> dict[str, EntryPoint]:
        return {name: EntryPoint(name, value, group) for name, value in INSTALLED.items()}

    monkeypatch.setattr(registry, "_found", found)
    assert registry.driver("good") is Driver
    with pytest.raises(GatewayError) as caught:
        registry.driver(name)
    assert str(caught.value) == sentence
