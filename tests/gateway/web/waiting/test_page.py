"""The page of a screen in a real browser: what people in the hall see."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from child import free_port
from chromium import Chromium
from screenhall import ScreenHall, row
from screenpage import LIMIT_S, OVERFLOWS, becomes, enter, opened, tickets
from webhall import until

from gateway.hub import Status
from gateway.people import attempts
from gateway.web.server import serve

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</bdi><script>hit=1</script>",
    "&lt;b&gt; ${1} {{7*7}}",
    "\"'><svg/onload=hit=1>",
)


async def test_the_key_is_gone_from_the_address_and_no_script_can_read_the_cookie(
    screens: ScreenHall, chromium: Chromium
) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context)
        assert page.url == f"{screens.web.field}/screens/free"
        assert await page.evaluate("[document.cookie, history.length, location.href.includes('hall_')]") == [
            "",
            2,
            False,
        ]
        (cookie,) = await context.cookies()
        assert (cookie["path"], cookie["httpOnly"], cookie["sameSite"]) == ("/screens/free", True, "Strict")
        await page.reload()
        await page.wait_for_selector("#clock")


async def test_a_wrong_key_is_told_and_stays_where_it_is(screens: ScreenHall, chromium: Chromium) -> None:
    async with chromium.context() as context:
        page = await context.new_page()
        answer = await page.goto(f"{screens.web.field}/screens/free?key=hall_wrong")
        assert answer.status == 403
        await asyncio.sleep(0.05)
        assert "密钥无效" in await page.inner_text("body")
        assert await context.cookies() == []


async def test_a_screen_that_was_made_to_wait_comes_again_by_itself(
    screens: ScreenHall, chromium: Chromium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "BURST", 1)
    monkeypatch.setattr(attempts, "EVERY_S", 1.0)
    tokens = screens.web.services.tokens
    key = screens.keys["free"]
    async with chromium.context() as context:
        page = await context.new_page()
        kept = tokens.path.read_bytes()
        tokens.revoke("screen-free")
        for status in (403, 429):
            answer = await page.goto(f"{screens.web.field}/screens/free?key={key}")
            assert answer.status == status
        tokens.path.write_bytes(kept)
        await page.wait_for_url(f"{screens.web.field}/screens/free")


async def test_what_is_confirmed_is_on_the_glass(screens: ScreenHall, chromium: Chromium) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context)
        result = await screens.board(row("c1", "A012", name="欧阳**"), notice="请保持安静")
        assert await tickets(page) == ["A012"]
        text = await page.inner_text("#shift")
        assert all(each in text for each in ("测试", "A012", "1号窗口", "欧阳**", "请保持安静"))
        assert result["detail"]["pages"] == 1
        assert screens.point("last_rev") == result["detail"]["rev"]
        assert (screens.point("text"), screens.point("viewport"), screens.point("stale")) == (
            "A012",
            "1920x1080",
            False,
        )
        at = datetime.fromisoformat(screens.point("rendered_at"))
        assert abs((datetime.now(UTC) - at).total_seconds()) < LIMIT_S
        assert page.errors == []


async def test_who_comes_before_others_has_a_tag_and_without_one_there_is_no_column(
    screens: ScreenHall, chromium: Chromium
) -> None:
    tags = "[...document.querySelectorAll('.priority')].map(each => each.offsetWidth > 0 ? each.textContent : null)"
    async with chromium.context() as context:
        page = await opened(screens, context, "hall")
        await screens.web.call("c1", "w01", "A001")
        await becomes(page, f"{tags}.length === 1")
        assert await page.evaluate(tags) == [None]
        await screens.web.call("c2", "w02", "B001", priority="green")
        await becomes(page, f"{tags}.length === 2")
        assert await page.evaluate(tags) == ["绿色通道", ""]
        await until(lambda: asyncio.sleep(0, screens.point("intact", "hall")), lambda intact: intact is True, LIMIT_S)
        assert page.errors == []


async def test_a_row_that_says_something_else_by_now_is_shown_anew(screens: ScreenHall, chromium: Chromium) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context)
        await screens.board(row("c1", "A012"))
        await screens.board(row("c2", "A013"), row("c1", "A012", name="欧阳**"))
        text = await page.inner_text("#rows")
        assert [each in text for each in ("A012", "A013", "欧阳**")] == [True, True, True]
        assert await tickets(page) == ["A013", "A012"]


async def test_calls_that_arrive_back_to_back_are_all_shown_and_each_is_confirmed(
    screens: ScreenHall, chromium: Chromium
) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context, "hall")
        for number in range(6):
            await screens.web.call(f"c{number}", "w01" if number % 2 else "w02", f"A{number:03d}")
        await becomes(page, "document.querySelectorAll('#rows li').length === 6")
        assert await tickets(page) == [f"A{number:03d}" for number in reversed(range(6))]
        for number in range(6):
            ask = partial(screens.web.get, f"/calls/c{number}")
            await until(ask, lambda call: call["screens"]["hall"]["status"] == "confirmed", LIMIT_S)
        assert page.errors == []


async def test_a_page_tells_in_the_trace_of_a_call_when_it_was_on_its_glass(
    screens: ScreenHall, chromium: Chromium
) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context, "hall")
        await screens.web.call("c1", "w01", "A001")
        await becomes(page, "document.querySelectorAll('#rows li').length === 1")
        ask = partial(screens.web.get, "/calls/c1")
        call = await until(ask, lambda call: call["screens"]["hall"]["status"] == "confirmed", LIMIT_S)
        delivery = call["screens"]["hall"]
        names = ("queued", "sending", "sent", "shown", "confirmed")
        times = [datetime.fromisoformat(delivery[f"{name}_at"]) for name in names]
        assert times == sorted(times)
        assert times[3].isoformat() == datetime.fromisoformat(delivery["detail"]["shown_at"]).isoformat()
        assert times[3] < times[4], "it was there before its word of it came"


async def test_only_rows_that_are_new_are_read_out_and_blink(screens: ScreenHall, chromium: Chromium) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context)
        first = {**row("c1", "A001"), "at": (datetime.now(UTC) - timedelta(minutes=5)).isoformat()}
        await screens.board(first)
        await page.evaluate("document.querySelector('#rows li').mark = 1")
        await screens.board(row("c2", "A002"), first)
        marks = "all => all.map(each => [each.mark || 0, each.className])"
        assert await page.eval_on_selector_all("#rows li", marks) == [[0, "new newest"], [1, ""]]
        assert await page.get_attribute("#rows", "aria-live") == "polite"


async def test_what_is_new_blinks_together_and_then_stands(screens: ScreenHall, chromium: Chromium) -> None:
    dimmed = "getComputedStyle(document.querySelector('#rows li .ticket')).opacity < 1"
    async with chromium.context() as context:
        page = await opened(screens, context)
        first = row("c1", "A001")
        await screens.board(first)
        await screens.board(row("c2", "A002"), first)
        await becomes(page, dimmed)
        assert await page.evaluate("document.querySelectorAll('#rows li.new').length") == 2
        await becomes(page, "document.querySelectorAll('#rows li.new').length === 0")
        assert await page.evaluate(dimmed) is False


async def test_hostile_text_is_text(screens: ScreenHall, chromium: Chromium) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context)
        rows = [row(f"c{n}", text[:32], window=text, name=text, priority=text[:16]) for n, text in enumerate(HOSTILE)]
        await screens.board(*rows, title=HOSTILE[0], notice=HOSTILE[1])
        await screens.command("show", {"text": HOSTILE[3]})
        assert await tickets(page) == [text[:32] for text in HOSTILE]
        assert await page.inner_text("#title") == HOSTILE[0]
        assert await page.inner_text("#notice") == HOSTILE[3]
        inline = "[...document.scripts].filter(each => !each.src).length"
        found = f"[document.images.length, {inline}, document.querySelectorAll('svg').length, window.hit]"
        assert await page.evaluate(found) == [0, 0, 0, None]
        assert page.errors == []


async def test_hostile_tickets_stay_in_their_place(screens: ScreenHall, chromium: Chromium) -> None:
    sent = ("\u202e210A", "\u0645\u0631\u062d\u0628\u0627 12", "A\u200b0\u31641", "Z" + 4 * "\u0336", "<b>1</b>")
    kept = ["<b>1</b>", "Z" + 4 * "\u0336", "A01", "\u0645\u0631\u062d\u0628\u0627 12", "210A"]
    seen = "[...each.children].filter(cell => cell.offsetWidth).map(cell => cell.offsetLeft)"
    places = f"[...document.querySelectorAll('#rows li')].map(each => {seen})"
    async with chromium.context() as context:
        page = await opened(screens, context, "hall")
        for number, ticket in enumerate(sent):
            answer = await screens.web.call(f"c{number}", "w02", ticket, person_name=ticket)
            assert answer.status == 202, answer
        await becomes(page, "document.querySelectorAll('#rows li').length === 5")
        assert await tickets(page) == kept
        assert await page.evaluate("document.querySelectorAll('#rows b').length") == 0
        found = await page.evaluate(places)
        assert len({tuple(each) for each in found}) == 1, "nothing moves a cell of its row"
        assert found[0] == sorted(found[0])
        assert await page.evaluate(OVERFLOWS) == []
        await until(lambda: asyncio.sleep(0, screens.point("intact", "hall")), lambda intact: intact is True, LIMIT_S)
        assert page.errors == []


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (1080, 1920), (1280, 720)])
async def test_everything_fits_on_every_screen(screens: ScreenHall, chromium: Chromium, size: tuple[int, int]) -> None:
    async with chromium.context(*size) as context:
        page = await opened(screens, context)
        long = [
            row(f"c{n}", "综合受理VIP-0123456789-ABCDEF"[: 32 - n], window="一" * 40, name="欧阳**", priority="优" * 16)
            for n in range(20)
        ]
        await screens.board(*long, size=20, notice="请" * 200)
        assert await page.evaluate(OVERFLOWS) == []
        await screens.board(*long[:8], size=8)
        assert await page.evaluate(OVERFLOWS) == []
        assert await page.evaluate("[document.body.scrollWidth, document.body.scrollHeight]") == list(size)


async def test_a_screen_of_a_window_shows_its_text_over_the_whole_screen(
    screens: ScreenHall, chromium: Chromium
) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context, "door")
        await becomes(page, "document.getElementById('text').textContent === '矛盾调解'")
        await screens.web.call("c1", "w02", "B007")
        await becomes(page, "document.getElementById('text').textContent === 'B007'")
        assert await page.evaluate("document.getElementById('text').offsetHeight > innerHeight / 3")
        content = await until(lambda: screens.web.get("/screens/door/content"), lambda found: found["text"] == "B007")
        assert content["colour"] == "red"


async def test_the_clock_is_the_servers_though_the_boxs_is_wrong(screens: ScreenHall, chromium: Chromium) -> None:
    async with chromium.context() as context:
        page = await context.new_page()
        await page.clock.install(time=datetime.now(UTC) + timedelta(minutes=10, hours=3))
        await enter(page, screens.url())
        await becomes(page, "document.getElementById('clock').textContent !== '--:--'")
        now = datetime.now(ZoneInfo("Asia/Shanghai"))
        assert await page.inner_text("#clock") in {f"{now - timedelta(seconds=s):%H:%M}" for s in (0, 5)}


async def test_a_lost_gateway_is_told_within_15_s_numbers_are_hidden_later_and_it_heals_by_itself(
    screens: ScreenHall, chromium: Chromium
) -> None:
    field = f"127.0.0.1:{free_port()}"
    async with chromium.context() as context, AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(AsyncExitStack())
        await gateway.enter_async_context(serve(screens.web.services, console="127.0.0.1:0", field=field))
        page = await context.new_page()
        await page.clock.install()
        await enter(page, screens.url(field=f"http://{field}"))
        await until(lambda: asyncio.sleep(0, screens.point("clients")), lambda count: count == 1, LIMIT_S)
        board = asyncio.create_task(screens.board(row("c1", "A012")))
        await becomes(page, "document.querySelectorAll('#rows li').length === 1")
        await board
        await gateway.aclose()
        await page.clock.run_for(14_000)
        assert not await page.is_visible("#stale")
        await page.clock.run_for(2_000)
        assert await page.is_visible("#stale")
        assert "与服务器的连接已中断" in await page.inner_text("#stale")
        assert await tickets(page) == ["A012"]
        assert await page.is_visible("#rows")
        await page.clock.fast_forward(11 * 60_000)
        assert await page.is_visible("#hidden-note")
        assert not await page.is_visible("#rows")
        await stack.enter_async_context(serve(screens.web.services, console="127.0.0.1:0", field=field))
        for _ in range(40):
            await page.clock.run_for(1_000)
            if not await page.is_visible("#stale"):
                break
        assert await page.is_visible("#rows")
        await becomes(page, "document.querySelectorAll('#rows li').length === 1")


async def test_a_gap_brings_a_snapshot(screens: ScreenHall, chromium: Chromium) -> None:
    async with chromium.context() as context:
        page = await context.new_page()
        held: list[bool] = []

        def relay(ours: Any) -> None:
            server = ours.connect_to_server()

            def down(message: str) -> None:
                if '"kind":"delta"' in message and not held:
                    held.append(True)  # this one is lost
                else:
                    ours.send(message)

            server.on_message(down)

        await page.route_web_socket("**/live", relay)
        await enter(page, screens.url())
        await until(lambda: asyncio.sleep(0, screens.point("clients")), lambda count: count == 1, LIMIT_S)
        await screens.board(row("c1", "A001"))
        lost = asyncio.create_task(screens.command("board", {"rows": [row("c2", "A002"), row("c1", "A001")]}))
        await until(lambda: asyncio.sleep(0, len(held)), lambda count: count == 1, LIMIT_S)
        await screens.board(row("c3", "A003"), row("c2", "A002"), row("c1", "A001"))
        assert await tickets(page) == ["A003", "A002", "A001"]
        assert (await lost)["status"] in ("superseded", "confirmed")


async def test_where_a_websocket_does_not_come_through_it_polls(screens: ScreenHall, chromium: Chromium) -> None:
    async with chromium.context() as context:
        page = await context.new_page()
        await page.add_init_script("window.WebSocket = class { constructor() { throw new Error('blocked'); } }")
        await enter(page, screens.url())
        await until(lambda: asyncio.sleep(0, screens.point("clients")), lambda count: count == 1, LIMIT_S)
        await screens.board(row("c1", "A001"))
        assert await tickets(page) == ["A001"]
        assert (await screens.command("identify", {"seconds": 30}))["status"] == "confirmed"
        assert await page.is_visible("#identify")
        await becomes(page, "document.getElementById('clock').textContent !== '--:--'")


async def test_it_goes_black_says_who_it_is_and_loads_anew_when_it_is_told_to(
    screens: ScreenHall, chromium: Chromium
) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context)
        await screens.board(row("c1", "A001"))
        assert (await screens.command("power", {"on": False}))["status"] == "confirmed"
        assert await page.is_visible("#dark")
        assert screens.point("text") == ""
        await screens.command("power", {"on": True})
        assert (await screens.command("identify", {}))["status"] == "confirmed"
        assert await page.inner_text("#identify") == "free"
        await page.evaluate("window.old = 1")
        assert (await screens.command("reload", {}))["status"] == "confirmed"
        await becomes(page, "window.old === undefined && document.querySelectorAll('#rows li').length === 1")
        assert page.errors == []


async def test_a_page_obeys_though_an_earlier_run_of_the_gateway_gave_more_orders(
    screens: ScreenHall, chromium: Chromium
) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context)
        for _ in range(3):
            assert (await screens.command("identify", {"seconds": 1}))["status"] == "confirmed"
        await page.wait_for_selector("#identify", state="hidden")
        await screens.begin_anew("free")
        life = screens.web.services.lives["free"]
        await until(lambda: asyncio.sleep(0, life.view.status), lambda status: status is Status.ONLINE, LIMIT_S)
        assert (await screens.command("identify", {"seconds": 60}))["status"] == "confirmed"
        await page.wait_for_selector("#identify", state="visible")


async def test_a_new_build_of_the_page_loads_itself_after_a_restart(
    screens: ScreenHall, chromium: Chromium, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = f"127.0.0.1:{free_port()}"
    async with chromium.context() as context:
        async with serve(screens.web.services, console="127.0.0.1:0", field=field):
            page = await opened(screens, context, field=f"http://{field}")
            await page.evaluate("window.old = 1")
        monkeypatch.setattr("gateway.web.waiting.BUILD", "newer")
        async with serve(screens.web.services, console="127.0.0.1:0", field=field):
            await becomes(page, "window.old === undefined")
            assert await page.get_attribute("body", "data-build") == "newer"


async def test_a_page_whose_question_for_a_new_build_is_never_answered_asks_again(
    screens: ScreenHall, chromium: Chromium
) -> None:
    held: list[Any] = []

    async def hold(route: Any) -> None:
        if route.request.method == "HEAD":
            held.append(route)
        else:
            await route.continue_()

    async with chromium.context() as context:
        await context.route("**/screens/free", hold)
        page = await opened(screens, context)
        await until(lambda: asyncio.sleep(0, len(held)), lambda asked: asked >= 2, LIMIT_S)
        for route in held:
            await route.abort()
        assert page.errors == []


async def test_what_a_page_cannot_show_is_refused_with_its_reason(screens: ScreenHall, chromium: Chromium) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context)
        await page.evaluate("document.getElementById('notice').remove()")
        result = await screens.command("show", {"text": "A001"})
        assert result["status"] == "rejected"
        assert "the page could not show it: TypeError" in result["detail"]["reason"]
