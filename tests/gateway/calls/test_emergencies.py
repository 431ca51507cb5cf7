"""An emergency is over everything, survives a restart, and leaves everything as it should be by then."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from smallhall import Hall, HeldClock, opened, until

from gateway.calls.config import CallsConfig, SummaryConfig
from gateway.calls.notice import NoticeBody
from gateway.commands import Commands, Request, UnknownTarget
from gateway.core.contract import convert
from gateway.core.errors import CommandRejected, JournalError, NotSupported
from gateway.core.model import Result, Stage
from gateway.core.screen import Board, Over, Show
from gateway.people.rights import Principal, Role
from gateway.permission import Forbidden

OpenHall = Callable[[], AbstractAsyncContextManager[Hall]]
BOSS = Principal("boss", Role.ADMIN)
IDLE, FIRE = "综合受理", "请立即疏散"


async def ask(
    hall: Hall, command_id: str, verb: str, target: str = "hall", who: Principal = BOSS, **more: Any
) -> Result:
    asked: dict[str, Any] = {"device": f"screens/{target}", "verb": verb, "reason": "火警", **more}
    commands = Commands(hall.lives, hall.house, hall.calls.targets)
    return await commands.submit(Request(command_id=command_id, **asked), who)


async def fire(hall: Hall, target: str = "hall", text: str = FIRE, **more: Any) -> Result:
    return await ask(hall, f"e-{target}-{text}", "emergency", target, params={"text": text}, **more)


async def clear(hall: Hall, target: str = "hall") -> Result:
    return await ask(hall, f"clear-{target}", "all_clear", target)


def delivery(hall: Hall, call_id: str, screen: str = "led-1") -> str:
    return str(hall.calls.deliveries.live(call_id)[screen]["status"])


async def test_it_is_on_every_screen_at_once_and_then_everything_is_as_before(hall: Hall) -> None:
    await hall.call("c1", "A1")
    await hall.call("c2", kind="close", window="w2")
    assert (await fire(hall)).status is Stage.ACKED
    row = hall.lives["led-1"].wishes.slot(None, "show").wanted
    assert row is not None
    shown = convert(Show, row.params)
    assert (shown.text, shown.colour, shown.fit, row.expires_at) == (FIRE, "red", "scroll", None)
    assert {hall.wanted(f"led-{number}") for number in range(1, 5)} == {FIRE}
    assert hall.hub.views["windows/w2"]["text"] == FIRE
    assert (await clear(hall)).detail == {"ended": ["hall"]}
    assert [hall.wanted(f"led-{number}") for number in range(1, 5)] == ["A1", "窗口已关闭", "窗口已关闭", IDLE]


async def test_the_one_that_was_raised_last_is_shown_whatever_the_clock_says(open_hall: OpenHall) -> None:
    async with open_hall() as hall:
        await fire(hall, "east", "东")
        await fire(hall, "hall", "全")
        hall.clock.time -= timedelta(minutes=10)
        await fire(hall, "east", "东二")
        assert (hall.wanted("led-4"), hall.wanted("led-1")) == ("东二", "全")
    async with open_hall() as hall:
        assert (hall.wanted("led-4"), hall.wanted("led-1")) == ("东二", "全")


async def test_a_call_that_came_meanwhile_is_shown_afterwards_and_delivered_then(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        await until(lambda: card.shown)
        await fire(hall)
        await until(lambda: card.shown[-1] == FIRE)
        await hall.call("c1", "A1")
        await hall.call("c2", "A2")
        assert (delivery(hall, "c1"), delivery(hall, "c2")) == ("superseded", "queued")
        await clear(hall)
        await until(lambda: delivery(hall, "c2") == "acked")
    assert card.shown[-2:] == [FIRE, "A2"]
    assert [row["call_id"] for row in await hall.recorded("call.delivered", 2)] == ["c1", "c2"]


async def test_a_call_whose_screen_was_away_waits_through_the_emergency(hall: Hall) -> None:
    await hall.call("c1", "A1")
    await fire(hall)
    assert delivery(hall, "c1") == "queued"
    await clear(hall)
    async with hall.plugged_in() as card:
        await until(lambda: delivery(hall, "c1") == "acked")
    assert card.shown == ["A1"]


async def test_a_call_whose_time_is_over_meanwhile_expires(hall: Hall) -> None:
    await fire(hall)
    await hall.call("c1", "A1", ttl_s=30)
    await hall.forward(31)
    await until(lambda: delivery(hall, "c1") == "expired")
    await clear(hall)
    assert hall.wanted() == IDLE


async def test_a_call_behind_it_does_not_begin_its_text_anew(hall: Hall) -> None:
    await fire(hall)
    row = hall.lives["led-1"].wishes.slot(None, "show").wanted
    await hall.call("c1", "A1")
    assert hall.lives["led-1"].wishes.slot(None, "show").wanted is row
    await fire(hall, text="请走东门")
    assert hall.wanted() == "请走东门"


async def test_that_of_a_zone_is_there_only_and_the_all_clear_of_the_hall_ends_all(hall: Hall) -> None:
    await fire(hall, "east", "东区疏散")
    assert (hall.wanted("led-4"), hall.wanted("led-1")) == ("东区疏散", IDLE)
    hall.clock.time += timedelta(seconds=1)
    await fire(hall)
    assert (hall.wanted("led-4"), hall.wanted("led-1")) == (FIRE, FIRE)
    assert (await clear(hall, "east")).detail == {"ended": ["east"]}
    assert hall.wanted("led-4") == FIRE
    refused = await ask(hall, "again", "all_clear", "east")
    assert (refused.status, refused.detail) == (
        Stage.REJECTED,
        {"reason": "the emergency is the whole hall's: screens/hall gives the all-clear"},
    )
    await fire(hall, "east", "东区")
    assert (await clear(hall)).detail == {"ended": ["hall", "east"]}
    assert (hall.wanted("led-4"), hall.wanted("led-1")) == (IDLE, IDLE)
    assert (await ask(hall, "calm", "all_clear")).detail == {"ended": []}


async def test_it_is_over_notices_too(hall: Hall) -> None:
    await hall.calls.notices.publish(NoticeBody(notice_id="n1", text="通知"), BOSS)
    await fire(hall)
    assert hall.wanted() == FIRE
    await clear(hall)
    assert hall.wanted() == "通知"


async def test_it_survives_a_restart_and_what_is_behind_it_does_too(open_hall: OpenHall) -> None:
    async with open_hall() as hall:
        await hall.call("c1", "A1")
        await fire(hall)
        await hall.call("c2", "A2")
    async with open_hall() as hall:
        assert hall.wanted() == FIRE
        await clear(hall)
        assert hall.wanted() == "A2"
    async with open_hall() as hall:
        assert hall.wanted() == "A2"


async def test_it_goes_on_when_the_site_file_is_read_again(hall: Hall) -> None:
    await fire(hall)
    windows = [window.config for window in hall.calls.windows.values()]
    changed = [windows[0].model_copy(update={"function": "别的"}), *windows[1:]]
    hall.calls.replace(changed, CallsConfig(), begun=())
    assert hall.wanted() == FIRE
    await clear(hall)
    assert hall.wanted() == "别的"


async def test_it_takes_the_place_of_a_board(tmp_path: Path, clock: HeldClock) -> None:
    def board() -> Board:
        row = hall.lives["tv-1"].wishes.slot(None, "board").wanted
        assert row is not None
        return convert(Board, row.params)

    async with opened(tmp_path, clock, [SummaryConfig(id="all", device="tv-1")]) as hall:
        await hall.call("c1", "A1")
        await fire(hall, "east")
        assert (board().over, board().rows) == (Over(FIRE), ())
        assert hall.hub.views["screens/all"]["text"] == FIRE
        await hall.call("c2", "A2")
        async with hall.plugged_in("tv-1") as card:
            await until(lambda: card.shown == [""])
            assert delivery(hall, "c2", "tv-1") == "queued"
            await clear(hall, "east")
            await until(lambda: delivery(hall, "c2", "tv-1") == delivery(hall, "c1", "tv-1") == "confirmed")
        assert card.shown == ["", "A2 A1"]


async def test_it_is_audited_before_and_the_result_after(hall: Hall) -> None:
    await fire(hall)
    [asked], [ended] = await hall.rows("command.requested"), await hall.recorded("command.ended", 1)
    assert (asked["device"], asked["actor"], asked["reason"]) == ("screens/hall", "boss", "火警")
    assert (ended["status"], ended["command_id"]) == ("acked", asked["command_id"])


async def test_on_a_full_disk_it_is_shown_all_the_same_and_its_audit_follows_once_there_is_room(hall: Hall) -> None:
    hall.journal.full = True
    asked = await fire(hall)
    assert (asked.status, asked.detail["recorded"], hall.wanted()) == (Stage.ACKED, False, FIRE)
    over = await clear(hall)
    assert (over.detail, hall.wanted()) == ({"ended": ["hall"], "recorded": False}, IDLE)
    hall.journal.full = False
    ended = await hall.recorded("command.ended", 2)
    assert [row["verb"] for row in await hall.rows("command.requested")] == ["emergency", "all_clear"]
    assert [row["detail"].get("recorded") for row in ended] == [False, False]


async def test_a_disk_that_hangs_holds_it_up_for_seconds_and_no_longer(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.trail.URGENT_S", 0.02)
    monkeypatch.setattr("gateway.commands.NOTED_S", 0.02)
    monkeypatch.setattr("gateway.calls.targets.KEPT_S", 0.02)
    hall.journal.search = lambda _: 5.0
    hall.journal.disk.clear()
    asked = await fire(hall)
    assert (asked.detail["recorded"], hall.wanted()) == (False, FIRE)
    hall.journal.search = lambda _: 0.0
    hall.journal.disk.set()
    assert [row["verb"] for row in await hall.recorded("command.requested", 1)] == ["emergency"]


async def test_nothing_else_is_done_that_cannot_be_audited(hall: Hall) -> None:
    hall.journal.full = True
    with pytest.raises(JournalError):
        await Commands(hall.lives, hall.house).submit(Request(command_id="p", device="led-1", verb="blink"), BOSS)


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no reason": ({"reason": " "}, CommandRejected, "^screens/hall: 'emergency' needs a reason"),
    "an unknown zone": ({"target": "x"}, UnknownTarget, "^there is no target of screens 'x'; there are: east, hall$"),
    "no text": ({"params": {"text": ""}}, CommandRejected, "text"),
    "too long a text": ({"params": {"text": "长" * 501}}, CommandRejected, "text"),
    "control characters": ({"params": {"text": "a\x1bb"}}, CommandRejected, "^text: must be visible characters"),
    "an unknown verb": ({"verb": "show"}, NotSupported, "^screens/hall has no verb 'show'; it has: all_clear, emerg"),
    "a part": ({"part": "left"}, NotSupported, "^screens/hall has no parts$"),
    "no right": ({"who": Principal("q", Role.QUEUE)}, Forbidden, "which lacks the right command$"),
    "another zone": (
        {"target": "east", "who": Principal("w", Role.ADMIN, zones=frozenset({"west"}))},
        UnknownTarget,
        "^there is no target of screens 'east'; there are: none$",
    ),
    "the hall, by who has a zone": (
        {"who": Principal("e", Role.ADMIN, zones=frozenset({"east"}))},
        UnknownTarget,
        "^there is no target of screens 'hall'; there are: east$",
    ),
    "an outlet that is not allowed": (
        {"who": Principal("mqtt", None, allows=lambda _target, verb: verb == "all_clear")},
        Forbidden,
        "^mqtt may not ask 'emergency' of screens/hall: mqtt.allow does not name it$",
    ),
}


@pytest.mark.parametrize(("change", "error", "sentence"), WRONG.values(), ids=WRONG)
async def test_what_is_wrong_is_refused(
    change: dict[str, Any], error: type[Exception], sentence: str, hall: Hall
) -> None:
    asked: dict[str, Any] = {"command_id": "e1", "verb": "emergency", "params": {"text": FIRE}, **change}
    with pytest.raises(error, match=sentence):
        await ask(hall, **asked)
    assert hall.wanted() == IDLE
    assert await hall.rows("command.requested") == []
