"""Cards on one RS-485 line, on real wires: pseudo-terminals, a serial server, RFC 2217."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hall_contract.hall import hurry, open_house
from serialserver import Bridge

from drivers.displays.onbon_k.config import OnbonKConfig
from drivers.displays.onbon_k.driver import OnbonK
from gateway.core.address import serial_port
from gateway.core.model import Command, Result, Stage
from gateway.hub import Status
from gateway.supervisor.context import House
from gateway.supervisor.guard import guard
from gateway.supervisor.life import Life
from gateway.supervisor.lines import shared_line
from gateway.wire import silence
from simulators.displays.onbon_k.server import OnbonKTwin
from simulators.wires import serve_pty

SPEED = "baud=9600"
PORT = serial_port(f"serial:///dev/ttyS9?{SPEED}")


def config(number: int, **keys: Any) -> OnbonKConfig:
    section = {"id": f"led-{number}", "driver": "displays.onbon_k", "address": "line:bus", "screen": number}
    size = {"model": "6K2", "width": 64, "height": 16, "timeout_s": 2.0, "ping_s": 2.0}
    return OnbonKConfig.model_validate(section | size | keys)


def alone(path: str = "/dev/ttyS9", **keys: Any) -> OnbonKConfig:
    return config(1, address=f"serial://{path}?{SPEED}", **keys)


class Cards:
    """Cards on a line, their lives, and the house they live in."""

    def __init__(self, house: House, configs: Sequence[OnbonKConfig]) -> None:
        self.house = house
        self.twins = {config.id: OnbonKTwin(config) for config in configs}
        self.lives: dict[str, Life] = {}

    async def show(self, name: str, text: str) -> Result:
        now = asyncio.get_running_loop().time()
        command = Command(id=f"c-{now}", verb="show", params={"text": text}, deadline=now + 5, actor="test")
        return await self.lives[name].execute(command)

    async def until(self, *names: str, are: Status = Status.ONLINE, within_s: float = 5.0) -> None:
        async with asyncio.timeout(within_s):
            while not all(self.lives[name].view.status is are for name in names):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)

    def metric(self, name: str, **labels: str) -> float:
        return self.house.meters.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def living(cards: Cards, address: str | None) -> AsyncGenerator[None]:
    """Let the cards live, on a line at an address or, without one, each at its own."""
    house, tasks = cards.house, list[asyncio.Task[None]]()
    if address is not None:
        line = shared_line("bus", address, turnaround_s=0.02, house=house)
        house = house._replace(lines={"bus": line})
        tasks.append(asyncio.create_task(guard("line bus", line.run, house.meters)))
    for name, twin in cards.twins.items():
        life = cards.lives[name] = Life(twin.config, OnbonK, house)
        tasks.append(asyncio.create_task(guard(name, life.run, house.meters, life.down, life.wake)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@asynccontextmanager
async def on_a_pty(folder: Path, *configs: OnbonKConfig) -> AsyncGenerator[tuple[Cards, str]]:
    async with open_house(folder) as house:
        cards = Cards(house, configs)
        async with serve_pty([*cards.twins.values()], PORT) as path:
            yield cards, f"serial://{path}?{SPEED}"


async def test_a_text_for_one_of_four_cards_is_on_that_one(tmp_path: Path) -> None:
    names = [f"led-{screen}" for screen in range(1, 5)]
    async with on_a_pty(tmp_path, *(config(screen) for screen in range(1, 5))) as (cards, address):
        async with living(cards, address):
            await cards.until(*names)
            results = await asyncio.gather(*(cards.show(name, f"A{name}") for name in names))
        assert [result.status for result in results] == [Stage.ACKED] * 4
        assert [cards.twins[name].seen()["text"] for name in names] == [f"A{name}" for name in names]
        for name in names:
            picture = cards.lives[name].driver.picture(None)
            assert picture is not None
            assert picture == cards.twins[name].picture()
        assert cards.house.hub.edges["device/led-1"] == {"line/bus"}
        assert cards.house.hub.views["lines/bus"]["devices"] == names


async def test_a_dead_card_costs_its_neighbours_nothing_but_its_first_try(tmp_path: Path) -> None:
    configs = [config(screen, ping_s=0.5, timeout_s=3.0) for screen in range(1, 5)]
    async with on_a_pty(tmp_path, *configs) as (cards, address):
        cards.twins["led-4"].levers()["mute"]({"on": True})
        async with living(cards, address):
            await cards.until("led-1", "led-2", "led-3")
            await cards.until("led-4", are=Status.OFFLINE)
            await asyncio.sleep(0.5)
            before = cards.metric("hall_line_turns_total", line="bus", priority="poll")
            await asyncio.sleep(4)
            polls = cards.metric("hall_line_turns_total", line="bus", priority="poll") - before
            assert [cards.lives[f"led-{screen}"].view.status for screen in (1, 2, 3)] == [Status.ONLINE] * 3
        assert polls >= 0.95 * 3 * 4 / 0.5


async def test_a_line_that_is_unplugged_and_plugged_in_again_shows_everything_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hurry(monkeypatch)
    link = tmp_path / "tty"
    async with open_house(tmp_path) as house:
        cards = Cards(house, [config(1), config(2)])
        async with AsyncExitStack() as stack:
            wire = await stack.enter_async_context(_plugged(cards, link))
            await stack.enter_async_context(living(cards, f"serial://{link}?{SPEED}"))
            await cards.until("led-1", "led-2")
            for name in cards.lives:
                wishes = cards.lives[name].wishes
                wanted = {"part": None, "verb": "show", "params": {"text": name}, "expires_at": None}
                wishes.want(wishes.plan(**wanted, actor="test", command_id=name))
            await wire.aclose()
            await cards.until("led-1", "led-2", are=Status.OFFLINE)
            assert house.hub.views["lines/bus"]["status"] == "offline"
            for twin in cards.twins.values():
                twin.levers()["silent_reboot"]({})
            await stack.enter_async_context(_plugged(cards, link))
            await cards.until("led-1", "led-2")
            async with asyncio.timeout(3):
                while [twin.seen()["text"] for twin in cards.twins.values()] != [*cards.twins]:  # noqa: ASYNC110 - no event tells
                    await asyncio.sleep(0.01)
    told = [record.getMessage() for record in caplog.records if record.getMessage().startswith("line bus is offline")]
    assert len(told) == 1
    assert "is gone, as when it is unplugged" in told[0]


@asynccontextmanager
async def _plugged(cards: Cards, link: Path) -> AsyncGenerator[AsyncExitStack]:
    """A pseudo-terminal whose name stays, as under /dev/serial/by-id; it can be pulled out before the end."""
    async with AsyncExitStack() as stack:
        path = await stack.enter_async_context(serve_pty([*cards.twins.values()], PORT))
        await asyncio.to_thread(_link, link, path)
        yield stack


def _link(link: Path, path: str) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(path)


@pytest.mark.parametrize("scheme", ["tcp", "rfc2217"])
async def test_a_line_may_be_behind_a_serial_server(tmp_path: Path, scheme: str) -> None:
    async with on_a_pty(tmp_path, config(1), config(2)) as (cards, address):
        path = address.removeprefix("serial://").partition("?")[0]
        with Bridge(path, speaks_2217=scheme == "rfc2217") as server:
            async with living(cards, f"{scheme}://127.0.0.1:{server.port}"):
                await cards.until("led-1", "led-2", within_s=10)
                await cards.show("led-2", "A002")
        assert [twin.seen()["text"] for twin in cards.twins.values()] == ["", "A002"]


@pytest.mark.parametrize("scheme", ["tcp", "rfc2217"])
async def test_a_serial_server_that_has_hung_is_connected_to_anew_and_that_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, scheme: str
) -> None:
    hurry(monkeypatch)
    monkeypatch.setattr(silence, "STALLED_S", 0.5)
    async with on_a_pty(tmp_path, *(config(screen, ping_s=0.5, timeout_s=0.4) for screen in (1, 2))) as (
        cards,
        address,
    ):
        path = address.removeprefix("serial://").partition("?")[0]
        with Bridge(path, speaks_2217=scheme == "rfc2217") as server:
            async with living(cards, f"{scheme}://127.0.0.1:{server.port}"):
                await cards.until("led-1", "led-2", within_s=10)
                server.hang()
                await cards.until("led-1", "led-2", are=Status.OFFLINE, within_s=10)
                await cards.until("led-1", "led-2", within_s=10)
                await cards.show("led-2", "A002")
    assert cards.twins["led-2"].seen()["text"] == "A002"
    assert [message for message in caplog.messages if message.startswith("line bus is offline")] == [
        "line bus is offline: nobody on it has answered for 0.5 s: it is opened anew, once"
    ]


async def test_a_card_may_be_alone_on_a_serial_port_without_a_number(tmp_path: Path) -> None:
    twin = OnbonKTwin(alone(screen=65534))
    async with open_house(tmp_path) as house, serve_pty([twin], PORT) as path:
        cards = Cards(house, [alone(path, screen=65534)])
        async with living(cards, None):
            await cards.until("led-1")
            await cards.show("led-1", "A001")
    assert twin.seen()["text"] == "A001"


async def test_a_late_answer_of_a_card_alone_on_its_port_does_not_answer_the_next_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    twin = OnbonKTwin(alone(timeout_s=0.4))
    async with open_house(tmp_path) as house, serve_pty([twin], PORT) as path:
        cards = Cards(house, [alone(path, timeout_s=0.4)])
        async with living(cards, None):
            await cards.until("led-1")
            twin.levers()["late"]({"seconds": 0.55})
            assert (await cards.show("led-1", "A001")).status is Stage.OFFLINE
            await cards.until("led-1", are=Status.OFFLINE)
            await cards.until("led-1")
            twin.levers()["nack"]({"count": 1, "code": 25})
            assert (await cards.show("led-1", "A002")).status is Stage.REJECTED
