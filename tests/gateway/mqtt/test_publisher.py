"""The outlet on a real broker: what is retained, the order of events, and what happens when one of the two dies."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress

import pytest
from mosquitto import Mosquitto

from gateway.core.errors import JournalError
from gateway.core.model import Event, Identity, Part, Reading
from gateway.meters import Meters
from gateway.mqtt import retained
from gateway.mqtt.client import BrokerOffline
from gateway.mqtt.publisher import MqttOutlet
from gateway.supervisor.context import House
from gateway.supervisor.guard import Up, guard

Heard = tuple[str, bool, str, str]
Running = Callable[[MqttOutlet], AbstractAsyncContextManager[None]]
Listen = Callable[[Mosquitto], Callable[[], list[Heard]]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
Make = Callable[..., MqttOutlet]

GATEWAY, DEVICE = "hall/liandu/gateway", "hall/liandu/dev/led-03"
RETAINED = {
    GATEWAY,
    f"{DEVICE}/availability",
    f"{DEVICE}/state",
    f"{DEVICE}/part/top/state",
    "hall/liandu/windows/w03/state",
}


def newest(heard: list[Heard]) -> dict[str, str]:
    return {topic: payload for topic, _, _, payload in heard}


def state(heard: list[Heard]) -> dict[str, object]:
    found: dict[str, object] = json.loads(newest(heard).get(f"{DEVICE}/state", "{}"))
    return found


def ids(heard: list[Heard]) -> list[int]:
    """What a consumer takes that drops every id which is not above its last."""
    taken = [0]
    for topic, _, _, payload in heard:
        if topic == f"{DEVICE}/event" and (seq := json.loads(payload)["id"]) > taken[-1]:
            taken.append(seq)
    return taken[1:]


async def happen(house: House, numbers: range) -> None:
    for number in numbers:
        await house.journal.record("led-03", [Event(type="test", source_key=f"test/{number}", payload={})])


@pytest.fixture
def outlet(make_outlet: Make, mosquitto: Mosquitto) -> MqttOutlet:
    return make_outlet(mosquitto.url)


@pytest.fixture
def device(house: House) -> House:
    """led-03 is online and has one part."""
    house.hub.online("led-03", Identity(parts=(Part("top", "region", "Top"),)))
    house.hub.publish("led-03", Reading(None, "brightness", 80), Reading("top", "lit", True))
    return house


@pytest.mark.usefixtures("device")
async def test_a_late_listener_finds_everything_that_is_retained(
    outlet: MqttOutlet, mosquitto: Mosquitto, running: Running, listen: Listen, until: Until
) -> None:
    early = listen(mosquitto)
    async with running(outlet):
        await until(lambda: newest(early()).keys() >= RETAINED)
        late = listen(mosquitto)
        await until(lambda: newest(late()).keys() >= RETAINED)
        found = late()
    assert all(retained for _, retained, _, _ in found)
    assert json.loads(newest(found)[GATEWAY]).keys() == {"status", "version", "started_at"}
    assert newest(found)[f"{DEVICE}/availability"] == "online"
    assert json.loads(newest(found)["hall/liandu/windows/w03/state"])["text"] == "矛盾纠纷受理"


async def test_of_many_changes_the_latest_wins(
    house: House, outlet: MqttOutlet, mosquitto: Mosquitto, running: Running, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with running(outlet):
        for value in range(500):
            house.hub.publish("led-03", Reading(None, "brightness", value))
        await until(lambda: state(heard()).get("brightness") == 499)
        assert len([topic for topic, _, _, _ in heard() if topic == f"{DEVICE}/state"]) < 10


async def test_what_does_not_change_is_repeated_as_a_heartbeat(
    house: House,
    outlet: MqttOutlet,
    mosquitto: Mosquitto,
    running: Running,
    listen: Listen,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retained, "HEARTBEAT_S", 0.05)
    heard = listen(mosquitto)
    async with running(outlet):
        await until(lambda: [topic for topic, _, _, _ in heard()].count(f"{DEVICE}/state") > 3)


async def test_a_clean_stop_says_goodbye(
    outlet: MqttOutlet, mosquitto: Mosquitto, running: Running, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with running(outlet):
        await until(lambda: GATEWAY in newest(heard()))
    await until(lambda: newest(heard())[GATEWAY] == '{"status":"offline"}')
    await until(lambda: "Client hall-gateway-liandu disconnected" in mosquitto.log())


@pytest.mark.usefixtures("device")
async def test_a_broker_that_forgot_everything_is_told_again(
    outlet: MqttOutlet, mosquitto: Mosquitto, running: Running, listen: Listen, until: Until
) -> None:
    async with running(outlet):
        mosquitto.restart()
        heard = listen(mosquitto)
        await until(lambda: newest(heard()).keys() >= RETAINED)


async def test_every_event_arrives_in_order_through_a_killed_broker(
    house: House, outlet: MqttOutlet, mosquitto: Mosquitto, listen: Listen, until: Until
) -> None:
    before = listen(mosquitto)
    happening = asyncio.create_task(happen(house, range(1000)))
    life = asyncio.create_task(outlet.run(lambda: None))
    await until(lambda: len(ids(before())) > 200)
    mosquitto.kill()
    with pytest.raises(BrokerOffline):
        await life
    mosquitto.restart()
    after = listen(mosquitto)
    life = asyncio.create_task(outlet.run(lambda: None))
    await until(lambda: 1000 in ids(after()))
    life.cancel()
    with suppress(asyncio.CancelledError):
        await life
    await happening
    assert 200 < len(ids(before())) < 1000
    assert ids(before() + after()) == list(range(1, 1001))


async def test_a_stop_is_obeyed_even_if_something_fails_meanwhile(
    outlet: MqttOutlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = asyncio.Event()

    async def fails(_link: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise BrokerOffline("lost at the same moment")

    monkeypatch.setattr(outlet, "_events", fails)

    async def run(_up: Up) -> None:
        await outlet.run(connected.set)

    guarded = asyncio.create_task(guard("mqtt", run, Meters()))
    await connected.wait()
    await asyncio.sleep(0)
    guarded.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded


async def test_what_was_acknowledged_is_not_sent_again_by_the_next_run(
    house: House,
    make_outlet: Make,
    mosquitto: Mosquitto,
    running: Running,
    listen: Listen,
    until: Until,
) -> None:
    await happen(house, range(3))
    heard = listen(mosquitto)
    async with running(make_outlet(mosquitto.url)):
        await until(lambda: len(ids(heard())) == 3)
        while True:
            if await house.journal.cursor("outlet/mqtt") == "3":
                break
            await asyncio.sleep(0.01)
    await happen(house, range(3, 5))
    second = listen(mosquitto)
    async with running(make_outlet(mosquitto.url)):
        await until(lambda: ids(second())[-1:] == [5])
    assert ids(second()) == [4, 5]


async def test_what_a_broker_has_not_acknowledged_is_not_taken_for_delivered(
    house: House, outlet: MqttOutlet, mosquitto: Mosquitto, running: Running, until: Until
) -> None:
    def lag() -> float | None:
        return house.meters.registry.get_sample_value("hall_outlet_lag_events", {"outlet": "mqtt"})

    async with running(outlet):
        await until(lambda: lag() == 0)
        mosquitto.hang()
        try:
            await happen(house, range(3))
            await asyncio.sleep(0.3)  # an acknowledgement takes less than a millisecond
            assert (lag(), await house.journal.cursor("outlet/mqtt")) == (3, None)
        finally:
            mosquitto.hang(on=False)
        await until(lambda: lag() == 0)


async def test_tells_how_far_it_is_behind(house: House, outlet: MqttOutlet, running: Running, until: Until) -> None:
    def lag() -> float | None:
        return house.meters.registry.get_sample_value("hall_outlet_lag_events", {"outlet": "mqtt"})

    await happen(house, range(150))
    assert lag() == 150
    async with running(outlet):
        await until(lambda: lag() == 0)


async def test_a_full_store_does_not_stop_what_can_still_be_told(
    house: House,
    outlet: MqttOutlet,
    mosquitto: Mosquitto,
    running: Running,
    listen: Listen,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await happen(house, range(3))
    heard = listen(mosquitto)

    async def full(_name: str, _value: str) -> None:
        raise JournalError("the disk is full")

    monkeypatch.setattr(house.journal, "move", full)
    async with running(outlet):
        await until(lambda: len(ids(heard())) == 3)
        house.hub.publish("led-03", Reading(None, "brightness", 7))
        await until(lambda: state(heard()).get("brightness") == 7)
    assert await house.journal.cursor("outlet/mqtt") is None
