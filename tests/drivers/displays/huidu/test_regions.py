"""Several windows on one card: each text sends the whole screen, and none takes another back."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from drivers.displays.huidu.driver import Huidu
from gateway.core.errors import CommandRejected
from gateway.core.model import Command
from simulators.displays.huidu.server import HuiduTwin

if TYPE_CHECKING:
    from tests.drivers.conftest import FakeContext

Open = Callable[..., AbstractAsyncContextManager[tuple[Huidu, HuiduTwin]]]
REGIONS = [{"id": f"w{n}", "x": 64 * n, "y": 0, "width": 64, "height": 32} for n in range(3)]
ids = itertools.count()


async def show(driver: Huidu, part: str, text: str, **keys: Any) -> Mapping[str, Any]:
    params = {"text": text, **keys}
    command = Command(id=f"c{next(ids)}", verb="show", part=part, params=params, deadline=0, actor="test")
    return await driver.execute(command)


async def test_texts_that_come_at_once_all_arrive(screen: Open) -> None:
    async with screen(width=192, regions=REGIONS) as (driver, twin):
        await asyncio.gather(*(show(driver, f"w{n}", f"A{n}") for n in range(3)))
        assert twin.seen()["text"] == "A0\nA1\nA2"


@pytest.mark.parametrize("before", ["", "OLD"])
async def test_a_text_that_was_refused_does_not_come_with_that_of_another_window(screen: Open, before: str) -> None:
    async with screen(width=192, regions=REGIONS) as (driver, twin):
        if before:
            await show(driver, "w0", before)
        twin.levers()["nack"]({"name": "kInvalidParam"})
        with pytest.raises(CommandRejected):
            await show(driver, "w0", "NO")
        await show(driver, "w1", "A1")
        assert twin.seen()["text"].split() == [*before.split(), "A1"]


async def test_a_refusal_hits_the_text_that_was_refused_and_no_other_that_comes_at_once(screen: Open) -> None:
    async with screen(width=192, regions=REGIONS) as (driver, twin):
        await show(driver, "w0", "OLD")
        twin.levers()["nack"]({"name": "kInvalidParam"})
        others = [asyncio.create_task(show(driver, f"w{n}", f"A{n}")) for n in (1, 2)]
        with pytest.raises(CommandRejected):
            await show(driver, "w0", "NO")
        await asyncio.gather(*others)
        assert twin.seen()["text"] == "OLD\nA1\nA2"
        assert twin.seen()["commands"]["refused"] == 1


async def test_a_text_blinks_to_its_end_though_another_comes(screen: Open, context: FakeContext) -> None:
    async with screen(width=192, regions=REGIONS) as (driver, twin):
        context.clock = clock = Set()

        def pages() -> list[int]:
            return [area["pages"] for area in twin.seen()["areas"]]

        await asyncio.gather(*(show(driver, f"w{n}", f"A{n}", attention=True) for n in range(2)))
        assert pages() == [7, 7]
        clock.seconds = 1.2
        await show(driver, "w2", "A2", attention=True)
        assert pages() == [5, 5, 7]
        clock.seconds = 2.5
        await show(driver, "w0", "B0")
        assert pages() == [1, 3, 5]
        clock.seconds = 3.5
        await show(driver, "w0", "C0")
        assert pages() == [1, 1, 3]
        clock.seconds = 5.0
        await show(driver, "w0", "D0")
        assert pages() == [1, 1, 1]


class Set:
    """A clock that is set by hand."""

    seconds = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.seconds
