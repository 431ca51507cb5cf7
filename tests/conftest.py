"""What every test gets: no task may outlive it; a real broker for those that ask; the kind of store that was chosen.

How long a machine pauses is nobody's promise: time stands still meanwhile, and an example may take as long as it does.
"""

import asyncio
import gc
import inspect
import os
import signal
from collections.abc import AsyncGenerator, Generator

import pytest
from hall_contract.hall import Store
from hall_contract.steady import pytest_asyncio_loop_factories
from hypothesis import HealthCheck, settings
from mosquitto import Mosquitto
from stores import KINDS, stores

__all__ = ["pytest_asyncio_loop_factories"]  # a hook
settings.register_profile("hall", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hall")


def pytest_addoption(parser: pytest.Parser) -> None:
    default = os.environ.get("HALL_TEST_STORE", KINDS[0])
    parser.addoption("--store", choices=KINDS, default=default, help="what the tests keep their journals in")


def pytest_configure(config: pytest.Config) -> None:
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # in the background of a shell all children would ignore it
    stores.kind = str(config.getoption("store"))
    Store.url = stores.url  # the contract suite itself runs without our peers


def pytest_collection_finish() -> None:
    """All tests are there for good: looked through at each full collection they would make it a pause of 0.2 s."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    stores.close()


@pytest.fixture(autouse=True)
def databases_end_with_their_test() -> Generator[None]:
    """Set up first, so torn down when nobody uses them any more."""
    yield
    stores.forget()


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
