"""A whole site of simulated boxes, and the levers by HTTP."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from hall_testdriver.beacon_twin import BeaconTwin
from hall_testdriver.config import BeaconConfig
from ruamel.yaml import YAML

from drivers.displays.ledsender.codec import Packet as LedPacket
from drivers.displays.ledsender.config import LedSenderConfig
from drivers.displays.onbon_k import codec
from drivers.displays.onbon_k.config import OnbonKConfig
from gateway import registry
from gateway.core.errors import NotSupported
from gateway.core.twin import Twin
from gateway.site.load import SiteError
from gateway.wire.opening import open_wire
from simulators.control import ROUTES
from simulators.displays.ledsender.server import LedSenderTwin
from simulators.displays.onbon_k.server import OnbonKTwin
from simulators.serve import serve_all, twin_type, write_overlay
from simulators.site import Addresses, _on_a_bus, real_port, served
from simulators.world import StepConfig, World


def led(
    name: str, address: str = "tcp://10.8.1.13:5005", driver: str = "displays.onbon_k", screen: int = 65534
) -> OnbonKConfig:
    return OnbonKConfig(id=name, driver=driver, address=address, model="6K2", width=64, height=16, screen=screen)


def every_box() -> list[Twin[Any]]:
    """A simulated box of every driver of this repository, as in its sample."""
    yaml: Any = YAML(typ="safe")  # untyped
    samples = Path(__file__).parents[2].glob("drivers/*/*/sample.yaml")
    sections: list[dict[str, Any]] = [yaml.load(path)["devices"][0] for path in samples]
    types = [(registry.driver(section["driver"]), section) for section in sections]
    return [twin_type(section["driver"])(kind.config_type.model_validate(section)) for kind, section in types]


def over_udp() -> LedSenderTwin:
    section = {"id": "led-01", "driver": "displays.ledsender", "address": "udp://10.8.1.13:6666"}
    return LedSenderTwin(LedSenderConfig.model_validate(section | {"width": 64, "height": 16}))


def devices(overlay: Path) -> dict[str, dict[str, str]]:
    yaml: Any = YAML(typ="safe")  # untyped
    sections: dict[str, dict[str, str]] = yaml.load(overlay)["devices"]
    return sections


@asynccontextmanager
async def serving(overlay: Path, *names: str) -> AsyncGenerator[tuple[str, dict[str, str]]]:
    """The URL of the levers and the addresses of the overlay."""
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    configs = [led(name) for name in names]
    task = asyncio.create_task(serve_all(configs, overlay=overlay, control_port=0, ready=url.set_result, port=0))
    ready_or_failed: set[asyncio.Future[Any]] = {task, url}
    await asyncio.wait(ready_or_failed, return_when=asyncio.FIRST_COMPLETED, timeout=5)
    try:
        yield url.result(), {name: section["address"] for name, section in devices(overlay).items()}
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_every_device_listens_on_an_address_of_its_own(tmp_path: Path) -> None:
    async with serving(tmp_path / "site.sim.yaml", "led-01", "on", "7") as (_, addresses):
        hosts = {name: urlsplit(address).hostname for name, address in addresses.items()}
        assert hosts == {"led-01": "127.77.0.1", "on": "127.77.0.2", "7": "127.77.0.3"}
        for address in addresses.values():
            reader, writer = await asyncio.open_connection(urlsplit(address).hostname, urlsplit(address).port)
            writer.write(codec.Request(command=codec.PING).wire(codec.ANY_SCREEN))
            assert await asyncio.wait_for(reader.read(8), 2) == b"\xa5" * 8
            writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(urlsplit(addresses["on"]).hostname, urlsplit(addresses["on"]).port)


async def test_a_box_that_is_asked_over_udp_is_served_over_udp() -> None:
    async with served({"led-01": over_udp()}, [], base="127.77.0.1", port=0) as found:
        address = found.devices["led-01"]
        assert address.startswith("udp://127.77.0.1:")
        async with open_wire(address) as link:
            ask = LedPacket(command=9, card=0).wire(checked=False)
            assert (await link.exchange(ask, lambda data: data, 1.0))[1:3] == b"\x03\0"


async def test_a_line_is_one_wire_for_all_its_devices(tmp_path: Path) -> None:
    cards = [led(f"led-{screen}", "line:bus", screen=screen) for screen in (1, 2)]
    lines = [("bus", "serial:///dev/ttyUSB0?baud=115200"), ("far", "tcp://10.0.0.5:4001")]
    twins = {card.id: OnbonKTwin(card) for card in cards}
    async with served(twins, lines, base="127.77.0.1", port=0) as addresses:
        assert not addresses.devices
        assert list(addresses.lines) == ["bus", "far"]
        assert re.fullmatch(r"tcp://127\.77\.0\.2:\d+", addresses.lines["far"])
        assert re.fullmatch(r"serial:///dev/pts/\d+\?baud=115200", addresses.lines["bus"])
        async with open_wire(addresses.lines["bus"]) as wire:
            for card in cards:
                ping = codec.Request(command=codec.PING).wire(card.screen)
                answer = await wire.exchange(ping, lambda data: data, 1.0)
                assert answer.startswith(b"\xa5")
                await asyncio.sleep(0.02)
        write_overlay(tmp_path / "o.yaml", addresses)
    yaml: Any = YAML(typ="safe")  # untyped
    assert yaml.load(tmp_path / "o.yaml") == {
        "lines": {name: {"address": address} for name, address in addresses.lines.items()}
    }


async def test_a_world_that_pulls_a_lever_which_the_wire_does_not_have_is_refused(tmp_path: Path) -> None:
    world = tmp_path / "world.yaml"
    world.write_text("steps: [{at: '09:00', lever: half_open, of: led-1}]")
    lines, overlay = [("bus", "serial:///dev/ttyUSB0")], tmp_path / "o.yaml"
    cards = [led("led-1", "line:bus", screen=1)]
    with pytest.raises(SiteError, match=r"world\.yaml:1: steps\[0\]\.lever: led-1 has no lever 'half_open'; it has: "):
        await serve_all(cards, overlay=overlay, control_port=0, ready=print, port=0, lines=lines, world=world)


def test_a_box_that_cannot_be_on_a_line_is_named() -> None:
    twin = BeaconTwin(BeaconConfig(id="b", driver="test.beacon", inlet="http:b"))
    with pytest.raises(NotSupported, match=r"^b: the simulator of test\.beacon cannot be on a serial line$"):
        _on_a_bus(twin)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("GET", "/devices/led-09", None, 404, "no simulated device led-09"),
        ("POST", "/devices/led-01/levers/nack", b'{"count": -1}', 400, "count: must be at least 0"),
        ("POST", "/devices/led-01/levers/nack", b"[]", 400, "must be an object, not a list"),
        ("POST", "/devices/led-01/levers/nack", b"{", 400, "body is not JSON: it ends too early"),
        ("POST", "/levers", b'{"target": "door-*", "lever": "mute"}', 404, "no simulated device matches door-*"),
        ("POST", "/levers", b'{"lever": "mute"}', 400, "target is missing"),
        (
            "GET",
            "/devices/led-01?until=text",
            None,
            400,
            "until: 'text' must be PATH==VALUE, such as text==A012 or runs.0.colour==red",
        ),
        (
            "GET",
            "/devices/led-01?until=on==true&within_s=601",
            None,
            400,
            "within_s: must be at most 600",
        ),
        (
            "GET",
            "/devices/led-01?within=1",
            None,
            400,
            "unknown key 'within' (did you mean 'within_s'?); allowed: within_s",
        ),
        (
            "GET",
            "/devices/led-01?until=on==true&until=runs.0.text==A1&within_s=0.02",
            None,
            409,
            "not within 0.02 s: runs.0.text is null, not A1",
        ),
    ],
)
async def test_mistakes_are_answered_in_one_sentence(
    tmp_path: Path, method: str, path: str, body: bytes | None, status: int, text: str
) -> None:
    async with serving(tmp_path / "o.yaml", "led-01") as (url, _), aiohttp.ClientSession(url) as http:
        answer = await http.request(method, path, data=body)
        assert (answer.status, await answer.text()) == (status, text)


async def test_an_unknown_lever_is_answered_with_those_that_there_are(tmp_path: Path) -> None:
    async with serving(tmp_path / "o.yaml", "led-01") as (url, _), aiohttp.ClientSession(url) as http:
        answer = await http.post("/devices/led-01/levers/swipe")
        assert answer.status == 404
        assert (
            "corrupt, cut, duplicate, garbage, half_open, heal, late, loss, mute, nack, pieces" in await answer.text()
        )


async def test_levers_are_pulled_and_their_effect_is_seen(tmp_path: Path) -> None:
    async with serving(tmp_path / "o.yaml", "led-01", "led-02") as (url, _), aiohttp.ClientSession(url) as http:
        listed: list[dict[str, Any]] = await (await http.get("/devices")).json()
        assert [(device["id"], device["driver"]) for device in listed] == [
            ("led-01", "displays.onbon_k"),
            ("led-02", "displays.onbon_k"),
        ]
        assert (await (await http.post("/devices/led-02/levers/silent_reboot")).json())["reboots"] == 1
        seen = [await (await http.get(f"/devices/{device['id']}")).json() for device in listed]
        assert [device["reboots"] for device in seen] == [0, 1]
        picture = await http.get("/devices/led-01/picture.png")
        assert picture.content_type == "image/png"
        assert (await picture.read()).startswith(b"\x89PNG")


async def test_levers_say_what_they_do_and_what_they_take(tmp_path: Path) -> None:
    async with serving(tmp_path / "o.yaml", "led-01") as (url, _), aiohttp.ClientSession(url) as http:
        levers = {each["name"]: each for each in await (await http.get("/devices/led-01/levers")).json()}
        assert levers["mute"]["help"] == "Nothing is answered while `on`."
        assert levers["mute"]["params"]["properties"] == {"on": {"type": "boolean", "default": True}}
        page = await (await http.get("/")).text()
        assert "<title>Simulated devices</title>" in page


async def test_one_lever_is_pulled_of_many_boxes_or_of_none(tmp_path: Path) -> None:
    three = serving(tmp_path / "o.yaml", "led-01", "led-02", "big-01")
    async with three as (url, _), aiohttp.ClientSession(url) as http:
        batch = {"target": "led-*", "lever": "silent_reboot"}
        pulled = await (await http.post("/levers", json=batch)).json()
        assert {name: seen["reboots"] for name, seen in pulled.items()} == {"led-01": 1, "led-02": 1}
        wrong = await http.post("/levers", json={**batch, "params": {"down_s": 1}})
        assert (wrong.status, await wrong.text()) == (400, "unknown key 'down_s'; allowed: none")
        everything = await (await http.get("/seen")).json()
        assert {name: seen["reboots"] for name, seen in everything.items()} == {"led-01": 1, "led-02": 1, "big-01": 0}


async def test_a_state_is_waited_for(tmp_path: Path) -> None:
    async with serving(tmp_path / "o.yaml", "led-01") as (url, _), aiohttp.ClientSession(url) as http:
        waiting = asyncio.create_task(http.get("/devices/led-01", params={"until": "reboots==1", "within_s": "5"}))
        await asyncio.sleep(0.03)
        assert not waiting.done()
        await http.post("/devices/led-01/levers/silent_reboot")
        answer = await waiting
        assert (answer.status, (await answer.json())["reboots"]) == (200, 1)


async def test_a_driver_without_a_simulator_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotSupported, match=r"^driver displays\.none has no simulator$"):
        await serve_all([led("a", driver="displays.none")], overlay=tmp_path / "o", control_port=0, ready=print)


@pytest.mark.parametrize(("address", "port"), [("tcp://h:5005", 5005), ("tcp://h:80", 10080), ("tcp://h:1024", 1024)])
def test_ports_that_need_privileges_are_moved(address: str, port: int) -> None:
    assert real_port(address) == port


def test_the_overlay_keeps_ids_that_yaml_would_take_for_something_else(tmp_path: Path) -> None:
    write_overlay(tmp_path / "o.yaml", Addresses({"on": "tcp://127.77.0.1:1", "1e3": "tcp://127.77.0.2:1"}, {}))
    assert list(devices(tmp_path / "o.yaml")) == ["on", "1e3"]


def test_the_reference_names_every_lever_and_every_route() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "reference", "simulators.md").read_text("utf-8")
    before, day = page.split("## A day in the hall\n")
    day, boxes = day.split("\n## ", 1)
    levers = {lever for box in every_box() for lever in box.levers()}
    assert levers == set(re.findall(r"^\| `([a-z_]+)` \|", before + boxes, re.MULTILINE))
    keys = {
        key for row in re.findall(r"^\| (`[a-z_`, ]+`) \|", day, re.MULTILINE) for key in re.findall("[a-z_]+", row)
    }
    assert keys == {*World.model_fields, *StepConfig.model_fields}
    assert {f"{route.method} {route.path}" for route in ROUTES} == set(
        re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", page, re.MULTILINE)
    )
