"""Points as metrics: what Prometheus' own parser reads is what the hub knows, whatever a device calls its things."""

import math
import time
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from smallhall import HeldClock

from gateway.core.model import Identity, Part, PartKind, Point, Quality, Reading, Surface
from gateway.hub import DeviceView, Hub
from gateway.web.exposition import AGE, VALUE, Exposition

POINTS = tuple(Point(name, kind, name) for name, kind in (("load", "number"), ("open", "boolean"), ("text", "text")))
SURFACE = Surface(device=PartKind(points=POINTS), kinds={"door": PartKind(points=POINTS[:2])})


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def hub(clock: HeldClock) -> Hub:
    hub = Hub(clock)
    for name in ("ups-1", "ups-2"):
        hub.add(DeviceView(name, "network.ups", zone=None, name=None, surface=SURFACE))
    return hub


def read(exposition: Exposition, device: str | None = None) -> dict[tuple[str, ...], float]:
    """Every sample: its name, and its labels by name."""
    families = text_string_to_metric_families(exposition.render(device).decode())
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in families
        for sample in family.samples
    }


def test_numbers_and_truths_are_series_and_what_is_unknown_is_none(hub: Hub) -> None:
    hub.publish("ups-1", Reading(None, "load", 41.5), Reading(None, "open", True), Reading(None, "text", "ok"))
    assert read(Exposition(hub)) == {
        (VALUE, "ups-1", "", "load"): 41.5,
        (VALUE, "ups-1", "", "open"): 1.0,
        (AGE, "ups-1", ""): 0.0,
    }
    hub.offline("ups-1", "unplugged")
    assert read(Exposition(hub)) == {(AGE, "ups-1", ""): 0.0}


def test_the_age_is_that_of_the_newest_good_reading(hub: Hub, clock: HeldClock) -> None:
    hub.publish("ups-1", Reading(None, "load", 1), Reading(None, "open", False))
    clock.time += timedelta(seconds=30)
    hub.publish("ups-1", Reading(None, "open", True))
    clock.time += timedelta(seconds=5)
    hub.publish("ups-1", Reading(None, "load", None, Quality.BAD))
    assert read(Exposition(hub))[AGE, "ups-1", ""] == 5.0


def test_a_clock_that_is_set_back_makes_no_age_below_zero(hub: Hub, clock: HeldClock) -> None:
    hub.publish("ups-1", Reading(None, "load", 1, at=datetime(2100, 1, 1, tzinfo=UTC)))
    assert read(Exposition(hub))[AGE, "ups-1", ""] == 0.0


def test_one_device_can_be_asked_for(hub: Hub) -> None:
    hub.publish("ups-1", Reading(None, "load", 1))
    hub.publish("ups-2", Reading(None, "load", 2))
    exposition = Exposition(hub)
    assert set(read(exposition, "ups-2")) == {(VALUE, "ups-2", "", "load"), (AGE, "ups-2", "")}
    assert read(exposition, "ups-3") == {}


def test_parts_come_and_go_and_a_device_may_be_another_one_by_now(hub: Hub) -> None:
    exposition = Exposition(hub)
    hub.online("ups-1", Identity(parts=(Part("d1", "door", "Door 1"),)))
    hub.publish("ups-1", Reading("d1", "open", True))
    assert read(exposition)[VALUE, "ups-1", "d1", "open"] == 1.0
    hub.parts("ups-1")
    assert read(exposition) == {}
    hub.remove("ups-1")
    other = Surface(device=PartKind(points=(Point("heat", "number", "heat"),)))
    hub.add(DeviceView("ups-1", "network.ups", zone=None, name=None, surface=other))
    hub.publish("ups-1", Reading(None, "heat", 7))
    assert read(exposition, "ups-1")[VALUE, "ups-1", "", "heat"] == 7.0


@pytest.mark.parametrize("value", [0, -1, 1e300, 5e-324, 10**20, 0.1 + 0.2, math.inf, -math.inf])
def test_every_number_is_read_as_it_was_published(value: float, hub: Hub) -> None:
    hub.publish("ups-1", Reading(None, "load", value))
    assert read(Exposition(hub))[VALUE, "ups-1", "", "load"] == value


def test_ten_thousand_series_hold_nobody_up_for_long() -> None:
    points = tuple(Point(f"p{number}", "number", "a point") for number in range(100))
    hub = Hub(HeldClock())
    for number in range(100):
        hub.add(DeviceView(f"d{number}", "x", zone=None, name=None, surface=Surface(device=PartKind(points=points))))
        hub.publish(f"d{number}", *(Reading(None, point.name, 1.5) for point in points))
    exposition = Exposition(hub)
    assert exposition.render().count(b"\n") == 10_000 + 100 + 4
    started = time.process_time()
    exposition.render()
    assert time.process_time() - started < 0.1  # seconds: ten times what is promised; the figure is in `make bench`
