"""Several windows on one card: each text sends the whole screen, and none takes another back."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from drivers.displays.huidu.driver import Huidu
from gateway.core.errors import CommandRejected
from gateway.core.model import Command
from simulators.displays.huidu.server import HuiduTwin

Open = Callable[..., AbstractAsyncContextManager[tuple[Huidu, HuiduTwin]]]
REGIONS = [{"id": f"w{n}", "x": 64 * n, "y": 0, "width": 64, "height": 32} for n in range(3)]
ids = itertools.count()


async def show(driver: Huidu, part: str, text: str) -> Mapping[str, Any]:
    command = Command(id=f"c{next(ids)}", verb="show", part=part, params={"text": text}, deadline=0, actor="test")
    return await driver.execute(command)


class Overtaken:
    """A link on which the first question waits until the second is answered, as a line does with what is urgent."""

    def __init__(self, link: Any) -> None:
        self._link, self._asked, self._over = link, itertools.count(), asyncio.Event()

    async def exchange(self, request: bytes, *rest: Any) -> Any:
        if next(self._asked) == 0:
            await self._over.wait()
        answer = await self._link.exchange(request, *rest)
        self._over.set()
        return answer


async def test_a_text_that_was_overtaken_takes_no_other_back(screen: Open) -> None:
    async with screen(width=192, regions=REGIONS) as (driver, twin):
        await show(driver, "w0", "OLD")
        assert driver._open is not None
        slow: Any = Overtaken(driver._open._link)
        driver._open._link = slow
        one = asyncio.create_task(show(driver, "w1", "A1"))
        await asyncio.sleep(0)
        await show(driver, "w0", "B2")
        await one
        assert twin.seen()["text"] == "B2\nA1"


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
