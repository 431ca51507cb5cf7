"""What is held while the store takes nothing: in order, bounded, and nothing is missing without being counted."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
from baddisk import Disk

from gateway.core.errors import JournalError
from gateway.core.model import Event
from gateway.journal import held
from gateway.journal import spool as module
from gateway.journal.batch import Call, Committed, commit
from gateway.journal.journal import Journal
from gateway.journal.rows import Recorded
from gateway.meters import Meters

Opened = Callable[..., AbstractAsyncContextManager[Journal]]


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_S", 0.005)
    monkeypatch.setattr(module, "LAST_S", 0.01)


@pytest.fixture
def tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is not tried again before somebody asks: a gap that a try took along grows no more."""
    monkeypatch.setattr(module, "FIRST_S", 60.0)


@pytest.fixture
def meters() -> Meters:
    return Meters()


@pytest.fixture
async def journal(opened: Opened, meters: Meters) -> AsyncGenerator[Journal]:
    async with opened(meters=meters) as journal:
        yield journal


@pytest.fixture
def disk(journal: Journal) -> Disk:
    return Disk(journal)


def event(number: int, size: int = 0) -> Event:
    return Event(type="tick", source_key=f"tick/{number}", payload={"n": number, "x": "x" * size}, volatile=True)


def metric(meters: Meters, name: str, **labels: str) -> float:
    return meters.registry.get_sample_value(name, labels) or 0.0


def balance(meters: Meters) -> tuple[float, float]:
    """What was accepted, and where it is: these two are always the same."""
    gaps = sum(metric(meters, "hall_gap_events_total", reason=reason) for reason in (held.FULL, held.REFUSED))
    names = ("hall_events_recorded_total", "hall_events_repeated_total", "hall_events_spooled")
    return metric(meters, "hall_events_accepted_total"), gaps + sum(metric(meters, name) for name in names)


async def told(journal: Journal) -> list[object]:
    """The numbers of the ticks that were recorded; a gap as its count."""
    rows = await journal.read(limit=1000)
    return [row.payload and (row.payload.get("n", f"gap of {row.payload.get('count')}")) for row in rows]


async def test_what_nobody_waits_for_is_recorded_in_its_order(journal: Journal, meters: Meters) -> None:
    notes = [journal.note("d", [event(number)]) for number in range(1200)]
    await notes[-1]
    assert journal.head.seq == 1200
    assert (await told(journal))[:5] == [0, 1, 2, 3, 4]
    assert balance(meters) == (1200, 1200)


async def test_what_was_noted_comes_before_what_its_source_records_later(journal: Journal) -> None:
    journal.note("d", [event(1)])
    await journal.record("d", [event(2)])
    assert await told(journal) == [1, 2]


async def test_those_who_wait_for_one_source_are_recorded_as_they_came(journal: Journal) -> None:
    journal.note("d", [event(0)])
    tasks = [asyncio.create_task(journal.record("d", [event(number)])) for number in range(1, 20)]
    late: list[asyncio.Task[list[Recorded]]] = []
    while journal.health.spooled:  # noqa: ASYNC110 - the turn between two tasks is what is tested
        await asyncio.sleep(0)
    late += [asyncio.create_task(journal.record("d", [event(number)])) for number in range(20, 40)]
    await asyncio.gather(*tasks, *late)
    assert await told(journal) == list(range(40))


async def test_a_full_disk_holds_it_and_its_source_s_order(journal: Journal, disk: Disk, meters: Meters) -> None:
    disk.full = True
    for number in range(5):
        await journal.note("d", [event(number)])
    assert (journal.health.spooled, journal.head.seq) == (5, 0)
    with pytest.raises(JournalError, match="database or disk is full"):
        await journal.record("d", [event(5)])
    disk.full = False
    await journal.record("d", [event(5)])
    assert await told(journal) == [0, 1, 2, 3, 4, 5]
    assert balance(meters) == (6, 6)


async def test_a_source_without_anything_in_memory_does_not_wait_for_another(journal: Journal, disk: Disk) -> None:
    disk.full = True
    await journal.note("d", [event(1)])
    disk.full = False
    assert await asyncio.wait_for(journal.record("e", [event(2)]), 1)


