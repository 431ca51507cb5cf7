"""The alarms service: which conditions there are, and what makes them look again.

Nothing is polled: a change of the hub, an event of the journal, a timer or a person leads to the alarms it concerns.
"""

import asyncio
from collections.abc import Sequence, Set
from typing import Any

from gateway.alarms.built_in import BuiltIn, ClockOffset, Health, journal_unhealthy
from gateway.alarms.condition import Condition, Look
from gateway.alarms.config import AlarmsConfig
from gateway.alarms.desk import Desk
from gateway.alarms.doors import news
from gateway.alarms.engine import SLICE, Engine
from gateway.alarms.lifecycle import State
from gateway.alarms.news import News
from gateway.alarms.records import Recorder, restored
from gateway.alarms.register import Register
from gateway.alarms.ruled import Ruled
from gateway.alarms.rules import changed
from gateway.alarms.told import Handle, Told
from gateway.alarms.views import Views, newest_first
from gateway.alarms.watch import Watch
from gateway.alarms.watched import Watched
from gateway.alarms.words import BUILT_IN
from gateway.core.errors import JournalError
from gateway.hub import Change
from gateway.journal.rows import Desired, Row
from gateway.supervisor.context import House
from gateway.supervisor.guard import Up, alone

JOURNAL = "journal-unhealthy"
PAGE = 500  # events judged at once
GATHER_S = 0.05  # between two looks at the journal: a busy hall has some hundred events a second
RETRY_S = 5.0  # between two tries to read the journal
PROVE_S, PROVE_WITHIN_S = 15.0, 5.0
ORPHANED_S = 60.0  # what nobody has declared so long after our start will not be declared


