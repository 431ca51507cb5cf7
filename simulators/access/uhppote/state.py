"""What a controller is: doors, cards, settings, inputs, a clock and a log."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from drivers.access.uhppote.codec.box import NOWHERE, Listener
from drivers.access.uhppote.codec.cards import Card
from drivers.access.uhppote.codec.doors import Control
from drivers.access.uhppote.codec.log import FIRE, FORCE_LOCK, EventRecord, Kind, Status
from drivers.access.uhppote.codec.schedules import AddTask, Profile, SetFirstCard
from drivers.access.uhppote.config import DOORS
from simulators.access.uhppote.ring import Ring
from simulators.clock import BoxClock

DELAY_S = 3
PC_CONTROL_S = 30.0
"""How long a computer that says nothing still decides."""


class DoorState:
    """One door with its lock."""

    def __init__(self) -> None:
        self.open = False
        self.button = False
        self.released = 0
        """How often its lock was released from afar."""
        self.unlocked_until = 0.0
        self.forget()

    def forget(self) -> None:
        """As it left the factory."""
        self.mode, self.delay = int(Control.CONTROLLED), DELAY_S
        self.codes: tuple[int, ...] = (0, 0, 0, 0)
        self.keypad = False
        self.button_works = True
        self.first: SetFirstCard | None = None
        self.first_passed: datetime | None = None


class Board:
    """A controller. `told` hears of every event that it writes."""

    def __init__(self, serial: int, timezone: str, now: Callable[[], float] = time.monotonic) -> None:
        self.serial, self.now = serial, now
        zone = ZoneInfo(timezone)
        self.clock = BoxClock(lambda: datetime.now(UTC).astimezone(zone).replace(tzinfo=None))
        self._set_by = timedelta()
        self.ring = Ring()
        self.doors = {number: DoorState() for number in range(1, DOORS + 1)}
        self.told: Callable[[EventRecord], None] = lambda _: None
        self.fire = self.force_lock = False
        self.error = self.sequence = 0
        self.can_log_doors = True
        self.address, self.netmask, self.gateway = NOWHERE, NOWHERE, NOWHERE
        self.forget()

    def forget(self) -> None:
        """Restore defaults: cards, log, listener and settings are gone. Its clock goes on."""
        self.ring.clear()
        self.cards: dict[int, Card] = {}
        self.card_places: list[int] = []
        self.profiles: dict[int, Profile] = {}
        self.new_tasks: list[AddTask] = []
        self.tasks: list[AddTask] = []
        self.new_first: dict[int, SetFirstCard] = {}
        self.listener = Listener(address=NOWHERE, port=0, interval=0)
        self.special_events = False
        self.anti_passback = self.interlock = self.event_index = 0
        self.inside: dict[tuple[int, int], int] = {}
        self.pc_control_at: float | None = None
        for door in self.doors.values():
            door.forget()

    @property
    def time(self) -> datetime:
        """The time that it believes in, in whole seconds."""
        return (self.clock.now() + self._set_by).replace(microsecond=0)

    def set_time(self, at: datetime) -> None:
        """Set its clock."""
        self._set_by = at - self.clock.now()

    def write(self, reason: int, door: int = 0, *, kind: Kind = Kind.DOOR, granted: bool = False, **more: int) -> None:
        """Write an event, and tell it."""
        record = EventRecord(kind=kind, granted=granted, door=door, at=self.time, reason=reason, **more)
        self.told(self.ring.add(record))

    def unlocked(self, number: int) -> bool:
        """Whether a lock is released."""
        door = self.doors[number]
        if self.fire:
            return True
        if self.force_lock or door.mode == Control.NORMALLY_CLOSED:
            return False
        return door.mode == Control.NORMALLY_OPEN or self.now() < door.unlocked_until

    def unlock(self, number: int) -> None:
        """Release a lock for its time."""
        self.doors[number].unlocked_until = self.now() + self.doors[number].delay

    @property
    def pc_control(self) -> bool:
        """Whether a computer decides who may pass."""
        return self.pc_control_at is not None and self.now() - self.pc_control_at < PC_CONTROL_S

    def status(self) -> Status:
        """How it is, with its newest event."""
        newest, now = self.ring.get(self.ring.newest), self.time
        self.sequence += 1
        return Status(
            **{name: getattr(newest, name) for name in EventRecord.fields},
            open=tuple(door.open for door in self.doors.values()),
            buttons=tuple(door.button for door in self.doors.values()),
            error=self.error,
            clock_time=now.time(),
            clock_date=now.date(),
            sequence=self.sequence,
            relays=sum(1 << number - 1 for number in self.doors if self.unlocked(number)),
            inputs=FIRE * self.fire | FORCE_LOCK * self.force_lock,
        )
