"""How long the keeper of the record rests between two tries of what failed."""

import asyncio
from contextlib import suppress
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

from hall_contract.scripted import LoopClock, virtually

from gateway.core.errors import JournalError
from gateway.hub import Hub
from gateway.journal.rows import Head, Health
from gateway.keeping.config import JournalConfig
from gateway.keeping.service import Keeping
from gateway.meters import Meters
from gateway.supervisor.context import House
from gateway.wire.inlet import Inlets


class Failing(Keeping):
    """The seventh try succeeds."""

    tried: list[float]

    async def tick(self) -> None:
        self.tried.append(asyncio.get_running_loop().time())
        if len(self.tried) != 7:
            raise JournalError("permission denied for table journal")


def test_what_fails_is_tried_less_and_less_often_and_soon_again_after_it_has_succeeded() -> None:
    tried: list[float] = []

    async def main() -> None:
        journal = cast(Any, SimpleNamespace(upkeep=None, head=Head(0), health=Health(None, 0, 0)))
        clock = LoopClock()
        house = House(Hub(clock), journal, Inlets(), clock, Meters())
        keeping = Failing(lambda: JournalConfig(), zone=ZoneInfo("UTC"), house=house)
        keeping.tried = tried
        with suppress(TimeoutError):
            async with asyncio.timeout(9_000):
                await keeping.run(lambda: None)

    virtually(main())
    pauses = [round(after - before) for before, after in pairwise(tried)]
    assert pauses[:6] == [5, 10, 20, 40, 80, 160]
    assert pauses[6] <= 60
    assert pauses[7:15] == [5, 10, 20, 40, 80, 160, 320, 640]
    assert set(pauses[15:]) == {900}
