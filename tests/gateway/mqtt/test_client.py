"""Connecting: versions, passwords, brokers that are away, dumb or strict; and the last will."""

import asyncio
import logging
import os
import resource
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from child import Child, free_port, program
from mosquitto import Mosquitto

from gateway.core.errors import AuthFailed
from gateway.mqtt import client
from gateway.mqtt.broker import Broker
from gateway.mqtt.client import WINDOW, BrokerOffline, VersionRefused
from gateway.site.model import MqttConfig

Heard = tuple[str, bool, str, str]
Listen = Callable[[Mosquitto], Callable[[], list[Heard]]]
Until = Callable[[Callable[[], object]], Awaitable[None]]

CONNACK = bytes.fromhex("2003 0000 00")  # MQTT 5, accepted


def broker(url: str, **options: object) -> Broker:
    config = MqttConfig.model_validate({"url": url, **options})
    return Broker(config, client_id="hall-gateway-liandu", will=("hall/liandu/gateway", b"lost"))


@pytest.fixture
def amqtt(tmp_path: Path) -> Generator[str]:
    """The demo's other broker, which speaks 3.1.1 only."""
    port = free_port()
    child = Child([sys.executable, "-m", "gateway.demo.amqtt_broker", str(port)], tmp_path / "amqtt.log")
    with ExitStack() as stack:
        stack.callback(child.kill)
        child.until(lambda: answers(port))
        yield f"mqtt://127.0.0.1:{port}"


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def strict(tmp_path: Path) -> Generator[Mosquitto]:
    """A broker with one user, who may publish on one topic only."""
    passwords, rules = tmp_path / "passwords", tmp_path / "rules"
    subprocess.run([program("mosquitto_passwd"), "-c", "-b", str(passwords), "gateway", "right"], check=True)
    rules.write_text("user gateway\ntopic write hall/liandu/gateway\n")
    with Mosquitto(f"password_file {passwords}", f"acl_file {rules}") as running:
        yield running


@asynccontextmanager
async def dumb(hello: bytes, *, patient: bool = True) -> AsyncGenerator[str]:
    """Something that says one thing, then listens for ever or hangs up."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(hello)
        if patient:
            await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    async with server:
        yield f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(("protocol", "spoken"), [("auto", "p5"), ("5", "p5"), ("3.1.1", "p2")])
async def test_keeps_its_session_in_the_version_that_is_wanted(
    mosquitto: Mosquitto, protocol: str, spoken: str
) -> None:
    async with broker(mosquitto.url, protocol=protocol).connected():
        pass
    assert f"as hall-gateway-liandu ({spoken}, c0, k15)" in mosquitto.log()


async def test_an_old_broker_is_spoken_to_in_3_1_1_with_one_warning(
    amqtt: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.mqtt.broker.UNHEARD_S", 0.2)
    old = broker(amqtt)
    for _ in range(2):
        async with old.connected() as link:
            await link.delivered([await link.send("hall/liandu/gateway", b"online", retain=True)])
            await link.subscribe("hall/liandu/calls")
    (record,) = [record for record in caplog.records if record.name == "gateway"]
    assert (record.levelno, "does not speak MQTT 5" in record.getMessage()) == (logging.WARNING, True)


@pytest.mark.parametrize("refusal", ["2002 0001", "2003 0084 00", ""], ids=["as 3.1.1 does", "as 5 does", "hangs up"])
async def test_an_old_broker_is_not_taken_where_5_is_demanded(refusal: str) -> None:
    async with dumb(bytes.fromhex(refusal), patient=False) as url:
        with pytest.raises(VersionRefused):
            async with broker(url, protocol="5").connected():
                pass


@pytest.mark.parametrize("protocol", ["auto", "3.1.1"])
async def test_a_wrong_password_waits_for_a_person(
    strict: Mosquitto, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD", "wrong")
    known = broker(strict.url, username="gateway", password={"env": "PASSWORD"}, protocol=protocol)
    with pytest.raises(AuthFailed, match="Not authorized"):
        async with known.connected():
            pass
    monkeypatch.setenv("PASSWORD", "right")
    async with known.connected():
        pass


async def test_what_the_broker_does_not_let_us_say_ends_the_connection(
    strict: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD", "right")
    async with broker(strict.url, username="gateway", password={"env": "PASSWORD"}).connected() as link:
        await link.send("hall/liandu/dev/led-03/state", b"{}")
        with pytest.raises(BrokerOffline, match="the broker refuses hall/liandu/dev/led-03/state: Not authorized"):
            await link.lost()


async def test_a_broker_that_is_away_is_named() -> None:
    url = f"mqtt://127.0.0.1:{free_port()}"
    with pytest.raises(BrokerOffline, match=f"{url} cannot be reached: Connection refused"):
        async with broker(url).connected():
            pass


async def test_something_that_is_no_broker_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.mqtt.broker.ACCEPT_S", 0.05)
    monkeypatch.setattr("gateway.mqtt.broker.UNHEARD_S", 0.05)
    for hello in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"):
        async with dumb(hello) as url:
            with pytest.raises(BrokerOffline):
                async with broker(url).connected():
                    pass


async def test_a_broker_that_acknowledges_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_S", 0.05)
    monkeypatch.setattr(client, "GOODBYE_S", 0.05)
    async with dumb(CONNACK) as url, broker(url).connected() as link:
        for _ in range(WINDOW):
            await link.send("hall/liandu/gateway", b"x")
        with pytest.raises(BrokerOffline, match="has not acknowledged"):
            await link.send("hall/liandu/gateway", b"x")


async def test_the_broker_says_the_last_will_of_a_lost_gateway(
    mosquitto: Mosquitto, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with broker(mosquitto.url).connected() as link:
        link.hang_up()
        await until(lambda: heard() == [("hall/liandu/gateway", False, "", "lost")])


async def test_works_beyond_1024_open_files(mosquitto: Mosquitto) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    opened = [os.dup(0) for _ in range(1100)]
    try:
        async with broker(mosquitto.url).connected() as link:
            await link.delivered([await link.send("hall/liandu/gateway", b"online")])
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_flood_that_nobody_takes_ends_the_connection(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MOST_WAITING", 2)
    async with broker(mosquitto.url).connected() as link:
        await link.subscribe("hall/liandu/calls")
        for _ in range(3):
            await link.send("hall/liandu/calls", b"x")
        with pytest.raises(BrokerOffline, match="more than 2 messages wait"):
            await link.lost()


async def test_a_connection_that_is_half_open_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.mqtt.broker.KEEPALIVE_S", 1)
    monkeypatch.setattr(client, "TICK_S", 0.02)
    monkeypatch.setattr(client, "GOODBYE_S", 0.05)
    async with dumb(CONNACK) as url, broker(url).connected() as link:
        with pytest.raises(BrokerOffline, match="Keep alive timeout"):
            await link.lost()