@pytest.mark.usefixtures("tried_once")
async def test_what_does_not_fit_becomes_one_gap_where_it_would_stand(
    journal: Journal, disk: Disk, meters: Meters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "EVENTS", 3)
    disk.full = True
    for number in range(10):
        await journal.note("d", [event(number)])
    assert balance(meters) == (11, 11)
    disk.full = False
    await journal.record("d", [event(99)])
    assert await told(journal) == [0, 1, 2, "gap of 7", 99]
    [gap] = await journal.read(type="gap")
    assert gap.payload is not None
    assert (gap.device, gap.payload["reason"], gap.retention) == ("d", "spool_full", "audit")
    assert gap.payload["from"] <= gap.payload["to"]
    assert (journal.health.spooled, journal.health.gaps) == (0, 7)
    assert balance(meters) == (12, 12)


@pytest.mark.usefixtures("tried_once")
async def test_every_source_has_a_gap_of_its_own(journal: Journal, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "EVENTS", 1)
    disk.full = True
    for number in range(6):
        await journal.note("de"[number % 2], [event(number)])
    disk.full = False
    for source in "de":
        await journal.record(source, [])
        await journal._spool.passed(source)
    gaps = {row.device: row.payload and row.payload["count"] for row in await journal.read(type="gap")}
    assert gaps == {"d": 2, "e": 3}


@pytest.mark.usefixtures("tried_once")
async def test_great_payloads_are_bounded_as_well(
    journal: Journal, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "PAYLOAD_BYTES", 3000)
    disk.full = True
    for number in range(6):
        await journal.note("d", [event(number, size=1000)])
    assert journal.health.gaps == 4
    disk.full = False
    await journal._spool.passed("d")
    await journal.note("d", [event(9, size=1000)])
    assert await told(journal) == [0, 1, "gap of 4", 9]


async def test_what_no_store_can_take_becomes_a_gap_and_holds_nothing_up(
    journal: Journal, meters: Meters, caplog: pytest.LogCaptureFixture
) -> None:
    hostile = Event(type="tick", source_key="h", payload={"n": object()}, volatile=True)
    odd = Event(type="tick", source_key="tick/\ud800", payload={"n": 7}, volatile=True)
    for each in (event(1), hostile, event(2), odd, event(3)):
        await journal.note("d", [each])
    assert await told(journal) == [1, "gap of 1", 2, "gap of 1", 3]
    assert metric(meters, "hall_gap_events_total", reason="refused") == 2
    assert balance(meters) == (7, 7)
    assert "bug" not in caplog.text


async def test_a_repeat_is_accepted_once_more_and_recorded_once(journal: Journal, meters: Meters) -> None:
    await journal.note("d", [event(1)])
    await journal.note("d", [event(1)])
    assert await told(journal) == [1]
    assert balance(meters) == (2, 2)


async def test_a_full_disk_is_asked_seldom_and_told_once(
    journal: Journal, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_S", 5.0)
    disk.full = True
    for number in range(100):
        await journal.note("d", [event(number)])
    assert disk.tries <= 2
    disk.full = False


async def test_a_clean_stop_records_what_is_held(opened: Opened) -> None:
    async with opened() as journal:
        disk = Disk(journal)
        disk.full = True
        await journal.note("d", [event(1)])
        disk.full = False
    async with opened() as journal:
        assert await told(journal) == [1]


async def test_a_stop_on_a_full_disk_says_what_is_lost(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    async with opened() as journal:
        disk = Disk(journal)
        disk.full = True
        for number in range(3):
            journal.note("d", [event(number)])
    assert "3 events are lost: the journal could not record them before the end" in caplog.text


async def test_a_store_that_hangs_is_not_waited_for_for_ever(
    journal: Journal, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.journal.journal.RECORD_S", 0.02)
    disk.answers.clear()
    with pytest.raises(JournalError, match=r"^the journal has not answered for 0.02 s$"):
        await journal.record("d", [event(1)])


async def test_the_trouble_of_the_store_is_told_once(
    opened: Opened, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "gateway.journal")
    full = JournalError("the journal could not record: database or disk is full")

    def refuse(_engine: object, calls: list[Call], **_options: object) -> Committed:
        return Committed(None, [full for _ in calls])

    async with opened() as journal:
        monkeypatch.setattr("gateway.journal.writer.commit", refuse)
        for number in range(3):
            with pytest.raises(JournalError):
                await journal.record(None, [event(number)])
        assert journal.health.why == str(full)
        monkeypatch.setattr("gateway.journal.writer.commit", commit)
        await journal.record(None, [event(1)])
        assert journal.health.why is None
    assert [record.message for record in caplog.records] == [str(full), "the journal records again"]
