"""Sixteen cards on one slow line, in virtual time: who waits long for a turn is healthy all the same."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from hall_contract.scripted import LoopClock, PaperJournal, virtually

from drivers.displays.onbon_k.config import OnbonKConfig
from drivers.displays.onbon_k.driver import OnbonK
from gateway.core.address import Port
from gateway.hub import Hub, Status
from gateway.journal.journal import Journal
from gateway.meters import Meters
from gateway.supervisor.context import House
from gateway.supervisor.guard import guard
from gateway.supervisor.keeper import ACT_S
from gateway.supervisor.life import Life
from gateway.supervisor.lines import shared_line
from gateway.supervisor.polling import POLL_S
from gateway.wire import line as module
from gateway.wire.inlet import Inlets
from gateway.wire.stream import StreamLink
from simulators.bus import Bus
from simulators.displays.onbon_k.server import OnbonKTwin

SLOW = Port(baud=600)
CARDS = [f"led-{number}" for number in range(1, 17)]


class Wire(asyncio.Transport):
    """The gateway's end of a simulated bus."""

    def __init__(self, twins: list[OnbonKTwin]) -> None:
        super().__init__()
        self._link = StreamLink("bus", byte_s=SLOW.byte_s)
        self._bus = Bus(SLOW, self._link.data_received, chunk_s=0.05)
        for twin in twins:
            self._bus.plug(twin)

    def write(self, data: Any) -> None:
        self._bus.say(bytes(data))

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    @asynccontextmanager
    async def open(self, _: str) -> AsyncGenerator[StreamLink]:
        self._link.connection_made(self)
        yield self._link
        self._bus.end()


def config(number: int) -> OnbonKConfig:
    section = {"id": f"led-{number}", "driver": "displays.onbon_k", "address": "line:bus", "screen": number}
    return OnbonKConfig.model_validate(
        {**section, "model": "6K2", "width": 192, "height": 16, "ping_s": 20, "timeout_s": 2}
    )


class Hall:
    """The cards, their lives, and what the journal is told of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock, self.journal = LoopClock(), PaperJournal()
        self.twins = {name: OnbonKTwin(config(number)) for number, name in enumerate(CARDS, 1)}
        monkeypatch.setattr(module, "open_wire", Wire([*self.twins.values()]).open)
        self.house = House(Hub(clock), cast(Journal, self.journal), Inlets(), clock, Meters())
        self.line = shared_line("bus", "tcp://h:1", turnaround_s=0.02, house=self.house)
        self.house = self.house._replace(lines={"bus": self.line})
        self.lives = {name: Life(twin.config, OnbonK, self.house) for name, twin in self.twins.items()}

    def want(self, name: str, verb: str, **params: Any) -> None:
        wishes = self.lives[name].wishes
        usual: dict[str, Any] = {"part": None, "expires_at": None, "actor": "test", "command_id": f"{name}-{verb}"}
        wishes.want(wishes.plan(verb=verb, params=params, **usual))

    def obeyed(self) -> bool:
        """Whether all that was wanted has been done."""
        return all(view["ended"] for key, view in self.house.hub.views.items() if key.startswith("wishes/"))

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        meters = self.house.meters
        tasks = [asyncio.create_task(guard("line bus", self.line.run, meters))]
        tasks += [asyncio.create_task(guard(name, life.run, meters, life.down)) for name, life in self.lives.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not true():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.1)


def test_a_burst_of_commands_that_takes_longer_than_one_of_them_may_puts_no_device_offline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        hall, now = Hall(monkeypatch), asyncio.get_running_loop().time
        texts = {name: f"请到{name}号窗口办理" for name in CARDS}
        async with hall.running():
            await until(lambda: all(life.view.status is Status.ONLINE for life in hall.lives.values()))
            hall.journal.events.clear()
            began = now()
            for name, text in texts.items():
                hall.want(name, "show", text=text)
                hall.want(name, "power", on=True)
            await until(hall.obeyed)
            took_s = now() - began
            await asyncio.sleep(60)
        assert {name: twin.seen()["text"] for name, twin in hall.twins.items()} == texts
        assert [event.type for event in hall.journal.events] == []
        assert took_s > max(ACT_S, POLL_S), "it would prove nothing"

    virtually(main())
