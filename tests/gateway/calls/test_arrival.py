"""Who announces something learns which screens do not show it, and why."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from smallhall import Hall, HeldClock, Screen, opened, until

from gateway.calls import arrival
from gateway.calls.config import SummaryConfig
from gateway.calls.notice import NoticeBody
from gateway.commands import Commands, Request
from gateway.core.errors import CommandRejected
from gateway.core.model import Result, Stage
from gateway.hub import Status
from gateway.people.rights import Principal, Role

BOSS = Principal("boss", Role.ADMIN)
FIRE = "请立即疏散"
SCREENS = ("led-1", "led-2", "led-3", "led-4", "tv-1")


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncGenerator[Hall]:
    """All screens of windows and the board are there."""
    Screen.cards.clear()
    async with AsyncExitStack() as stack:
        board = SummaryConfig(id="waiting", device="tv-1")
        running = await stack.enter_async_context(opened(tmp_path, HeldClock(), [board]))
        for screen in SCREENS:
            await stack.enter_async_context(running.plugged_in(screen))
        yield running


async def fire(hall: Hall, target: str = "hall", **more: Any) -> Result:
    asked = Request(
        command_id=f"fire-{target}",
        device=f"screens/{target}",
        verb="emergency",
        params={"text": FIRE},
        reason="火警",
        **more,
    )
    return await Commands(hall.lives, hall.house, hall.calls.targets).submit(asked, BOSS)


async def publish(hall: Hall, **more: Any) -> None:
    await hall.calls.notices.publish(NoticeBody.model_validate({"notice_id": "n1", "text": "停电", **more}), BOSS)


def refuse() -> None:
    raise CommandRejected("error 3, bad length")


async def test_an_emergency_tells_that_every_screen_shows_it(hall: Hall) -> None:
    result = await fire(hall)
    assert (result.status, result.detail) == (Stage.ACKED, {"shown_on": 5, "missing": {}})
    assert {hall.card(screen).shown[-1] for screen in SCREENS[:4]} == {FIRE}


async def test_it_names_the_screens_that_refuse_it_and_those_that_are_away_and_so_does_the_journal(hall: Hall) -> None:
    hall.card("led-1").answers = refuse
    hall.hub.offline("led-2", "no answer within 1 s")
    result = await fire(hall)
    told = {
        "shown_on": 3,
        "missing": {"led-1": "it refused: error 3, bad length", "led-2": "it is offline: no answer within 1 s"},
    }
    assert (result.status, result.detail) == (Stage.ACKED, told)
    [ended] = await hall.recorded("command.ended", 1)
    assert ended["detail"] == told


async def test_a_screen_that_does_not_answer_is_waited_for_no_longer_than_asked(hall: Hall) -> None:
    hall.card("led-4").deaf = True
    result = await asyncio.wait_for(fire(hall, deadline_s=1.0), 10)
    assert result.detail == {"shown_on": 4, "missing": {"led-4": "it has not answered yet"}}


async def test_an_emergency_of_a_zone_is_looked_for_there_only(hall: Hall) -> None:
    hall.card("led-1").answers = refuse
    assert (await fire(hall, "east")).detail == {"shown_on": 2, "missing": {}}  # the board is of all zones


async def test_a_notice_is_recorded_with_the_screens_that_do_not_show_it(hall: Hall) -> None:
    await hall.call("c1", "A1")
    hall.card("led-1").answers = hall.card("led-2").answers = refuse
    await publish(hall)
    [told] = await hall.recorded("notice.missing", 1)
    assert told == {"notice_id": "n1", "missing": {"led-2": "it refused: error 3, bad length"}}


async def test_a_notice_that_every_screen_shows_has_nothing_missing(hall: Hall) -> None:
    await publish(hall)
    [(notice, _)] = hall.calls.notices.seen(BOSS)
    assert hall.calls.notices.arrivals.now(notice) == arrival.Arrival(5, {})
    assert await hall.rows("notice.missing") == []


async def test_a_screen_that_refused_and_shows_it_later_is_missing_no_longer(hall: Hall) -> None:
    hall.card("led-1").answers = refuse
    await publish(hall)
    [(notice, _)] = hall.calls.notices.seen(BOSS)
    assert list(hall.calls.notices.arrivals.now(notice).missing) == ["led-1"]
    hall.card("led-1").answers = lambda: None
    hall.lives["led-1"].wishes.again()
    await until(lambda: not hall.calls.notices.arrivals.now(notice).missing)


async def test_a_screen_that_has_not_connected_yet_is_told_and_not_waited_for(tmp_path: Path) -> None:
    async with opened(tmp_path, HeldClock()) as hall:
        assert hall.lives["led-1"].view.status is Status.CONNECTING
        assert (await fire(hall)).detail["missing"]["led-1"] == "it is connecting"
