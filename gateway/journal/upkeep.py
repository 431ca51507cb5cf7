"""What is changed in the journal after it was written: days are sealed, payloads are erased, whole days leave.

Everything is done by the one thread that writes, in slices that keep no commit waiting for more than milliseconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Executable, delete, func, insert, or_, select, update

from gateway.core.model import Retention
from gateway.journal import missing, schema
from gateway.journal.batch import Work
from gateway.journal.chain import GENESIS
from gateway.journal.rows import stamp
from gateway.journal.sealing import Seal, departed, departed_mac, newest, seal_hash
from gateway.journal.store import scrub

SLICE_ROWS = 200  # rows: a slice takes about as long as a great commit
SCRUB_TRIES, SCRUB_PAUSE_S = 20, 0.1
PAUSE_S = 0.01  # after each slice, for those who wait to commit
ROWS, SEALS = schema.journal.c, schema.seals.c
Ask = Callable[[Executable, Callable[[Mapping[str, Any]], Any]], Awaitable[list[Any]]]
Change = Callable[[Work], Awaitable[Any]]


class Old(msgspec.Struct, frozen=True):
    """Rows older than `before`, or committed up to `last_seq` whatever they say.

    The time before ran up to `since` and `since_seq`, when `after` was the newest row: those need no second look.
    """

    before: str
    last_seq: int
    since: str = ""
    since_seq: int = 0
    after: int = 0


class Upkeep:
    """The upkeep of one site's journal. Every method raises JournalError."""

    def __init__(self, *, site: str, key: bytes, ask: Ask, change: Change, sealed: Callable[[Seal], None]) -> None:
        self._site, self._key, self._ask, self._change, self._sealed = site, key, ask, change, sealed
        self.unscrubbed = False

    async def seal(self, day: date, last_seq: int, now: datetime) -> str | None:
        """Seal the rows behind the last seal up to `last_seq` as one day; gives its name, None when there are none.

        A day that is not later than the last sealed one, because the clock was set back, is named the next one.
        """
        work = partial(_seal, site=self._site, key=self._key, day=day, last_seq=last_seq, now=stamp(now))
        seal: Seal | None = await self._change(work)
        if seal is None:
            return None
        self._sealed(seal)
        return seal.day

    async def newest_seal(self) -> Seal | None:
        """The seal of the last sealed day."""
        page = select(schema.seals).where(SEALS.site == self._site).order_by(SEALS.first_seq.desc()).limit(1)
        found = await self._ask(page, _seal_row)
        return found[0] if found else None

    async def sealed_before(self, day: date) -> int:
        """The last seq of the sealed days before `day`, 0 without any."""
        page = select(func.max(SEALS.last_seq).label("seq")).where(SEALS.site == self._site, SEALS.day < str(day))
        return int((await self._ask(page, lambda stored: stored["seq"] or 0))[0])

    async def expire(self, retention: Retention, old: Old) -> int:
        """Erase the payloads of old rows of a class; gives their number. What happens twice does no harm.

        How far they expire is noted before. Requests for erasure stay: they tell why payloads are missing.
        """
        await self._change(partial(_note_expired, site=self._site, key=self._key, retention=retention, old=old))
        of_class = (
            ROWS.site == self._site,
            ROWS["class"] == retention.value,
            ROWS.payload.is_not(None),
            ROWS.type != missing.REQUESTED,
        )
        aged = (ROWS.at < old.before, or_(ROWS.at >= old.since, ROWS.seq > old.after))
        ahead = (ROWS.at >= old.before, ROWS.seq <= old.last_seq, ROWS.seq > old.since_seq)  # of its own commit
        return await self._erase_where((*of_class, *aged)) + await self._erase_where((*of_class, *ahead))

    async def erase(self, seqs: Sequence[int]) -> int:
        """Erase the payloads of rows for ever; gives how many there were. The chain stays whole."""
        erased = 0
        for first in range(0, len(seqs), SLICE_ROWS):
            erased += await self._change(partial(_blank, site=self._site, seqs=seqs[first : first + SLICE_ROWS]))
        return erased

    async def scrub(self) -> bool:
        """See store.scrub; tried for 2 s, as those who read end soon. `unscrubbed`: it should be tried again later."""
        self.unscrubbed = True
        for _ in range(SCRUB_TRIES):
            if (done := await self._change(scrub)) is not False:
                self.unscrubbed = False
                return bool(done)
            await asyncio.sleep(SCRUB_PAUSE_S)
        return False

    async def leave(self, before: date, head: int) -> list[str]:
        """Let the rows of sealed days before `before` go, oldest first, but never the head; gives these days."""
        work = partial(_leave, site=self._site, key=self._key)
        page = select(schema.seals).where(SEALS.site == self._site, SEALS.day < str(before), SEALS.last_seq < head)
        left: list[str] = []
        for day, last_seq in await self._ask(
            page.order_by(SEALS.first_seq), lambda stored: (stored["day"], stored["last_seq"])
        ):
            gone = 0
            while (more := await self._change(partial(work, last_seq=last_seq))) > 0:
                gone += more
                await asyncio.sleep(PAUSE_S)
            left += [day] if gone else []
        return left

    async def _erase_where(self, where: Sequence[ColumnElement[bool]]) -> int:
        erased = last = 0
        page = select(ROWS.seq).where(*where).order_by(ROWS.seq).limit(SLICE_ROWS)
        while seqs := await self._ask(page.where(ROWS.seq > last), lambda stored: int(stored["seq"])):
            erased += await self.erase(seqs)
            last = seqs[-1]
            await asyncio.sleep(PAUSE_S)
        return erased


