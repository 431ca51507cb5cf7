"""Names and payloads, without a broker."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from gateway.clock import SystemClock
from gateway.core.model import Identity, Part, PartKind, Point, Quality, Reading, Retention, Surface
from gateway.hub import Change, DeviceView, Hub
from gateway.journal.rows import Row
from gateway.mqtt.topics import Topics

NOON = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
POINTS = PartKind(points=(Point("brightness", "integer", "Brightness", "%"), Point("fault", "boolean", "Out of order")))


@pytest.fixture
def topics() -> Topics:
    return Topics("liandu", "homeassistant")


@pytest.fixture
def hub() -> Hub:
    hub = Hub(SystemClock())
    surface = Surface(device=POINTS, kinds={"region": POINTS, "bare": PartKind()})
    hub.add(DeviceView("led-03", "displays.onbon_k", zone=None, name=None, surface=surface))
    return hub


def row(type_: str, payload: dict[str, Any] | None, *, device: str | None = None, part: str | None = None) -> Row:
    return Row(
        seq=7,
        at=NOON,
        device_at=None,
        clock_offset_s=None,
        device=device,
        part=part,
        type=type_,
        retention=Retention.DEVICE,
        volatile=False,
        payload=payload,
        source_key="k",
        hash=b"",
    )


def told(topics: Topics, hub: Hub, change: Change) -> tuple[str, Any]:
    message = topics.retained(change, hub)
    assert message
    return message[0], json.loads(message[1])


def test_a_state_is_flat_with_the_time_of_its_newest_reading(topics: Topics, hub: Hub) -> None:
    later = datetime(2025, 3, 1, 20, 0, 1, tzinfo=timezone(timedelta(hours=8)))
    hub.publish("led-03", Reading(None, "brightness", 80, at=NOON), Reading(None, "fault", False, at=later))
    assert told(topics, hub, Change("state", "led-03")) == (
        "hall/liandu/dev/led-03/state",
        {"brightness": 80, "fault": False, "at": "2025-03-01T12:00:01Z"},
    )


def test_a_state_names_the_points_that_are_not_good(topics: Topics, hub: Hub) -> None:
    hub.publish("led-03", Reading(None, "fault", True, Quality.UNCERTAIN, NOON), Reading(None, "brightness", 80))
    assert told(topics, hub, Change("state", "led-03"))[1]["bad"] == ["fault"]
    hub.offline("led-03", "gone")
    state = told(topics, hub, Change("state", "led-03"))[1]
    assert (state["brightness"], state["fault"], state["bad"]) == (None, None, ["brightness", "fault"])


def test_a_part_has_its_own_state_which_is_emptied_when_it_is_gone(topics: Topics, hub: Hub) -> None:
    hub.parts("led-03", Part("top", "region", "Top"), Part("plain", "bare", "Plain"))
    hub.publish("led-03", Reading("top", "fault", False), Reading("top", "brightness", 5))
    topic, state = told(topics, hub, Change("state", "led-03", "top"))
    assert (topic, state["brightness"]) == ("hall/liandu/dev/led-03/part/top/state", 5)
    plain = "hall/liandu/dev/led-03/part/plain/state"
    assert topics.retained(Change("state", "led-03", "plain"), hub) == (plain, b"")
    hub.parts("led-03")
    assert topics.retained(Change("state", "led-03", "top"), hub) == (topic, b"")


def test_a_device_is_available_only_while_it_is_online(topics: Topics, hub: Hub) -> None:
    change, topic = Change("availability", "led-03"), "hall/liandu/dev/led-03/availability"
    assert topics.retained(change, hub) == (topic, b"offline")
    hub.online("led-03", Identity())
    assert topics.retained(change, hub) == (topic, b"online")


@pytest.mark.parametrize(
    ("key", "topic"),
    [
        ("windows/w03", "hall/liandu/windows/w03/state"),
        ("doors/front", "hall/liandu/doors/front/state"),
        ("alarms/led-03:offline", "hall/liandu/alarms/led-03:offline"),
        ("alarms/wrong-content.led_03.left", "hall/liandu/alarms/wrong-content.led_03.left"),
        ("journal/anchor", "hall/liandu/journal/anchor"),
    ],
)
def test_what_services_show_is_told_until_it_is_hidden(topics: Topics, hub: Hub, key: str, topic: str) -> None:
    hub.show(key, {"ticket": "A017", "expires_at": NOON})
    assert told(topics, hub, Change("view", key)) == (topic, {"ticket": "A017", "expires_at": "2025-03-01T12:00:00Z"})
    hub.hide(key)
    assert topics.retained(Change("view", key), hub) == (topic, b"")


@pytest.mark.parametrize("key", ["lanes/l1", "outlets/mqtt", "journal/health", "alarms/#", "alarms/ä", "windows"])
def test_other_views_are_not_told(topics: Topics, hub: Hub, key: str) -> None:
    hub.show(key, {"open": True})
    assert topics.retained(Change("view", key), hub) is None


@pytest.mark.parametrize(
    ("topic", "asked"),
    [
        ("hall/liandu/do/led-03/blink", ("led-03", "blink")),
        ("hall/liandu/do/screens/hall/emergency", ("screens/hall", "emergency")),
        ("hall/liandu/do/led-03", None),
        ("hall/liandu/do//blink", None),
        ("hall/liandu/do/led-03/", None),
        ("hall/other/do/led-03/blink", None),
    ],
)
def test_a_command_names_its_target_and_its_verb(topics: Topics, topic: str, asked: tuple[str, str] | None) -> None:
    assert topics.asked(topic) == asked


def test_an_event_is_flat_and_its_payload_cannot_pass_for_its_head(topics: Topics) -> None:
    payload = {"card": "0123", "id": 1, "type": "x", "at": "y", "part": "z"}
    message = topics.recorded(row("door.swipe", payload, device="dc-1", part="door-1"))
    assert message
    assert message[0] == "hall/liandu/dev/dc-1/event"
    assert json.loads(message[1]) == {
        "id": 7,
        "type": "door.swipe",
        "at": "2025-03-01T12:00:00Z",
        "part": "door-1",
        "card": "0123",
    }


@pytest.mark.parametrize("device", [None, "led-03"])
def test_what_happens_to_a_call_goes_to_the_call(topics: Topics, device: str | None) -> None:
    message = topics.recorded(row("call.delivered", {"call_id": "c-1", "status": "acked"}, device=device))
    assert message
    assert message[0] == "hall/liandu/calls/c-1"
    assert json.loads(message[1])["status"] == "acked"


AUDIT = msgspec.structs.replace(
    row("command.requested", {"actor": "boss", "reason": "x"}, device="led-03"), retention=Retention.AUDIT
)


@pytest.mark.parametrize("kept", [AUDIT, row("token.made", {"name": "x"}), row("call.accepted", None)])
def test_the_audit_and_erased_calls_are_not_published(topics: Topics, kept: Row) -> None:
    assert topics.recorded(kept) is None


def test_an_erased_event_of_a_device_keeps_its_place(topics: Topics) -> None:
    message = topics.recorded(row("door.swipe", None, device="dc-1"))
    assert message
    assert json.loads(message[1])["id"] == 7


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        ("queue/answers", True),
        ("hall/liandu/calls/answers", True),
        ("hall/liandu/calls", False),
        ("hall/liandu/gateway", False),
        ("hall/other/calls/c-1", False),
        ("hall/liandu/done/c-1", True),
        ("hall/liandu/do/led-03/show", False),
        ("homeassistant/device/x/config", False),
        ("$SYS/broker", False),
        ("queue/#", False),
        ("queue/+/x", False),
        ("", False),
    ],
)
def test_a_stranger_cannot_make_the_gateway_speak_for_the_hall(topics: Topics, topic: str, *, allowed: bool) -> None:
    assert topics.answerable(topic) is allowed
