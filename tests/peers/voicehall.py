"""Areas of a hall in virtual time: speakers that do as they are told or not, and a journal that keeps all."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

import msgspec

from gateway.calls.announced import Announced
from gateway.calls.config import WindowConfig
from gateway.calls.emergency import Emergency
from gateway.calls.model import Call, CallRequest, make_call
from gateway.calls.utterance import State
from gateway.calls.voice import Place, Voice
from gateway.calls.voice_config import AreaConfig
from gateway.core.model import Command, Event, PartKind, Result, Stage, Surface, Verb
from gateway.core.screen import Colour, Play, Speak
from gateway.hub import DeviceView, Hub, Status
from gateway.journal.rows import Desired
from gateway.meters import Meters

NINE = datetime(2026, 7, 17, 1, tzinfo=UTC)  # nine o'clock in Lishui
WINDOWS = [
    WindowConfig(id="w1", label="1号窗口", function="综合受理", screens=["led-1"], zone="a"),
    WindowConfig(id="w2", label="12号窗口", function="矛盾调解", screens=["led-2"], zone="a"),
    WindowConfig(id="w3", label="VIP窗口", function="法律援助", screens=["led-3"], zone="b"),
]
PAGE = Verb(name="speak", meaning="say", params=Play)
CARD = Verb(name="speak", meaning="say", params=Speak, confirms=False)


class Clock:
    """The time of the virtual loop; `ahead` is how far the wall clock was moved."""

    def __init__(self, begins: datetime) -> None:
        self.begins, self.ahead = begins, timedelta()

    def now(self) -> datetime:
        return self.begins + timedelta(seconds=self.monotonic()) + self.ahead

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class Heard(NamedTuple):
    """A sentence that was heard, and when."""

    begin: float
    end: float
    text: str
    params: dict[str, Any]


class Speaker:
    """A device with a voice, as far as an area knows it. `takes_s` a sentence; `hangs`: it never says that it ended."""

    def __init__(self, name: str, hub: Hub, *, verb: Verb = PAGE, takes_s: float = 2.0) -> None:
        self.view = DeviceView(name, "test", zone=None, name=None, surface=Surface(device=PartKind(verbs=(verb,))))
        hub.add(self.view)
        self._hub, self._verb = hub, verb
        self.takes_s, self.hangs, self.refuses = takes_s, False, False
        self.heard: list[Heard] = []
        self.interrupted = 0
        self._until = 0.0
        self.plug()

    def plug(self, *, on: bool = True) -> None:
        """Connect it, or not."""
        self._hub._status(self.view, Status.ONLINE if on else Status.OFFLINE, None if on else "unplugged")

    def verb(self, _name: str, _part: str | None) -> Verb:
        return self._verb

    async def execute(self, command: Command) -> Result:
        now = asyncio.get_running_loop().time
        if self.view.status is not Status.ONLINE:
            return self._result(command, Stage.OFFLINE, reason="unplugged")
        if self.refuses:
            return self._result(command, Stage.REJECTED, reason="no voice")
        self.interrupted += now() < self._until
        self._until = now() + self.takes_s
        self.heard.append(Heard(now(), self._until, command.params["text"], dict(command.params)))
        if not self._verb.confirms:
            return self._result(command, Stage.ACKED)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(command.deadline):
                await asyncio.sleep(1e9 if self.hangs else self.takes_s)
                return self._result(command, Stage.CONFIRMED)
        return self._result(command, Stage.TIMEOUT)

    def texts(self) -> list[str]:
        return [heard.text for heard in self.heard]

    def _result(self, command: Command, status: Stage, **detail: Any) -> Result:
        return Result(command_id=command.id, status=status, at=NINE, detail=detail)


class Journal:
    """Keeps the newest row of each area, and the ends of calls."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.rows: dict[str, Desired] = {}

    def note(self, device: str | None, events: Sequence[Event], *, desired: Sequence[Desired] = ()) -> None:
        assert device is None
        self.events += events
        self.keep(desired)

    def keep(self, rows: Sequence[Desired]) -> None:
        self.rows |= {row.device: row for row in rows}


