"""The hub: the latest wins, nothing waits, and nothing stale is shown."""

import asyncio
import re
from datetime import UTC, datetime

import pytest

from gateway.clock import SystemClock
from gateway.core.model import Identity, Part, PartKind, Point, Quality, Reading, Surface
from gateway.hub import Change, DeviceView, Hub, Status

DOOR = PartKind(points=(Point("open", "boolean", "whether it stands open"),))
LAMP = PartKind(points=(Point("percent", "integer", "how bright it is"),))
DEVICE = PartKind(points=(Point("heat", "number", "how warm it is"), Point("fan", "boolean", "whether it turns")))
D1, L1 = Part("d1", "door", "Door 1"), Part("l1", "lamp", "Lamp 1")
OWN, AVAILABILITY, ITSELF = Change("state", "box"), Change("availability", "box"), Change("device", "box")


@pytest.fixture
def hub() -> Hub:
    made = Hub(SystemClock())
    surface = Surface(device=DEVICE, kinds={"door": DOOR, "lamp": LAMP})
    made.add(DeviceView("box", "test.box", zone=None, name=None, surface=surface))
    return made


def points(hub: Hub, part: str | None = None) -> dict[str, tuple[object, Quality]]:
    return {name: (held.now.value, held.now.quality) for name, held in hub.devices["box"].points[part].items()}


def heat(value: float) -> Reading:
    return Reading(None, "heat", value)


def test_every_declared_point_is_unknown_at_first(hub: Hub) -> None:
    assert points(hub) == {"heat": (None, Quality.BAD), "fan": (None, Quality.BAD)}
    assert hub.devices["box"].status is Status.CONNECTING


def test_the_latest_reading_wins_and_bears_its_time(hub: Hub) -> None:
    then = datetime(2026, 1, 1, tzinfo=UTC)
    hub.publish("box", heat(20), Reading(None, "heat", 21.5, at=then))
    held = hub.devices["box"].points[None]["heat"]
    assert (held.now.value, held.now.at) == (21.5, then)
    hub.publish("box", heat(22))
    at = hub.devices["box"].points[None]["heat"].now.at
    assert at is not None
    assert abs((datetime.now(UTC) - at).total_seconds()) < 60


def test_going_offline_makes_every_point_bad_and_remembers_the_last_good_ones(hub: Hub) -> None:
    hub.online("box", Identity(parts=(D1,)))
    hub.publish("box", heat(20), Reading("d1", "open", value=True))
    hub.offline("box", "it hung up")
    view = hub.devices["box"]
    assert points(hub) | points(hub, "d1") == dict.fromkeys(("heat", "fan", "open"), (None, Quality.BAD))
    last_good = view.points["d1"]["open"].last_good
    assert last_good is not None
    assert last_good.value is True
    assert view.points[None]["fan"].last_good is None
    assert (view.status, view.why, set(view.parts)) == (Status.OFFLINE, "it hung up", {"d1"})


def test_coming_back_takes_the_reason_away_but_brings_no_old_value_back(hub: Hub) -> None:
    hub.online("box", Identity())
    hub.publish("box", heat(20))
    hub.offline("box", "it hung up")
    hub.online("box", Identity(model="B7"))
    assert points(hub)["heat"] == (None, Quality.BAD)
    assert (hub.devices["box"].why, hub.devices["box"].identity.model) == (None, "B7")


def test_an_uncertain_reading_is_shown_but_not_kept_as_good(hub: Hub) -> None:
    hub.publish("box", heat(20), Reading(None, "heat", 99, Quality.UNCERTAIN))
    held = hub.devices["box"].points[None]["heat"]
    assert (held.now.value, held.last_good and held.last_good.value) == (99, 20)


def test_parts_that_are_gone_take_their_points_with_them_and_others_keep_theirs(hub: Hub) -> None:
    hub.parts("box", D1, L1)
    hub.publish("box", Reading("d1", "open", value=True), Reading("l1", "percent", 40))
    hub.parts("box", L1)
    assert set(hub.devices["box"].points) == {None, "l1"}
    assert points(hub, "l1") == {"percent": (40, Quality.GOOD)}
    hub.parts("box", L1, D1)
    assert points(hub, "d1") == {"open": (None, Quality.BAD)}


def test_a_part_that_has_become_another_kind_has_the_points_of_that_kind_only(hub: Hub) -> None:
    hub.parts("box", Part("x1", "door", "X"))
    hub.parts("box", Part("x1", "lamp", "X"))
    assert set(points(hub, "x1")) == {"percent"}


