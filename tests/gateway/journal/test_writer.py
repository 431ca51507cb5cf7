"""The writer's queue: group commit, refusal, cancellation, failing disks, a clean stop."""

import asyncio
import logging
import resource
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import pytest
from stores import Database

from gateway.core.errors import JournalError
from gateway.core.model import Event
from gateway.journal import writer
from gateway.journal.journal import Journal
from gateway.journal.rows import Recorded

Opened = Callable[..., AbstractAsyncContextManager[Journal]]


def event(source_key: str) -> Event:
    return Event(type="door.opened", source_key=source_key, payload={"door": 1})


async def started(journal: Journal, source_keys: Sequence[str]) -> list["asyncio.Task[list[Recorded]]"]:
    """One waiting caller for each key."""
    tasks = [asyncio.create_task(journal.record("d", [event(source_key)])) for source_key in source_keys]
    await asyncio.sleep(0)
    return tasks


async def test_callers_that_wait_together_share_a_commit(opened: Opened, database: Database) -> None:
    commits: list[int] = []

    def tell(_seconds: float, events: int) -> None:
        commits.append(events)

    async with opened(on_commit=tell) as journal:
        with database.held_up():
            tasks = await started(journal, [f"{number}" for number in range(100)])
            await asyncio.sleep(0.02)
        seqs = [recorded[0].seq for recorded in await asyncio.gather(*tasks)]
    assert seqs == list(range(1, 101)), "in the order of the calls"
    assert len(commits) <= 2
    assert sum(commits) == 100


async def test_a_commit_takes_no_more_than_its_share(
    opened: Opened, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BATCH_LIMIT", 10)
    commits: list[int] = []

    def tell(_seconds: float, events: int) -> None:
        commits.append(events)

    async with opened(on_commit=tell) as journal:
        with database.held_up():
            tasks = [asyncio.create_task(journal.record("d", [event(f"{n}/{m}") for m in range(4)])) for n in range(10)]
            await asyncio.sleep(0.02)
        await asyncio.gather(*tasks)
    assert sum(commits) == 40
    assert max(commits) == 12, "whole calls, until there are enough events"


async def test_two_hundred_callers_are_all_answered_and_the_chain_is_whole(
    opened: Opened, independent: Callable[[Database, bytes], int], database: Database, key: bytes
) -> None:
    async def work(journal: Journal, worker: int) -> list[int]:
        return [(await journal.record("d", [event(f"{worker}/{n}"), event("same")]))[0].seq for n in range(5)]

    async with opened() as journal:
        seqs = await asyncio.gather(*(work(journal, worker) for worker in range(200)))
        assert journal.head.seq == 1001
    assert all(mine == sorted(mine) for mine in seqs)
    assert len({seq for mine in seqs for seq in mine}) == 1000
    assert independent(database, key) == 1001


async def test_tells_every_commit_on_the_loop(opened: Opened) -> None:
    told: list[tuple[float, int, int]] = []

    def tell(seconds: float, events: int) -> None:
        told.append((seconds, events, threading.get_ident()))

    async with opened(on_commit=tell) as journal:
        await journal.record(None, [event("a"), event("b")])
        await journal.move("mqtt", "1")
    assert [events for _, events, _ in told] == [2, 0]
    assert all(0 < seconds < 60 for seconds, _, _ in told)
    assert {thread for _, _, thread in told} == {threading.get_ident()}


async def test_refuses_when_too_many_wait(opened: Opened, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUEUE_LIMIT", 3)
    async with opened() as journal:
        with database.held_up():
            tasks = await started(journal, ["a", "b", "c"])
            with pytest.raises(JournalError, match="the journal is behind: 3 records wait to be written"):
                await journal.record(None, [event("d")])
        await asyncio.gather(*tasks)
        assert await journal.record(None, [event("d")]) == [Recorded(4, new=True)]


async def test_a_cancelled_caller_harms_nobody(opened: Opened, database: Database) -> None:
    async with opened() as journal:
        with database.held_up():
            first, second, third = await started(journal, ["a", "b", "c"])
            second.cancel()
            await asyncio.wait({second})
        await asyncio.gather(first, third)
        assert second.cancelled()
        assert await journal.record(None, [event("b")]) == [Recorded(2, new=False)], "it was committed all the same"


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_full_disk_is_told_to_every_caller_and_then_the_numbers_go_on(
    opened: Opened, database: Database
) -> None:
    async with opened() as journal:
        await journal.record(None, [event("a")])
        with database.held_up():
            tasks = await started(journal, ["b", "c"])
            before = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))  # SQLite's files are longer already
        try:
            refused = await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert [str(error) for error in refused] == ["the journal could not record: disk I/O error"] * 2
        assert journal.head.seq == 1
        assert await journal.record(None, [event("b")]) == [Recorded(2, new=True)]


async def test_leaving_commits_what_is_queued(opened: Opened, database: Database) -> None:
    async with opened() as journal:
        with database.held_up():
            tasks = await started(journal, [f"{number}" for number in range(20)])
    assert [task.result()[0].seq for task in tasks] == list(range(1, 21))


async def test_refuses_once_it_is_closed(opened: Opened) -> None:
    async with opened() as journal:
        pass
    with pytest.raises(JournalError, match="the journal is closed"):
        await journal.record(None, [event("a")])


async def test_leaving_under_many_cancellations_still_commits_before_it_frees_the_store(
    opened: Opened, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened():
        pass  # made, so that it can be held

    async def hall(ready: "asyncio.Future[Journal]") -> None:
        async with opened() as journal:
            ready.set_result(journal)
            await asyncio.Event().wait()

    ready: asyncio.Future[Journal] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(hall(ready))
    journal = await ready
    with database.held_up() as db:
        [caller] = await started(journal, ["a"])
        threading.Timer(0.05, db.execute, ["ROLLBACK"]).start()
        while not task.done():
            task.cancel()
            await asyncio.sleep(0.005)
        await asyncio.wait({caller})
    assert task.cancelled()
    assert caller.result() == [Recorded(1, new=True)]
    assert caplog.messages == []
    async with opened() as journal:
        assert journal.head.seq == 1


async def test_a_bug_in_the_thread_fails_the_callers_and_comes_out_at_the_end(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def buggy(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(writer, "commit", buggy)
    stack = AsyncExitStack()
    journal = await stack.enter_async_context(opened())
    with pytest.raises(JournalError, match="the journal's writer stopped"):
        await journal.record(None, [event("a")])
    with pytest.raises(JournalError, match="the journal is closed"):
        await journal.record(None, [event("b")])
    with pytest.raises(RuntimeError, match="a bug"):
        await stack.aclose()
    assert [record.levelno for record in caplog.records] == [logging.CRITICAL]


async def test_a_commit_wakes_everybody_who_waits_beyond(opened: Opened) -> None:
    async with opened() as journal:
        waiting = [asyncio.create_task(journal.beyond(0)) for _ in range(5)]
        later = asyncio.create_task(journal.beyond(1))
        await journal.record(None, [event("a")])
        await asyncio.wait(waiting, timeout=1)
        assert all(task.done() for task in waiting)
        assert not later.done()
        await journal.record(None, [event("b")])
        await asyncio.wait_for(later, 1)
        await asyncio.wait_for(journal.beyond(1), 1)