def _seal_row(stored: Mapping[str, Any]) -> Seal:
    """A seal from its columns. Raises ValueError when they are not what a gateway writes."""
    try:
        seal = msgspec.convert(dict(stored), Seal)
        date.fromisoformat(seal.day)
    except ValueError as error:
        raise ValueError(f"the seal of {stored['day']!r} is not as it was made") from error
    return seal


def _seal(engine: Engine, *, site: str, key: bytes, day: date, last_seq: int, now: str) -> Seal | None:
    with engine.begin() as db:
        before = newest(db, site, key)
        first = before.last_seq + 1 if before else 1
        end = db.execute(select(ROWS.hash).where(ROWS.site == site, ROWS.seq == last_seq)).scalar()
        if last_seq < first or end is None:
            return None
        if before and str(day) <= before.day:
            day = date.fromisoformat(before.day) + timedelta(days=1)
        rows = last_seq - first + 1
        seal = Seal(site=site, day=str(day), first_seq=first, last_seq=last_seq, rows=rows, end_hash=end, sealed_at=now)
        proof = seal_hash(key, before.seal if before else GENESIS, seal)
        seal = msgspec.structs.replace(seal, seal=proof)
        db.execute(insert(schema.seals), msgspec.structs.asdict(seal))
        return seal


def _note_expired(engine: Engine, *, site: str, key: bytes, retention: Retention, old: Old) -> None:
    with engine.begin() as db:
        missing.note(db, site=site, key=key, retention=retention, before=old.before, last_seq=old.last_seq)


def _blank(engine: Engine, *, site: str, seqs: Sequence[int]) -> int:
    with engine.begin() as db:
        there = (ROWS.site == site, ROWS.seq.in_(seqs), ROWS.payload.is_not(None))
        return db.execute(update(schema.journal).where(*there).values(payload=None, salt=None)).rowcount


def _leave(engine: Engine, *, site: str, key: bytes, last_seq: int) -> int:
    """Let the next slice of rows up to `last_seq` go, and note how far they have left; gives their number."""
    with engine.begin() as db:
        before = departed(db, site)
        gone = before.seq if before else 0
        upto = min(last_seq, gone + SLICE_ROWS)
        if upto <= gone:
            return 0
        _note_departed(db, site=site, key=key, seq=upto, before=before)
        return db.execute(delete(schema.journal).where(ROWS.site == site, ROWS.seq <= upto)).rowcount


def _note_departed(db: Connection, *, site: str, key: bytes, seq: int, before: Any) -> None:
    end = db.execute(select(ROWS.hash).where(ROWS.site == site, ROWS.seq == seq)).scalar_one()
    values = {"seq": seq, "hash": end, "mac": departed_mac(key, site=site, seq=seq, hash=end)}
    if before is None:
        db.execute(insert(schema.departed), {"site": site, **values})
    else:
        db.execute(update(schema.departed).where(schema.departed.c.site == site).values(**values))
