"""Cards on one RS-485 line and alone on a port, at 9600 baud on pseudo-terminals."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hall_contract.hall import hurry, open_house

from drivers.displays.ledsender.config import LedSenderConfig
from drivers.displays.ledsender.driver import LedSender
from gateway.core.address import serial_port
from gateway.core.model import Command, Result, Stage
from gateway.hub import Status
from gateway.supervisor.guard import guard
from gateway.supervisor.life import Life
from gateway.supervisor.lines import shared_line
from simulators.displays.ledsender.server import LedSenderTwin
from simulators.wires import serve_pty

SPEED = "baud=9600"
PORT = serial_port(f"serial:///dev/ttyS9?{SPEED}")
Cards = Mapping[str, tuple[LedSenderTwin, Life]]


def config(card: int, address: str = "line:bus", **keys: Any) -> LedSenderConfig:
    section = {"id": f"led-{card}", "driver": "displays.ledsender", "address": address, "card": card}
    size = {"width": 64, "height": 16, "timeout_s": 2.0, "ping_s": 2.0}
    return LedSenderConfig.model_validate(section | size | keys)


@asynccontextmanager
async def living(folder: Path, *configs: LedSenderConfig, alone: bool = False) -> AsyncGenerator[Cards]:
    """Cards and their lives: all on one line, or one that is alone on its port."""
    twins = [LedSenderTwin(config) for config in configs]
    async with open_house(folder) as house, serve_pty(twins, PORT) as path:
        address, tasks = f"serial://{path}?{SPEED}", list[asyncio.Task[None]]()
        if not alone:
            line = shared_line("bus", address, turnaround_s=0.02, house=house)
            house = house._replace(lines={"bus": line})
            tasks.append(asyncio.create_task(guard("line bus", line.run, house.meters)))
        cards: dict[str, tuple[LedSenderTwin, Life]] = {}
        for twin in twins:
            own = twin.config.model_copy(update={"address": address}) if alone else twin.config
            life = Life(own, LedSender, house)
            cards[life.id] = twin, life
            tasks.append(asyncio.create_task(guard(life.id, life.run, house.meters, life.down, life.wake)))
        try:
            await until(cards, Status.ONLINE)
            yield cards
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def until(cards: Cards, status: Status) -> None:
    async with asyncio.timeout(10):
        while not all(life.view.status is status for _, life in cards.values()):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)


async def show(life: Life, text: str) -> Result:
    now = asyncio.get_running_loop().time()
    command = Command(id=f"c-{now}", verb="show", params={"text": text}, deadline=now + 8, actor="test")
    return await life.execute(command)


async def test_a_text_for_one_of_three_cards_is_on_that_one(tmp_path: Path) -> None:
    async with living(tmp_path, *(config(card) for card in (1, 2, 3))) as cards:
        results = await asyncio.gather(*(show(life, f"U会{name[-1]}") for name, (_, life) in cards.items()))
        assert [result.status for result in results] == [Stage.ACKED] * 3
        assert [twin.seen()["text"] for twin, _ in cards.values()] == ["U会1", "U会2", "U会3"]
        assert {twin.seen()["packets"]["refused"] for twin, _ in cards.values()} == {0}
        for twin, life in cards.values():
            assert life.driver.picture(None) == twin.picture()


async def test_a_card_may_be_alone_on_a_serial_port_without_an_address(tmp_path: Path) -> None:
    async with living(tmp_path, config(0, "serial:///dev/ttyS9"), alone=True) as cards:
        ((twin, life),) = cards.values()
        assert (await show(life, "A001")).status is Stage.ACKED
        assert twin.seen()["text"] == "A001"


async def test_a_late_answer_of_a_card_alone_on_its_port_does_not_answer_the_next_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    async with living(tmp_path, config(0, "serial:///dev/ttyS9", timeout_s=0.4), alone=True) as cards:
        ((twin, life),) = cards.values()
        twin.levers()["late"]({"seconds": 0.55})
        assert (await show(life, "A001")).status is Stage.OFFLINE
        await until(cards, Status.OFFLINE)
        await until(cards, Status.ONLINE)
        twin.levers()["nack"]({"count": 5})  # the polls behind the connect take some
        assert (await show(life, "A002")).status is Stage.REJECTED
