"""The door against a model that knows no deadlines: it walks through the whole history again, second by second."""

from typing import Any, NamedTuple

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.doors.door import Door, Held, Limits, Outcome, Span
from gateway.doors.heard import Alarmed, Authorised, Fire, Heard, Locked, Position, Released, Sensed, Tick
from gateway.doors.machine import LOCK_S, UNKNOWN_S, restarted, step

WARN, HELD, PASS = 4, 7, 3
LIMITS = Limits(warn_s=WARN, held_s=HELD, authorised_s=PASS)
RESTART = "restart"


class Printed(NamedTuple):
    """Whether it is released by its timetable."""

    on: bool


class Note(NamedTuple):
    """`opened` is the opening that it is about."""

    what: str
    at: int
    was: tuple[str, ...] = ()
    opened: int | None = None
    by: str | None = None
    in_time: bool | None = None


class Naive:
    """What a guard would note who sits beside the door with a watch, and asks nobody."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.sensor: str = "unknown"
        self.begun: int | None = None  # when this opening was
        self.doubt: tuple[str, int] | None = None  # how it stood before a restart, and when that was
        self.opening = False
        self.seconds = 0  # that it has stood open without leave
        self.marks: list[str] = []  # what is wrong, of: forced warned held unknown
        self.was_held = False
        self.lock = self.fire = self.released = self.timetable = False
        self.lock_asked: int | None = None  # since when it burns, and the lock has not said that it is released
        self.good: set[int] = set()  # seconds in which somebody might pass
        self.now = 0

    def live(self, history: list[tuple[int, Any]], until: int) -> None:
        for self.now in range(until + 1):
            if self.now and self.opening:
                self.seconds += 1
            self.watch()
            for at, heard in history:
                if at == self.now:
                    self.hear(heard)
                    self.watch()

    @property
    def free(self) -> bool:
        return self.fire or self.released or self.timetable

    def watch(self) -> None:
        if self.free:
            self.seconds = 0
        if self.lock_asked is not None and self.now - self.lock_asked >= LOCK_S:
            self.answered()
        if self.doubt and self.now - self.doubt[1] >= UNKNOWN_S:
            self.notes.append(Note("door.unknown", self.doubt[1], (self.doubt[0],), self.begun))
            self.marks.append("unknown")
            self.doubt = None
        if self.free or self.lock:
            self.good.add(self.now)
        if self.sensor == "open" and self.opening and not self.free and "held" not in self.marks:
            if self.seconds >= WARN and "warned" not in self.marks:
                self.mark("warned", "door.held_warning")
            if self.seconds >= HELD:
                self.marks.remove("warned")
                self.mark("held", "door.held")
                self.was_held = True

    def mark(self, mark: str, note: str, by: str = "gateway") -> None:
        self.marks.append(mark)
        self.notes.append(Note(note, self.now, opened=self.begun, by=by))

    def over(self, *marks: str) -> None:
        gone = [mark for mark in self.marks if mark in marks]
        if gone:
            ordered = tuple(mark for mark in ("forced", "warned", "held", "unknown") if mark in gone)
            self.notes.append(Note("door.restored", self.now, ordered, self.begun))
        self.marks = [mark for mark in self.marks if mark not in gone]

    def hear(self, heard: Any) -> None:
        if heard == RESTART:
            if self.doubt or self.sensor != "unknown":
                self.doubt = (self.doubt[0] if self.doubt else self.sensor, self.now)
            self.sensor, self.lock = "unknown", False
            self.lock_asked = None if self.lock_asked is None else self.now
        elif isinstance(heard, Printed):
            self.timetable = heard.on
            if heard.on:
                self.over("warned", "held")
        elif isinstance(heard, Authorised):
            self.good.add(self.now)
        elif isinstance(heard, Locked):
            self.lock = heard.unlocked is True
            if self.lock and self.lock_asked is not None:
                self.answered()
        elif isinstance(heard, Fire):
            self.burn(heard.active)
        elif isinstance(heard, Released):
            self.released = heard.on
            if heard.on:
                self.over("warned", "held")
        elif isinstance(heard, Alarmed):
            self.alarm(heard.reason)
        elif isinstance(heard, Sensed):
            self.look(heard.position.value, heard.seen)

    def burn(self, active: bool | None) -> None:
        if active is not None and active != self.fire:
            self.fire = active
            self.lock_asked = self.now if active and not self.lock else None
            self.notes.append(Note("fire.released" if active else "fire.over", self.now))
            if active:
                self.over("warned", "held")

    def answered(self) -> None:
        self.notes.append(Note("fire.lock", self.now))
        self.lock_asked = None

    def alarm(self, reason: str) -> None:
        if reason == "duress":
            self.good.add(self.now)
        if reason == "forced" and not self.fire and "forced" not in self.marks:
            self.mark("forced", "door.forced", "device")
        if reason == "held" and not self.free and "held" not in self.marks:
            self.marks = [mark for mark in self.marks if mark != "warned"]
            self.mark("held", "door.held", "device")
            self.was_held = True

    def look(self, position: str, seen: bool) -> None:
        before, self.sensor = self.sensor, position
        if position != "unknown":
            self.doubt = None
        if position == "unknown":
            if before != "unknown":
                self.notes.append(Note("door.unknown", self.now, (before,), self.begun))
                self.marks.append("unknown")
        elif position == "closed":
            self.shut(sure=seen or before == "open")
        elif before == "closed" or (before == "unknown" and seen):
            if self.opening:
                self.shut(sure=False)
            self.over("unknown")
            self.begun = self.now
            may = any(second in self.good for second in range(self.now - PASS, self.now + 1))
            if not may and "forced" not in self.marks and "held" not in self.marks:
                self.mark("forced", "door.forced")
            self.opening, self.seconds = True, 0
        elif before == "unknown":
            self.over("unknown")
            if not self.opening:
                self.opening, self.seconds, self.begun = True, 0, self.now

    def shut(self, *, sure: bool) -> None:
        self.over("forced", "warned", "held", "unknown")
        if self.opening:
            in_time = False if self.was_held else True if sure else None
            self.notes.append(Note("door.cycle", self.now, opened=self.begun, in_time=in_time))
        self.opening, self.was_held, self.begun = False, False, None


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)


class Doors(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.door, self.now, self.limits = Door(), 0, LIMITS
        self.found: list[Outcome] = []
        self.history: list[tuple[int, Any]] = []
        self.backlog: list[tuple[int, Heard]] | None = None  # what its device keeps while nobody can ask it

    @initialize(begin=st.integers(0, 60), lasts=st.integers(0, 30))
    def print_timetable(self, begin: int, lasts: int) -> None:
        released = (Span(begin, begin + lasts, "released"),) if lasts else ()
        self.limits = msgspec.structs.replace(LIMITS, timetable=released)

    def tell(self, heard: Heard) -> None:
        self.history.append((self.now, heard))
        self.hear(heard)
        self.hear(Tick())

    def log(self, heard: Heard) -> None:
        if self.backlog is None:
            self.tell(heard)
        else:
            self.backlog.append((self.now, heard))

    def hear(self, heard: Heard, at: int | None = None) -> None:
        self.door, found = step(self.door, self.limits, heard, self.now if at is None else at)
        self.found += found

    @rule(seconds=st.integers(1, 3))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.hear(Tick())

    @rule(seconds=st.sampled_from([PASS, PASS + 1, WARN - 1, WARN, HELD - 1, HELD, int(LOCK_S), int(UNKNOWN_S)]))
    def wait_long(self, seconds: int) -> None:
        self.now += seconds
        self.hear(Tick())

    @rule(seen=st.booleans())
    def open(self, seen: bool) -> None:
        self.log(Sensed(Position.OPEN, seen or self.backlog is not None))

    @rule(seen=st.booleans())
    def close(self, seen: bool) -> None:
        self.log(Sensed(Position.CLOSED, seen or self.backlog is not None))

    @precondition(lambda self: self.backlog is None and self.door.position is not Position.UNKNOWN)
    @rule()
    def lose(self) -> None:
        self.tell(Sensed(Position.UNKNOWN))

    @precondition(lambda self: self.backlog is None and self.door.held is Held.NO and self.door.before is None)
    @rule()
    def cut(self) -> None:
        """What was said to be over in the meantime could not be taken back: nothing is held just now."""
        if self.door.position is not Position.UNKNOWN:
            self.tell(Sensed(Position.UNKNOWN))
        self.tell(Locked(None))
        self.backlog = []

    @precondition(lambda self: self.backlog)
    @rule()
    def back(self) -> None:
        """It is read late, in its order, whatever was told of fires and releases meanwhile."""
        late, self.backlog = self.backlog or [], None
        self.history = sorted([*self.history, *late], key=lambda told: told[0])
        for at, heard in late:
            self.hear(heard, at)
        self.hear(Tick())

    @rule()
    def authorise(self) -> None:
        self.log(Authorised())

    @precondition(lambda self: self.backlog is None)
    @rule(unlocked=st.sampled_from([True, False, None]))
    def lock(self, unlocked: bool | None) -> None:
        self.tell(Locked(unlocked))

    @rule(active=st.sampled_from([True, False, None]))
    def burn(self, active: bool | None) -> None:
        self.tell(Fire(active))

    @precondition(lambda self: self.door.suspended)
    @rule()
    def all_over(self) -> None:
        self.tell(Fire(False))
        self.tell(Released(False))

    @rule(on=st.booleans())
    def release(self, on: bool) -> None:
        self.tell(Released(on))

    @rule(reason=st.sampled_from(["forced", "held", "duress"]))
    def alarm(self, reason: str) -> None:
        self.log(Alarmed(reason))

    @precondition(lambda self: self.backlog is None and not self.door.unlocked)
    @rule()
    def restart(self) -> None:
        self.history.append((self.now, RESTART))
        self.door = restarted(self.door, self.now)

    @invariant()
    def as_the_naive_model(self) -> None:
        naive, history = Naive(), list(self.history)
        for begin, end, _ in self.limits.timetable:
            history = [(int(begin), Printed(True)), (int(end), Printed(False)), *history]
        naive.live(history, self.now)
        found = [
            Note(found.kind.value, int(found.at), found.was, _whole(found.opened), found.by, found.in_time)
            for found in self.found
        ]
        assert sorted(found, key=repr) == sorted(naive.notes, key=repr)
        assert self.door.position.value == naive.sensor
        assert set(self.door.wrong) == set(naive.marks)
        assert _whole(self.door.opened) == naive.begun

    @invariant()
    def one_forced_and_one_held_for_each_that_is_restored_or_stands(self) -> None:
        for kind, mark in (("door.forced", "forced"), ("door.held", "held")):
            raised = sum(found.kind.value == kind for found in self.found)
            over = sum(mark in found.was for found in self.found)
            assert raised == over + (mark in self.door.wrong)


Doors.TestCase.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)
TestDoors = Doors.TestCase
