"""What the screens show, how each of them took a call, and what a restart brings back."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import msgspec
import pytest
from smallhall import OPENED, Card, Hall, HeldClock, Screen, until

from gateway.calls.config import CallsConfig
from gateway.core.errors import CommandRejected
from gateway.core.model import Reading, Result, Stage
from gateway.core.screen import Colour, Fit

OpenHall = Callable[[], AbstractAsyncContextManager[Hall]]
IDLE = "综合受理"
NOW = OPENED.isoformat().replace("+00:00", "Z")


async def test_a_window_that_calls_nobody_shows_its_function(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        await until(lambda: card.shown == [IDLE])
    view = hall.hub.views["windows/w1"]
    assert (view["status"], view["call_id"], view["text"]) == ("idle", None, IDLE)


async def test_recall_pause_and_resume(hall: Hall, clock: HeldClock) -> None:
    async with hall.plugged_in() as card:
        for call_id, kind, ticket in (
            ("c1", "call", "A012"),
            ("c2", "recall", "A012"),
            ("c3", "pause", None),
            ("c4", "resume", None),
        ):
            await hall.call(call_id, ticket, kind=kind)
            clock.time += timedelta(seconds=6)  # the same number again within five is no new call
            await until(lambda: hall.hub.views["windows/w1"]["screens"] == {"led-1": "acked"})
    assert card.shown[-4:] == ["A012", "A012", "暂停服务", IDLE]


@pytest.mark.parametrize(("kind", "status"), [("call", "serving"), ("pause", "paused"), ("resume", "idle")])
async def test_everybody_sees_the_state_of_a_window(kind: str, status: str, hall: Hall) -> None:
    await hall.call("c1", "A012", kind=kind, session="s", seq=7, person_name="张三")
    view = hall.hub.views["windows/w1"]
    assert (view["status"], view["session"], view["seq"]) == (status, "s", 7)
    assert (view["call_id"], view["ticket"], view["name"]) == (
        ("c1", "A012", "张*") if kind != "resume" else (None, None, None)
    )


async def test_a_called_number_is_whole_and_red_and_the_function_may_scroll_in_green(hall: Hall) -> None:
    window = hall.calls.windows["w1"]
    call = await hall.call("c1", "A012")
    shown, idle = window.content(call), window.content(None)
    assert (shown.text, shown.colour, shown.fit) == ("A012", Colour.RED, Fit.WHOLE)
    assert (idle.text, idle.colour, idle.fit) == (IDLE, Colour.GREEN, Fit.SCROLL)


async def test_every_screen_of_a_window_has_its_own_delivery_with_its_times(hall: Hall, clock: HeldClock) -> None:
    async with hall.plugged_in("led-2"):
        await hall.call("c1", "A012", window="w2")
        await until(lambda: hall.calls.deliveries.live("c1")["led-2"]["status"] == "acked")
        clock.time += timedelta(seconds=2)
        async with hall.plugged_in("led-3"):
            await hall.recorded("call.delivered", 2)
    later = (OPENED + timedelta(seconds=2)).isoformat().replace("+00:00", "Z")
    assert await hall.calls.record.delivery("c1") == {
        "led-2": delivered("c1", "led-2", "acked", {"shown": "A012"}, sending=NOW, sent=NOW, acked=NOW),
        "led-3": delivered("c1", "led-3", "acked", {"shown": "A012"}, sending=later, sent=later, acked=later),
    }


def delivered(call_id: str, screen: str, status: str, detail: dict[str, str], **times: str) -> dict[str, object]:
    """A delivery as the journal keeps it, of a call that was queued and recorded at once."""
    at = {f"{stage}_at": time for stage, time in ({"queued": NOW, "recorded": NOW} | times).items()}
    return {"call_id": call_id, "screen": screen, "status": status, "detail": detail, **at}


async def test_where_a_screen_confirms_that_is_the_end(hall: Hall) -> None:
    async with hall.plugged_in("led-4"):
        await hall.call("c1", "A012", window="w3")
        [end] = await hall.recorded("call.delivered", 1)
    assert end == delivered(
        "c1", "led-4", "confirmed", {"shown": "A012"}, sending=NOW, sent=NOW, acked=NOW, shown=NOW, confirmed=NOW
    )


async def test_a_screen_that_is_off_shows_a_call_to_nobody(hall: Hall) -> None:
    async with hall.plugged_in("led-4"):
        hall.hub.publish("led-4", Reading(None, "on", False))
        await hall.call("c1", "A012", window="w3")
        [end] = await hall.recorded("call.delivered", 1)
    dark = {"shown": "A012", "why": "the screen is off"}
    assert end == delivered("c1", "led-4", "confirmed", dark, sending=NOW, sent=NOW, acked=NOW, confirmed=NOW)


@pytest.mark.parametrize(
    ("detail", "shown", "why"),
    [
        ({"lit": False, "shown_at": None}, None, "the screen is off"),
        ({"lit": True, "shown_at": "2026-07-17T00:59:59Z"}, NOW, None),
        ({"shown_at": "2026-07-17T01:00:01Z"}, "2026-07-17T01:00:01Z", None),
    ],
)
async def test_what_a_page_says_of_its_glass_is_never_before_it_was_sent(
    detail: dict[str, object], shown: str | None, why: str | None, hall: Hall
) -> None:
    call = await hall.call("c1", "A012", window="w3")
    for status in (Stage.SENT, Stage.CONFIRMED):
        hall.calls.deliveries.told(
            call, "led-4", Result(command_id="c1", status=status, at=OPENED, detail=detail), ended=False
        )
    live = hall.calls.deliveries.live("c1")["led-4"]
    assert (live.get("shown_at"), live["detail"].get("why")) == (shown, why)


async def test_a_call_that_was_never_shown_is_superseded_by_the_next(hall: Hall) -> None:
    await hall.call("c1", "A012")
    await hall.call("c2", "A013")
    [end] = await hall.recorded("call.delivered", 1)
    assert end == delivered("c1", "led-1", "superseded", {}, superseded=NOW)
    async with hall.plugged_in() as card:
        await until(lambda: "A013" in card.shown)
    assert "A012" not in card.shown


async def test_a_call_that_ran_out_unseen_is_expired(hall: Hall) -> None:
    await hall.call("c1", "A012", ttl_s=30)
    await hall.forward(31)
    [end] = await hall.recorded("call.delivered", 1)
    assert (end["call_id"], end["status"]) == ("c1", "expired")
    assert hall.calls.deliveries.live("c1")["led-1"]["status"] == "expired"


async def test_a_call_that_was_shown_stays_delivered_when_its_time_is_over(hall: Hall) -> None:
    async with hall.plugged_in():
        await hall.call("c1", "A012", ttl_s=30)
        await hall.recorded("call.delivered", 1)
        await hall.forward(31)
        await hall.recorded("call.expired", 1)
    assert (await hall.calls.record.delivery("c1"))["led-1"]["status"] == "acked"


async def test_a_screen_that_refuses_says_why(hall: Hall) -> None:
    def refuse() -> None:
        raise CommandRejected("error 3, bad length")

    async with hall.plugged_in() as card:
        card.answers = refuse
        await hall.call("c1", "A012")
        [end] = await hall.recorded("call.delivered", 1)
    assert (end["status"], end["detail"]) == ("rejected", {"reason": "error 3, bad length"})
    assert hall.hub.views["windows/w1"]["screens"] == {"led-1": "rejected"}


async def test_how_far_each_screen_is_belongs_to_what_it_shall_show_now(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        await hall.call("c1", "A012")
        await until(lambda: hall.hub.views["windows/w1"]["screens"] == {"led-1": "acked"})
        card.deaf = True
        await hall.call("c2", "A013")
        await until(lambda: hall.hub.views["windows/w1"]["screens"] == {"led-1": "queued"})


async def test_a_screen_that_comes_back_shows_what_is_newest(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        await hall.call("c1", "A012")
        await until(lambda: "A012" in card.shown)
    await hall.call("c2", "A013")
    await hall.call("c3", "A014")
    async with hall.plugged_in() as card:
        await until(lambda: card.shown[-1] == "A014")
    assert "A013" not in card.shown


async def test_a_restart_brings_back_windows_and_screens(open_hall: OpenHall) -> None:
    async with open_hall() as hall:
        await hall.call("c1", "A012", person_name="张三", ttl_s=600)
        await hall.call("c2", kind="pause", window="w2")
        await hall.call("c3", "A013", window="w3")
        await hall.call("c4", kind="resume", window="w3")
        before = {name: hall.hub.views[f"windows/{name}"]["status"] for name in ("w1", "w2", "w3")}
    Screen.cards["led-1"] = Card()
    async with open_hall() as hall, hall.plugged_in() as card:
        await until(lambda: card.shown == ["A012 张*"])
        assert [hall.wanted(screen) for screen in ("led-2", "led-3", "led-4")] == ["暂停服务", "暂停服务", IDLE]
        await until(lambda: hall.hub.views["windows/w1"]["screens"] == {"led-1": "acked"})
        assert {name: hall.hub.views[f"windows/{name}"]["status"] for name in before} == before
        assert (await hall.call("c5", "A014", ttl_s=600)).seq == 2


async def kept_of(hall: Hall, window: str) -> object:
    """The call that is kept of a window."""
    return next(row.params["call"] for row in await hall.journal.desired() if row.device == f"windows/{window}")


async def test_a_window_that_is_gone_leaves_nothing_for_one_of_its_name(open_hall: OpenHall) -> None:
    async with open_hall() as hall:
        await hall.call("c1", "A012", person_name="张三", ttl_s=600)
        others = [window.config for window in hall.calls.windows.values() if window.config.id != "w1"]
        await hall.journal.record(None, [], desired=hall.calls.replace(others, CallsConfig(), begun=()))
        assert await kept_of(hall, "w1") is None
    async with open_hall() as hall:
        assert hall.hub.views["windows/w1"]["call_id"] is None
        assert hall.wanted("led-1") == IDLE


async def test_what_a_window_left_that_went_while_the_gateway_was_down_is_forgotten(open_hall: OpenHall) -> None:
    async with open_hall() as hall:
        await hall.call("c1", "A012", person_name="张三", ttl_s=600)
        [row] = [row for row in await hall.journal.desired() if row.device == "windows/w1"]
        await hall.journal.record(None, [], desired=[msgspec.structs.replace(row, device="windows/w9")])
    async with open_hall() as hall:
        assert hall.hub.views["windows/w1"]["ticket"] == "A012"
    async with open_hall() as hall:
        assert await kept_of(hall, "w9") is None


async def test_what_was_delivered_before_a_restart_is_known_after_it(open_hall: OpenHall, clock: HeldClock) -> None:
    async with open_hall() as hall, hall.plugged_in():
        await hall.call("c1", "A012", ttl_s=600)
        await hall.recorded("call.delivered", 1)
        before = await hall.calls.record.delivery("c1")
    clock.time += timedelta(seconds=5)
    async with open_hall() as hall, hall.plugged_in() as card:
        await until(lambda: len(card.shown) > 2)
        assert await hall.calls.record.delivery("c1") == before
        assert len(await hall.rows("call.delivered")) == 1
        assert hall.metric("hall_call_to_screen_seconds_count") == 0


async def test_the_time_from_call_to_screen_is_measured(hall: Hall, clock: HeldClock) -> None:
    await hall.call("c1", "A012")
    clock.time += timedelta(seconds=3)
    async with hall.plugged_in():
        await hall.recorded("call.delivered", 1)
    assert hall.metric("hall_call_to_screen_seconds_count") == 1
    assert hall.metric("hall_call_to_screen_seconds_sum") == 3


async def test_signs_that_no_card_can_show_are_counted(hall: Hall) -> None:
    async with hall.plugged_in():
        await hall.call("c1", "A□□")
        [end] = await hall.recorded("call.delivered", 1)
    assert end["detail"] == {"shown": "A□□", "substituted": 2}
    assert hall.metric("hall_characters_substituted_total", device="led-1") == 2