@pytest.mark.parametrize(
    ("reading", "sentence"),
    [
        (
            Reading(None, "haet", 20),
            "point 'haet' of part None is not declared by surface(); declared: heat, fan",
        ),
        (Reading("d9", "open", value=True), "part 'd9' was not told; box told: none"),
    ],
)
def test_what_was_not_declared_is_a_bug_of_its_driver(hub: Hub, reading: Reading, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        hub.publish("box", reading)


async def test_a_new_subscriber_hears_of_everything_there_is(hub: Hub) -> None:
    hub.parts("box", D1)
    hub.show("windows/w01", {"ticket": "A001"})
    with hub.subscribe() as everything, hub.subscribe(everything=False) as later:
        first = [AVAILABILITY, ITSELF, OWN, OWN._replace(part="d1"), Change("view", "windows/w01")]
        assert await everything.take() == first
        hub.publish("box", heat(20))
        assert await later.take() == [OWN]


async def test_only_what_changes_is_a_change(hub: Hub) -> None:
    with hub.subscribe(everything=False) as changes:
        hub.publish("box", heat(20))
        assert await changes.take() == [OWN]
        hub.publish("box", heat(20))
        hub.show("windows/w01", {"ticket": "A001"})
        assert await changes.take() == [Change("view", "windows/w01")]
        hub.show("windows/w01", {"ticket": "A001"})
        hub.offline("box", "it hung up")
        hub.offline("box", "no route")
        assert await changes.take() == [OWN, AVAILABILITY]
        assert hub.devices["box"].why == "no route"


async def test_a_view_that_is_hidden_is_a_change_once(hub: Hub) -> None:
    hub.show("alarms/led-1", {"state": "active"})
    with hub.subscribe(everything=False) as changes:
        hub.hide("alarms/led-1")
        assert (await changes.take(), hub.views) == ([Change("view", "alarms/led-1")], {})
        hub.hide("alarms/led-1")
        hub.publish("box", heat(20))
        assert await changes.take() == [OWN]


async def test_a_subscriber_that_is_slow_is_owed_one_change_for_each_thing(hub: Hub) -> None:
    with hub.subscribe(everything=False) as slow:
        for value in range(10_000):
            hub.publish("box", heat(value), Reading(None, "fan", value % 2 == 0))
            hub.show("windows/w01", {"ticket": value})
        assert await slow.take() == [OWN, Change("view", "windows/w01")]
    assert points(hub)["heat"] == (9_999, Quality.GOOD)


async def test_one_who_waits_is_woken_and_one_who_has_left_is_not_told(hub: Hub) -> None:
    with hub.subscribe(everything=False) as changes:
        waiting = asyncio.create_task(changes.take())
        await asyncio.sleep(0)
        hub.publish("box", heat(20))
        assert await waiting == [OWN]
    hub.publish("box", heat(21))
    waiting = asyncio.create_task(changes.take())
    done, _ = await asyncio.wait({waiting}, timeout=0.01)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert not done


def test_edges_are_kept_once_and_forgotten_together(hub: Hub) -> None:
    for parent in ("device/switch", "line/rs485-a", "device/switch"):
        hub.depend("device/box", parent)
    assert hub.edges == {"device/box": {"device/switch", "line/rs485-a"}}
    hub.release("device/box")
    hub.release("device/box")
    assert hub.edges == {}


async def test_one_who_asks_for_some_kinds_hears_of_no_other(hub: Hub) -> None:
    hub.show("windows/w01", {"ticket": "A001"})
    with hub.subscribe("availability", "view") as urgent:
        assert await urgent.take() == [AVAILABILITY, Change("view", "windows/w01")]
        hub.publish("box", heat(20))
        hub.offline("box", "it hung up")
        assert await urgent.take() == [AVAILABILITY]


async def test_who_takes_one_at_a_time_gets_the_oldest_and_each_once(hub: Hub) -> None:
    with hub.subscribe(everything=False) as changes:
        hub.publish("box", heat(20))
        hub.show("windows/w01", {"ticket": "A001"})
        hub.publish("box", heat(21))
        assert list(changes.waiting()) == [OWN, Change("view", "windows/w01")]
        assert await changes.next() == OWN
        hub.publish("box", heat(22))
        assert [await changes.next(), await changes.next()] == [Change("view", "windows/w01"), OWN]
        assert list(changes.waiting()) == []


async def test_what_a_device_is_changes_when_it_comes_and_when_its_parts_do(hub: Hub) -> None:
    with hub.subscribe("device", everything=False) as changes:
        hub.online("box", Identity(model="B7", parts=(D1,)))
        assert await changes.take() == [ITSELF]
        hub.parts("box", D1)
        hub.publish("box", heat(20))
        assert list(changes.waiting()) == []
        hub.parts("box", D1, L1)
        assert await changes.take() == [ITSELF]


async def test_a_device_that_is_removed_is_gone_with_all_it_had(hub: Hub) -> None:
    hub.parts("box", D1)
    with hub.subscribe(everything=False) as changes:
        hub.remove("box")
        assert await changes.take() == [AVAILABILITY, ITSELF, OWN, OWN._replace(part="d1")]
    assert list(hub.everything()) == []


async def test_a_number_within_its_deadband_is_kept_but_is_no_change() -> None:
    hub = Hub(SystemClock())
    heat_point = Point("heat", "number", "how warm it is", deadband=0.5)
    surface = Surface(device=PartKind(points=(heat_point,)))
    hub.add(DeviceView("box", "test.box", zone=None, name=None, surface=surface))
    told = 0
    with hub.subscribe("state", everything=False) as changes:
        for value in (20, 20.2, 20.4, 20.5, 20.1, 19.9, None, 19.9):
            hub.publish("box", heat(value) if value else Reading(None, "heat", None, Quality.BAD))
            assert points(hub)["heat"][0] == value
            while changes.waiting():
                told += len(await changes.take())
    assert told == 5
