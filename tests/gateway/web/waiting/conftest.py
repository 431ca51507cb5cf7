"""A hall of screens for every test."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from screenhall import ScreenHall, screen_hall

from gateway.supervisor import guard as retries


@pytest.fixture
async def screens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_on_pending_tasks: None
) -> AsyncGenerator[ScreenHall]:
    monkeypatch.setattr(retries, "FIRST_S", 0.05)
    monkeypatch.setattr(retries, "LAST_S", 0.2)
    async with screen_hall(tmp_path) as hall:
        yield hall
