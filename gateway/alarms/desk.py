"""What people do with alarms: acknowledge, shelve, unshelve. The audit is on disk before the effect."""

import secrets
from collections.abc import Callable

import msgspec

from gateway.alarms import records
from gateway.alarms.engine import Engine
from gateway.alarms.lifecycle import LONGEST_S, SHORTEST_S, Alarm, State, unshelved
from gateway.alarms.register import Register
from gateway.alarms.watched import Step, Watched, What
from gateway.core.contract import Clock
from gateway.core.errors import GatewayError, JournalError
from gateway.journal.journal import Journal


class UnknownAlarm(GatewayError):
    """There is no alarm of this id."""


class AlarmRefused(GatewayError):
    """The alarm stands so that this cannot be done with it."""


def no_alarm(id_: str) -> str:
    """The sentence about an alarm that does not exist."""
    return f"there is no alarm {id_!r:.100}"


class Desk:
    """Takes the decisions of people."""

    def __init__(self, register: Register, engine: Engine, journal: Journal, clock: Clock) -> None:
        self._register, self._engine, self._journal, self._clock = register, engine, journal, clock

    def found(self, id_: str) -> Watched:
        """The alarm of this id. Raises UnknownAlarm."""
        watched = self._register.get(id_)
        if watched is None:
            raise UnknownAlarm(no_alarm(id_))
        return watched

    async def acknowledge(self, id_: str, *, occurrence: int, actor: str, reason: str | None) -> None:
        """Note that a person has seen this occurrence; again is no harm. Of a newer one they know nothing: it stays.

        Raises UnknownAlarm, AlarmRefused, JournalError.
        """
        alarm = self.found(id_).alarm
        if alarm.state not in (State.ACTIVE, State.ACKNOWLEDGED, State.RETURNED):
            raise AlarmRefused(f"alarm {id_} is {alarm.state}: there is nothing to acknowledge")
        _same(id_, alarm, occurrence)
        if alarm.state is State.ACKNOWLEDGED:
            return

        def seen(watched: Watched) -> Alarm:
            same = watched.alarm.occurrence == occurrence
            return watched.acknowledge(self._clock.now(), actor) if same else watched.alarm

        await self._decide(id_, What.ACKNOWLEDGED, seen, actor, reason)
        standing = self._register.standing(id_)
        if standing.occurrence != occurrence and standing.rev == alarm.rev:
            self._engine.came_again(self.found(id_))
        _same(id_, standing, occurrence)

    async def shelve(self, id_: str, *, for_s: float, actor: str, reason: str | None) -> None:
        """Put it aside for a time; again begins anew. Raises UnknownAlarm, AlarmRefused, JournalError."""
        if not SHORTEST_S <= for_s <= LONGEST_S:
            raise AlarmRefused(f"an alarm can be shelved for {SHORTEST_S:g} to {LONGEST_S:g} s, not for {for_s:g}")
        now, at = self._clock.monotonic(), self._clock.now()
        await self._decide(id_, What.SHELVED, lambda watched: watched.shelve(now, at, for_s, actor), actor, reason)

    async def unshelve(self, id_: str, *, actor: str, reason: str | None) -> None:
        """Put it aside no longer. Raises UnknownAlarm, AlarmRefused, JournalError."""
        if self.found(id_).alarm.shelved_until is None:
            raise AlarmRefused(f"alarm {id_} is not shelved")
        await self._decide(
            id_, What.UNSHELVED, lambda watched: unshelved(watched.alarm, self._clock.now()), actor, reason
        )

    async def _decide(
        self, id_: str, what: What, decide: Callable[[Watched], Alarm], actor: str, reason: str | None
    ) -> None:
        """Record the decision with the row that keeps it, then carry it out on the alarm as it stands by then."""
        condition, alarm = self.found(id_).condition, decide(self.found(id_))
        event = records.event(condition, Step(what, alarm), actor=actor, reason=reason)
        own = msgspec.structs.replace(event, source_key=f"{event.source_key}/{what}/{secrets.token_hex(4)}")
        try:
            await self._journal.record(condition.device, [own], desired=[records.row(id_, alarm)])
        except JournalError:  # what it has not answered it may write still: behind that goes how the alarm stands
            self._engine.decided(condition, lambda watched: watched.alarm)
            raise
        self._engine.decided(condition, decide)


def _same(id_: str, alarm: Alarm, occurrence: int) -> None:
    """Raises AlarmRefused for another occurrence than the one that stands."""
    if alarm.occurrence != occurrence:
        told = f"occurrence {alarm.occurrence}, and it is {occurrence} that is acknowledged"
        raise AlarmRefused(f"alarm {id_} has come again since: it is {told}; look at it anew")
