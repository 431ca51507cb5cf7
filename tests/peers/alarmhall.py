"""A hall for alarms: real hub and alarms in virtual time, a journal in memory that can refuse, scripted devices."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, cast

from hall_contract.scripted import LoopClock, virtually

from gateway.alarms.config import AlarmsConfig
from gateway.alarms.service import Alarms
from gateway.core.access import DOORS_LOGGED, LISTENER_BOUND, SYSTEM_ERROR
from gateway.core.errors import JournalError
from gateway.core.model import Cursor, Event, Identity, Part, PartKind, Point, Reading, Scalar, Surface
from gateway.hub import DeviceView, Hub
from gateway.journal.journal import Journal
from gateway.journal.rows import Desired, Head, Row
from gateway.meters import Meters
from gateway.supervisor.context import House
from gateway.wire.inlet import Inlets

POINTS = (
    Point("heat", "number", "how warm it is"),
    Point("mains", "boolean", "whether it has power"),
    Point("text", "text", "what it shows"),
    Point("last_rev", "integer", "the revision that it shows"),
    Point("clock_offset_s", "number", "how far its clock is ahead"),
)
SURFACE = Surface(
    device=PartKind(points=(*POINTS, LISTENER_BOUND, DOORS_LOGGED, SYSTEM_ERROR)),
    kinds={"channel": PartKind(points=POINTS[-1:])},
)
TEXT = {"zh": "说明", "en": "words"}


Story = Callable[["AlarmHall"], Coroutine[Any, Any, None]]


class MemoryJournal:
    """A journal in memory: what is recorded is there at once, unless it is full."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.kept: dict[str, Desired] = {}
        self.cursors: dict[str, str] = {}
        self.slow_s = 0.0
        self._full = False
        self._noted: list[tuple[str | None, Sequence[Event], Cursor | None, Sequence[Desired]]] = []
        self._moved = asyncio.Event()

    @property
    def full(self) -> bool:
        return self._full

    @full.setter
    def full(self, full: bool) -> None:
        self._full = full
        self._take()

    @property
    def head(self) -> Head:
        return Head(seq=len(self.rows))

    async def record(
        self,
        device: str | None,
        events: Sequence[Event],
        *,
        cursor: Cursor | None = None,
        desired: Sequence[Desired] = (),
    ) -> None:
        await asyncio.sleep(self.slow_s)
        if self.full:
            raise JournalError("the journal could not record: the disk is full")
        self._noted.append((device, events, cursor, desired))
        self._take()

    def note(
        self,
        device: str | None,
        events: Sequence[Event],
        *,
        cursor: Cursor | None = None,
        desired: Sequence[Desired] = (),
    ) -> "asyncio.Future[None]":
        self._noted.append((device, events, cursor, desired))
        self._take()
        held: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        held.set_result(None)
        return held

    def _take(self) -> None:
        taken = [] if self.full else self._noted
        self._noted = self._noted if self.full else []
        for device, events, cursor, desired in taken:
            for event in events:
                if event.source_key not in {row.source_key for row in self.rows}:
                    self.rows.append(self._row(device, event))
            self.kept |= {row.device: row for row in desired}
            self.cursors |= {cursor.name: cursor.value} if cursor else {}
        self._moved.set()
        self._moved = asyncio.Event()

    async def move(self, name: str, value: str) -> None:
        await self.record(None, [], cursor=Cursor(name, value))

    async def prove(self) -> None:
        await self.record(None, [])

    async def cursor(self, name: str) -> str | None:
        return self.cursors.get(name)

    async def beyond(self, seq: int) -> None:
        while self.head.seq <= seq:
            await self._moved.wait()

    async def follow(self, seq: int, limit: int) -> list[Row]:
        await self.beyond(seq)
        return await self.read(after=seq, limit=limit)

    async def read(self, *, after: int, limit: int) -> list[Row]:
        return self.rows[after : after + limit]

    def _row(self, device: str | None, event: Event) -> Row:
        return Row(
            seq=len(self.rows) + 1,
            at=cast(Any, event.at),
            device_at=None,
            clock_offset_s=event.clock_offset_s,
            device=device,
            part=event.part,
            type=event.type,
            retention=event.retention,
            volatile=False,
            payload=event.payload,
            source_key=event.source_key,
            hash=b"",
        )


