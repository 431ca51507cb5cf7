"""LED screens of the four families that have a wire, mixed as in a hall, each on a loopback address of its own."""

import json
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from gateway import registry
from gateway.core.config import DeviceConfig
from gateway.core.model import Command
from gateway.core.panel import PanelDriver

SMALL, LARGE = {"width": 64, "height": 16}, {"width": 192, "height": 64}
MIDDLE = {"width": 128, "height": 32}
FAMILIES: Mapping[str, Mapping[str, Any]] = {
    "onbon_k": {"driver": "displays.onbon_k", "model": "6K2", "address": "tcp://{host}:5005"},
    "onbon_dynamic": {"driver": "displays.onbon_dynamic", "model": "BX-6E1", "address": "tcp://{host}:5005"},
    "ledsender": {"driver": "displays.ledsender", "address": "udp://{host}:6666"},
    "huidu": {"driver": "displays.huidu", "address": "tcp://{host}:10001"},
}
MIX = ("onbon_k", "onbon_dynamic", "onbon_k", "ledsender", "huidu")
"""The families of any five screens that stand side by side."""
FUNCTION = "综合受理"
SHOWN = "请{ticket}到{label}"

Section = dict[str, Any]


def fleet(count: int, base: str) -> list[Section]:
    """The sections of the site file for so many screens, on `base` and the addresses behind it."""
    return [section(MIX[number % len(MIX)], number, base, MIDDLE) for number in range(count)]


def section(family: str, number: int, base: str, more: Mapping[str, Any]) -> Section:
    """One of them, of the size and with what else `more` says."""
    keys = FAMILIES[family]
    address = keys["address"].format(host=IPv4Address(base) + number)
    return {**keys, **more, "id": f"{family}-{number:03d}", "address": address}


def window(number: int) -> str:
    """The id of the window below a screen."""
    return f"w{number:03d}"


def config(screen: Section) -> DeviceConfig:
    """The section as its driver reads it."""
    return registry.driver(screen["driver"]).config_type.model_validate(screen)


def driver(screen: Section, context: Any) -> PanelDriver[Any]:
    """What drives it."""
    made = registry.driver(screen["driver"])(config(screen), context)
    assert isinstance(made, PanelDriver)
    return made


def show(id_: str, text: str, *, attention: bool) -> Command:
    """What a driver is given for a text."""
    params = {"text": text, "colour": "red", "attention": attention}
    return Command(id=id_, verb="show", params=params, deadline=float("inf"), actor="bench")


def write_site(folder: Path, screens: Sequence[Section], port: int) -> Path:
    """A site file with a window below each screen. JSON is YAML."""
    (folder / "journal.key").write_text("6b" * 32)
    windows = [
        {"id": window(number), "label": f"{number + 1}号窗口", "function": FUNCTION, "screens": [screen["id"]]}
        for number, screen in enumerate(screens)
    ]
    site = {
        "site": {"id": "bench", "name": "bench"},
        "store": {"url": "sqlite:///hall.db", "key": {"file": "journal.key"}},
        "http": {"console": f"127.0.0.1:{port}"},
        "calls": {"show": SHOWN},
        "devices": screens,
        "windows": windows,
    }
    (folder / "site.yaml").write_text(json.dumps(site, ensure_ascii=False), encoding="utf-8")
    return folder / "site.yaml"
