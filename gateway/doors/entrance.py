"""One door of the site: its configuration, what is known of it, and what is to be recorded of what it hears."""

from datetime import datetime, timedelta

import msgspec

from gateway.core.access import Mode
from gateway.core.model import Event, Stage
from gateway.doors import records
from gateway.doors.config import DoorConfig
from gateway.doors.door import NEVER, Door, Limits, Outcome
from gateway.doors.heard import Alarmed, Fire, Heard, Locked, Position, Released, Sensed, Tick
from gateway.doors.machine import due, restarted, step
from gateway.doors.records import Kept
from gateway.doors.timed import Timed
from gateway.doors.timeline import Timeline
from gateway.doors.told import Level
from gateway.doors.wanted import Wanted
from gateway.journal.rows import Desired

CLOCK_SET = timedelta(seconds=1)
LONGEST_HOLD_S = 86_400.0
UNSURE_S = 2.0
"""Devices tell whole seconds, and how far their clocks are off is known to a second: a door that is forced just when it
begins to be known must not pass for history, and one that is opened just when it is released is not forced."""


class Entrance:
    """A door. `seq`: the rows of the journal up to this one are in what is known.

    `owed`: what is known is not kept yet; `moved`: it has moved since it was. `left`: the site file has it no longer.
    """

    def __init__(self, config: DoorConfig, time: Timeline, kept: Kept | None) -> None:
        self.config, self._time, self._timed = config, time, Timed(time)
        self.door, self.seq, self.rev = Door(since=time.now()), 0, 0
        self._known_since = time.now()
        self.wanted = Wanted()
        self.hold_until_at: datetime | None = None
        self.since: datetime = time.wall(time.now())
        self._opening: tuple[float, datetime] | None = None
        self.owed, self.moved = True, False
        self.left = False
        self._sensed_at = self._burnt_at = self._mode_at = self._begun_anew = NEVER
        if kept is not None:
            self._take_up(kept)

    def _take_up(self, kept: Kept) -> None:
        self.rev = kept.rev
        if kept.door != self.config.door:
            return
        door = records.unkept(kept, self._time, self.config.authorised_s)
        if kept.mode != Mode.NORMALLY_OPEN:  # then it was by the timetable, which tells itself until when
            door = msgspec.structs.replace(door, released=False, released_since=NEVER)
        self.door = restarted(door, self._time.now())
        self.seq = kept.seq
        if door.opened is not None and kept.opened_at is not None:
            self._opening = door.opened, kept.opened_at
        self._known_since = self._time.steady(kept.known_since)
        until = None if kept.hold_until is None else self._time.steady(kept.hold_until, ahead_s=LONGEST_HOLD_S)
        self.want(Wanted(mode=Mode(kept.mode) if kept.mode else None, until=until))

    def renamed(self, config: DoorConfig, rev: int) -> None:
        """Be the door of another id: how its lock is run goes on, and a fire; what was found of it was of the other."""
        now = self._time.now()
        self.config, self.rev, self.left, self.owed = config, rev, False, True
        self.door = Door(since=now, fire=self.door.fire, fire_since=self.door.fire_since)
        self.since, self._opening = self._time.wall(now), None
        self._known_since, self._sensed_at = now, NEVER

    @property
    def due(self) -> float | None:
        """When something is found if nothing is heard."""
        return due(self.door, self._limits)

    @property
    def _limits(self) -> Limits:
        timetable = self._timed.spans(self.config.release)
        return msgspec.structs.replace(self.config.limits, timetable=timetable, unsure_s=UNSURE_S)

    @property
    def overdue(self) -> bool:
        """Whether it is still held open though the time of that is over."""
        return self.wanted.until is not None and self.wanted.until <= self._time.now()

    @property
    def opened_at(self) -> datetime | None:
        """When it was opened, until it is known to be closed."""
        return None if self.door.opened is None else self._opened(self.door.opened)

    def want(self, wanted: Wanted) -> None:
        """Have it run like this. It is owed until it is kept, whatever else is being kept just now."""
        if wanted.until != self.wanted.until:
            self.hold_until_at = None if wanted.until is None else self._time.wall(wanted.until)
        self.wanted, self.owed = wanted, True

    def order(self, mode: Mode, hold_s: float | None) -> Wanted:
        """What is wanted while its controller is asked for this, for `hold_s` seconds where that is a number."""
        return self.wanted.order(mode, None if hold_s is None else self._time.now() + hold_s)

    def ended(self, order: Wanted, before: Wanted, status: Stage | None) -> None:
        """An order has ended; where something else has been wanted since, that goes on."""
        if self.wanted is order:
            self.want(order.ended(status, before, self._time.now()))

    def stands(self, level: Level, *, timetable: bool) -> list[Event]:
        """Hear how it stands now, by its readings and by the timetable; gives what is to be recorded.

        What somebody read before the newest that the device told of its sensor, or of a fire, is older than that. Where
        the input says that it burns, see `burns`.
        """
        now, read = self._time.now(), self._time.steady(level.at)
        if level.mode is not None:
            self._mode_at = self._time.steady(level.mode_at)
            self.wanted = self.wanted.read(level.mode, self._mode_at)
        heard: list[tuple[Heard, float]] = []
        released = timetable or self._held_open(level)
        if released is not self.door.released:
            heard.append((Released(released), now))
        if level.fire is False and self._time.steady(level.fire_at) > self._burnt_at:
            heard.append((Fire(False), now))
        if level.unlocked is not self.door.unlocked:
            heard.append((Locked(level.unlocked), read))
        closed_again = level.position is Position.CLOSED and bool(self.door.wrong)
        if (level.position is not self.door.position or closed_again) and read > self._sensed_at:
            heard.append((Sensed(level.position), read))
        return self._hear(*heard, (Tick(), now))

    def _held_open(self, level: Level) -> bool:
        """Whether its lock is held open, as far as is known. A controller that has come back, tells of the sensor and
        not of the mode may have begun anew; what its log has of the time before was heard by then.
        """
        told, sensed = max(self.wanted.asked, self._mode_at), level.position is not Position.UNKNOWN
        if level.mode is None and sensed and level.online_at is not None:
            online = self._time.steady(level.online_at)
            self._begun_anew = online if told < online else self._begun_anew
        return self.wanted.mode is Mode.NORMALLY_OPEN and not self.overdue and told >= self._begun_anew

    def burns(self, level: Level) -> list[Event]:
        """Hear of a fire by the input; gives what is to be recorded. Who runs out by then is heard of afterwards."""
        return self._hear((Fire(True), self._time.now())) if level.fire and not self.door.fire else []

    def happened(
        self, heard: Heard, at: datetime, *, recorded_at: datetime, seq: int, claimed: datetime | None = None
    ) -> list[Event]:
        """Hear what happened to it, by a row of the journal; gives what is to be recorded.

        `claimed`: when, by the clock of its device, however far that is off. It is enough to make it history.
        """
        if seq <= self.seq or self._time.steady(claimed or at) < self._known_since - UNSURE_S:
            return []
        self.seq, self.owed = seq, True
        if isinstance(heard, Sensed | Alarmed):
            self._sensed_at = max(self._sensed_at, self._time.steady(recorded_at))
        if isinstance(heard, Fire):
            self._burnt_at = max(self._burnt_at, self._time.steady(recorded_at))
        return self._hear((heard, self._time.steady(at)))

    def fire_over(self) -> list[Event]:
        """Hear from somebody that it burns no longer; gives what is to be recorded."""
        return self._hear((Fire(False), self._time.now()))

    def kept(self) -> Kept:
        """How it is kept."""
        wanted = self.wanted
        until = None if wanted.until is None else self._time.wall(wanted.until)
        known_since = self._time.wall(self._known_since)
        more = {
            "door": self.config.door,
            "seq": self.seq,
            "rev": self.rev,
            "known_since": known_since,
            "opened_at": self.opened_at,
        }
        return records.keep(self.door, self._time, mode=wanted.mode, hold_until=until, **more)

    def row(self) -> Desired:
        """The row that brings it back; where the site file has it no longer, until its hold is ended."""
        return records.row(self.config.id, self.kept(), left=self.config.door if self.left else None)

    def _hear(self, *heard: tuple[Heard, float]) -> list[Event]:
        before, limits, events = self.door, self._limits, list[Event]()
        for each, at in heard:
            self.door, found = step(self.door, limits, each, at)
            for outcome in found:
                self.rev += 1
                events.append(self._event(outcome))
        self.owed |= self.door != before
        self.moved |= self.door.position is not before.position
        if self.door.since != before.since:
            self.since = self._wall(self.door.since)
        return events

    def _event(self, found: Outcome) -> Event:
        opened_at = None if found.opened is None else self._opened(found.opened)
        return records.event(self.config, found, self.rev, at=self._wall(found.at), opened_at=opened_at)

    def _opened(self, opened: float) -> datetime:
        """When an opening began: the same for ever after, unless somebody has set the clock meanwhile."""
        at = self._time.wall(opened)
        if self._opening is None or self._opening[0] != opened or abs(at - self._opening[1]) > CLOCK_SET:
            self._opening = opened, at
        return self._opening[1]

    def _wall(self, seconds: float) -> datetime:
        began = seconds == self.door.opened or (self._opening is not None and seconds == self._opening[0])
        return self._opened(seconds) if began else self._time.wall(seconds)
