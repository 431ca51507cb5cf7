"""Days and nights of the record, in virtual days: what expires, what leaves, and what a wrong clock can do."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from stores import Database, stores

from gateway.core.errors import JournalError
from gateway.core.model import Event, Retention
from gateway.hub import Hub
from gateway.journal import spool
from gateway.journal.batch import Call, Committed
from gateway.journal.daily import Day, days
from gateway.journal.journal import open_journal
from gateway.journal.verify import verify
from gateway.keeping import service as module
from gateway.keeping.config import JournalConfig
from gateway.keeping.service import Keeping
from gateway.meters import Meters
from gateway.supervisor.context import House
from gateway.wire.inlet import Inlets

OPENED = datetime(2026, 7, 17, 1, tzinfo=UTC)
KEY = bytes(32)


class Clock:
    """Wall time and monotonic time, each as the test says."""

    def __init__(self) -> None:
        self.time, self.up_s = OPENED, 0.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.up_s


class Record:
    """A journal that is kept, with a clock of its own."""

    def __init__(self, house: House, keeping: Keeping, clock: Clock, url: str) -> None:
        self.house, self.keeping, self.clock, self.url = house, keeping, clock, url
        self._count = house.journal.head.seq

    async def forward(self, time: timedelta) -> None:
        """Let time go by, as a gateway that runs would: with a look at the clock now and then."""
        end = self.clock.time + time
        while self.clock.time < end:
            step = min(timedelta(hours=8), end - self.clock.time)
            self.clock.time += step
            self.clock.up_s += step.total_seconds()
            await self.keeping.tick()

    async def jump(self, time: timedelta) -> None:
        """Set the clock."""
        self.clock.time += time
        await self.keeping.tick()

    async def write(self, retention: Retention = Retention.CALL, *, at: datetime | None = None) -> int:
        """Record something now; gives its seq."""
        self._count += 1
        event = Event(
            type="tick", source_key=f"t/{self._count}", payload={"n": self._count}, retention=retention, at=at
        )
        [recorded] = await self.house.journal.record("d", [event])
        return recorded.seq

    async def kept(self) -> set[int]:
        """The rows that have their payload."""
        return {row.seq for row in await self.house.journal.read(limit=1000) if row.payload is not None}

    def days(self) -> list[tuple[str | None, int]]:
        """The days and their rows."""
        return [(day.day, day.rows) for day in self.all_days()]

    def all_days(self) -> list[Day]:
        return days(self.url, site="hall")


@asynccontextmanager
async def opened(
    folder: Path, clock: Clock, *, zone: str = "Asia/Shanghai", **section: object
) -> AsyncGenerator[Record]:
    """The record of a hall; opened again, it is the same after a restart."""
    url, config = stores.url(folder), JournalConfig.model_validate(section)
    async with AsyncExitStack() as stack:
        journal = await stack.enter_async_context(
            open_journal(url, site="hall", key=KEY, clock=clock, anchors=folder / "anchors")
        )
        house = House(hub=Hub(clock), journal=journal, inlets=Inlets(), clock=clock, meters=Meters())
        keeping = Keeping(lambda: config, zone=ZoneInfo(zone), house=house)
        await keeping.tick()
        yield Record(house, keeping, clock, url)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def record(tmp_path: Path, clock: Clock) -> AsyncGenerator[Record]:
    async with opened(tmp_path, clock) as running:
        yield running


async def test_payloads_are_kept_for_whole_days_by_their_class_and_not_longer(record: Record) -> None:
    call, door = await record.write(Retention.CALL), await record.write(Retention.ACCESS)
    await record.forward(timedelta(days=30))
    assert await record.kept() == {call, door}
    await record.forward(timedelta(days=1))
    assert await record.kept() == {door}
    await record.forward(timedelta(days=149))
    assert await record.kept() == {door}
    await record.forward(timedelta(days=1))
    assert await record.kept() == set()
    assert verify(record.url, key=KEY).what == "site hall: 2 rows are whole, 2 payloads erased"


async def test_days_are_those_of_the_site_and_not_of_the_host(record: Record) -> None:
    await record.write()
    record.clock.time = datetime(2026, 7, 17, 15, 59, tzinfo=UTC)  # 23:59 in Lishui
    await record.keeping.tick()
    await record.write()
    record.clock.time = datetime(2026, 7, 17, 16, 0, tzinfo=UTC)
    await record.keeping.tick()
    await record.write()
    await record.forward(timedelta(hours=3))
    assert record.days() == [("2026-07-17", 2), (None, 1)]


async def test_a_day_is_sealed_a_while_after_its_end(record: Record) -> None:
    await record.write()
    await record.jump(timedelta(hours=15))
    assert record.days() == [(None, 1)]
    record.clock.up_s += 899
    await record.keeping.tick()
    assert record.days() == [(None, 1)]
    record.clock.up_s += 1
    await record.keeping.tick()
    assert record.days() == [("2026-07-17", 1)]


async def test_a_day_that_ended_while_the_gateway_was_down_has_the_rows_of_before(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as record:
        await record.write()
    clock.time += timedelta(days=3)
    async with opened(tmp_path, clock) as record:
        await record.write()
        await record.forward(timedelta(hours=1))
        assert record.days() == [("2026-07-17", 1), (None, 1)]


async def test_a_missed_night_is_made_up_for(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as record:
        await record.write()
        await record.forward(timedelta(days=28))
    clock.time += timedelta(days=5)
    async with opened(tmp_path, clock) as record:
        assert await record.kept() == set()


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_clock_that_jumps_by_minutes_neither_erases_too_early_nor_breaks_a_day(
    record: Record, minutes: int
) -> None:
    door = await record.write(Retention.ACCESS)
    for _ in range(180):
        await record.forward(timedelta(hours=14, minutes=55))
        await record.jump(timedelta(minutes=minutes))
        await record.forward(timedelta(hours=9, minutes=5))
        await record.jump(timedelta(minutes=-minutes))
        await record.write(Retention.DEVICE)
    assert door in await record.kept()
    names = [day.day for day in record.all_days() if day.day]
    assert names == sorted(set(names))
    assert verify(record.url, key=KEY).ok


async def test_a_clock_that_is_years_ahead_erases_a_week_too_much_a_night_and_no_more(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, clock) as record:
        for _ in range(40):
            await record.write(Retention.CALL)
            await record.write(Retention.ACCESS)
            await record.forward(timedelta(days=1))
        before = await record.kept()
        await record.jump(timedelta(days=3650))
        assert len(before) - len(await record.kept()) <= 7
        assert len(await record.house.journal.read(limit=1000)) == 80
        await record.keeping.tick()
        assert len(before) - len(await record.kept()) <= 7, "it is one night, however often the clock is looked at"
        await record.jump(timedelta(days=-3650))
        kept = await record.kept()
        await record.forward(timedelta(days=6))
        assert await record.kept() == kept, "until the true time has caught up"
        assert "the clock is days ahead of the last night" in caplog.text
        assert verify(record.url, key=KEY).ok


async def test_a_clock_that_was_years_behind_for_one_night_delays_nothing(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as record:
        for _ in range(40):
            await record.write(Retention.CALL)
            await record.forward(timedelta(days=1))
        kept = len(await record.kept())
        await record.jump(timedelta(days=-3650))
        await record.jump(timedelta(days=3650))
        await record.forward(timedelta(days=10))
        assert len(await record.kept()) == kept - 10


async def test_whole_days_leave_when_their_time_is_over(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock, keep_rows_days=180) as record:
        for _ in range(190):
            await record.write(Retention.ACCESS)
            await record.forward(timedelta(days=1))
        left = [day for day in record.all_days() if day.left]
        assert [day.day for day in left] == [str(date(2026, 7, 17) + timedelta(days=n)) for n in range(10)]
        assert verify(record.url, key=KEY).what.startswith("site hall: 180 rows are whole")


@pytest.mark.parametrize(("zone", "begin"), [("Europe/Berlin", "2026-03-27"), ("Europe/Berlin", "2026-10-23")])
async def test_a_day_of_23_or_25_hours_is_one_day(tmp_path: Path, clock: Clock, zone: str, begin: str) -> None:
    clock.time = datetime.combine(date.fromisoformat(begin), datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    async with opened(tmp_path, clock, zone=zone) as record:
        for _ in range(5 * 24):
            clock.time += timedelta(minutes=30)
            await record.keeping.tick()
            await record.write(Retention.DEVICE)
            clock.time += timedelta(minutes=30)
            clock.up_s += 3600
        rows = [day.rows for day in record.all_days() if day.day]
    assert rows == [24, 24, 23 if "03" in begin else 25, 24]


async def test_nothing_expires_while_the_store_is_full_and_all_of_it_afterwards(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record.write()

    async def full(*_: object, **__: object) -> None:
        raise JournalError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(record.house.journal.upkeep, "expire", full)
        with pytest.raises(JournalError):
            await record.forward(timedelta(days=31))
    assert len(await record.kept()) == 1
    await record.forward(timedelta(days=31))
    assert await record.kept() == set()


async def test_its_health_is_red_while_the_journal_takes_nothing(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WATCH_S", 0.002)
    monkeypatch.setattr(spool, "FIRST_S", 0.002)
    why = "the journal could not record: database or disk is full"
    commit = "gateway.journal.writer.commit"

    def full(_engine: object, calls: list[Call], **_: object) -> Committed:
        return Committed(None, [JournalError(why) for _ in calls])

    running = asyncio.create_task(record.keeping.run(lambda: None))
    views = record.house.hub.views
    assert {name: views["journal/health"][name] for name in ("ok", "why", "spooled", "gaps")} == {
        "ok": True,
        "why": None,
        "spooled": 0,
        "gaps": 0,
    }
    with monkeypatch.context() as patched:
        patched.setattr(commit, full)
        record.clock.time += timedelta(seconds=5)
        record.house.journal.note("d", [Event(type="tick", source_key="x", payload={}, volatile=True)])
        await until(lambda: not views["journal/health"]["ok"])
        view = views["journal/health"]
        assert (view["why"], view["since"], view["spooled"]) == (why, record.clock.time, 1)
    await until(lambda: views["journal/health"]["ok"] and not views["journal/health"]["spooled"])
    running.cancel()
    await asyncio.wait({running})


async def test_upkeep_that_fails_is_told_once_and_is_over_once_it_succeeds(
    record: Record, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "FIRST_S", 0.002)
    caplog.set_level("INFO", "gateway.keeping")
    await record.write()
    database = Database(record.url)
    database.refuse("INSERT", "seals", "permission denied for table seals")
    await record.jump(timedelta(hours=15))
    record.clock.up_s += 900
    running = asyncio.create_task(record.keeping.run(lambda: None))
    why = "the journal could not be changed: permission denied for table seals"
    views, upkeep = (
        record.house.hub.views,
        partial(record.house.meters.registry.get_sample_value, "hall_journal_upkeep_up"),
    )
    await until(lambda: views["journal/health"]["upkeep"] == why)
    assert (views["journal/health"]["ok"], upkeep()) == (True, 0)
    await asyncio.sleep(0.02)
    database.do("DROP TRIGGER refusal" if database.is_file else "DROP TRIGGER refusal ON seals")
    await until(lambda: views["journal/health"]["upkeep"] is None)
    assert upkeep() == 1
    assert record.days() == [("2026-07-17", 1)]
    told = [each.message for each in caplog.records if "sealed, up to" not in each.message]
    assert told == [f"days are not sealed, or payloads not erased: {why}", "the record is kept again as it should be"]
    running.cancel()
    await asyncio.wait({running})


async def test_a_scrub_that_a_reader_prevented_is_made_up_for(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[bool] = []

    async def scrub() -> bool:
        tried.append(True)
        record.house.journal.upkeep.unscrubbed = False
        return True

    monkeypatch.setattr(record.house.journal.upkeep, "scrub", scrub)
    await record.keeping.tick()
    assert tried == []
    record.house.journal.upkeep.unscrubbed = True
    await record.keeping.tick()
    await record.keeping.tick()
    assert tried == [True]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - a view of the hub, which other tests subscribe to
            await asyncio.sleep(0.002)
