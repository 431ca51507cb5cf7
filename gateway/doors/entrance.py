"""One door of the site: its configuration, what is known of it, and what is to be recorded of what it hears."""

from datetime import datetime, timedelta

from gateway.core.access import Mode
from gateway.core.model import Event
from gateway.doors import records
from gateway.doors.config import DoorConfig
from gateway.doors.heard import Alarmed, Fire, Heard, Locked, Position, Released, Sensed, Tick
from gateway.doors.machine import NEVER, Door, due, restarted, step
from gateway.doors.records import Kept
from gateway.doors.timeline import Timeline
from gateway.doors.told import Level

LONGEST_HOLD_S = 86_400.0
UNSURE = timedelta(seconds=2)
"""Devices tell whole seconds, and how far their clocks are off is known to a second: a door that is forced just when it
begins to be known must not pass for history."""


class Entrance:
    """A door. `seq`: the rows of the journal up to this one are in what is known.

    `owed`: what is known is not kept yet; `moved`: it has moved since it was.
    """

    def __init__(self, config: DoorConfig, time: Timeline, kept: Kept | None, *, mode: Mode | None = None) -> None:
        self.config, self._time = config, time
        self.door, self.seq, self.rev = Door(since=time.now()), 0, 0
        self.known_since = time.wall(time.now())
        self.mode = mode
        self.hold_until: float | None = None
        self.hold_until_at: datetime | None = None
        self.since: datetime = self.known_since
        self.opened_at: datetime | None = None
        self.owed, self.moved = True, False
        self._sensed_at = NEVER
        if kept is not None:
            self._take_up(kept)

    def _take_up(self, kept: Kept) -> None:
        self.rev = kept.rev
        if kept.door != self.config.door:
            return
        door = records.unkept(kept, self._time, self.config.authorised_s)
        self.door = restarted(door, self._time.now())
        self.seq, self.known_since, self.opened_at = kept.seq, kept.known_since, kept.opened_at
        self.mode = Mode(kept.mode) if kept.mode else None
        if kept.hold_until is not None:
            self.hold_until = self._time.steady(kept.hold_until, ahead_s=LONGEST_HOLD_S)
            self.hold_until_at = kept.hold_until

    @property
    def due(self) -> float | None:
        """When something is found if nothing is heard."""
        return due(self.door, self.config.limits)

    def run(self, mode: Mode | None, hold_s: float | None) -> None:
        """Be run like this from now on, for `hold_s` seconds where that is a number."""
        self.mode = mode
        self.hold_until = None if hold_s is None else self._time.now() + hold_s
        self.hold_until_at = None if self.hold_until is None else self._time.wall(self.hold_until)

    def stands(self, level: Level, *, timetable: bool) -> list[Event]:
        """Hear how it stands now, by its readings and by the timetable; gives what is to be recorded.

        What somebody read before the newest that the device told of its sensor is older than that.
        """
        now, read = self._time.now(), self._time.steady(level.at)
        self.mode = level.mode or self.mode
        heard: list[tuple[Heard, float]] = []
        released = timetable or self.mode is Mode.NORMALLY_OPEN
        if released is not self.door.released:
            heard.append((Released(released), now))
        if level.fire is not None and level.fire is not self.door.fire:
            heard.append((Fire(level.fire), now))
        if level.unlocked is not self.door.unlocked:
            heard.append((Locked(level.unlocked), read))
        closed_again = level.position is Position.CLOSED and bool(self.door.wrong)
        if (level.position is not self.door.position or closed_again) and read > self._sensed_at:
            heard.append((Sensed(level.position), read))
        return self._hear(*heard, (Tick(), now))

    def happened(self, heard: Heard, at: datetime, *, recorded_at: datetime, seq: int) -> list[Event]:
        """Hear what happened to it, by a row of the journal; gives what is to be recorded."""
        if seq <= self.seq or at < self.known_since - UNSURE:
            return []
        self.seq, self.owed = seq, True
        if isinstance(heard, Sensed | Alarmed):
            self._sensed_at = max(self._sensed_at, self._time.steady(recorded_at))
        return self._hear((heard, self._time.steady(at)))

    def kept(self) -> Kept:
        """How it is kept."""
        until = None if self.hold_until is None else self._time.wall(self.hold_until)
        more = {"door": self.config.door, "seq": self.seq, "rev": self.rev, "known_since": self.known_since}
        return records.keep(self.door, self._time, mode=self.mode, hold_until=until, **more)

    def _hear(self, *heard: tuple[Heard, float]) -> list[Event]:
        before, events = self.door, list[Event]()
        for each, at in heard:
            self.door, found = step(self.door, self.config.limits, each, at)
            for outcome in found:
                self.rev += 1
                events.append(records.event(self.config, outcome, self._time, self.rev))
        self.owed |= self.door != before
        self.moved |= self.door.position is not before.position
        if self.door.since != before.since:
            self.since = self._time.wall(self.door.since)
        if self.door.opened != before.opened:
            self.opened_at = self._opened_at(self.door)
        return events

    def _opened_at(self, door: Door) -> datetime | None:
        if door.opened is None:
            return None
        return self.since if door.opened == door.since else self._time.wall(door.opened)