class Alarms:
    """The alarms of the hall. `kept` are the rows of the last run: what was raised then is raised now."""

    def __init__(self, config: AlarmsConfig, house: House, kept: Sequence[Desired] = ()) -> None:
        self._house, self._hub, self._clock = house, house.hub, house.clock
        self._register = Register(house.hub, house.clock)
        self._register.keep(restored(kept))
        self._recorder = Recorder(house.journal)
        self._views = Views(house.hub, house.meters, self._register)
        self._engine = Engine(self._register, self._recorder, self._views, house.clock)
        self.desk = Desk(self._register, self._engine, house.journal, house.clock)
        self._health = Health(house.hub)
        self._begun: dict[Change, list[str]] = {}
        self._rules = Ruled(self._register, self._engine, house.hub, house.clock)
        self._config = AlarmsConfig()
        self._built_in = BuiltIn(house.hub, {})
        self.configure(config)

    def configure(self, config: AlarmsConfig) -> None:
        """Have these rules from now on, and the built-in alarms as these settings say. What is gone is cleared.

        What stays as it is goes on as if nothing had been read: its delays run, and what flaps is still known to.
        """
        before, self._config = self._config.built_in, config
        self._built_in = BuiltIn(self._hub, config.built_in)
        self._renew({name for name in BUILT_IN if before.get(name) != config.built_in.get(name)})
        self._rules.configure(config.rules)

    def _renew(self, names: Set[str]) -> None:
        """Begin the built-in alarms of these names anew, or end them."""
        for change in [change for change in self._begun if names and self._there(change)]:
            watches = {watch.condition.id: watch for watch in self._built_in.of(change)}
            for id_ in set(self._begun[change]) - watches.keys():
                self._engine.drop(id_)
            for watch in watches.values():
                if watch.condition.name in names:
                    self._add(watch)
            self._begun[change] = [*watches]
        own = changed(journal_unhealthy(), self._config.built_in.get(JOURNAL))
        if own is None:
            self._engine.drop(JOURNAL)
        elif JOURNAL in names or self._register.get(JOURNAL) is None:
            self._engine.add(Watch(own, self._health, (Change("view", "journal/health"),)))

    def declare(self, condition: Condition, look: Look | None = None, *changes: Change) -> Handle:
        """Watch a condition of a service: by `look` after these changes of the hub, or told by the handle."""
        told = Told()
        watched = self._add(Watch(condition, look or told, changes))
        return Handle(told, lambda: self._engine.look_again([watched]))

    def withdraw(self, id_: str) -> None:
        """Watch a condition no longer: an alarm of it is cleared, with the reason "removed"."""
        self._engine.drop(id_)

    def remove(self, device: str) -> None:
        """A device is gone from the site: its alarms are cleared, with the reason "removed"."""
        for watched in [watched for watched in self._register if watched.condition.device == device]:
            self._engine.drop(watched.condition.id)
        self._begun = {change: ids for change, ids in self._begun.items() if not _of(change, device)}

    def all(self) -> list[dict[str, Any]]:
        """Every alarm that is not normal, the most urgent first."""
        open_ = (watched for watched in self._register if watched.alarm.state is not State.NORMAL)
        return sorted((self._views.of(watched) for watched in open_), key=newest_first)

    def find(self, id_: str) -> dict[str, Any]:
        """One alarm, a normal one too. Raises UnknownAlarm."""
        return self._views.of(self.desk.found(id_))

    def flood(self) -> bool:
        """Whether more alarms were raised lately than a person can attend to."""
        return self._views.flood(self._clock.monotonic())

    async def run(self, up: Up) -> None:
        """Watch, for ever."""
        up()
        with alone():
            async with asyncio.TaskGroup() as group:
                for work in (self._engine.work, self._engine.watch_time):
                    group.create_task(work())
                for follow in (self._follow_hub, self._follow_journal, self._prove_journal, self._close_orphans):
                    group.create_task(follow())
                await asyncio.Event().wait()  # it must still wait when a child fails: decision 0010

    async def _follow_hub(self) -> None:
        with self._hub.subscribe(everything=True) as subscription:
            while True:
                for change in await subscription.take():
                    self._met(change)

    def _met(self, change: Change) -> None:
        """A thing of the hub has changed: perhaps it is new, or gone."""
        if not self._there(change):
            if change.kind == "availability":
                self.remove(change.key)
            for id_ in self._begun.pop(change, ()):
                self._engine.drop(id_)
        elif change not in self._begun or self._elsewhere(change):
            self._begin(change)
        self._engine.look_again(self._register.looking_at(change))

    def _elsewhere(self, change: Change) -> bool:
        """Whether the same door is another part by now: then the alarms of the old one end."""
        if change.kind != "view" or not change.key.startswith("doors/"):
            return False
        gone = set(self._begun[change]) - {watch.condition.id for watch in self._built_in.of(change)}
        for id_ in gone:
            self._engine.drop(id_)
        return bool(gone)

    def _there(self, change: Change) -> bool:
        if change.kind == "view":
            return change.key in self._hub.views
        device = self._hub.devices.get(change.key)
        return device is not None and (change.kind != "state" or change.part in device.points)

    def _begin(self, change: Change) -> None:
        if self._there(change):
            self._begun[change] = [self._add(watch).condition.id for watch in self._built_in.of(change)]

    def _add(self, watch: Watch) -> Watched:
        watched = self._engine.add(watch)
        if isinstance(watch.look, Told):
            watched.on_seen = watch.look.over
        return watched

    async def _follow_journal(self) -> None:
        """Judge every event once, and those of the time while we were down."""
        while True:
            try:
                seq = await self._recorder.start()
                while True:
                    rows = await self._house.journal.follow(seq, PAGE)
                    for place, row in enumerate(rows, 1):
                        self._heard(row)
                        if not place % SLICE:
                            await asyncio.sleep(0)
                    seq = rows[-1].seq if rows else self._house.journal.head.seq
                    self._recorder.reached(seq)
                    await asyncio.sleep(GATHER_S)
            except JournalError:
                await asyncio.sleep(RETRY_S)

    def _heard(self, row: Row) -> None:
        for told in self._rules.hear(row):
            self._engine.judge(told)
        for each in news(row, self._hub.views):
            self._told_of(each, row)
        if row.clock_offset_s is None or row.device is None:
            return
        for part in dict.fromkeys((row.part, None)):
            watched = self._register.get(".".join(["clock-drift", row.device, *([part] if part else [])]))
            if watched is not None and isinstance(watched.look, ClockOffset):
                watched.look.heard = row.clock_offset_s
                self._engine.look_again([watched])
                return

    def _told_of(self, news: News, row: Row) -> None:
        """Take what an event says of a built-in alarm: each event by itself, however soon the next one comes."""
        if news.begins not in self._begun:
            self._begin(news.begins)
        watched = self._register.get(news.alarm)
        if watched is None or not isinstance(watched.look, Told) or not watched.hear(row.seq, raises=news.raises):
            return
        told = {name: value for name, value in (row.payload or {}).items() if name != "person"}  # it is no passage
        watched.look.say(news.raises, {"event": row.type, "seq": row.seq, **told, **news.more})
        self._engine.judge(watched)

    async def _prove_journal(self) -> None:
        while True:
            try:
                async with asyncio.timeout(PROVE_WITHIN_S):
                    await self._house.journal.prove()
                self._health.told.over()
            except TimeoutError:
                self._health.told.say(True, {"why": f"nothing was committed for {PROVE_WITHIN_S:g} s"})
            except JournalError as error:
                self._health.told.say(True, {"why": str(error)})
            self._engine.look_again(watched for watched in self._register if watched.look is self._health)
            await asyncio.sleep(PROVE_S)

    async def _close_orphans(self) -> None:
        """Clear what the last run raised and nobody watches: its device or rule is gone from the site."""
        await asyncio.sleep(ORPHANED_S)
        for condition in self._register.orphans():
            self._engine.drop(self._engine.add(Watch(condition, Told())).condition.id)


def _of(change: Change, device: str) -> bool:
    return change.key == device if change.kind != "view" else change.key.split("/")[:2] == ["wishes", device]
