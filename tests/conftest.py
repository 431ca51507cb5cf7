"""What every test gets: no task may outlive it; a real broker for those that ask."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Generator

import pytest
from mosquitto import Mosquitto


@pytest.fixture
async def fails_on_pending_tasks() -> AsyncGenerator[None]:
    """Set up first, so torn down last: what still runs then was forgotten."""
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, "tasks outlive the test: " + ", ".join(str(task.get_coro()) for task in left)


@pytest.fixture(autouse=True)
def no_task_outlives_its_test(request: pytest.FixtureRequest) -> None:
    if inspect.iscoroutinefunction(request.function):
        request.getfixturevalue("fails_on_pending_tasks")


@pytest.fixture
def mosquitto() -> Generator[Mosquitto]:
    """An empty broker of this test's own; it takes about 20 ms."""
    with Mosquitto() as broker:
        yield broker
