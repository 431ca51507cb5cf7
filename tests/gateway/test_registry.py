"""Drivers are found by entry point; what is wrong with one is one sentence."""

from importlib.metadata import EntryPoint

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
}


def test_finds_the_drivers_of_this_distribution() -> None:
    assert "displays.onbon_k" in registry.driver_names()
    assert issubclass(registry.driver("displays.onbon_k"), Driver)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("lost", "no driver 'lost'; installed: good, no-class, no-driver, no-module, no-name"),
        ("no-module", "driver 'no-module' cannot be loaded: No module named 'gateway.lost'"),
        ("no-name", "driver 'no-name' cannot be loaded: module 'gateway.core.contract' has no attribute 'Lost'"),
        ("no-driver", "driver 'no-driver': its entry point is not a Driver class"),
        ("no-class", "driver 'no-class': its entry point is not a Driver class"),
    ],
)
def test_says_what_is_wrong_with_a_driver(name: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(group: str) -> dict[str, EntryPoint]:
        return {name: EntryPoint(name, value, group) for name, value in INSTALLED.items()}

    monkeypatch.setattr(registry, "_found", found)
    assert registry.driver("good") is Driver
    with pytest.raises(GatewayError) as caught:
        registry.driver(name)
    assert str(caught.value) == sentence
