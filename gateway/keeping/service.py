"""The keeper of the record: seals days, lets payloads expire and whole days leave, and tells whether it is well."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.errors import JournalError
from gateway.core.model import Retention
from gateway.journal.rows import Health, stamp
from gateway.journal.upkeep import Old
from gateway.journal.writer import STUCK_S
from gateway.keeping.config import JournalConfig
from gateway.keeping.days import CATCH_UP_DAYS, GRACE_S, Mark, Seen, State, midnight, next_turn
from gateway.supervisor.context import House
from gateway.supervisor.guard import Up

CURSOR = "keeping"
LONGEST_S = 60.0  # between two looks at the wall clock, which may be set
FIRST_S, LAST_S = 5.0, 900.0  # between two tries of what failed: each reads the rows that it did not get to change
WATCH_S = 0.5
HEALTH = "journal/health"
log = logging.getLogger(__name__)


class Keeping:
    """`run` is a body for `guard`. Made before any device lives: what is recorded by then is of the days before."""

    def __init__(self, config: Callable[[], JournalConfig], *, zone: ZoneInfo, house: House) -> None:
        self._config, self._zone, self._house = config, zone, house
        self._journal, self._upkeep = house.journal, house.journal.upkeep
        self._began_at_seq: int | None = house.journal.head.seq
        self._state: State | None = None
        self._ended_at: dict[date, float] = {}
        self._since: tuple[str | None, datetime] | None = None
        self._trouble: str | None = None
        self._show(self._journal.health)

    async def run(self, up: Up) -> None:
        """Keep the record, for ever."""
        up()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            group.create_task(self._keep())
            await asyncio.Event().wait()  # it must still wait when a child fails: decision 0010

    async def _keep(self) -> None:
        retry_s = FIRST_S
        while True:
            try:
                await self.tick()
            except JournalError as error:
                self._tell(str(error))
                wait_s, retry_s = retry_s, min(2 * retry_s, LAST_S)
            else:
                self._tell(None)
                now = self._house.clock.now().astimezone(self._zone)
                wait_s, retry_s = min(LONGEST_S, next_turn(now, self._config().nightly)), FIRST_S
            await asyncio.sleep(wait_s)

    def _tell(self, trouble: str | None) -> None:
        """Log once that the record is not kept as it should be, and once that it is again."""
        if trouble is not None and self._trouble is None:
            log.error("days are not sealed, or payloads not erased: %s", trouble)
        elif trouble is None and self._trouble is not None:
            log.info("the record is kept again as it should be")
        self._trouble = trouble
        self._house.meters.journal_upkeep.set(trouble is None)
        self._show(self._journal.health)

    async def tick(self) -> None:
        """Do what is due by now. Raises JournalError: then it is due still."""
        if self._state is None:
            text = await self._journal.cursor(CURSOR)
            self._state = msgspec.json.decode(text, type=State) if text else State()
        now = self._house.clock.now().astimezone(self._zone)
        await self._turn(self._state, now.date())
        if self._state.is_night(now, self._config().nightly):
            await self._night(self._state, now.date())
        elif self._upkeep.unscrubbed:
            await self._upkeep.scrub()

    async def _turn(self, state: State, today: date) -> None:
        newest = await self._upkeep.newest_seal()
        sealed = Mark(date.fromisoformat(newest.day), newest.last_seq) if newest else Mark(date.min, 0)
        head = self._journal.head.seq if self._began_at_seq is None else self._began_at_seq
        self._began_at_seq = None
        changed = state.turn(today, head, sealed)
        monotonic = self._house.clock.monotonic()
        self._ended_at = {mark.day: self._ended_at.get(mark.day, monotonic) for mark in state.ended}
        while state.ended and monotonic - self._ended_at[state.ended[0].day] >= GRACE_S:
            mark = state.ended[0]
            if day := await self._upkeep.seal(mark.day, mark.last_seq, self._house.clock.now()):
                log.info("the record of %s is sealed, up to seq %d", day, mark.last_seq)
            state.ended.pop(0)
            changed = True
        if changed:
            await self._save(state)

    async def _night(self, state: State, today: date) -> None:
        """Let payloads expire, and whole days leave."""
        config, head, day = self._config(), self._journal.head.seq, state.believe(today)
        if day < today:
            log.warning("the clock is days ahead of the last night: the record goes on %d days a night", CATCH_UP_DAYS)
        for retention in Retention:
            first_kept = day - timedelta(days=getattr(config.keep_days, retention))
            state.seen[retention] = await self._expire(state, retention, first_kept)
        for left in await self._upkeep.leave(day - timedelta(days=config.keep_rows_days), head):
            log.info("the rows of %s have left; its seal stays", left)
        await self._upkeep.scrub()
        state.night, state.head = today, head
        state.believed = max(state.believed or day, day)  # a clock that was behind once must not hold it back for years
        await self._save(state)

    async def _expire(self, state: State, retention: Retention, first_kept: date) -> Seen:
        seen = state.seen.get(retention, Seen())
        new = Seen(stamp(midnight(first_kept, self._zone)), await self._upkeep.sealed_before(first_kept))
        old = Old(new.before, new.last_seq, since=seen.before, since_seq=seen.last_seq, after=state.head)
        if erased := await self._upkeep.expire(retention, old):
            log.info("%d payloads of class %s have expired", erased, retention)
        return new

    async def _save(self, state: State) -> None:
        await self._journal.move(CURSOR, msgspec.json.encode(state).decode())

    async def _watch(self) -> None:
        """Tell how the journal is; while it is not well, try it."""
        while True:
            health = self._journal.health
            self._show(health)
            if health.why is not None:
                with suppress(JournalError, TimeoutError):
                    async with asyncio.timeout(STUCK_S):
                        await self._journal.prove()
            await asyncio.sleep(WATCH_S)

    def _show(self, health: Health) -> None:
        if self._since is None or self._since[0] != health.why:
            self._since = health.why, self._house.clock.now()
        view = {"ok": health.why is None, "since": self._since[1], **msgspec.structs.asdict(health)}
        view["upkeep"] = self._trouble
        self._house.hub.show(HEALTH, view)
