"""Notices: shown while no number is, the foremost of several, for their time, and over a restart."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from smallhall import OPENED, Hall, HeldClock, opened, until

from gateway.calls.config import SummaryConfig
from gateway.calls.notice import Notice, NoticeBody, NoticeConflict, NoticeRefused, UnknownNotice
from gateway.calls.notices import Standing
from gateway.core.contract import convert
from gateway.core.errors import JournalError
from gateway.core.screen import MOST, Board, Show
from gateway.people.rights import Principal, Role
from gateway.permission import Forbidden

OpenHall = Callable[[], AbstractAsyncContextManager[Hall]]
BOSS = Principal("boss", Role.ADMIN)
EAST = Principal("east-desk", Role.FACILITIES, zones=frozenset({"east"}))
IDLE, TEXT = "综合受理", "本周五下午停止受理"


def body(notice_id: str = "n1", text: str = TEXT, **more: Any) -> NoticeBody:
    return NoticeBody.model_validate({"notice_id": notice_id, "text": text, **more})


async def publish(
    hall: Hall, notice_id: str = "n1", text: str = TEXT, who: Principal = BOSS, **more: Any
) -> tuple[Notice, Standing]:
    return await hall.calls.notices.publish(body(notice_id, text, **more), who)


def later(seconds: float) -> str:
    return (OPENED + timedelta(seconds=seconds)).isoformat()


def expire(hall: Hall, seconds: float) -> None:
    """Let time go by, as far as notices are concerned."""
    hall.clock.time += timedelta(seconds=seconds)
    hall.calls.notices.changed.set()


def board(hall: Hall) -> Board:
    row = hall.lives["tv-1"].wishes.slot(None, "board").wanted
    assert row is not None
    return convert(Board, row.params)


async def test_a_notice_scrolls_on_idle_windows_and_gives_way_to_a_number(hall: Hall) -> None:
    notice, standing = await publish(hall)
    row = hall.lives["led-1"].wishes.slot(None, "show").wanted
    assert row is not None
    shown = convert(Show, row.params)
    assert (shown.text, shown.colour, shown.fit) == (TEXT, "yellow", "scroll")
    assert (notice.actor, standing) == ("boss", Standing.VALID)
    assert hall.hub.views["windows/w1"]["text"] == TEXT
    for kind, text in (("call", "A1"), ("pause", "暂停服务"), ("resume", TEXT), ("close", "窗口已关闭")):
        await hall.call(f"c-{kind}", "A1", kind=kind)
        assert hall.wanted() == text
    assert hall.wanted("led-2") == TEXT


async def test_a_resume_behind_a_notice_is_delivered_with_it(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        await publish(hall)
        await hall.call("c1", kind="resume")
        await until(lambda: hall.calls.deliveries.live("c1")["led-1"]["status"] == "acked")
        assert card.shown[-1] == TEXT
        await hall.calls.notices.withdraw("n1", BOSS)
        await until(lambda: card.shown[-1] == IDLE)
    assert hall.calls.deliveries.live("c1")["led-1"]["status"] == "acked"


async def test_of_several_the_highest_priority_is_shown_and_then_the_newest(hall: Hall) -> None:
    for number, (priority, shown) in enumerate(
        [("low", "n0"), ("normal", "n1"), ("low", "n1"), ("normal", "n3"), ("high", "n4"), ("normal", "n4")]
    ):
        hall.clock.time += timedelta(seconds=1)
        await publish(hall, f"n{number}", f"n{number}", priority=priority)
        assert hall.wanted() == shown
    await hall.calls.notices.withdraw("n4", BOSS)
    assert hall.wanted() == "n5"


async def test_the_newest_notice_is_the_last_published_whatever_the_clock_says(open_hall: OpenHall) -> None:
    async with open_hall() as hall:
        begins = (hall.clock.now() - timedelta(hours=1)).isoformat()
        await publish(hall, "n1", "一", BOSS, **{"from": begins})
        hall.clock.time -= timedelta(minutes=10)
        await publish(hall, "n2", "二", BOSS, **{"from": begins})
        assert hall.wanted() == "二"
    async with open_hall() as hall:
        assert hall.wanted() == "二"


async def test_a_notice_of_a_zone_is_shown_there_only(hall: Hall) -> None:
    await publish(hall, zones=["east"])
    assert (hall.wanted("led-4"), hall.wanted("led-1")) == (TEXT, IDLE)


async def test_a_notice_begins_and_ends_by_itself(hall: Hall) -> None:
    waits = body(until=later(120), **{"from": later(60)})
    _, standing = await hall.calls.notices.publish(waits, BOSS)
    assert (standing, hall.wanted()) == (Standing.WAITING, IDLE)
    expire(hall, 60)
    await until(lambda: hall.wanted() == TEXT)
    expire(hall, 60)
    await until(lambda: hall.wanted() == IDLE)
    assert await hall.recorded("notice.expired", 1) == [{"notice_id": "n1", "actor": "gateway"}]
    assert hall.calls.notices.seen(BOSS) == []


async def test_it_wakes_up_by_itself_when_a_notice_runs_out(hall: Hall) -> None:
    await publish(hall, until=later(0.02))
    hall.clock.time += timedelta(seconds=0.02)
    await until(lambda: hall.wanted() == IDLE)


async def test_the_same_notice_again_is_the_first_and_another_of_its_id_is_refused(hall: Hall) -> None:
    first = await publish(hall)
    assert await publish(hall) == first
    with pytest.raises(NoticeConflict, match=r"^notice_id 'n1' was used before, for another notice$"):
        await publish(hall, text="别的")
    await hall.calls.notices.withdraw("n1", BOSS)
    assert await publish(hall) == (first[0], Standing.WITHDRAWN)
    assert hall.wanted() == IDLE
    [row] = await hall.rows("notice.published")
    assert (row["text"], row["actor"]) == (TEXT, "boss")
    assert await hall.rows("notice.withdrawn") == [{"notice_id": "n1", "actor": "boss"}]


async def test_a_notice_is_not_shown_before_it_is_recorded(hall: Hall) -> None:
    hall.journal.full = True
    with pytest.raises(JournalError):
        await publish(hall)
    assert hall.wanted() == IDLE
    hall.journal.full = False
    await publish(hall)
    assert hall.wanted() == TEXT


async def test_notices_are_kept_over_a_restart(open_hall: OpenHall) -> None:
    async with open_hall() as hall:
        await publish(hall)
        await publish(hall, "n2", "二", until=later(60), priority="high")
        await publish(hall, "n3", "三", priority="high")
        await hall.calls.notices.withdraw("n3", BOSS)
    async with open_hall() as hall:
        assert hall.wanted() == "二"
        assert (await publish(hall, "n3", "三", priority="high"))[1] is Standing.WITHDRAWN
    hall.clock.time += timedelta(seconds=61)
    async with open_hall() as hall, hall.plugged_in() as card:
        await until(lambda: card.shown[-1:] == [TEXT])
        assert len(await hall.recorded("notice.expired", 1)) == 1


async def test_a_board_has_it_in_place_of_its_own_line(tmp_path: Path, clock: HeldClock) -> None:
    summary = SummaryConfig(id="all", device="tv-1", notice="请保持安静")
    async with opened(tmp_path, clock, [summary]) as hall:
        await hall.call("c1", "A1")
        await publish(hall, zones=["east"])
        assert (board(hall).notice, [row.ticket for row in board(hall).rows]) == (TEXT, ["A1"])
        await hall.calls.notices.withdraw("n1", BOSS)
        assert board(hall).notice == "请保持安静"


async def test_there_are_at_most_a_hundred(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.calls.notices.MOST", 2)
    for number in range(2):
        await publish(hall, f"n{number}")
    with pytest.raises(NoticeRefused, match=r"^there are 2 notices already: withdraw one first$"):
        await publish(hall, "n9")
    await hall.calls.notices.withdraw("n0", BOSS)
    await publish(hall, "n9")


async def test_who_is_bound_to_zones_decides_about_these_only(hall: Hall) -> None:
    await publish(hall, "everywhere")
    with pytest.raises(Forbidden, match=r"^east-desk is for some zones only: the notice must name none but these$"):
        await publish(hall, who=EAST)
    with pytest.raises(Forbidden):
        await hall.calls.notices.withdraw("everywhere", EAST)
    await publish(hall, "n2", "二", EAST, zones=["east"])
    assert [notice.notice_id for notice, _ in hall.calls.notices.seen(EAST)] == ["n2", "everywhere"]
    west = Principal("west", Role.FACILITIES, zones=frozenset({"west"}))
    with pytest.raises(UnknownNotice, match=r"^there is no notice 'n2'$"):
        await hall.calls.notices.withdraw("n2", west)
    assert [notice.notice_id for notice, _ in hall.calls.notices.seen(west)] == ["everywhere"]
    with pytest.raises(NoticeRefused, match=r"^there is no zone with screens 'east'; there are: none$"):
        await publish(hall, "n3", "三", west, zones=["east"])


async def test_what_can_never_be_shown_is_refused(hall: Hall) -> None:
    with pytest.raises(NoticeRefused, match=r"^there is no zone with screens 'x'; there are: east$"):
        await publish(hall, zones=["x"])
    with pytest.raises(NoticeRefused, match=r"^until is over: it is 2026-07-17T01:00:00Z$"):
        await publish(hall, until=later(0))
    with pytest.raises(UnknownNotice, match=r"^there is no notice 'n1'$"):
        await hall.calls.notices.withdraw("n1", BOSS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": "长" * (MOST + 1)}, "at most 500 characters"),
        ({"text": "长" * 5000}, "at most 500 characters"),
        ({"text": ""}, "at least 1 character"),
        ({"text": "a\nb"}, "without control characters"),
        ({"text": "电话13800138000"}, "looks like an identity or telephone number"),
        ({"priority": "urgent"}, "'low', 'normal' or 'high'"),
        ({"colour": "pink"}, "'red', 'green' or 'yellow'"),
        ({"until": "2026-07-17T09:00:00"}, "timezone"),
        ({"from": later(60), "until": later(60)}, "until must be later than from"),
        ({"notice_id": "a/b"}, "pattern"),
        ({"more": 1}, "Extra inputs"),
    ],
)
def test_what_is_no_notice_is_told_in_a_sentence(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        body(**change)
