"""The order of what one source notes and records, desired state that nobody waits for, and how the spool can end."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext

import pytest
from baddisk import Disk

from gateway.core.errors import JournalError
from gateway.core.model import Cursor, Event
from gateway.journal import spool as module
from gateway.journal.journal import Journal
from gateway.journal.rows import Desired
from gateway.meters import Meters

Opened = Callable[..., AbstractAsyncContextManager[Journal]]
TURNS = 50  # of the event loop: more than anything needs that waits for nothing


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_S", 0.005)
    monkeypatch.setattr(module, "LAST_S", 0.01)


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


def event(number: int) -> Event:
    return Event(type="tick", source_key=f"tick/{number}", payload={"n": number}, volatile=True)


def wish(rev: int, device: str = "led-1", verb: str = "show") -> Desired:
    return Desired(device, None, verb, {"text": str(rev)}, rev, None, "boss", f"c-{rev}")


async def turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def ticks(journal: Journal) -> list[object]:
    return [row.payload and row.payload["n"] for row in await journal.read(limit=1000)]


async def revs(journal: Journal) -> dict[str, int]:
    return {row.device: row.rev for row in await journal.desired()}


async def test_what_a_source_notes_after_it_began_to_record_is_written_after(journal: Journal, disk: Disk) -> None:
    disk.full = True
    await journal.note("d", [event(0)])
    disk.full = False
    records = [asyncio.create_task(journal.record("d", [event(1)], desired=[wish(1)]))]
    await asyncio.sleep(0)
    journal.note("d", [event(2)], desired=[wish(2)])
    records.append(asyncio.create_task(journal.record("d", [event(3)], desired=[wish(3)])))
    await asyncio.sleep(0)
    await journal.note("d", [event(4)], desired=[wish(4)])
    await asyncio.gather(*records)
    await journal._spool.passed("d")
    assert await ticks(journal) == [0, 1, 2, 3, 4]
    assert await revs(journal) == {"led-1": 4}


async def test_a_source_that_notes_without_end_keeps_none_of_its_records_waiting(journal: Journal) -> None:
    over = asyncio.Event()

    async def chatter() -> None:
        number = 100
        while not over.is_set():
            journal.note("d", [event(number := number + 1)])
            await asyncio.sleep(0)

    talking = asyncio.create_task(chatter())
    await asyncio.sleep(0)
    await asyncio.wait_for(journal.record("d", [event(1)]), 5)
    over.set()
    await talking


async def test_a_record_of_desired_state_alone_waits_its_turn_as_well(journal: Journal, disk: Disk) -> None:
    disk.full = True
    journal.note(None, [], desired=[wish(1)])
    await turns()
    with pytest.raises(JournalError):
        await journal.record(None, [], desired=[wish(2)])
    disk.full = False
    await journal.record(None, [], desired=[wish(2)])
    assert await revs(journal) == {"led-1": 2}


async def test_a_record_that_is_given_up_holds_nothing_back(journal: Journal, disk: Disk) -> None:
    disk.full = True
    await journal.note("d", [event(0)])
    waiting = asyncio.create_task(journal.record("d", [event(1)]))
    await asyncio.sleep(0)
    last = journal.note("d", [event(2)])
    waiting.cancel()
    await asyncio.wait({waiting})
    disk.full = False
    await last
    await journal._spool.passed("d")
    assert await ticks(journal) == [0, 2]


async def test_of_desired_state_that_no_event_goes_with_only_the_newest_is_held(journal: Journal, disk: Disk) -> None:
    disk.full = True
    for rev in range(1, 2001):
        journal.note(None, [], desired=[wish(rev), wish(rev, "led-2")])
        if rev % 100 == 0:
            await asyncio.sleep(0.006)  # the spool has tried again
    assert len(journal._spool.held) <= 4
    disk.full = False
    await journal._spool.passed(None)
    assert await revs(journal) == {"led-1": 2000, "led-2": 2000}


async def test_desired_state_keeps_its_place_among_the_events_of_its_source(journal: Journal, disk: Disk) -> None:
    disk.full = True
    journal.note(None, [], desired=[wish(1), wish(1, "led-2")])
    journal.note(None, [event(1)], desired=[wish(2, "led-2")])
    journal.note(None, [], desired=[wish(3)])
    journal.note(None, [event(2)], desired=[wish(4)])
    disk.full = False
    await journal._spool.passed(None)
    assert await revs(journal) == {"led-1": 4, "led-2": 2}


async def test_desired_state_is_kept_where_its_event_does_not_fit(
    journal: Journal, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.journal.held.EVENTS", 1)
    disk.full = True
    for number in range(3):
        await journal.note(None, [event(number)], desired=[wish(number)])
    disk.full = False
    await journal._spool.passed(None)
    assert await revs(journal) == {"led-1": 2}
    assert journal.health.gaps == 2


async def test_desired_state_that_no_store_can_take_holds_nothing_up(
    journal: Journal, disk: Disk, meters: Meters, caplog: pytest.LogCaptureFixture
) -> None:
    bad = Desired("led-1", None, "show", {"text": object()}, 1, None, "boss", "c")
    await journal.note(None, [], desired=[bad])
    disk.refused = "bad"
    await journal.note(None, [], desired=[wish(1, verb="bad")])
    await journal.note(None, [event(1)], desired=[wish(1, verb="bad")])
    await journal.note("d", [event(2)])
    assert [row.type for row in await journal.read()] == ["gap", "tick"]
    assert journal.health.spooled == 0
    assert "the gateway: the journal refused the record: no such thing" in caplog.messages
    assert "the journal's spool stopped" not in caplog.text


async def test_gaps_of_a_source_grow_no_longer_in_number_while_the_store_takes_nothing(
    journal: Journal, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.journal.held.EVENTS", 1)
    disk.full = True
    for number in range(20):
        await journal.note("d", [event(number)])
        await asyncio.sleep(0.012)  # the spool has tried again, and the gap that it tried counts no more
    assert journal.health.spooled == 3
    disk.full = False
    await journal._spool.passed("d")
    gaps = [row.payload["count"] for row in await journal.read(type="gap") if row.payload]
    assert (len(gaps), sum(gaps)) == (2, 19)


async def test_the_newest_cursor_outlives_the_events_that_do_not_fit(
    journal: Journal, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.journal.held.EVENTS", 1)
    disk.full = True
    for number in range(6):
        await journal.note("d", [event(number)], desired=[wish(number)], cursor=Cursor("log", str(number)))
    disk.full = False
    await journal._spool.passed("d")
    assert (await revs(journal), await journal.cursor("log")) == ({"led-1": 5}, "5")


async def test_a_cursor_is_not_written_before_what_was_noted_before_it(journal: Journal, disk: Disk) -> None:
    disk.full = True
    for number in range(600):
        journal.note("d", [event(number)], cursor=Cursor("log", str(number)))
    await journal.note(None, [], cursor=Cursor("log", "600"))
    assert await journal.cursor("log") is None
    disk.full = False
    for source in ("d", None):
        await journal._spool.passed(source)
    assert (journal.head.seq, await journal.cursor("log")) == (600, "600")


async def test_nobody_waits_for_a_disk_that_hangs(
    journal: Journal, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STUCK_S", 0.02)
    disk.answers.clear()
    await asyncio.wait_for(journal.note("d", [event(1)]), 1)
    await asyncio.wait_for(journal.note("d", [event(2)]), 0.01)
    assert journal.health.spooled == 2
    disk.answers.set()
    await journal.record("d", [event(3)])
    assert await ticks(journal) == [1, 2, 3]


@pytest.mark.parametrize("part", ["spool", "anchors"])
async def test_a_bug_in_a_task_of_the_journal_ends_it(
    opened: Opened, part: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def buggy(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("a bug")

    where = {"spool": "gateway.journal.spool.Spool._end_turn", "anchors": "gateway.journal.anchors.Anchors._anchor"}
    with pytest.raises(RuntimeError, match="a bug") if part == "anchors" else nullcontext():
        async with opened() as journal:
            monkeypatch.setattr(where[part], buggy)
            journal.note("d", [event(1)])
            with pytest.raises(JournalError, match=f"the journal's {part} stopped by a bug; it is in the log"):
                await asyncio.wait_for(journal.stopped(), 5)
            with pytest.raises(JournalError, match="the journal is closed"):
                await journal.record("e", [event(2)])
    assert f"the journal's {part} stopped" in caplog.messages
