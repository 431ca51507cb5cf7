"""A hall of two windows for every test: one with a board, one with the two halves of another. A chromium for all."""

from collections.abc import AsyncGenerator, Generator, Sequence
from pathlib import Path

import pytest
from chromium import Chromium
from doorhall import BoxConfig
from webhall import BoardConfig, WebHall, web_hall

from gateway.calls.config import WindowConfig
from gateway.doors.config import DoorConfig

DEVICES = [
    BoardConfig(id="led-01", driver="test.board", name="一号屏"),
    BoardConfig(id="led-02", driver="test.board", halves=("left", "right")),
]
WINDOWS = [
    WindowConfig(id="w01", label="1号窗口", function="综合受理", screens=["led-01"]),
    WindowConfig(id="w02", label="2号窗口", function="矛盾调解", screens=["led-02/left", "led-02/right"]),
]


@pytest.fixture(scope="session")
def chromium() -> Generator[Chromium]:
    with Chromium() as running:
        yield running


@pytest.fixture
def controllers() -> Sequence[BoxConfig]:
    """No controllers, unless a module has its own."""
    return ()


@pytest.fixture
def doors() -> Sequence[DoorConfig]:
    """No doors, unless a module has its own."""
    return ()


@pytest.fixture
async def hall(
    tmp_path: Path, fails_on_pending_tasks: None, controllers: Sequence[BoxConfig], doors: Sequence[DoorConfig]
) -> AsyncGenerator[WebHall]:
    async with web_hall(tmp_path, devices=[*DEVICES, *controllers], windows=WINDOWS, doors=doors) as hall:
        yield hall
