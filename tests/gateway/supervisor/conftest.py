"""A device that does what the test says."""

from collections.abc import AsyncGenerator

import pytest
from hall_contract.hall import hurry
from hall_contract.scripted import Device, Scripted


@pytest.fixture
async def device(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Device]:
    """Not started yet; stopped when the test ends."""
    hurry(monkeypatch)
    made = Device(Scripted)
    yield made
    await made.stop()
