"""A hall with doors in virtual time: real hub, lives, doors, alarms, commands; a journal in memory; invented boxes."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec
from alarmhall import MemoryJournal
from hall_contract.scripted import LoopClock, virtually

from gateway.alarms.config import AlarmsConfig
from gateway.alarms.service import Alarms
from gateway.commands import Commands, ConfirmFirst, Request
from gateway.core.access import (
    DOOR,
    DOOR_EVENTS,
    DOOR_POINTS,
    FIRE,
    LOG_EVENTS,
    OPEN,
    SET_MODE,
    Happening,
    Mode,
    Open,
    SetMode,
)
from gateway.core.config import DeviceConfig
from gateway.core.contract import DeviceContext, Driver, convert
from gateway.core.errors import CommandRejected, DeviceOffline, JournalError
from gateway.core.model import (
    Command,
    Cursor,
    Event,
    Identity,
    Part,
    PartKind,
    PollGroup,
    Reading,
    Result,
    Retention,
    Surface,
    Verb,
)
from gateway.core.rights import Right
from gateway.doors.config import DoorConfig
from gateway.doors.service import Doors
from gateway.hub import Hub
from gateway.journal.journal import Journal
from gateway.journal.rows import Row
from gateway.meters import Meters
from gateway.people.rights import Principal, Role
from gateway.supervisor.context import House
from gateway.supervisor.guard import guard
from gateway.supervisor.life import Life
from gateway.wire.inlet import Inlets

LISHUI = ZoneInfo("Asia/Shanghai")
BOSS = Principal("boss", Role.ADMIN)
SEALED = {"open": False, "unlocked": False, "mode": "controlled"}


RELOCK = Verb(name="relock", meaning="lock", params=Open, right=Right.UNLOCK, locks=True)
"""What only this controller has, for each door and for itself."""


class BoxConfig(DeviceConfig, frozen=True, extra="forbid"):
    """A controller with these doors, with a fire input or none; `holds`: its locks can be held open and shut."""

    doors: tuple[str, ...] = ("d1", "d2")
    fire: bool = True
    holds: bool = True
    silent_after_s: float | None = None
    timezone: str | None = None


class Box:
    """What the controller is: its doors, its fire input, and what happened since it was asked last.

    `deaf`: it refuses. `lax`: it cannot shut a door for everybody. `mute`: it does what it is
    asked, and its answer is lost. `slow_s`: it answers so long after.
    """

    def __init__(self, doors: Iterable[str]) -> None:
        self.doors: dict[str, dict[str, Any]] = {door: dict(SEALED) for door in doors}
        self.fire: bool | None = False
        self.log: list[Event] = []
        self.read = 0
        self.gone = self.deaf = self.lax = self.mute = False
        self.slow_s = 0.0
        self.asked: list[tuple[str, str | None, Mapping[str, Any]]] = []

    def write(self, what: Happening, door: str | None = None, **payload: Any) -> None:
        """Have something happen, as its log has it."""
        told = {name: payload.pop(name) for name in ("device_at", "clock_offset_s") if name in payload}
        number = len(self.log) + 1
        event = Event(type=what, source_key=f"log/{number}", payload=payload, part=door, retention=Retention.ACCESS)
        self.log.append(msgspec.structs.replace(event, **told))

    def swing(self, door: str, *, open: bool, tells: bool = False) -> None:
        """Move a door; `tells`: it stands in the log."""
        self.doors[door]["open"] = open
        if tells:
            self.write(Happening.OPENED if open else Happening.CLOSED, door)


class DoorBox(Driver[BoxConfig]):
    """Asks its box once a second: first what happened, then how the doors stand."""

    config_type = BoxConfig
    boxes: Mapping[str, Box] = {}

    def __init__(self, config: BoxConfig, context: DeviceContext) -> None:
        super().__init__(config, context)
        self.box = self.boxes.get(config.id) or Box(config.doors)

    def surface(self) -> Surface:
        verbs = (OPEN, SET_MODE, RELOCK) if self.config.holds else (OPEN,)
        door = PartKind(points=DOOR_POINTS, verbs=verbs, events=DOOR_EVENTS)
        device = PartKind(points=(FIRE,) if self.config.fire else (), verbs=(RELOCK,), events=LOG_EVENTS)
        comes = self.config.silent_after_s
        return Surface(device=device, kinds={DOOR: door}, polls=(PollGroup("state", 1.0),), silent_after_s=comes)

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        self._there()
        yield Identity(parts=tuple(Part(door, DOOR, door.upper()) for door in self.config.doors))

    async def poll(self, group: str) -> Sequence[Reading]:
        self._there()
        while self.box.read < len(self.box.log):
            await self.context.record(self.box.log[self.box.read], cursor=Cursor("log", str(self.box.read + 1)))
            self.box.read += 1
        readings = [
            Reading(door, name, value) for door, points in self.box.doors.items() for name, value in points.items()
        ]
        return [*readings, *([Reading(None, FIRE.name, self.box.fire)] if self.config.fire else [])]

    async def execute(self, command: Command) -> Mapping[str, Any]:
        self.box.asked.append((command.verb, command.part, command.params))
        if self.box.deaf:
            raise CommandRejected("the box refuses")
        if command.verb == "relock":
            return {}
        door = self.box.doors[command.part or ""]
        if command.verb == "open":
            door["unlocked"] = True
            self.box.write(Happening.REMOTE, command.part)
        else:
            mode = convert(SetMode, command.params).mode
            if self.box.lax and mode is Mode.NORMALLY_CLOSED:
                raise CommandRejected("no door can be shut for everybody")
            door["mode"], door["unlocked"] = mode.value, mode is Mode.NORMALLY_OPEN
        await asyncio.sleep(self.box.slow_s)
        if self.box.mute:
            raise DeviceOffline("no answer within 1 s")
        return {"door": command.part}

    def _there(self) -> None:
        if self.box.gone:
            raise DeviceOffline("no answer within 1 s")


class DoorJournal(MemoryJournal):
    """A journal in memory that commands can use, and whose reader can be behind."""

    def __init__(self, clock: LoopClock) -> None:
        super().__init__()
        self._clock = clock
        self.read_s = 0.0
        self.unreadable = False

    async def read(
        self, *, after: int = 0, limit: int = 100, type: str | None = None, newest_first: bool = False, **_: Any
    ) -> list[Row]:
        await asyncio.sleep(self.read_s)
        if self.unreadable:
            raise JournalError("the journal cannot be read: no such server")
        found = [row for row in self.rows if row.seq > after and type in (None, row.type)]
        return (found[::-1] if newest_first else found)[:limit]

    async def by_source(self, prefix: str) -> list[Row]:
        return [row for row in self.rows if row.source_key.startswith(prefix)]

    def _row(self, device: str | None, event: Event) -> Row:
        made = super()._row(device, event)
        at = event.at or self._clock.now()
        return msgspec.structs.replace(made, at=at, device_at=event.device_at)


Story = Callable[["DoorHall"], Coroutine[Any, Any, None]]


class DoorHall:
    """`acs` has the doors d1 and d2: `front`, an entrance of the staff in the zone `gate`, and `back`."""

    def __init__(
        self,
        clock: LoopClock,
        journal: DoorJournal,
        boxes: Mapping[str, Box],
        *,
        doors: Sequence[Mapping[str, Any]] = (),
        devices: Sequence[BoxConfig] = (),
    ) -> None:
        self.clock, self.journal, self.hub, self.meters = clock, journal, Hub(clock), Meters()
        self.house = House(self.hub, cast(Journal, journal), Inlets(), clock, self.meters)
        self.boxes = boxes
        DoorBox.boxes = boxes
        self.lives = {config.id: Life(config, DoorBox, self.house) for config in devices}
        self.config = [DoorConfig.model_validate(door) for door in doors]
        kept = list(journal.kept.values())
        self.doors = Doors(lambda: self.config, zone=LISHUI, lives=self.lives, house=self.house, kept=kept)
        self.alarms = Alarms(AlarmsConfig(), self.house, kept)
        self.commands = Commands(self.lives, self.house, self.doors.targets, guard=self.doors.targets.guard)

    @property
    def box(self) -> Box:
        return self.boxes["acs"]

    def door(self, id_: str = "front") -> dict[str, Any]:
        """A door, as the API tells it."""
        return next(door for door in self.doors.all() if door["door"] == id_)

    def found(self, id_: str = "front") -> list[str]:
        """What the journal tells of a door, without its cycles and what was asked of it."""
        rows = [row for row in self.journal.rows if row.payload and row.payload.get("door") == id_]
        return [row.type for row in rows if row.type != "door.cycle" and not row.type.startswith("command.")]

    def rows(self, type_: str) -> list[Row]:
        """The rows of a type."""
        return [row for row in self.journal.rows if row.type == type_]

    def alarm(self, id_: str) -> str:
        """How an alarm stands."""
        return str(self.alarms.find(id_)["state"])

    async def ask(self, target: str, verb: str, who: Principal = BOSS, **more: Any) -> Result:
        """Command a target, with a reason."""
        id_ = f"c-{len(self.journal.rows)}-{self.clock.monotonic()}"
        asked: dict[str, Any] = {"reason": "演练", **more}
        return await self.commands.submit(Request(command_id=id_, device=target, verb=verb, **asked), who)

    async def during(self, story: Story) -> None:
        """Run it while a story is told, from when all boxes have been asked once."""
        bodies: dict[str, Any] = {"doors": self.doors.run, "alarms": self.alarms.run}
        tasks = [asyncio.create_task(guard(name, body, self.meters)) for name, body in bodies.items()]
        for id_, life in self.lives.items():
            tasks.append(asyncio.create_task(guard(id_, life.run, self.meters, life.down)))
        try:
            await asyncio.sleep(1.5)
            await story(self)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            DoorBox.boxes = {}
        assert self.meters.registry.get_sample_value("hall_guard_failures_total", {"name": "doors"}) is None


FRONT = {"id": "front", "name": "职工入口", "door": "acs/d1", "zone": "gate", "staff_entrance": True}
BACK = {"id": "back", "name": "后门", "door": "acs/d2"}
ACS = BoxConfig(id="acs", driver="test.doors")
OTHER = {"id": "side", "name": "侧门", "door": "acs2/d1", "zone": "gate"}
ACS2 = BoxConfig(id="acs2", driver="test.doors", doors=("d1",), fire=False)
TWO: Mapping[str, Any] = {"doors": [FRONT, BACK, OTHER], "devices": [ACS, ACS2]}


async def surely(hall: DoorHall, verb: str, place: str = "hall", **more: Any) -> Result:
    """Both steps of a dangerous verb."""
    asked = Request(command_id=f"{verb}-{hall.clock.monotonic()}", device=f"doors/zones/{place}", verb=verb, reason="x")
    try:
        await hall.commands.submit(asked, BOSS)
    except ConfirmFirst as first:
        return await hall.commands.submit(msgspec.structs.replace(asked, confirm=first.code), BOSS)
    raise AssertionError(f"{verb} was done in one step")


def modes(hall: DoorHall) -> list[str]:
    """How the locks are run in truth."""
    return [door["mode"] for box in hall.boxes.values() for door in box.doors.values()]


def told(
    *stories: Story,
    doors: Sequence[Mapping[str, Any]] = (FRONT, BACK),
    devices: Sequence[BoxConfig] = (ACS,),
    ahead_s: float = 0.0,
    then: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Tell stories one after the other, in virtual time: the gateway is killed and started again in between.

    The boxes go on, and it is nine o'clock in Lishui, on a Friday. `then`: the doors from the second story on.
    """

    async def main() -> None:
        clock = LoopClock()
        clock.ahead_s = (
            datetime(2026, 7, 17, 1, tzinfo=UTC) - datetime(2026, 1, 1, tzinfo=UTC)
        ).total_seconds() + ahead_s
        journal, boxes = DoorJournal(clock), {config.id: Box(config.doors) for config in devices}
        for place, story in enumerate(stories):
            now = doors if then is None or place == 0 else then
            await DoorHall(clock, journal, boxes, doors=now, devices=devices).during(story)

    virtually(main())