class AlarmHall:
    """`box` and others are devices that are told how they are."""

    def __init__(self, journal: MemoryJournal | None = None, *, ahead_s: float = 0.0, **config: Any) -> None:
        self.clock, self.meters = LoopClock(), Meters()
        self.clock.ahead_s = ahead_s
        self.journal = journal or MemoryJournal()
        self.hub = Hub(self.clock)
        self.house = House(self.hub, cast(Journal, self.journal), Inlets(), self.clock, self.meters)
        self.alarms = Alarms(AlarmsConfig.model_validate(config), self.house, list(self.journal.kept.values()))

    def plug(self, *devices: str, behind: str | None = None, zone: str | None = None) -> None:
        """Make devices known, and online."""
        for device in devices:
            self.hub.add(DeviceView(device, "test.box", zone=zone, name=None, surface=SURFACE))
            if behind is not None:
                self.hub.depend(f"device/{device}", behind)
            self.hub.online(device, Identity(parts=(Part("c1", "channel", "C1"),)))

    def tell(self, device: str, point: str, value: Scalar) -> None:
        """Have a device publish a value."""
        self.hub.publish(device, Reading(None, point, value))

    def lose(self, *devices: str) -> None:
        """Have devices go offline."""
        for device in devices:
            self.hub.offline(device, "no answer within 1 s")

    def regain(self, *devices: str) -> None:
        """Have devices come back."""
        for device in devices:
            self.hub.online(device, Identity(parts=(Part("c1", "channel", "C1"),)))

    async def happen(self, device: str, type_: str, part: str | None = None, offset_s: float | None = None) -> None:
        """Have an event recorded."""
        key, at = f"{device}/{len(self.journal.rows)}", self.clock.now()
        event = Event(type=type_, source_key=key, payload={}, part=part, at=at, clock_offset_s=offset_s)
        await self.journal.record(device, [event])
        await asyncio.sleep(0.1)

    def state(self, id_: str) -> str:
        """How an alarm stands."""
        return str(self.alarms.find(id_)["state"])

    async def acknowledge(self, id_: str, *, seen: int | None = None, reason: str | None = None) -> None:
        """Have a person acknowledge the occurrence that stands now, or the one that they saw."""
        occurrence: int = self.alarms.find(id_)["occurrence"] if seen is None else seen
        await self.alarms.desk.acknowledge(id_, occurrence=occurrence, actor="zhang", reason=reason)

    def open(self) -> dict[str, str]:
        """All alarms that are not normal."""
        return {alarm["id"]: alarm["state"] for alarm in self.alarms.all()}

    def shown(self) -> set[str]:
        """What the outlets are shown."""
        return {key.removeprefix("alarms/") for key in self.hub.views if key.startswith("alarms/")}

    def steps(self, id_: str) -> list[str]:
        """What the journal tells of an alarm."""
        return [row.type for row in self.journal.rows if row.payload and row.payload.get("alarm") == id_]

    def active(self, severity: str = "medium") -> float | None:
        """The metric."""
        return self.meters.registry.get_sample_value("hall_alarms_active", {"severity": severity})

    async def during(self, story: Story) -> None:
        """Run the alarms while a story is told, from when they have looked round."""
        task = asyncio.create_task(self.alarms.run(lambda: None))
        try:
            await asyncio.sleep(0.001)
            await story(self)
        finally:
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled():
            task.result()


def told(story: Story, **config: Any) -> None:
    """Tell a story in a hall with a device `box`, in virtual time."""

    async def tell() -> None:
        hall = AlarmHall(**config)
        hall.plug("box", zone="z1")
        await hall.during(story)

    virtually(tell())


def rule(id_: str = "hot", **more: Any) -> Mapping[str, Any]:
    """A rule of the site for `box`: the heat is above 30, unless it says otherwise."""
    usual: dict[str, Any] = {"id": id_, "devices": ["box"], "title": TEXT, "guidance": TEXT}
    return {**usual, **(more or {"point": "heat", "above": 30})}
