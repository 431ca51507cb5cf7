"""Has alarms live: whatever makes one look again, one worker finds out, takes its steps and tells them."""

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from gateway.alarms import records
from gateway.alarms.condition import Condition
from gateway.alarms.lifecycle import Alarm, State, closed
from gateway.alarms.records import Recorder
from gateway.alarms.register import Register
from gateway.alarms.timers import Timers
from gateway.alarms.views import Views
from gateway.alarms.watch import Watch
from gateway.alarms.watched import Step, Watched, What
from gateway.core.contract import Clock

SLICE = 25  # alarms between two breaths of the loop: about 3 ms


class Engine:
    """The alarms at work. Only `work`, `judge` and `decided` change how an alarm stands."""

    def __init__(self, register: Register, recorder: Recorder, views: Views, clock: Clock) -> None:
        self._register, self._recorder, self._views, self._clock = register, recorder, views, clock
        self._timers: Timers[str] = Timers()
        self._dirty: dict[str, None] = {}
        self._wake = asyncio.Event()

    def add(self, watch: Watch) -> Watched:
        """Watch a condition from now on."""
        watched = self._register.add(watch)
        if watched.alarm.state is not State.NORMAL:
            self._show(watched, msgspec.structs.replace(watched.alarm, root=None))  # what stood before is no news
        self.look_again([watched])
        return watched

    def drop(self, id_: str) -> None:
        """Watch a condition no longer: its alarm ends, because what it was about is gone."""
        watched = self._register.get(id_)
        if watched is None:
            return
        before = watched.alarm
        watched.alarm = closed(before, self._clock.now())
        if watched.alarm is not before:
            self._tell(watched, Step(What.CLEARED, watched.alarm), reason="removed")
            self._show(watched, before)
        outage = watched.condition.outage
        self._register.drop(id_)
        self._views.forget(id_)
        self._timers.set(id_, None)
        if outage:
            self._look_at_followers()

    def look_again(self, found: Iterable[Watched]) -> None:
        """Look at these conditions as soon as may be."""
        self._dirty.update((watched.condition.id, None) for watched in found)
        if self._dirty:
            self._wake.set()

    def judge(self, watched: Watched) -> None:
        """Look at a condition over events and take the steps that follow: once this returns they are handed in."""
        watched.find_out(self._clock.monotonic())
        self._advance(watched)

    def decided(self, condition: Condition, decide: Callable[[Watched], Alarm]) -> None:
        """Have an alarm stand as a person has decided; the event of it is recorded, with how it stood before that."""
        watched = self._register.get(condition.id)
        if watched is not None and (alarm := decide(watched)) is not watched.alarm:
            before = watched.alarm
            watched.take(alarm, self._clock.monotonic(), self._clock.now())
            self._show(watched, before)
            self.look_again([watched])
        self._recorder.took(condition, self._register.standing(condition.id))

    def came_again(self, watched: Watched) -> None:
        """Tell an occurrence that was only counted: the record has just been told that the one before it was seen."""
        again = records.event(watched.condition, Step(What.RAISED, watched.alarm))
        own = msgspec.structs.replace(again, source_key=f"{again.source_key}/{watched.alarm.occurrence}")
        self._recorder.took(watched.condition, watched.alarm, own)

    async def work(self) -> None:
        """Look at what has changed, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._dirty:
                turn, self._dirty = self._dirty, {}
                await self._turn(turn)

    async def watch_time(self) -> None:
        """Look at what is due, for ever."""
        while True:
            await self._timers.wait()
            due = self._timers.take(self._clock.monotonic())
            self.look_again(watched for id_ in due if (watched := self._register.get(id_)))

    async def _turn(self, ids: Iterable[str]) -> None:
        """Find out about all of them first: then it is known what is out, and only its root is announced."""
        now, news = self._clock.monotonic(), False
        turn = [watched for id_ in ids if (watched := self._register.get(id_))]
        for watched in turn:
            watched.find_out(now)
            news |= watched.condition.outage and self._register.note_outage(watched)
        if news:
            self._look_at_followers()
        for place, watched in enumerate(turn):
            if place % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            if self._register.get(watched.condition.id) is watched:
                self._advance(watched)

    def _look_at_followers(self) -> None:
        self.look_again(watched for watched in self._register if watched.condition.follows and watched.alarm.on)

    def _advance(self, watched: Watched) -> None:
        before, now = watched.alarm, self._clock.monotonic()
        root = self._register.root(watched) if before.on or watched.delay.on else None
        steps = watched.advance(now, self._clock.now(), root)
        for step in steps:
            self._tell(watched, step)
        self._timers.set(watched.condition.id, watched.due)
        if watched.alarm is before:
            return
        if not steps:
            self._recorder.took(watched.condition, watched.alarm)  # it is no news, but must not be forgotten
        self._show(watched, before)

    def _tell(self, watched: Watched, step: Step, **more: str) -> None:
        self._recorder.took(watched.condition, step.alarm, records.event(watched.condition, step, **more))

    def _show(self, watched: Watched, before: Alarm) -> None:
        self._views.show(watched, before, self._clock.monotonic())
