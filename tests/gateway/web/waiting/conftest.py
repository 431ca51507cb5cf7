"""A hall of screens for every test, and one chromium for all of them."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from chromium import Chromium
from screenhall import ScreenHall, screen_hall

from gateway.supervisor import guard as retries


@pytest.fixture(scope="session")
def chromium() -> Generator[Chromium]:
    with Chromium() as running:
        yield running


@pytest.fixture
async def screens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_on_pending_tasks: None
) -> AsyncGenerator[ScreenHall]:
    monkeypatch.setattr(retries, "FIRST_S", 0.05)
    monkeypatch.setattr(retries, "LAST_S", 0.2)
    async with screen_hall(tmp_path) as hall:
        yield hall
