"""A Huidu card is told the time: the context of these tests has a clock."""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from drivers.displays.huidu.config import HuiduConfig
from drivers.displays.huidu.driver import Huidu
from simulators.displays.huidu.server import HuiduTwin

if TYPE_CHECKING:
    from tests.drivers.conftest import FakeContext

Open = Callable[..., AbstractAsyncContextManager[tuple[Huidu, HuiduTwin]]]


class Clock:
    """The right time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@pytest.fixture(autouse=True)
def clock(context: "FakeContext") -> None:
    """What the driver asks for the time."""
    context.clock = Clock()


@pytest.fixture
def configured() -> Callable[..., HuiduConfig]:
    """The section of a card, 64 x 32, that answers at once."""

    def config(port: int = 10001, **keys: Any) -> HuiduConfig:
        section = {"width": 64, "height": 32, "timeout_s": 2.0, "address": f"tcp://127.0.0.1:{port}"}
        return HuiduConfig.model_validate({"id": "led-03", "driver": "displays.huidu"} | section | keys)

    return config


@pytest.fixture
def screen(context: "FakeContext", configured: Callable[..., HuiduConfig]) -> Open:
    """A driver, connected to a simulated card."""

    @asynccontextmanager
    async def opened(**keys: Any) -> AsyncGenerator[tuple[Huidu, HuiduTwin]]:
        twin = HuiduTwin(configured(**keys))
        async with twin.serve("127.0.0.1", 0) as port:
            driver = Huidu(configured(port, **keys), context)
            async with driver.connect():
                yield driver, twin

    return opened
