"""Two gateways of one site push each other off the broker; and what the outlet shows of itself meanwhile."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mosquitto import Mosquitto

from gateway.core.model import Event
from gateway.mqtt import publisher
from gateway.mqtt.publisher import VIEW, MqttOutlet
from gateway.supervisor.context import House
from gateway.supervisor.guard import guard

Until = Callable[[Callable[[], object]], Awaitable[None]]
Make = Callable[..., MqttOutlet]


SAYS_WHY = bytes.fromhex("e001 8e")  # DISCONNECT, session taken over: MQTT 5, 3.14.2.1


def shown(house: House) -> dict[str, Any]:
    return dict(house.hub.views.get(VIEW, {}))


@asynccontextmanager
async def telling(accepted: asyncio.Queue[float]) -> AsyncGenerator[str]:
    """A broker that accepts everybody, and at the first message tells that another has come."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(bytes.fromhex("2003 0000 00"))
        accepted.put_nowait(asyncio.get_running_loop().time())
        await reader.readuntil(b"hall/liandu/gateway")
        writer.write(SAYS_WHY)
        await reader.read(-1)
        writer.close()

    async with await asyncio.start_server(meet, "127.0.0.1", 0) as server:
        yield f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_one_that_is_told_that_it_was_pushed_out_says_so_and_waits(
    make_outlet: Make, house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gateway.mqtt.client.GOODBYE_S", 0.01)
    monkeypatch.setattr(publisher, "TAKEN_OVER_S", 3.0)
    caplog.set_level(logging.WARNING, "gateway")
    accepted: asyncio.Queue[float] = asyncio.Queue()
    async with telling(accepted) as url:
        outlet = make_outlet(url, protocol="5")
        task = asyncio.create_task(guard("mqtt", outlet.run, house.meters, outlet.down))
        try:
            async with asyncio.timeout(20):
                first, second = await accepted.get(), await accepted.get()
        finally:
            task.cancel()
            await asyncio.wait({task})
    assert second - first > 3.0 * 0.75 + 0.75  # the pause, and that of the guard
    assert [record.getMessage() for record in caplog.records] == [
        "mqtt is offline: another client connected by our client id: only one gateway of a site may"
    ]
    assert shown(house)["why"] == "another client connected by our client id: only one gateway of a site may"


async def test_two_that_push_each_other_out_come_to_rest(
    make_outlet: Make,
    house: House,
    mosquitto: Mosquitto,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    until: Until,
) -> None:
    """mosquitto 2.0 does not say why it hangs up."""
    monkeypatch.setattr("gateway.supervisor.guard.FIRST_S", 0.05)
    caplog.set_level(logging.WARNING, "gateway")
    outlets = [make_outlet(mosquitto.url), make_outlet(mosquitto.url)]
    tasks = [asyncio.create_task(guard("mqtt", outlet.run, house.meters)) for outlet in outlets]
    try:
        await until(lambda: "does another gateway of this site run?" in caplog.text)
        before = mosquitto.log().count("as hall-gateway-liandu")
        await asyncio.sleep(0.05)
        assert mosquitto.log().count("as hall-gateway-liandu") - before <= 2
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_the_outlet_shows_how_it_does(
    house: House, make_outlet: Make, mosquitto: Mosquitto, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "LOOK_S", 0.01)
    outlet = make_outlet(mosquitto.url)
    serving = asyncio.create_task(outlet.serve(lambda: None))
    await until(lambda: shown(house))
    since = shown(house)["since"]
    assert shown(house) == {"status": "connecting", "why": None, "version": None, "since": since, "lag_events": 0}
    await house.journal.record("led-03", [Event(type="test", source_key="test/1", payload={})])
    await until(lambda: shown(house)["lag_events"] == 1)
    running = asyncio.create_task(guard("mqtt", outlet.run, house.meters, outlet.down))
    await until(lambda: (shown(house)["status"], shown(house)["version"]) == ("online", "5"))
    assert shown(house)["since"] > since
    await until(lambda: shown(house)["lag_events"] == 0)
    mosquitto.kill()
    await until(lambda: (shown(house)["status"], shown(house)["version"]) == ("offline", None))
    assert "the connection to the broker ended" in shown(house)["why"]
    for task in (serving, running):
        task.cancel()
    await asyncio.wait({serving, running})
