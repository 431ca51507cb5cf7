"""How the lock of a door is wanted to be run: known before its controller is asked, whose answer may be lost."""

import msgspec

from gateway.core.access import Mode
from gateway.core.model import Stage
from gateway.doors.door import NEVER

DONE = (Stage.CONFIRMED, Stage.ACKED)
UNDER_WAY = float("inf")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How a lock is run, as far as is known. Times are seconds of the steady clock.

    `until`: it is held open so long. `asked`: when its controller was asked last, UNDER_WAY while it is; only what is
    read after that counts. `sure`: the controller has said so since, and not only was asked.
    """

    mode: Mode | None = None
    until: float | None = None
    asked: float = NEVER
    sure: bool = False

    def order(self, mode: Mode, until: float | None) -> "Wanted":
        """While its controller is asked for this. What holds it open ends only once it is known to be shut."""
        return Wanted(mode=mode, until=until if mode is Mode.NORMALLY_OPEN else self.until, asked=UNDER_WAY)

    def ended(self, status: Stage | None, before: "Wanted", now: float) -> "Wanted":
        """Once its order has ended; None is nobody knows how. Only what was refused is as if it had not been asked."""
        if status is Stage.REJECTED:
            return msgspec.structs.replace(before, asked=min(before.asked, now))
        sure = status in DONE
        until = None if sure and self.mode is not Mode.NORMALLY_OPEN else self.until
        return msgspec.structs.replace(self, until=until, asked=now, sure=sure)

    def read(self, mode: Mode, at: float) -> "Wanted":
        """Once its controller has told `at` that time how it is run."""
        if at <= self.asked or (self.sure and mode is self.mode):
            return self
        return msgspec.structs.replace(self, mode=mode, sure=True)

    @property
    def over(self) -> Mode | None:
        """How it is to be run when its hold is over; None where it is known to be held open no longer."""
        if self.sure and self.mode is not Mode.NORMALLY_OPEN:
            return None
        return Mode.NORMALLY_CLOSED if self.mode is Mode.NORMALLY_CLOSED else Mode.CONTROLLED
