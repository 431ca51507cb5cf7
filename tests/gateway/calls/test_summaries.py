"""Summary screens: the last calls of their zones, each followed until it is seen, and all of it after a restart."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from smallhall import Hall, HeldClock, Screen, opened, until

from gateway.calls.config import SummaryConfig
from gateway.core.contract import convert
from gateway.core.errors import CommandRejected, JournalError
from gateway.core.screen import Board, BoardRow

OpenHall = Callable[[], AbstractAsyncContextManager[Hall]]
ALL = SummaryConfig(id="all", device="tv-1", rows=3, title="大厅", notice="请保持安静")
EAST = SummaryConfig(id="east", device="tv-2", rows=2, zones=["east"], names=True)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def open_hall(tmp_path: Path, clock: HeldClock) -> Iterator[OpenHall]:
    Screen.cards.clear()
    yield lambda: opened(tmp_path, clock, [ALL, EAST])
    Screen.cards.clear()


@pytest.fixture
async def hall(open_hall: OpenHall, fails_on_pending_tasks: None) -> AsyncGenerator[Hall]:
    async with open_hall() as opened_hall:
        yield opened_hall


def board(hall: Hall, screen: str = "tv-1") -> Board:
    """What a screen shall show."""
    row = hall.lives[screen].wishes.slot(None, "board").wanted
    assert row is not None
    return convert(Board, row.params)


def tickets(hall: Hall, screen: str = "tv-1") -> list[str]:
    return [row.ticket for row in board(hall, screen).rows]


def delivery(hall: Hall, call_id: str, screen: str = "tv-1") -> Any:
    return hall.calls.deliveries.live(call_id).get(screen, {}).get("status")


async def test_the_newest_is_on_top_and_the_oldest_leaves(hall: Hall) -> None:
    for number in range(4):
        await hall.call(f"c{number}", f"A{number}", window=f"w{number % 3 + 1}")
    assert tickets(hall) == ["A3", "A2", "A1"]
    assert (board(hall).title, board(hall).size, board(hall).notice) == ("大厅", 3, "请保持安静")


async def test_every_call_is_shown_though_its_window_has_called_the_next(hall: Hall) -> None:
    await hall.call("c1", "A1")
    await hall.call("c2", "A2")
    assert tickets(hall) == ["A2", "A1"]


async def test_a_number_that_is_called_again_moves_up(hall: Hall) -> None:
    for call_id, ticket, kind in (("c1", "A1", "call"), ("c2", "A2", "call"), ("c3", "A1", "recall")):
        await hall.call(call_id, ticket, kind=kind)
    assert [(row.ticket, row.call_id) for row in board(hall).rows] == [("A1", "c3"), ("A2", "c2")]


async def test_only_numbers_of_its_zones_are_listed_and_names_where_they_are_wanted(hall: Hall) -> None:
    await hall.call("c1", "A1", person_name="张三")
    await hall.call("c2", "B1", window="w3", person_name="欧阳娜娜")
    await hall.call("c3", kind="pause", window="w3")
    assert [row.ticket for row in board(hall, "tv-2").rows] == ["B1"]
    assert [(row.window, row.name) for row in board(hall, "tv-2").rows] == [("w3号窗口", "欧**")]
    assert [row.name for row in board(hall).rows] == [None, None]


async def test_a_row_has_the_tag_of_who_comes_before_others(hall: Hall) -> None:
    for number, priority in enumerate(("normal", "priority", "green")):
        await hall.call(f"c{number}", f"A{number}", window=f"w{number + 1}", priority=priority)
    assert [row.priority for row in board(hall).rows] == ["绿色通道", "优先", ""]


async def test_what_changes_nothing_at_its_window_is_not_listed(hall: Hall) -> None:
    await hall.call("c2", "A2", session="s", seq=2)
    await hall.forward(6)
    late = await hall.call("c1", "A1", session="s", seq=1)
    assert late.why is not None
    assert tickets(hall) == ["A2"]


async def test_a_window_that_closes_takes_its_numbers_off_and_no_others(hall: Hall) -> None:
    await hall.call("c1", "A1")
    await hall.call("c2", "A2")
    await hall.call("c3", "B1", window="w2")
    await hall.call("c4", kind="pause")
    assert tickets(hall) == ["B1", "A2", "A1"]
    await hall.call("c5", kind="close")
    assert tickets(hall) == ["B1"]
    assert [delivery(hall, call_id) for call_id in ("c1", "c2", "c3")] == ["superseded", "superseded", "queued"]
    await hall.call("c6", kind="resume")
    assert tickets(hall) == ["B1"]


async def test_a_number_that_is_only_on_the_board_can_be_skipped(hall: Hall) -> None:
    await hall.call("c1", "A1")
    await hall.call("c2", "A2")
    assert (await hall.call("c3", "A1", kind="skip")).why is None
    assert tickets(hall) == ["A2"]


async def test_of_two_calls_to_one_window_in_one_millisecond_both_are_listed_the_newest_above(hall: Hall) -> None:
    await hall.call("c0", "A0", window="w2")
    await hall.call("c2", "A2", session="s", seq=2)
    overtaken = await hall.call("c1", "A1", session="s", seq=1)
    assert (overtaken.why, hall.wanted().strip()) == ("not newer than session s seq 2", "A2")
    assert tickets(hall) == ["A2", "A1", "A0"]
    await hall.call("c3", kind="close", session="s", seq=9)
    await hall.call("c4", "A4", session="s", seq=8)
    assert tickets(hall) == ["A0"], "nobody is called to a closed window"


async def test_a_number_whose_end_came_before_its_call_is_not_listed(hall: Hall) -> None:
    await hall.call("c3", "A2", kind="skip", session="s", seq=3)
    await hall.call("c4", "A3", session="s", seq=4)
    await hall.call("c2", "A2", session="s", seq=2)
    assert tickets(hall) == ["A3"]


async def test_an_overtaken_call_is_on_the_board_after_a_restart_too(open_hall: OpenHall) -> None:
    async with open_hall() as hall:
        await hall.call("c2", "A2", session="s", seq=2)
        await hall.call("c1", "A1", session="s", seq=1)
    async with open_hall() as again:
        assert tickets(again) == ["A2", "A1"]


async def test_a_calls_delivery_names_the_summary_screens_too(hall: Hall) -> None:
    async with hall.plugged_in("tv-1") as card, hall.plugged_in("led-4"), hall.plugged_in("tv-2"):
        await hall.call("c1", "B1", window="w3")
        await until(lambda: delivery(hall, "c1") == delivery(hall, "c1", "tv-2") == "confirmed")
        assert card.shown[-1] == "B1"
    assert {row["screen"] for row in await hall.recorded("call.delivered", 3)} == {"tv-1", "tv-2", "led-4"}


async def test_a_call_is_under_way_until_a_board_with_it_is_seen(hall: Hall) -> None:
    await hall.call("c1", "A1")
    await hall.call("c2", "A2", window="w2")
    assert [delivery(hall, "c1"), delivery(hall, "c2")] == ["queued", "queued"]
    async with hall.plugged_in("tv-1") as card:
        await until(lambda: delivery(hall, "c1") == delivery(hall, "c2") == "confirmed")
    assert card.shown == ["A2 A1"]


async def test_a_call_that_waits_was_queued_when_it_came_and_not_with_the_next_one(
    hall: Hall, clock: HeldClock
) -> None:
    for number in (1, 2):
        await hall.call(f"c{number}", f"A{number}", window=f"w{number}")
        clock.time += timedelta(seconds=2)
    first, second = (hall.calls.deliveries.live(f"c{number}")["tv-1"]["queued_at"] for number in (1, 2))
    assert first < second


async def test_a_call_that_nobody_could_see_ends_as_superseded_or_expired(hall: Hall) -> None:
    for number in range(4):
        await hall.call(f"c{number}", f"A{number}", window="w3")
    assert [delivery(hall, f"c{number}") for number in range(4)] == ["superseded", "queued", "queued", "queued"]
    await hall.forward(61)
    ends = ["superseded", "expired", "expired", "expired"]
    await until(lambda: [delivery(hall, f"c{number}") for number in range(4)] == ends)
    assert tickets(hall) == []


async def test_a_call_leaves_when_its_own_time_is_over(hall: Hall) -> None:
    await hall.call("c1", "A1", ttl_s=30)
    await hall.call("c2", "A2", ttl_s=60)
    await hall.forward(31)
    await until(lambda: tickets(hall) == ["A2"])
    assert hall.hub.views["screens/all"]["call_ids"] == ["c2"]


async def test_a_restart_brings_the_board_back_without_what_has_expired_meanwhile(
    open_hall: OpenHall, clock: HeldClock
) -> None:
    async with open_hall() as hall:
        await hall.call("c1", "A1", ttl_s=30)
        await hall.call("c2", "A2", window="w2", ttl_s=600)
        await hall.call("c3", kind="pause", window="w2")
    await hall.forward(31)
    async with open_hall() as again:
        assert tickets(again) == ["A2"]
        async with again.plugged_in("tv-1") as card:
            await until(lambda: card.shown[-1:] == ["A2"])
        rows = await until(lambda: [row for row in again.calls.deliveries.live("c2").items() if row[0] == "tv-1"])
        assert rows[0][1]["status"] == "confirmed"
        ends = {(row["call_id"], row["status"]) for row in await again.recorded("call.delivered", 4)}
        assert ("c1", "expired") in ends


async def test_a_board_that_could_not_be_kept_is_kept_with_the_next_call(open_hall: OpenHall) -> None:
    async with open_hall() as hall:
        hall.journal.full = True
        with pytest.raises(JournalError):
            await hall.call("c1", "A1")
        hall.journal.full = False
        await hall.call("c2", "A2", window="w2")
        await hall.call("c1", "A1")
    async with open_hall() as again:
        assert tickets(again) == ["A2", "A1"]


async def test_a_window_that_the_site_no_longer_has_is_left_out(tmp_path: Path, clock: HeldClock) -> None:
    async with opened(tmp_path, clock, [ALL]) as hall:
        await hall.call("c1", "A1")
        await hall.call("c2", "B1", window="w3")
    narrower = SummaryConfig(id="all", device="tv-1", zones=["east"])
    async with opened(tmp_path, clock, [narrower]) as again:
        assert tickets(again) == ["B1"]


async def test_nobody_else_decides_what_a_summary_screen_lists(hall: Hall) -> None:
    assert hall.lives["tv-1"].wishes.owner(None, "board") == "screen all"


@pytest.mark.parametrize(
    "rows", [[{}], [{"ticket": 1}], "x", [{"call_id": "c", "ticket": "A", "window": "w", "at": "x"}]]
)
def test_a_board_that_is_none_is_refused(rows: Any) -> None:
    with pytest.raises(CommandRejected, match="rows"):
        convert(Board, {"rows": rows})


def test_a_row_needs_a_time_zone() -> None:
    row = {"call_id": "c", "ticket": "A", "window": "w", "at": "2026-07-17T09:00:00"}
    with pytest.raises(CommandRejected, match="at"):
        convert(Board, {"rows": [row]})
    good = convert(Board, {"rows": [{**row, "at": "2026-07-17T09:00:00+08:00"}]})
    assert isinstance(good.rows[0], BoardRow)


def replaced(hall: Hall, *summaries: SummaryConfig) -> None:
    """Take over another section `screens`, as SIGHUP does."""
    windows = [window.config for window in hall.calls.windows.values()]
    rows = hall.calls.replace(windows, hall.calls._config, begun=(), summaries=summaries)
    hall.journal.note(None, [], desired=rows)


async def kept(hall: Hall, name: str) -> list[str]:
    """The calls that the store keeps for a summary screen."""
    [row] = [row for row in await hall.journal.desired() if row.device == f"screens/{name}"]
    return [call["call_id"] for call in row.params["calls"]]


async def test_a_changed_section_keeps_the_calls_and_shows_them_as_it_says_now(hall: Hall) -> None:
    for number in range(3):
        await hall.call(f"c{number}", f"A{number}", window="w3", person_name="张三")
    replaced(hall, SummaryConfig(id="all", device="tv-1", rows=2, names=True, title="二楼"), EAST)
    assert (board(hall).title, [(row.ticket, row.name) for row in board(hall).rows]) == (
        "二楼",
        [("A2", "张*"), ("A1", "张*")],
    )
    await hall.call("c9", "A9", window="w3")
    assert tickets(hall) == ["A9", "A2"]


async def test_a_section_that_has_not_changed_sends_nothing_anew(hall: Hall) -> None:
    await hall.call("c1", "A1")
    row = hall.lives["tv-1"].wishes.slot(None, "board").wanted
    replaced(hall, ALL, EAST)
    assert hall.lives["tv-1"].wishes.slot(None, "board").wanted is row


async def test_a_screen_that_lists_calls_no_more_is_blanked_and_anybodys(hall: Hall) -> None:
    await hall.call("c1", "B1", window="w3")
    replaced(hall, ALL)
    assert tickets(hall, "tv-2") == []
    assert hall.lives["tv-2"].wishes.owner(None, "board") is None
    assert set(hall.hub.views) >= {"screens/all"}
    assert "screens/east" not in hall.hub.views
    await hall.call("c2", "B2", window="w3")
    assert (tickets(hall), tickets(hall, "tv-2")) == (["B2", "B1"], [])


async def test_calls_for_which_a_shorter_screen_has_no_place_end(hall: Hall) -> None:
    for number in range(3):
        await hall.call(f"c{number}", f"A{number}")
    replaced(hall, SummaryConfig(id="all", device="tv-1", rows=2), EAST)
    assert [delivery(hall, f"c{number}") for number in range(3)] == ["superseded", "queued", "queued"]
    assert (await hall.recorded("call.delivered", 1))[0]["call_id"] == "c0"
    async with hall.plugged_in("tv-1"):
        await until(lambda: delivery(hall, "c2") == "confirmed")
    assert [delivery(hall, f"c{number}") for number in range(3)] == ["superseded", "confirmed", "confirmed"]


async def test_calls_on_a_screen_that_is_removed_end_and_are_not_kept(open_hall: OpenHall) -> None:
    async with open_hall() as hall:
        await hall.call("c1", "B1", window="w3")
        assert await kept(hall, "east") == ["c1"]
        replaced(hall, ALL)
        assert (delivery(hall, "c1", "tv-2"), delivery(hall, "c1")) == ("superseded", "queued")
        await until_kept(hall, "east", [])
        assert await kept(hall, "all") == ["c1"]
    async with open_hall() as again:  # and when it is there again, it begins empty
        assert (tickets(again, "tv-2"), tickets(again)) == ([], ["B1"])


async def test_a_screen_that_has_another_id_goes_on_with_its_calls(hall: Hall) -> None:
    await hall.call("c1", "B1", window="w3")
    replaced(hall, ALL, SummaryConfig(id="gate", device="tv-2", rows=2, zones=["east"]))
    assert (tickets(hall, "tv-2"), delivery(hall, "c1", "tv-2")) == (["B1"], "queued")
    assert hall.hub.views["screens/gate"]["call_ids"] == ["c1"]
    assert "screens/east" not in hall.hub.views
    await until_kept(hall, "east", [])
    assert await kept(hall, "gate") == ["c1"]
    async with hall.plugged_in("tv-2"):
        await until(lambda: delivery(hall, "c1", "tv-2") == "confirmed")


async def test_a_screen_on_another_device_ends_its_calls_on_the_one_that_it_leaves(hall: Hall) -> None:
    await hall.call("c1", "A1")
    replaced(hall, SummaryConfig(id="all", device="tv-2"))
    assert (delivery(hall, "c1"), delivery(hall, "c1", "tv-2")) == ("superseded", "queued")
    assert (tickets(hall), tickets(hall, "tv-2")) == ([], ["A1"])


async def test_what_a_screen_showed_is_not_kept_when_it_is_removed_while_the_gateway_is_down(
    tmp_path: Path, clock: HeldClock
) -> None:
    async with opened(tmp_path, clock, [ALL, EAST]) as hall:
        await hall.call("c1", "B1", window="w3")
        assert await kept(hall, "east") == ["c1"]
    async with opened(tmp_path, clock, [ALL]) as again:
        await until_kept(again, "east", [])
        assert await kept(again, "all") == ["c1"]


async def until_kept(hall: Hall, name: str, calls: list[str]) -> None:
    """Wait until the store keeps these."""
    async with asyncio.timeout(5):
        while await kept(hall, name) != calls:  # noqa: ASYNC110 - a reader has no event to wait for
            await asyncio.sleep(0.002)
