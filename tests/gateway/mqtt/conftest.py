"""A hall with one device and one window, its real journal, and a stranger who listens to the broker."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from child import Child, program
from mosquitto import Mosquitto
from stores import stores

from gateway.calls.config import CallsConfig, WindowConfig
from gateway.calls.service import Calls
from gateway.clock import SystemClock
from gateway.commands import Commands
from gateway.core.model import PartKind, Point, Surface
from gateway.hub import DeviceView, Hub
from gateway.journal.journal import open_journal
from gateway.meters import Meters
from gateway.mqtt.publisher import MqttOutlet
from gateway.site.model import MqttConfig
from gateway.supervisor.context import House
from gateway.supervisor.guard import Up, guard
from gateway.wire.inlet import Inlets

LIMIT_S = 20.0
Heard = tuple[str, bool, str, str]  # topic, retained, correlation data, payload
PANEL = PartKind(points=(Point("brightness", "integer", "Brightness", "%"), Point("fault", "boolean", "Out of order")))
REGION = PartKind(points=(Point("lit", "boolean", "Shows something"),))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[House]:
    clock = SystemClock()
    url, anchors = stores.url(tmp_path), tmp_path / "anchors.jsonl"
    async with open_journal(url, site="liandu", key=bytes(32), clock=clock, anchors=anchors) as journal:
        house = House(Hub(clock), journal, Inlets(), clock, Meters())
        surface = Surface(device=PANEL, kinds={"region": REGION})
        house.hub.add(DeviceView("led-03", "displays.onbon_k", zone=None, name=None, surface=surface))
        yield house


@pytest.fixture
async def calls(house: House) -> Calls:
    window = WindowConfig.model_construct(id="w03", label="3号窗口", function="矛盾纠纷受理", screens=[])
    calls = Calls([window], CallsConfig(), zone=ZoneInfo("Asia/Shanghai"), lives={}, house=house)
    await calls.restore([])
    return calls


@pytest.fixture
def make_outlet(house: House, calls: Calls) -> Callable[..., MqttOutlet]:
    def make(url: str, **options: object) -> MqttOutlet:
        config = MqttConfig.model_validate({"url": url, **options})
        commands = Commands({}, house)
        return MqttOutlet(config, site="liandu", version="0.1.0", house=house, calls=calls, commands=commands)

    return make


@pytest.fixture
def running(house: House) -> Callable[[MqttOutlet], AbstractAsyncContextManager[None]]:
    """Run an outlet as the gateway does; inside it is connected, leaving is a clean stop."""

    @asynccontextmanager
    async def run(outlet: MqttOutlet) -> AsyncGenerator[None]:
        connected = asyncio.Event()

        async def body(up: Up) -> None:
            def met() -> None:
                up()
                connected.set()

            await outlet.run(met)

        task = asyncio.create_task(guard("mqtt", body, house.meters))
        try:
            async with asyncio.timeout(LIMIT_S):
                await connected.wait()
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    return run


@pytest.fixture
def listen(tmp_path: Path) -> Generator[Callable[[Mosquitto], Callable[[], list[Heard]]]]:
    """Start a mosquitto_sub on everything; gives a function that tells what it has heard so far.

    QoS 0: so that a killed broker has told us everything it acknowledged, and keeps nothing back in its memory.
    """
    with ExitStack() as stack:

        def start(broker: Mosquitto) -> Callable[[], list[Heard]]:
            log = Path(tempfile.mkstemp(dir=tmp_path)[1])
            where = ["-h", "127.0.0.1", "-p", str(broker.port), "-V", "5", "-q", "0", "-t", "#"]
            child = Child([program("stdbuf"), "-oL", program("mosquitto_sub"), *where, "-d", "-F", "%t|%r|%D|%p"], log)
            stack.callback(child.kill)
            child.until(lambda: "Subscribed" in log.read_text())
            return lambda: _heard(log.read_text())

        yield start


def _heard(text: str) -> list[Heard]:
    """What came on its first connection: a later one is another consumer's story."""
    lines = "".join(text.split("sending CONNECT")[:2]).splitlines()
    found = [line.split("|", 3) for line in lines if line.startswith(("hall/", "homeassistant/", "reply/"))]
    return [(topic, retained == "1", correlation, payload) for topic, retained, correlation, payload in found]


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Wait until something is so."""

    async def wait(so: Callable[[], object]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while True:
                if so():
                    return
                await asyncio.sleep(0.01)

    return wait
