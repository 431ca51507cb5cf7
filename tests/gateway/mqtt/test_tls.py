"""TLS with a real broker: who is trusted, and what is said where nobody can be."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path

import pytest
from authority import Authority, Certificate
from child import Child, free_port, program
from mosquitto import Mosquitto

from gateway.core.errors import AuthFailed
from gateway.core.model import Reading
from gateway.mqtt.broker import Broker
from gateway.mqtt.client import BrokerOffline
from gateway.mqtt.publisher import MqttOutlet
from gateway.site.model import MqttConfig
from gateway.supervisor.context import House

Heard = tuple[str, bool, str, str]
Running = Callable[[MqttOutlet], AbstractAsyncContextManager[None]]
Listen = Callable[[Mosquitto], Callable[[], list[Heard]]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
Make = Callable[..., MqttOutlet]
Serve = Callable[..., tuple[Mosquitto, str]]
LOCAL = ("DNS:localhost", "IP:127.0.0.1")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def server(authority: Authority) -> Certificate:
    return authority.issue("broker", *LOCAL)


@pytest.fixture
def serve(authority: Authority) -> Generator[Serve]:
    """Start a broker with a plain listener and one with TLS; gives it and the url of the latter."""
    with ExitStack() as stack:

        def start(own: Certificate, *options: str, host: str = "127.0.0.1") -> tuple[Mosquitto, str]:
            port = free_port()
            lines = [f"listener {port} 127.0.0.1", f"certfile {own.certificate}", f"keyfile {own.key}"]
            broker = Mosquitto(*lines, f"cafile {authority.ca}", *options)
            return stack.enter_context(broker), f"mqtts://{host}:{port}"

        yield start


@pytest.fixture
def passwords(tmp_path: Path) -> Path:
    path = tmp_path / "passwords"
    path.touch(mode=0o600)
    subprocess.run([program("mosquitto_passwd"), "-b", path, "gateway", "right"], check=True)
    return path


OLD = """
import asyncio, sys
from amqtt.broker import Broker