class House(NamedTuple):
    """What a voice asks of the house."""

    hub: Hub
    journal: Journal
    clock: Clock
    meters: Meters


class VoiceHall:
    """A hall with an area `a` (page-1, page-2), unless told otherwise. Calls are accepted in order, and recorded."""

    windows = WINDOWS

    def __init__(self, *areas: AreaConfig, begins: datetime = NINE, zone: str = "Asia/Shanghai") -> None:
        self.clock = Clock(begins)
        self.house = House(Hub(self.clock), Journal(), self.clock, Meters())
        names = ("page-1", "page-2", "page-3")
        self.speakers = {name: Speaker(name, self.house.hub) for name in names}
        self.speakers["card"] = Speaker("card", self.house.hub, verb=CARD, takes_s=4.0)
        self.configs = list(areas) or [area()]
        house: Any = self.house
        lives: Any = self.speakers
        self.announced = Announced()
        self.place = Place(ZoneInfo(zone), lives, house, self.announced)
        self.voice = Voice(self.configs, WINDOWS, self.place)
        self._task: asyncio.Task[None] | None = None
        self._calls = 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.voice.run())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        assert not self._task.done(), self._task
        self._task.cancel()
        await asyncio.wait({self._task})

    async def again(self) -> None:
        """Stop, and begin anew with what the journal kept."""
        await self.__aexit__()
        self.voice = Voice(self.configs, WINDOWS, self.place)
        self.house.journal.keep(self.voice.restore(list(self.house.journal.rows.values())))
        await self.__aenter__()

    def call(self, ticket: str = "A012", *, newest: Call | None = None, why: str | None = None, **more: Any) -> Call:
        """Accept a call."""
        call = self.made(ticket, why=why, **more)
        self.voice.take(call, newest)
        self.house.journal.keep(self.voice.kept(call))
        self.voice.accepted(call)
        return call

    def made(self, ticket: str, *, why: str | None = None, **more: Any) -> Call:
        """A call that nobody has heard of yet."""
        self._calls += 1
        given = {"call_id": f"c{self._calls}", "window": "w1", "ticket": ticket, **more}
        request = CallRequest.model_validate(given)
        now = self.clock.now()
        seq = self._calls if request.seq is None else request.seq
        call = make_call(request, session="s", seq=seq, ttl_s=600, now=now, actor="test")
        return msgspec.structs.replace(call, why=why)

    def alarm(self, zone: str) -> None:
        """Raise an emergency in a zone, or in the whole hall."""
        at, colour = self.clock.now(), Colour.RED
        raised = Emergency(command_id="e1", zone=zone, text="请立即疏散", colour=colour, at=at, actor="test")
        self.announced.emergencies[zone] = raised
        self.voice.announce()

    def all_clear(self) -> None:
        self.announced.emergencies.clear()
        self.voice.announce()

    def state(self, call: Call, area_id: str = "a") -> State:
        return State(self.voice.live(call.call_id)[area_id]["status"])

    def reason(self, call: Call, area_id: str = "a") -> str | None:
        reason: str | None = self.voice.live(call.call_id)[area_id]["reason"]
        return reason

    def told(self) -> list[tuple[str, str]]:
        """The ends in the journal: call_id and status."""
        return [(event.payload["call_id"], event.payload["status"]) for event in self.house.journal.events]

    def dropped(self, reason: str) -> float:
        labels = {"reason": f"voice.{reason}"}
        return self.house.meters.registry.get_sample_value("hall_dropped_total", labels) or 0.0


def area(**more: Any) -> AreaConfig:
    """An area that says everything once."""
    given = {"id": "a", "speakers": ["page-1", "page-2"], "repeat": 1, "gap_s": 0.5, **more}
    return AreaConfig.model_validate(given)
