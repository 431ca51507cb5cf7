"""A call is accepted once, recorded once, and on its screens before the disk is asked."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from smallhall import Hall, plain, until

from gateway.calls.model import CallConflict, CallRefused, UnknownCall, UnknownWindow
from gateway.core.errors import JournalError

OpenHall = Callable[[], AbstractAsyncContextManager[Hall]]


async def test_returns_once_it_is_recorded(hall: Hall) -> None:
    call = await hall.call("c1", "A012")
    assert await hall.rows("call.accepted") == [plain(call)]
    assert (call.session, call.seq, call.why) == ("2026-07-17", 1, None)
    assert await hall.calls.record.find("c1") == call


async def test_screens_do_not_wait_for_the_disk(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        hall.journal.disk.clear()
        task = asyncio.create_task(hall.call("c1", "A012"))
        await until(lambda: "A012" in card.shown)
        assert not task.done()
        assert await hall.rows("call.accepted") == []
        hall.journal.disk.set()
        await task
    assert len(await hall.rows("call.accepted")) == 1


async def test_the_answer_does_not_wait_for_the_screens(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        card.deaf = True
        call = await hall.call("c1", "A012")
        assert hall.calls.deliveries.live("c1")["led-1"]["status"] == "queued"
        assert await hall.calls.record.find("c1") == call


async def test_the_same_call_again_is_the_same_call(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        first = await hall.call("c1", "A012", person_name="张三")
        await until(lambda: "A012 张*" in card.shown)
        again = await hall.call("c1", "A012", person_name="张三", at="2026-07-17T09:00:00+08:00")
    assert again == first
    assert card.shown.count("A012 张*") == 1
    assert len(await hall.rows("call.accepted")) == 1


@pytest.mark.parametrize(
    "other", [{"window": "w2"}, {"kind": "recall"}, {"seq": 9}, {"ttl_s": 9}, {"session": "x"}, {"person_name": "张三"}]
)
async def test_another_call_of_the_same_id_is_refused(other: dict[str, Any], hall: Hall) -> None:
    await hall.call("c1", "A012")
    with pytest.raises(CallConflict, match=r"^call_id 'c1' was used before, for another call$"):
        await hall.call("c1", "A012", **other)
    with pytest.raises(CallConflict):
        await hall.call("c1", "A013")
    assert hall.wanted() == "A012"
    assert len(await hall.rows("call.accepted")) == 1


async def test_duplicates_at_the_same_time_make_one_row(hall: Hall) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(hall.call("c1", "A012")) for _ in range(20)]
    assert len({task.result() for task in tasks}) == 1
    assert len(await hall.rows("call.accepted")) == 1


async def test_a_repeat_after_a_restart_is_the_same_call(open_hall: OpenHall) -> None:
    async with open_hall() as hall:
        first = await hall.call("c1", "A012")
        await hall.call("c2", "A013")
    async with open_hall() as hall:
        assert await hall.call("c1", "A012") == first
        with pytest.raises(CallConflict):
            await hall.call("c2", "A099")
        assert len(await hall.rows("call.accepted")) == 2
        assert hall.wanted() == "A013"


async def test_a_full_disk_is_told_and_the_retry_is_recorded(hall: Hall) -> None:
    hall.journal.full = True
    with pytest.raises(JournalError):
        await hall.call("c1", "A012")
    assert hall.wanted() == "A012"
    with pytest.raises(JournalError):
        await hall.call("c1", "A012")
    hall.journal.full = False
    call = await hall.call("c1", "A012")
    assert await hall.rows("call.accepted") == [plain(call)]


async def test_a_retry_neither_overtakes_a_newer_call_nor_blinks(open_hall: OpenHall) -> None:
    async with open_hall() as hall:
        async with hall.plugged_in() as card:
            hall.journal.full = True
            with pytest.raises(JournalError):
                await hall.call("c1", "A012")
            await until(lambda: "A012" in card.shown)
            hall.journal.full = False
            await hall.call("c2", "A013")
            await until(lambda: "A013" in card.shown)
            assert (await hall.call("c1", "A012")).seq == 1
            assert hall.wanted() == "A013"
        assert card.shown.count("A012") == 1
    async with open_hall() as hall:
        assert hall.wanted() == "A013"


async def test_a_retry_of_other_content_is_refused(hall: Hall) -> None:
    hall.journal.full = True
    with pytest.raises(JournalError):
        await hall.call("c1", "A012")
    hall.journal.full = False
    with pytest.raises(CallConflict):
        await hall.call("c1", "A013")


async def test_those_who_wait_for_the_first_hear_why_it_failed(hall: Hall) -> None:
    hall.journal.disk.clear()
    hall.journal.full = True
    tasks = [asyncio.create_task(hall.call("c1", "A012")) for _ in range(3)]
    await until(lambda: hall.wanted() == "A012")
    hall.journal.disk.set()
    for task in tasks:
        with pytest.raises(JournalError, match=r"^the journal could not record"):
            await task


async def test_a_sender_that_gives_up_can_send_again(hall: Hall) -> None:
    hall.journal.disk.clear()
    first, second = (asyncio.create_task(hall.call("c1", "A012")) for _ in range(2))
    await until(lambda: hall.wanted() == "A012")
    first.cancel()
    with pytest.raises(JournalError, match="send it again"):
        await second
    hall.journal.disk.set()
    assert (await hall.call("c1", "A012")).seq == 1
    assert len(await hall.rows("call.accepted")) == 1


async def test_calls_are_numbered_as_they_came_however_long_the_journal_searches(hall: Hall) -> None:
    hall.journal.search = lambda prefix: 0.03 if "/c1/" in prefix else 0.0
    async with asyncio.TaskGroup() as group:
        first = group.create_task(hall.call("c1", "A012"))
        second = group.create_task(hall.call("c2", "A013"))
    assert (first.result().seq, second.result().seq) == (1, 2)
    assert hall.wanted() == "A013"


async def test_an_unknown_window_is_refused_with_those_that_are_known(hall: Hall) -> None:
    with pytest.raises(UnknownWindow, match=r"^there is no window 'w9'; there are: w1, w2, w3$"):
        await hall.call("c1", "A012", window="w9")


async def test_a_number_that_is_too_long_leaves_no_trace(hall: Hall) -> None:
    await hall.call("c1", "A012")
    head, seen = hall.journal.head, dict(hall.hub.views["windows/w1"])
    with pytest.raises(CallRefused, match=r"^led-1 has 12 cells$"):
        await hall.call("c2", "A012-A013-A014")
    assert (hall.journal.head, dict(hall.hub.views["windows/w1"]), hall.wanted()) == (head, seen, "A012")
    assert (await hall.call("c2", "A013")).seq == 2  # the id is free, and no number was lost


async def test_a_number_that_one_of_two_screens_cannot_show_is_shown_on_none(hall: Hall) -> None:
    with pytest.raises(CallRefused, match=r"^led-3 has 6 cells$"):
        await hall.call("c1", "A012-13", window="w2")
    assert hall.wanted("led-2") == hall.wanted("led-3") == "综合受理"


async def test_a_call_that_was_never_accepted_is_unknown(hall: Hall) -> None:
    with pytest.raises(UnknownCall, match=r"^there is no call 'c9'$"):
        await hall.calls.record.find("c9")
    await hall.call("c12", "A012")
    with pytest.raises(UnknownCall):
        await hall.calls.record.find("c1")


async def test_only_the_newest_ids_are_kept_in_memory(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hall.calls._once, "_most", 2)
    for number in range(4):
        await hall.call(f"c{number}", f"A{number}")
    assert (await hall.call("c0", "A0")).seq == 1
    assert hall.wanted() == "A3"
