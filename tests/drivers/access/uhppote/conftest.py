from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from controllerhall import World, open_doors
from hall_contract.hall import hurry


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[World]:
    hurry(monkeypatch)
    async with open_doors(tmp_path) as made:
        yield made
