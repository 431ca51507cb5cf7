"""What stands retained at the broker is ours and true, also after a gateway that had no time to clear up."""

import asyncio
import logging
import subprocess
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any

import pytest
from child import program
from mosquitto import Mosquitto

from gateway.core.errors import JournalError
from gateway.core.model import Identity, Part, PartKind, Point, Reading, Surface
from gateway.hub import DeviceView
from gateway.mqtt.client import Link
from gateway.mqtt.publisher import MqttOutlet
from gateway.supervisor.context import House

Heard = tuple[str, bool, str, str]
Running = Callable[[MqttOutlet], AbstractAsyncContextManager[None]]
Listen = Callable[[Mosquitto], Callable[[], list[Heard]]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
Make = Callable[..., MqttOutlet]

DEVICE = "hall/liandu/dev/led-03"
OTHER = "hall/liandu/dev/led-04"
PART = f"{DEVICE}/part/top/state"
WINDOW = "hall/liandu/windows/w03/state"
ALARM = "hall/liandu/alarms/led-03:offline"


def standing(broker: Mosquitto) -> set[str]:
    """What a fresh subscriber finds; it has all once it finds what it asks for last."""
    end, where = "zz/end", ["-h", "127.0.0.1", "-p", str(broker.port)]
    subprocess.run([program("mosquitto_pub"), *where, "-t", end, "-m", "x", "-r", "-q", "1"], check=True, timeout=10)
    command = [
        program("mosquitto_sub"),
        *where,
        "-t",
        "hall/#",
        "-t",
        "homeassistant/#",
        "-t",
        "ha/#",
        "-t",
        end,
        "-F",
        "%t %l",
    ]
    with subprocess.Popen([program("stdbuf"), "-oL", *command, "-W", "10"], stdout=subprocess.PIPE, text=True) as sub:
        assert sub.stdout is not None
        lines = list(iter(lambda: sub.stdout.readline().strip() if sub.stdout else "", f"{end} 1"))
        sub.kill()
    return {line.split()[0] for line in lines}


async def seen(broker: Mosquitto) -> set[str]:
    return await asyncio.to_thread(standing, broker)


def add(house: House, device: str) -> None:
    panel = PartKind(points=(Point("brightness", "integer", "Brightness", "%"),))
    house.hub.add(DeviceView(device, "displays.onbon_k", zone=None, name=None, surface=Surface(device=panel)))


@pytest.fixture
def hall(house: House) -> House:
    """led-03 has a part, led-04 has none, and an alarm is on."""
    house.hub.online("led-03", Identity(parts=(Part("top", "region", "Top"),)))
    add(house, "led-04")
    house.hub.show("alarms/led-03:offline", {"state": "active"})
    return house


async def eventually(so: Callable[[], Awaitable[object]]) -> None:
    """Wait until something that must be asked for is so."""
    async with asyncio.timeout(20):
        while not await so():  # noqa: ASYNC110 - what is asked knows no event
            await asyncio.sleep(0.01)


async def settled(house: House, *topics: str) -> None:
    """Wait until the store says that these stand at the broker, among others."""

    async def so() -> bool:
        return set(topics) <= await house.journal.retained()

    await eventually(so)


async def settled_on(house: House, topics: set[str]) -> None:
    """Wait until the store says that these stand at the broker, and no others."""

    async def so() -> bool:
        return topics == await house.journal.retained()

    await eventually(so)


async def shown(broker: Mosquitto, topics: int) -> None:
    """Wait until so many topics stand at the broker."""

    async def so() -> bool:
        return len(await seen(broker)) >= topics

    await eventually(so)


async def test_every_topic_is_noted_before_it_is_first_published(
    hall: House, make_outlet: Make, mosquitto: Mosquitto, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, missing = Link.send, list[str]()

    async def watched(self: Link, topic: str, payload: bytes, **options: Any) -> Any:
        if options.get("retain") and topic not in await hall.journal.retained():
            missing.append(topic)
        return await send(self, topic, payload, **options)

    monkeypatch.setattr(Link, "send", watched)
    async with running(make_outlet(mosquitto.url)):
        hall.hub.parts("led-03", Part("top", "region", "Top"), Part("foot", "region", "Foot"))
        hall.hub.show("alarms/late", {"state": "active"})
        await settled(hall, f"{DEVICE}/part/foot/state", "hall/liandu/alarms/late")
    assert set(missing) == {"hall/liandu/gateway"}  # always ours: nobody ever has to empty it


async def test_a_start_takes_one_commit_however_many_topics_there_are(
    house: House, make_outlet: Make, mosquitto: Mosquitto, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    retain, commits = house.journal.retain, list[set[str]]()

    async def counted(topics: Iterable[str], **more: Any) -> None:
        commits.append(set(topics))
        await retain(commits[-1], **more)

    monkeypatch.setattr(house.journal, "retain", counted)
    for number in range(300):
        add(house, f"box-{number}")
    async with running(make_outlet(mosquitto.url)):
        await settled(house, "hall/liandu/dev/box-299/state")
    assert [len(topics) for topics in commits] == [603]


async def test_what_goes_while_we_run_is_emptied_and_forgotten(
    hall: House, make_outlet: Make, mosquitto: Mosquitto, running: Running
) -> None:
    async with running(make_outlet(mosquitto.url)):
        await settled_on(
            hall,
            {
                f"{DEVICE}/availability",
                f"{DEVICE}/state",
                PART,
                f"{OTHER}/availability",
                f"{OTHER}/state",
                ALARM,
                WINDOW,
            },
        )
        hall.hub.remove("led-04")
        hall.hub.parts("led-03")
        hall.hub.hide("alarms/led-03:offline")
        kept = {f"{DEVICE}/availability", f"{DEVICE}/state", WINDOW}
        await settled_on(hall, kept)
        assert await seen(mosquitto) == kept | {"hall/liandu/gateway"}


async def test_what_went_while_nobody_ran_is_emptied_by_the_next_gateway(
    hall: House, make_outlet: Make, mosquitto: Mosquitto, running: Running, listen: Listen, until: Until
) -> None:
    async with running(make_outlet(mosquitto.url)):
        await shown(mosquitto, 8)
    hall.hub.remove("led-04")
    hall.hub.parts("led-03")
    hall.hub.hide("alarms/led-03:offline")
    hall.hub.hide("windows/w03")
    heard = listen(mosquitto)
    async with running(make_outlet(mosquitto.url)):
        await settled_on(hall, {f"{DEVICE}/availability", f"{DEVICE}/state"})
        assert await seen(mosquitto) == {f"{DEVICE}/availability", f"{DEVICE}/state", "hall/liandu/gateway"}
        await until(lambda: (ALARM, False, "", "") in heard())


@pytest.mark.parametrize("step", ["before a note", "after a note", "before it is emptied", "after it is emptied"])
async def test_a_gateway_killed_at_any_step_leaves_nothing_that_the_next_does_not_find(
    hall: House, make_outlet: Make, mosquitto: Mosquitto, running: Running, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Nothing more of a gateway runs once it reached the step: as after kill -9, but the store is ours to look at."""
    retain, reached = hall.journal.retain, asyncio.Event()

    async def dies() -> None:
        reached.set()
        await asyncio.Event().wait()

    async def retaining(topics: Iterable[str], *, emptied: Iterable[str] = ()) -> None:
        topics = list(topics)
        if step == "before a note" and ALARM in topics:
            await dies()
        if step == "after it is emptied" and ALARM in emptied:
            await dies()
        await retain(topics, emptied=emptied)
        if step == "after a note" and ALARM in topics:
            await dies()

    async def sending(self: Link, topic: str, payload: bytes, **options: Any) -> Any:
        if step == "before it is emptied" and (topic, payload) == (ALARM, b""):
            await dies()
        return await send(self, topic, payload, **options)

    send = Link.send
    hall.hub.hide("alarms/led-03:offline")
    with monkeypatch.context() as patched:
        patched.setattr(hall.journal, "retain", retaining)
        patched.setattr(Link, "send", sending)
        life = asyncio.create_task(make_outlet(mosquitto.url).run(lambda: None))
        hall.hub.show("alarms/led-03:offline", {"state": "active"})
        if "emptied" in step:
            await shown(mosquitto, 8)
            hall.hub.hide("alarms/led-03:offline")
        async with asyncio.timeout(10):
            await reached.wait()
        life.cancel()
        with suppress(asyncio.CancelledError):
            await life
    hall.hub.hide("alarms/led-03:offline")

    async def gone() -> bool:
        return ALARM not in await hall.journal.retained() | await seen(mosquitto)

    async with running(make_outlet(mosquitto.url)):
        await eventually(gone)


async def test_a_part_that_comes_back_at_once_is_told_again(
    hall: House, make_outlet: Make, mosquitto: Mosquitto, running: Running, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)

    def said() -> list[str]:
        return [payload for topic, _, _, payload in heard() if topic == PART]

    async with running(make_outlet(mosquitto.url)):
        await until(said)
        hall.hub.parts("led-03")
        await until(lambda: said()[-1] == "")
        hall.hub.parts("led-03", Part("top", "region", "Top"))
        hall.hub.publish("led-03", Reading("top", "lit", value=True))
        await until(lambda: '"lit":true' in said()[-1])
        await settled(hall, PART)


async def test_an_alarm_is_told_although_the_store_is_full_and_is_noted_later(
    hall: House,
    make_outlet: Make,
    mosquitto: Mosquitto,
    running: Running,
    listen: Listen,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard, full = listen(mosquitto), "hall/liandu/alarms/store:full"

    async def refuse(_topics: Iterable[str], **_: Any) -> None:
        raise JournalError("the disk is full")

    async with running(make_outlet(mosquitto.url)):
        await settled(hall, PART)
        with monkeypatch.context() as patched:
            patched.setattr(hall.journal, "retain", refuse)
            hall.hub.show("alarms/store:full", {"state": "active"})
            await until(lambda: [topic for topic, _, _, _ in heard() if topic == full])
        assert full not in await hall.journal.retained()
        hall.hub.show("alarms/next", {"state": "active"})
        await settled(hall, full)


@pytest.fixture
def strict(tmp_path: Path) -> Generator[Mosquitto]:
    """A broker that takes nothing below homeassistant/."""
    rules = tmp_path / "rules"
    rules.write_text("topic readwrite hall/#\n")
    with Mosquitto(f"acl_file {rules}") as running:
        yield running


async def test_a_topic_that_we_may_not_empty_is_said_and_does_not_end_the_connection(
    hall: House, make_outlet: Make, strict: Mosquitto, running: Running, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    left = "homeassistant/device/hall-liandu/led-99/config"
    await hall.journal.retain([left])
    caplog.set_level(logging.WARNING, "gateway")
    async with running(make_outlet(strict.url)):
        await until(lambda: f"does not let us empty {left}" in caplog.text)
        await settled(hall, PART)
    assert "is offline" not in caplog.text
    assert left in await hall.journal.retained()


async def test_an_alarm_does_not_wait_behind_a_flood_of_states(
    hall: House,
    make_outlet: Make,
    mosquitto: Mosquitto,
    running: Running,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broker takes one message after the other: then the order in which they are handed over is all that counts."""
    send, order = Link.send, list[str]()

    async def noted(self: Link, topic: str, payload: bytes, **options: Any) -> Any:
        sent = await send(self, topic, payload, **options)
        order.append(topic)
        return sent

    for number in range(1000):
        add(hall, f"box-{number}")
    async with running(make_outlet(mosquitto.url)):
        await shown(mosquitto, 2008)
        monkeypatch.setattr(Link, "send", noted)
        for number in range(1000):
            hall.hub.publish(f"box-{number}", Reading(None, "brightness", number))
        hall.hub.show("alarms/next", {"state": "active"})
        await until(lambda: len(order) >= 1001)
    assert order.index("hall/liandu/alarms/next") < 200


async def test_home_assistant_is_told_while_it_is_wanted_and_of_what_there_is(
    hall: House, make_outlet: Make, mosquitto: Mosquitto, running: Running, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    topics = {f"homeassistant/device/hall-liandu/{device}/config" for device in ("led-03", "led-04")}
    async with running(make_outlet(mosquitto.url, discovery="homeassistant")):
        await settled(hall, *topics)
        await shown(mosquitto, 10)
        assert topics <= await seen(mosquitto)
        hall.hub.remove("led-04")
        await until(lambda: (max(topics), False, "", "") in heard())
    async with running(make_outlet(mosquitto.url, discovery="homeassistant", discovery_prefix="ha/test")):
        await settled(hall, "ha/test/device/hall-liandu/led-03/config")
        await until(lambda: (min(topics), False, "", "") in heard())
    async with running(make_outlet(mosquitto.url)):
        await settled_on(hall, {f"{DEVICE}/availability", f"{DEVICE}/state", PART, ALARM, WINDOW})
    assert not [topic for topic in await seen(mosquitto) if not topic.startswith("hall/")]
