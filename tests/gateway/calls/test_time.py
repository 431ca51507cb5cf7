"""A call is shown for its time, and not a moment longer."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from smallhall import OPENED, Hall, HeldClock, request, until

from gateway.calls.model import make_call
from gateway.core.errors import CommandRejected, JournalError

OpenHall = Callable[[], AbstractAsyncContextManager[Hall]]
IDLE = "综合受理"


async def test_after_its_time_the_function_of_the_window_is_shown(hall: Hall) -> None:
    call = await hall.call("c1", "A012", ttl_s=30)
    assert call.expires_at == OPENED + timedelta(seconds=30)
    await hall.forward(29.9)
    assert hall.wanted() == "A012"
    await hall.forward(0.1)
    await until(lambda: hall.wanted() == IDLE)
    assert hall.hub.views["windows/w1"]["status"] == "idle"
    assert await hall.recorded("call.expired", 1) == [{"call_id": "c1", "window": "w1"}]


async def test_a_call_without_ttl_is_shown_as_long_as_the_site_file_says(hall: Hall) -> None:
    assert (await hall.call("c1", "A012")).expires_at == OPENED + timedelta(seconds=60)


async def test_time_counts_from_the_call_and_not_from_its_arrival(hall: Hall) -> None:
    call = await hall.call("c1", "A012", ttl_s=30, at="2026-07-17T08:59:50+08:00")
    assert call.expires_at == OPENED + timedelta(seconds=20)
    assert str(call.expires_at).endswith("+00:00")


async def test_a_call_that_comes_too_late_is_recorded_but_not_shown(hall: Hall) -> None:
    call = await hall.call("c1", "A012", ttl_s=30, at="2026-07-17T08:59:30+08:00")
    assert call.why == "expired before it arrived"
    assert hall.wanted() == IDLE
    assert [row["why"] for row in await hall.rows("call.accepted")] == ["expired before it arrived"]
    assert (await hall.call("c2", "A013")).seq == 1


async def test_a_sender_whose_clock_is_ahead_gets_no_more_time(hall: Hall) -> None:
    call = await hall.call("c1", "A012", ttl_s=30, at="2099-01-01T00:00:00Z")
    assert call.expires_at == OPENED + timedelta(seconds=30)


async def test_an_expired_call_comes_back_by_a_recall_only(hall: Hall) -> None:
    await hall.call("c1", "A012", ttl_s=30)
    await hall.forward(31)
    await until(lambda: hall.wanted() == IDLE)
    assert (await hall.call("c1", "A012", ttl_s=30)).call_id == "c1"
    assert hall.wanted() == IDLE
    await hall.call("c2", "A012", kind="recall")
    assert hall.wanted() == "A012"


async def test_a_newer_call_is_not_ended_by_the_time_of_an_older_one(hall: Hall) -> None:
    await hall.call("c1", "A012", ttl_s=30)
    await hall.forward(20)
    await hall.call("c2", "A013", ttl_s=30)
    await hall.forward(15)
    assert hall.wanted() == "A013"


@pytest.mark.parametrize("kind", ["pause", "resume"])
def test_a_pause_lasts_until_something_newer_unless_it_says_how_long(kind: str) -> None:
    def expires(**more: Any) -> datetime | None:
        asked = request("c1", kind=kind, **more)
        return make_call(asked, session="s", seq=1, ttl_s=60, now=OPENED, actor="queue-system").expires_at

    assert expires() is None
    assert expires(ttl_s=30) == OPENED + timedelta(seconds=30)


async def test_what_is_wanted_of_a_screen_runs_out_with_its_call_but_its_idle_text_never(hall: Hall) -> None:
    for kind, runs_out in (("call", True), ("pause", True), ("resume", False)):
        call = await hall.call(kind, "A012", kind=kind, ttl_s=30)
        wanted = hall.lives["led-1"].wishes.slot(None, "show").wanted
        assert wanted is not None
        assert wanted.expires_at == (call.expires_at if runs_out else None)


async def test_a_call_that_ran_out_while_we_were_away_is_not_shown_again(open_hall: OpenHall, clock: HeldClock) -> None:
    async with open_hall() as hall:
        await hall.call("c1", "A012", ttl_s=30)
    clock.time += timedelta(seconds=31)
    async with open_hall() as hall, hall.plugged_in() as card:
        await until(lambda: IDLE in card.shown)
        assert "A012" not in card.shown
        assert [row["call_id"] for row in await hall.recorded("call.expired", 1)] == ["c1"]


async def test_a_call_that_ran_out_is_idle_after_a_restart_too(open_hall: OpenHall) -> None:
    async with open_hall() as hall:
        await hall.call("c1", "A012", ttl_s=30)
        await hall.forward(31)
        await until(lambda: hall.wanted() == IDLE)
    async with open_hall() as hall:
        assert hall.wanted() == IDLE
        assert len(await hall.recorded("call.expired", 1)) == 1


async def test_time_runs_out_on_a_full_disk_as_well(hall: Hall) -> None:
    hall.journal.full = True
    with pytest.raises(JournalError):
        await hall.call("c1", "A012", ttl_s=30)
    await hall.forward(31)
    await until(lambda: hall.wanted() == IDLE)


async def test_of_a_call_that_was_never_accepted_nothing_is_recorded(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        hall.journal.full = True
        with pytest.raises(JournalError):
            await hall.call("c1", "A012", ttl_s=30)
        await until(lambda: card.shown[-1] == "A012")
        hall.journal.full = False
        await hall.forward(31)
        await until(lambda: card.shown[-1] == IDLE)
        await hall.call("c2", "A013")
        delivered = await hall.recorded("call.delivered", 1)
    assert [row["call_id"] for row in delivered] == ["c2"]
    assert await hall.rows("call.expired") == []


async def test_what_was_refused_once_is_acked_when_it_is_sent_again(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        await until(lambda: card.shown)
        card.answers = refuse
        await hall.call("c1", "A012")
        assert [row["status"] for row in await hall.recorded("call.delivered", 1)] == ["rejected"]
        card.answers = obey
        hall.lives["led-1"].wishes.again()
        assert [row["status"] for row in await hall.recorded("call.delivered", 2)] == ["rejected", "acked"]
    assert (await hall.calls.record.delivery("c1"))["led-1"]["status"] == "acked"


def refuse() -> None:
    raise CommandRejected("not now")


def obey() -> None:
    pass


async def test_it_wakes_up_by_itself_when_a_call_runs_out(hall: Hall) -> None:
    call = await hall.call("c1", "A012", ttl_s=30)
    assert call.expires_at is not None
    hall.clock.time = call.expires_at - timedelta(milliseconds=20)
    await hall.call("c2", "A013", window="w3")  # looks at the clock; from here on only the loop's time goes by
    hall.clock.time = call.expires_at
    await until(lambda: hall.wanted() == IDLE)
