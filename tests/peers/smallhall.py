"""A small hall in the test's own process: real journal, hub, lives, calls; screens that do as they are told, or not."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from stores import stores

from gateway.calls.config import CallsConfig, SummaryConfig, WindowConfig
from gateway.calls.model import Call, CallRequest
from gateway.calls.service import Calls
from gateway.core.config import DeviceConfig
from gateway.core.contract import DeviceContext, Driver, convert
from gateway.core.errors import CommandRejected, DeviceOffline, JournalError
from gateway.core.model import Command, Cursor, Event, Identity, PartKind, Point, Stage, Surface, Verb
from gateway.core.screen import Board, Brightness, Power, Show
from gateway.hub import Hub, Status
from gateway.journal.batch import Call as Written
from gateway.journal.journal import Journal, open_journal
from gateway.journal.rows import Desired, Recorded, Row
from gateway.meters import Meters
from gateway.supervisor.context import House
from gateway.supervisor.life import Life
from gateway.wire.inlet import Inlets

FoundT = TypeVar("FoundT")
OPENED = datetime(2026, 7, 17, 1, tzinfo=UTC)  # nine o'clock in Lishui


class HeldClock:
    """Wall time that stands until it is moved; the loop's own monotonic time."""

    def __init__(self) -> None:
        self.time = OPENED

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class Card:
    """The box behind a screen: what it was shown, and how it takes the next text."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.answers: Callable[[], None] = lambda: None
        self.deaf = False


ON = Point("on", "boolean", "whether it is lit")


class Blink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of `blink` and `wipe`."""

    times: int = 1


class ScreenConfig(DeviceConfig, frozen=True, extra="forbid"):
    """A screen of `cells` characters.

    `confirms`: it can be read back; `board`: it can list calls; `lit`: it can be dimmed.
    """

    cells: int = 12
    confirms: bool = False
    board: bool = False
    lit: bool = False


