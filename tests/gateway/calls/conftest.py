"""A hall for every test."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
from smallhall import Hall, HeldClock, Screen, opened


@pytest.fixture
def clock() -> HeldClock:
    Screen.cards.clear()
    return HeldClock()


@pytest.fixture
def open_hall(tmp_path: Path, clock: HeldClock) -> Callable[[], AbstractAsyncContextManager[Hall]]:
    """Opens the hall; opened again, it is the same hall after a restart."""
    return partial(opened, tmp_path, clock)


@pytest.fixture
async def hall(open_hall: Callable[[], AbstractAsyncContextManager[Hall]]) -> AsyncGenerator[Hall]:
    async with open_hall() as running:
        yield running
