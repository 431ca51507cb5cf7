"""One condition under watch, and its alarm: from what is found to the steps of its life. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from gateway.alarms import lifecycle
from gateway.alarms.condition import Condition, Delay, Look
from gateway.alarms.lifecycle import LONGEST_S, Alarm, State

SETTLE_S = 30.0  # what a switch takes with it is back within seconds after the switch: only what stays away is news
CHATTER_RAISES, CHATTER_S = 3, 600.0
CALM_S = 60.0  # an alarm that chatters must be over for so long before it is cleared


class What(StrEnum):
    """A step in the life of an alarm: an event `alarm.…` in the journal."""

    RAISED = "raised"
    CLEARED = "cleared"
    ACKNOWLEDGED = "acknowledged"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SUPPRESSED = "suppressed"
    SURFACED = "surfaced"


class Step(NamedTuple):
    """What happened to an alarm, and how it stood after it."""

    what: What
    alarm: Alarm


def _nothing() -> None:
    pass


class Watched:
    """A condition, how it is found out, and how its alarm stands. Times `now` are monotonic, `at` are of the wall."""

    __slots__ = (
        "_again",
        "_detail",
        "_event_seq",
        "_occurrence",
        "_raises",
        "_recurred",
        "_settled",
        "_unshelved",
        "alarm",
        "condition",
        "delay",
        "due",
        "look",
        "on_seen",
    )

    def __init__(self, condition: Condition, look: Look, alarm: Alarm, *, now: float, at: datetime) -> None:
        self.condition, self.look, self.alarm = condition, look, alarm
        self.delay = Delay(condition.on_delay_s, condition.off_delay_s, on=alarm.on)
        self.due: float | None = None
        self.on_seen: Callable[[], None] = _nothing
        self._again: float | None = None
        self._settled: float | None = None
        self._unshelved: float | None = None
        self._raises: tuple[float, ...] = ()
        self._recurred = False
        self._detail: dict[str, Any] = {}
        self._event_seq = alarm.event_seq
        self._occurrence: int | None = None
        if alarm.shelved_until is not None:
            left_s = (alarm.shelved_until - at).total_seconds()
            self._unshelved = now + min(max(0.0, left_s), LONGEST_S)  # the clock may have been set back meanwhile

    @property
    def out(self) -> bool:
        """Whether its subject is out, or seems to be: it is the root of what happens meanwhile."""
        return self.condition.outage and (self.delay.on or self.delay.pending)

    @property
    def chattering(self) -> bool:
        """Whether it came and went too often lately."""
        full = len(self._raises) == CHATTER_RAISES
        return full and self._raises[-1] - self._raises[0] <= CHATTER_S

    def find_out(self, now: float) -> None:
        """Look at the condition."""
        verdict = self.look(now, self.delay.on)
        self._detail = verdict.detail
        self._again = None if verdict.again_s is None else now + verdict.again_s
        self.delay.feed(verdict.holds, now)
        self._set_due()

    def hear(self, seq: int, *, raises: bool) -> bool:
        """Take the number of an event that tells of it; says whether it is a new one, and no repeat after a restart."""
        if seq <= self._event_seq:
            return False
        self._event_seq = seq
        if raises:  # who acknowledged the last one has not seen this
            self._occurrence, self._recurred = seq, self.delay.on
        return True

    def advance(self, now: float, at: datetime, root: str | None) -> list[Step]:
        """Take the steps that are due, where `root` is the cause of its alarm now."""
        steps = [*self._leave_shelf(now, at), *self._follow_condition(now, at, root), *self._follow_root(now, at, root)]
        self._set_due()
        return steps

    def acknowledge(self, at: datetime, actor: str) -> Alarm:
        """The alarm once a person has seen it."""
        return lifecycle.acknowledged(self.alarm, at, actor, until_seen=self.condition.until_seen)

    def shelve(self, now: float, at: datetime, for_s: float, actor: str) -> Alarm:
        """The alarm once a person has put it aside."""
        return lifecycle.shelved(self.alarm, at, at + timedelta(seconds=for_s), actor)

    def take(self, alarm: Alarm, now: float, at: datetime) -> None:
        """Have the alarm stand as a person has decided."""
        if self.alarm.on and not alarm.on:  # ended by being seen
            self.delay = Delay(self.condition.on_delay_s, self.condition.off_delay_s)
            self.on_seen()
        until = alarm.shelved_until
        self._unshelved = now + (until - at).total_seconds() if until is not None else None
        self.alarm = alarm
        self._set_due()

    def _leave_shelf(self, now: float, at: datetime) -> list[Step]:
        if self._unshelved is None or now < self._unshelved:
            return []
        self._unshelved = None
        return self._stand(What.UNSHELVED, lifecycle.unshelved(self.alarm, at))

    def _follow_condition(self, now: float, at: datetime, root: str | None) -> list[Step]:
        if not self.delay.on:
            self._recurred = False
            steps = self._stand(What.CLEARED, lifecycle.cleared(self.alarm, at, must_ack=self.condition.must_ack))
            if steps and self.chattering:
                self._raises = ()
                self.delay.off_delay_s = self.condition.off_delay_s
            return steps
        recurred, self._recurred = self._recurred, False
        if self.alarm.on and recurred and self.alarm.state is not State.ACKNOWLEDGED:
            self.alarm = lifecycle.recurred(self.alarm, self._event_seq)
        if self.alarm.on and not (recurred and self.alarm.state is State.ACKNOWLEDGED):
            return []
        self._raises = (*self._raises, now)[-CHATTER_RAISES:]
        if self.chattering:
            self.delay.off_delay_s = max(CALM_S, self.condition.off_delay_s)
        raised = lifecycle.raised(self.alarm, at, root=root, detail=self._detail, occurrence=self._occurrence)
        return self._stand(What.RAISED, raised)

    def _follow_root(self, now: float, at: datetime, root: str | None) -> list[Step]:
        if root is not None:
            self._settled = None
            return self._stand(What.SUPPRESSED, lifecycle.suppressed(self.alarm, at, root))
        if not self.alarm.on or self.alarm.root is None:
            self._settled = None
            return []
        if self._settled is None:
            self._settled = now + SETTLE_S
        if now < self._settled:
            return []
        self._settled = None
        return self._stand(What.SURFACED, lifecycle.surfaced(self.alarm, at))

    def _stand(self, what: What, alarm: Alarm) -> list[Step]:
        if alarm is self.alarm:
            return []
        self.alarm = alarm = msgspec.structs.replace(alarm, event_seq=self._event_seq)
        return [Step(what, alarm)]

    def _set_due(self) -> None:
        times = (self.delay.due, self._again, self._settled, self._unshelved)
        self.due = min((time for time in times if time is not None), default=None)
