"""What a ZKTeco controller is: doors with sensors and locks, people it knows, and a log whose oldest rows give way."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from simulators.keep import Keep

TIME = "%Y-%m-%d %H:%M:%S"
PEOPLE = {"1001": "9896534", "1002": "1234567"}
"""Whom it knows: card numbers by user."""
GRANTED, HELD, UNKNOWN, FORCED, OPENED, CLOSED, BUTTON, STARTED, FIRE = 0, 28, 27, 102, 200, 201, 202, 206, 210
REMOTE, LOCKED, RELEASED = 8, 9, 205
FOR_EVER = 255


class Entry(msgspec.Struct, frozen=True):
    """One row of the log."""

    index: int
    line: str


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stays without power, as far as it has changed: a new row, how far the log was taken, the registration."""

    row: Entry | None = None
    taken: int | None = None
    registered: bool | None = None


class Door(msgspec.Struct):
    """One door. `released_s` is for how long its lock was released last: 0 shut, 255 for ever."""

    open: bool = False
    released_s: int = 0
    opened: int = 0


class Controller:
    """A controller: its log, the `era`th one, holds `room` rows; its clock is ahead by `skew`."""

    def __init__(self, doors: Sequence[int], keep: Keep[Kept], *, room: int = 10_000) -> None:
        self.doors = {number: Door() for number in doors}
        self.skew = timedelta()
        self.log: deque[Entry] = deque(maxlen=room)
        self.newest = self.taken = self.era = 0
        self.registered = False
        self.done: list[str] = []
        self._keep = keep
        for kept in keep.records():
            self._recall(kept)

    def time(self, now: datetime) -> str:
        """What its clock shows."""
        return (now + self.skew).strftime(TIME)

    def write(self, event: int, *, door: int, at: str, pin: str = "0", card: str = "0", out: bool = False) -> None:
        """Write a row, as the document shows one."""
        line = (
            f"time={at}\tpin={pin}\tcardno={card}\teventaddr={door}\tevent={event}\tinoutstatus={int(out)}\t"
            f"verifytype=4\tindex={self.newest + 1}\tsitecode=0\tlinkid=0\tmaskflag=1\ttemperature=36.4"
        )
        self._change(Kept(row=Entry(self.newest + 1, line)))

    def swipe(self, pin: str, card: str | None, *, door: int, out: bool, at: str) -> None:
        """Somebody shows a card, or what stands for one."""
        if pin in PEOPLE and card in (None, PEOPLE[pin]):
            self.doors[door].released_s = 5
            self.write(GRANTED, door=door, at=at, pin=pin, card=PEOPLE[pin], out=out)
        else:
            self.write(UNKNOWN, door=door, at=at, card=card or "5550199", out=out)

    def move(self, door: int, *, open: bool, at: str, alarm: int | None = None) -> None:
        """The door is opened or closed, and what the controller says of it."""
        if self.doors[door].open != open:
            self.doors[door].open = open
            if alarm != FORCED:
                self.write(OPENED if open else CLOSED, door=door, at=at)
        if alarm is not None:
            self.write(alarm, door=door, at=at)

    def control(self, door: int, seconds: int, *, at: str) -> bool:
        """Carry out a command on a lock; False for a door that it has not."""
        if door not in self.doors:
            return False
        self.doors[door].released_s = seconds
        if 0 < seconds < FOR_EVER:
            self.doors[door].opened += 1
        self.write({0: LOCKED, FOR_EVER: RELEASED}.get(seconds, REMOTE), door=door, at=at)
        return True

    def unread(self, most: int) -> list[Entry]:
        """The oldest rows that nobody has taken."""
        return [entry for entry in self.log if entry.index > self.taken][:most]

    def take(self, index: int) -> None:
        """Its rows have been taken up to this one."""
        self._change(Kept(taken=index))

    def register(self, *, done: bool) -> None:
        """It is registered at a server, or no longer is."""
        if done != self.registered:
            self._change(Kept(registered=done))

    def wipe(self) -> None:
        """Back to the factory's state: the log begins at 1 again."""
        self._keep.clear()
        self.log.clear()
        self.newest = self.taken = 0
        self.era += 1
        self.registered = False

    def state(self, at: str) -> str:
        """Sensors and relays, as `rtstate` has them."""
        sensors = [0, 0]
        for number, door in self.doors.items():
            sensors[(number - 1) // 4] |= (2 if door.open else 1) << 2 * ((number - 1) % 4)
        width = 2 if any(number > 4 for number in self.doors) else 1
        return f"time={at}\tsensor={bytes(sensors[:width]).hex().upper()}\trelay=00\talarm=0000000000000000"

    def _change(self, kept: Kept) -> None:
        self._keep.write(kept)
        self._recall(kept)

    def _recall(self, kept: Kept) -> None:
        if kept.row is not None:
            self.log.append(kept.row)
            self.newest = kept.row.index
        self.taken = self.taken if kept.taken is None else kept.taken
        self.registered = self.registered if kept.registered is None else kept.registered