async def serve(port, certificate, key):
    listener = {"type": "tcp", "bind": f"127.0.0.1:{port}", "ssl": True, "certfile": certificate, "keyfile": key}
    plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    await Broker({"listeners": {"default": listener}, "plugins": plugins}).start()
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(serve(*sys.argv[1:]))
"""


@pytest.fixture
def amqtt(server: Certificate, tmp_path: Path) -> Generator[str]:
    """A broker of 3.1.1, with TLS."""
    port, log = free_port(), tmp_path / "amqtt.log"
    child = Child([sys.executable, "-c", OLD, str(port), str(server.certificate), str(server.key)], log)
    with ExitStack() as stack:
        stack.callback(child.kill)
        child.until(lambda: b"ready" in log.read_bytes())
        yield f"mqtts://127.0.0.1:{port}"


def broker(url: str, **options: object) -> Broker:
    config = MqttConfig.model_validate({"url": url, **options})
    return Broker(config, client_id="hall-gateway-liandu", will=("hall/liandu/gateway", b"lost"))


async def refusal(url: str, **options: object) -> str:
    with pytest.raises(BrokerOffline) as raised:
        async with broker(url, **options).connected():
            pass
    return str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_everything_goes_through_tls(
    authority: Authority,
    server: Certificate,
    serve: Serve,
    house: House,
    make_outlet: Make,
    running: Running,
    listen: Listen,
    until: Until,
    host: str,
    protocol: str,
) -> None:
    plain, url = serve(server, host=host)
    heard = listen(plain)
    async with running(make_outlet(url, ca=str(authority.ca), protocol=protocol)):
        for value in range(300):
            house.hub.publish("led-03", Reading(None, "brightness", value))
            await asyncio.sleep(0)

        def arrived() -> bool:
            states = [payload for topic, _, _, payload in heard() if topic.endswith("led-03/state")]
            return bool(states) and json.loads(states[-1])["brightness"] == 299

        await until(arrived)


async def test_what_tls_has_read_ahead_is_not_left_lying(
    authority: Authority, server: Certificate, serve: Serve
) -> None:
    """One TLS record may carry many messages: the socket is not readable again for the rest of them."""
    _, url = serve(server)
    async with broker(url, ca=str(authority.ca)).connected() as link:
        await link.subscribe("hall/liandu/calls")
        for _ in range(3):
            sent = [await link.send("hall/liandu/calls", b"x" * 50) for _ in range(30)]
            async with asyncio.timeout(5):
                for _ in range(30):
                    link.acknowledge(await link.received.get())
            await link.delivered(sent)


async def test_a_broker_that_nobody_vouches_for_is_not_trusted(
    server: Certificate, serve: Serve, tmp_path: Path
) -> None:
    _, url = serve(server)
    for options in ({}, {"ca": str(Authority(tmp_path / "other", "other CA").ca)}):
        text = await refusal(url, **options)
        assert text.startswith(f"{url}: the broker's certificate is not accepted: ")
        assert text.endswith("; its CA must be in mqtt.ca, or in the system's store")


@pytest.mark.parametrize(("host", "said"), [("127.0.0.1", "IP address mismatch"), ("localhost", "Hostname mismatch")])
async def test_a_broker_of_another_name_is_not_trusted(
    authority: Authority, serve: Serve, host: str, said: str
) -> None:
    _, url = serve(authority.issue("elsewhere", "DNS:broker.example"), host=host)
    text = await refusal(url, ca=str(authority.ca))
    assert said in text
    assert text.endswith("; the url must name the broker as its certificate does")


async def test_a_certificate_that_has_expired_is_not_trusted(authority: Authority, serve: Serve) -> None:
    _, url = serve(authority.issue("old", *LOCAL, days=-1))
    assert "certificate has expired; the broker must get a new one" in await refusal(url, ca=str(authority.ca))


async def test_something_that_speaks_no_tls_is_no_mystery() -> None:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"220 welcome\r\n")
        await reader.read(-1)
        writer.close()

    async with await asyncio.start_server(meet, "127.0.0.1", 0) as server:
        url = f"mqtts://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert await refusal(url) == f"{url}: no TLS: WRONG_VERSION_NUMBER"


async def test_the_gateway_shows_its_own_certificate(authority: Authority, server: Certificate, serve: Serve) -> None:
    _, url = serve(server, "require_certificate true", "use_identity_as_username true")
    own = authority.issue("gateway")
    shown = {"certificate": str(own.certificate), "key": {"file": str(own.key)}}
    async with broker(url, ca=str(authority.ca), **shown).connected() as link:
        await link.delivered([await link.send("hall/liandu/gateway", b"online")])
    assert "mqtt.certificate must name ours" in await refusal(url, ca=str(authority.ca))


async def test_an_old_broker_is_spoken_to_in_3_1_1_through_tls(
    authority: Authority, amqtt: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.mqtt.broker.UNHEARD_S", 0.3)
    async with broker(amqtt, ca=str(authority.ca)).connected() as link:
        await link.delivered([await link.send("hall/liandu/gateway", b"online", retain=True)])
    assert ["does not speak MQTT 5" in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize("protocol", ["auto", "3.1.1"])
async def test_a_password_goes_through_tls_and_a_wrong_one_waits_for_a_person(
    authority: Authority,
    server: Certificate,
    serve: Serve,
    passwords: Path,
    monkeypatch: pytest.MonkeyPatch,
    protocol: str,
) -> None:
    _, url = serve(server, f"password_file {passwords}")
    known = broker(url, ca=str(authority.ca), username="gateway", password={"env": "PASSWORD"}, protocol=protocol)
    monkeypatch.setenv("PASSWORD", "right")
    async with known.connected():
        pass
    monkeypatch.setenv("PASSWORD", "wrong")
    with pytest.raises(AuthFailed):
        async with known.connected():
            pass
