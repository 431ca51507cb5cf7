"""What Home Assistant is told, judged by its own schemas in an environment of its own (make test installs it)."""

import json
import subprocess
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import SystemClock
from gateway.core.model import Identity, Part, PartKind, Point, Surface
from gateway.hub import DeviceView, Hub
from gateway.mqtt.discovery import CLASSES, Discovery
from gateway.mqtt.topics import Topics

Judge = Callable[..., tuple[str | None, list[str]]]
HOUSE = Path(__file__).parents[3]
PYTHON = HOUSE / ".venv-homeassistant/bin/python"
SHARED = {"availability", "availability_mode", "device", "origin", "qos"}
"""Of what an announcement has beside `components`, Home Assistant hands this to each entity."""
TOPIC = "homeassistant/device/hall-liandu/led-03/config"

PANEL = PartKind(
    points=(
        Point("fault", "boolean", "Out of order"),
        Point("text", "text", "What it shows"),
        Point("lit_percent", "integer", "Brightness", "%"),
        Point("odd 'name\"", "number", "Anything"),
        *(Point(f"of_{number}", "number", "Measured", unit) for number, unit in enumerate(CLASSES)),
    )
)
REGION = PartKind(points=(Point("lit", "boolean", "Shows something"),))


@pytest.fixture
def hub() -> Hub:
    hub = Hub(SystemClock())
    surface = Surface(device=PANEL, kinds={"region": REGION})
    hub.add(DeviceView("led-03", "displays.onbon_k", zone=None, name="3号窗口屏", surface=surface))
    return hub


@pytest.fixture
def discovery() -> Discovery:
    topics = Topics("liandu")
    return Discovery("homeassistant", site="liandu", version="0.1.0", topics=topics)


@pytest.fixture(scope="module")
def judge() -> Generator[Judge]:
    """Ask about one entity: what the schema complains of, and what the template makes of some states."""
    assert PYTHON.exists(), "Home Assistant is not installed: run `make .venv-homeassistant/installed`"
    script = Path(__file__).with_name("homeassistant_judge.py")
    with subprocess.Popen([PYTHON, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        asks, answers = child.stdin, child.stdout
        assert asks
        assert answers

        def ask(config: dict[str, Any], *values: Any) -> tuple[str | None, list[str]]:
            entity = {key: value for key, value in config.items() if key != "platform"}
            asks.write(json.dumps([config["platform"], entity, values]) + "\n")
            asks.flush()
            complaint, rendered = json.loads(answers.readline())
            return complaint, rendered

        yield ask
        asks.close()


def told(discovery: Discovery, hub: Hub) -> dict[str, Any]:
    topic, payload = discovery.message("led-03", hub)
    assert topic == TOPIC
    found: dict[str, Any] = json.loads(payload)
    return found


def entities(announced: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every entity as Home Assistant sees it, what all share included; without those that it is told to remove."""
    shared = {key: value for key, value in announced.items() if key != "components"}
    return {name: shared | entity for name, entity in announced["components"].items() if len(entity) > 1}


def test_home_assistant_takes_every_entity(discovery: Discovery, hub: Hub, judge: Judge) -> None:
    hub.online("led-03", Identity("6K2", "1.3", "77", (Part("top", "region", "上 <b>"), Part("gi0-1", "region", "G"))))
    announced = told(discovery, hub)
    assert announced.keys() == SHARED | {"components"}
    found = entities(announced)
    assert len(found) == len(PANEL.points) + 2
    assert {name: judge(config)[0] for name, config in found.items()} == dict.fromkeys(found)


@pytest.mark.parametrize(
    "wrong",
    [{"device_class": "warmth"}, {"state_topic": "hall/a#"}, {"availability_mode": "both"}, {"colour": "red"}],
    ids=str,
)
def test_home_assistant_would_say_what_it_does_not_take(
    discovery: Discovery, hub: Hub, judge: Judge, wrong: dict[str, str]
) -> None:
    complaint, _ = judge(entities(told(discovery, hub))["of_0"] | wrong)
    assert complaint is not None
    assert next(iter(wrong)) in complaint


@pytest.mark.parametrize(
    ("name", "values", "shown"),
    [
        ("fault", [True, False, None], ["ON", "OFF", "None"]),
        ("text", ["A017", "", None, "长" * 300], ["A017", "", "None", "长" * 255]),
        ("lit_percent", [80, 0, None], ["80", "0", "None"]),
        ("odd 'name\"", [1.5, None], ["1.5", "None"]),
    ],
)
def test_home_assistant_reads_our_states(
    discovery: Discovery, hub: Hub, judge: Judge, name: str, values: list[object], shown: list[str]
) -> None:
    """Home Assistant takes the text `None` as unknown, for sensors as for binary sensors."""
    _, rendered = judge(entities(told(discovery, hub))[name], *({name: value} for value in values))
    assert rendered == shown


def test_an_entity_is_there_only_while_gateway_and_device_are(discovery: Discovery, hub: Hub) -> None:
    announced = told(discovery, hub)
    assert announced["availability"] == [
        {"topic": "hall/liandu/gateway", "value_template": "{{ value_json.status }}"},
        {"topic": "hall/liandu/dev/led-03/availability"},
    ]
    assert announced["availability_mode"] == "all"


def test_names_are_as_given_and_ids_are_unique_among_sites_devices_and_parts(discovery: Discovery, hub: Hub) -> None:
    hub.online("led-03", Identity(parts=(Part("top", "region", "上"),)))
    announced = told(discovery, hub)
    assert announced["device"]["name"] == "3号窗口屏"
    assert announced["components"]["top.lit"]["name"] == "上 Lit"
    assert announced["components"]["top.lit"]["state_topic"] == "hall/liandu/dev/led-03/part/top/state"
    ids = [component["unique_id"] for component in announced["components"].values()]
    assert len(ids) == len(set(ids))
    assert "hall.liandu.led-03.top.lit" in ids


def test_a_part_that_is_gone_is_removed_by_name(discovery: Discovery, hub: Hub) -> None:
    hub.online("led-03", Identity(parts=(Part("top", "region", "Top"),)))
    told(discovery, hub)
    hub.parts("led-03")
    assert told(discovery, hub)["components"]["top.lit"] == {"platform": "binary_sensor"}
    hub.parts("led-03", Part("top", "region", "Top"))
    assert "unique_id" in told(discovery, hub)["components"]["top.lit"]


def test_a_device_that_is_gone_is_emptied(discovery: Discovery, hub: Hub) -> None:
    hub.remove("led-03")
    assert discovery.message("led-03", hub) == (TOPIC, b"")


def test_a_device_without_points_is_not_announced(discovery: Discovery, hub: Hub) -> None:
    hub.add(DeviceView("led-03", "displays.onbon_k", zone=None, name=None, surface=Surface()))
    assert discovery.message("led-03", hub) == (TOPIC, b"")