class Screen(Driver[ScreenConfig]):
    """Shows a text on its card."""

    config_type = ScreenConfig
    cards: ClassVar[dict[str, Card]] = {}

    def __init__(self, config: ScreenConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self.card = self.cards.setdefault(config.id, Card())

    def surface(self) -> Surface:
        show = Verb(name="show", meaning="show a text", params=Show, desired=True, confirms=self.config.confirms)
        blink = Verb(name="blink", meaning="blink once", params=Blink)
        board = Verb(name="board", meaning="list calls", params=Board, desired=True, confirms=self.config.confirms)
        wipe = Verb(name="wipe", meaning="forget everything", params=Blink, dangerous=True)
        power = Verb(name="power", meaning="light or none", params=Power, desired=True)
        brightness = Verb(name="brightness", meaning="how bright", params=Brightness, desired=True)
        more = [*([board] if self.config.board else []), *([power, brightness] if self.config.lit else [])]
        return Surface(device=PartKind(points=(ON,), verbs=(show, blink, wipe, *more)))

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        yield Identity()

    async def execute(self, command: Command) -> Mapping[str, Any]:
        if self.card.deaf:
            await asyncio.Event().wait()
        self.context.stage(command, Stage.SENT)
        self.card.answers()
        if self.config.confirms:
            self.context.stage(command, Stage.ACKED)
            await asyncio.sleep(0.005)
        text = convert(Show, command.params).text if command.verb == "show" else command.verb
        if command.verb == "board":
            text = " ".join(row.ticket for row in convert(Board, command.params).rows)
        self.card.shown.append(text)
        return {"shown": text, **({"substituted": signs} if (signs := text.count("□")) else {})}

    def check(self, verb: Verb, part: str | None, params: Mapping[str, Any]) -> None:
        super().check(verb, part, params)
        if verb.name == "show" and len(convert(Show, params).text) > self.config.cells:
            raise CommandRejected(f"{self.config.id} has {self.config.cells} cells")


class MoodyJournal(Journal):
    """A real journal whose disk can be slow, or full."""

    def __init__(self, real: Journal) -> None:
        self.__dict__.update(real.__dict__)
        self.full = False
        self.disk = asyncio.Event()
        self.disk.set()
        self._spool.submit = self._submit
        self.search: Callable[[str], float] = lambda _: 0.0

    async def record(
        self,
        device: str | None,
        events: Sequence[Event],
        *,
        cursor: Cursor | None = None,
        desired: Sequence[Desired] = (),
    ) -> list[Recorded]:
        await self._ready()
        return await super().record(device, events, cursor=cursor, desired=desired)

    async def _submit(self, call: Written) -> list[Recorded]:
        await self._ready()
        return await self._writer.submit(call)

    async def _ready(self) -> None:
        await self.disk.wait()
        if self.full:
            raise JournalError("the journal could not record: database or disk is full")

    async def by_source(self, prefix: str) -> list[Row]:
        await asyncio.sleep(self.search(prefix))
        return await super().by_source(prefix)


class Hall:
    """Windows w1 (one screen), w2 (two, one of them small), w3 (one that confirms); led-5 and led-6 are nobody's.

    No screen is plugged in yet.
    """

    def __init__(self, clock: HeldClock, journal: MoodyJournal, summaries: Sequence[SummaryConfig] = ()) -> None:
        self.clock, self.journal, self.hub = clock, journal, Hub(clock)
        self.house = House(hub=self.hub, journal=journal, inlets=Inlets(), clock=clock, meters=Meters())
        screens = (
            ScreenConfig(id="led-1", driver="screen"),
            ScreenConfig(id="led-2", driver="screen"),
            ScreenConfig(id="led-3", driver="screen", cells=6),
            ScreenConfig(id="led-4", driver="screen", confirms=True),
            ScreenConfig(id="led-5", driver="screen"),
            ScreenConfig(id="led-6", driver="screen", confirms=True),
            *(ScreenConfig(id=summary.device, driver="screen", confirms=True, board=True) for summary in summaries),
        )
        self.lives = {config.id: Life(config, Screen, self.house) for config in screens}
        self.calls = Calls(
            [window("w1", "led-1"), window("w2", "led-2", "led-3"), window("w3", "led-4", zone="east")],
            CallsConfig(show="{ticket} {name}", ttl_s=60),
            zone=ZoneInfo("Asia/Shanghai"),
            lives=self.lives,
            house=self.house,
            summaries=summaries,
        )

    async def call(self, call_id: str, ticket: str | None = None, **more: Any) -> Call:
        """Call a number to w1, or to another window."""
        return await self.calls.accept(request(call_id, ticket, **more), "queue-system")

    def wanted(self, screen: str = "led-1") -> str:
        """What a screen shall show."""
        row = self.lives[screen].wishes.slot(None, "show").wanted
        assert row is not None
        return convert(Show, row.params).text

    def card(self, screen: str = "led-1") -> Card:
        """The box behind a screen."""
        return Screen.cards[screen]

    @asynccontextmanager
    async def plugged_in(self, screen: str = "led-1") -> AsyncGenerator[Card]:
        """A screen that is connected until left; then it is offline."""
        life = self.lives[screen]
        task = asyncio.create_task(life.run(lambda: None))
        try:
            await until(lambda: life.view.status is Status.ONLINE)
            yield self.card(screen)
        finally:
            task.cancel()
            await asyncio.wait({task})
            await life.down(DeviceOffline("unplugged"))

    async def forward(self, seconds: float) -> None:
        """Let time go by."""
        self.clock.time += timedelta(seconds=seconds)
        self.calls._expiry.changed.set()
        self.calls.boards._changed.set()
        await asyncio.sleep(0)

    async def rows(self, type_: str) -> list[dict[str, Any]]:
        """The payloads of the journal's events of a type."""
        return [row.payload or {} for row in await self.journal.read(type=type_, limit=1000)]

    async def recorded(self, type_: str, count: int) -> list[dict[str, Any]]:
        """Wait until there are so many events of a type."""
        async with asyncio.timeout(5):
            while len(rows := await self.rows(type_)) < count:  # noqa: ASYNC110 - a reader has no event to wait for
                await asyncio.sleep(0.002)
        return rows

    def metric(self, name: str, **labels: str) -> float:
        """The value of an instrument."""
        return self.house.meters.registry.get_sample_value(name, labels) or 0.0


def window(name: str, *screens: str, zone: str | None = None) -> WindowConfig:
    return WindowConfig(id=name, label=f"{name}号窗口", function="综合受理", screens=list(screens), zone=zone)


def request(call_id: str, ticket: str | None = None, **more: Any) -> CallRequest:
    return CallRequest.model_validate({"call_id": call_id, "window": "w1", "ticket": ticket, **more})


async def until(what: Callable[[], FoundT]) -> FoundT:
    """Wait until the answer is true; gives it."""
    async with asyncio.timeout(5):
        while not (found := what()):  # noqa: ASYNC110 - what is waited for knows no event
            await asyncio.sleep(0.002)
    return found


@asynccontextmanager
async def opened(folder: Path, clock: HeldClock, summaries: Sequence[SummaryConfig] = ()) -> AsyncGenerator[Hall]:
    """Run the calls of a hall; what an earlier run kept in the folder is taken up."""
    async with AsyncExitStack() as stack:
        url, anchors = stores.url(folder), folder / "anchors"
        real = await stack.enter_async_context(
            open_journal(url, site="hall", key=bytes(32), clock=clock, anchors=anchors)
        )
        hall = Hall(clock, MoodyJournal(real), summaries)
        kept = await hall.journal.desired()
        for row in kept:
            if row.device in hall.lives:
                hall.lives[row.device].wishes.want(row)
        await hall.calls.restore(kept)
        task = asyncio.create_task(hall.calls.run(lambda: None))
        try:
            yield hall
        finally:
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled():
            task.result()


def plain(call: Call) -> dict[str, Any]:
    """A call as it is recorded."""
    recorded: dict[str, Any] = msgspec.to_builtins(call)
    return recorded
