"""A page that nobody looks after, in a real browser: loads without the gateway, wrong content, a whole day."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from cable import cable
from child import free_port
from chromium import Chromium
from screenhall import ScreenHall, row
from screenpage import LIMIT_S, becomes, enter, opened, tickets
from webhall import until

from gateway.clock import SystemClock
from gateway.web.server import serve

ZONE = ZoneInfo("Asia/Shanghai")
KEPT = """caches.keys().then(names => Promise.all(names.map(name => caches.open(name).then(store => store.keys()))))
    .then(all => all.flat().map(each => new URL(each.url).pathname).sort())"""

MOVE = """minutes => caches.keys().then(async names => {
    const store = await caches.open(names[0]), kept = await (await store.match('/screens/free/kept')).json();
    kept.box = Date.now() + 60000 * minutes;
    await store.put('/screens/free/kept', new Response(JSON.stringify(kept)));
})"""


async def kept(page: Any) -> list[str]:
    """The paths of what the browser keeps."""
    found: list[str] = await page.evaluate(KEPT)
    return found


async def keeps(page: Any) -> None:
    """Wait until it would come up without the gateway."""
    paths = "['/screens/free', '/screens/free/kept'].every(path => all.includes(path))"
    await becomes(page, f"navigator.serviceWorker.controller !== null && {KEPT}.then(all => {paths})")


async def shown(screens: ScreenHall, page: Any, *rows: Any) -> None:
    """Show a board on a page whose timers run by its own clock."""
    board = asyncio.create_task(screens.board(*rows))
    await becomes(page, f"document.querySelectorAll('#rows li').length === {len(rows)}")
    await board


async def test_a_page_that_is_loaded_while_the_gateway_is_away_shows_what_it_had_marked_as_old(
    screens: ScreenHall, chromium: Chromium
) -> None:
    field = f"127.0.0.1:{free_port()}"
    async with chromium.context() as context, AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(AsyncExitStack())
        await gateway.enter_async_context(serve(screens.web.services, console="127.0.0.1:0", field=field))
        page = await opened(screens, context, field=f"http://{field}")
        await screens.board(row("c1", "A012", name="欧阳**"), leaflets=[{"title": "须知", "rows": [["请排队"]]}])
        await keeps(page)
        assert [path for path in await kept(page) if "/common-" in path] != []
        await gateway.aclose()
        for url in (f"http://{field}/screens/free", screens.url(field=f"http://{field}")):
            await page.goto(url)
            await page.wait_for_selector("#stale", state="visible")
            assert await tickets(page) == ["A012"]
            text = await page.inner_text("body")
            assert all(each in text for each in ("测试", "请排队", "与服务器的连接已中断", "自 since"))
            assert page.url == f"http://{field}/screens/free"
        await page.evaluate("window.same = 1")
        await stack.enter_async_context(serve(screens.web.services, console="127.0.0.1:0", field=field))
        await page.wait_for_selector("#stale", state="hidden", timeout=1000 * LIMIT_S)
        await screens.board(row("c2", "A013"))
        assert await tickets(page) == ["A013"]
        assert await page.evaluate("window.same") == 1
        assert page.errors == []


async def test_a_cable_that_is_pulled_is_told_a_reload_still_shows_the_page_and_it_heals_by_itself(
    screens: ScreenHall, chromium: Chromium
) -> None:
    where = urlsplit(screens.web.field)
    async with chromium.context() as context, cable(where.hostname or "", where.port or 0) as wire:
        page = await opened(screens, context, field=wire.url)
        await screens.board(row("c1", "A012"))
        await keeps(page)
        wire.pull()
        await page.wait_for_selector("#stale", state="visible", timeout=1000 * LIMIT_S)
        await page.reload()
        await page.wait_for_selector("#stale", state="visible")
        assert await tickets(page) == ["A012"]
        assert "测试" in await page.inner_text("body")
        await page.evaluate("window.same = 1")
        wire.cut()
        await page.wait_for_selector("#stale", state="hidden", timeout=1000 * LIMIT_S)
        await screens.board(row("c2", "A013"))
        assert await tickets(page) == ["A013"]
        assert await page.evaluate("window.same") == 1
        assert page.errors == []


async def test_what_was_begun_while_nothing_came_through_is_given_up_and_the_page_is_right_within_10_s(
    screens: ScreenHall, chromium: Chromium
) -> None:
    where = urlsplit(screens.web.field)
    async with chromium.context() as context, cable(where.hostname or "", where.port or 0) as wire:
        page = await opened(screens, context, field=wire.url)
        await screens.board(row("c1", "A012"))
        wire.pull(loses=True)
        await page.wait_for_selector("#stale", state="visible", timeout=1000 * LIMIT_S)
        await until(lambda: asyncio.sleep(0, wire.lost), lambda lost: lost >= 3, LIMIT_S)  # sockets and a request
        wire.cut()
        await page.wait_for_selector("#stale", state="hidden", timeout=10_000)
        await screens.board(row("c2", "A013"))
        assert await tickets(page) == ["A013"]
        assert page.errors == []


@pytest.mark.parametrize("minutes", [-11, 5])
async def test_numbers_of_which_nobody_can_tell_that_they_are_young_stay_hidden(
    screens: ScreenHall, chromium: Chromium, minutes: int
) -> None:
    field = f"127.0.0.1:{free_port()}"
    async with chromium.context() as context:
        async with serve(screens.web.services, console="127.0.0.1:0", field=field):
            page = await opened(screens, context, field=f"http://{field}")
            await screens.board(row("c1", "A012"))
            await keeps(page)
        await page.evaluate(MOVE, minutes)
        await page.reload()
        await page.wait_for_selector("#hidden-note", state="visible")
        assert not await page.is_visible("#rows")


async def test_nothing_stays_in_the_browser_of_a_key_that_was_taken_back(
    screens: ScreenHall, chromium: Chromium
) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context)
        await screens.board(row("c1", "A012"))
        await keeps(page)
        screens.web.services.tokens.revoke("screen-free")
        answer = await page.reload()
        assert answer.status == 401
        assert await kept(page) == []


async def test_a_new_build_of_the_page_is_kept_instead_of_the_old_one(
    screens: ScreenHall, chromium: Chromium, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context)
        await screens.board(row("c1", "A012"))
        await keeps(page)
        monkeypatch.setattr("gateway.web.waiting.BUILD", "newer")
        await page.reload()
        await becomes(page, "caches.keys().then(all => all.join() === 'hall-screen:/screens/free?newer')")
        await keeps(page)


async def test_a_document_that_has_something_else_than_was_sent_is_noticed_and_mended(
    screens: ScreenHall, chromium: Chromium
) -> None:
    async with chromium.context() as context:
        page = await opened(screens, context)
        leaflets = [{"title": "须知", "rows": [["䶮"]]}]
        await screens.board(row("c1", "A012", name="李𠮷"), leaflets=leaflets, notice="静")
        assert (screens.point("intact"), screens.point("stale")) == (True, False)
        rev = screens.point("last_rev")
        for spoilt in ("document.querySelector('.ticket')", "document.querySelector('.column')"):
            await page.evaluate(f"{spoilt}.textContent = 'Z999'")
            await until(lambda: asyncio.sleep(0, screens.point("intact")), lambda intact: intact is False, LIMIT_S)
            assert screens.point("last_rev") < rev
            await becomes(page, f"{spoilt}.textContent !== 'Z999'")
            await until(lambda: asyncio.sleep(0, screens.point("intact")), lambda intact: intact is True, LIMIT_S)
            assert screens.point("last_rev") > rev
            rev = screens.point("last_rev")


class Day(SystemClock):
    """The gateway's clock, moved on."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_box_whose_clock_is_off_has_the_right_times_over_midnight_too(
    screens: ScreenHall, chromium: Chromium, minutes: int
) -> None:
    driver: Any = screens.web.services.lives["free"].driver
    clock = driver.context.clock = Day()
    local = datetime.now(ZONE)
    clock.ahead = local.replace(hour=23, minute=58, second=0) - local
    async with chromium.context() as context:
        page = await context.new_page()
        await page.clock.install(time=clock.now() + timedelta(minutes=minutes))
        await enter(page, screens.url())
        await until(lambda: asyncio.sleep(0, screens.point("clients")), lambda count: count == 1, LIMIT_S)
        called = {**row("c1", "A001"), "at": clock.now().isoformat()}
        await shown(screens, page, called)
        assert await page.evaluate("document.querySelector('#rows li').className") == "new newest"
        clock.ahead += timedelta(minutes=4)
        await page.clock.fast_forward(4 * 60_000)
        await becomes(page, "document.getElementById('clock').textContent.startsWith('00:0')")
        await shown(screens, page, {**row("c2", "A002"), "at": clock.now().isoformat()}, called)
        times = await page.eval_on_selector_all("#rows .at", "all => all.map(each => each.textContent)")
        assert [times[0][:4], times[1][:4]] == ["00:0", "23:5"]
        classes = await page.eval_on_selector_all("#rows li", "all => all.map(each => each.className)")
        assert classes[0] == "new newest"
        assert not await page.is_visible("#stale")
        at = datetime.fromisoformat(screens.point("rendered_at"))
        assert abs((clock.now() - at).total_seconds()) < LIMIT_S


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_call_leaves_a_box_whose_clock_is_off_when_its_time_is_over(
    screens: ScreenHall, chromium: Chromium, minutes: int
) -> None:
    async with chromium.context() as context:
        page = await context.new_page()
        await page.clock.install(time=datetime.now(UTC) + timedelta(minutes=minutes))
        await enter(page, screens.url("hall"))
        await until(lambda: asyncio.sleep(0, screens.point("clients", "hall")), lambda count: count == 1, LIMIT_S)
        answer = await screens.web.call("c1", "w01", "A001", ttl_s=5)
        await becomes(page, "document.querySelectorAll('#rows li').length === 1")
        await becomes(page, "document.querySelectorAll('#rows li').length === 0")
        lasted = datetime.now(UTC) - datetime.fromisoformat(answer.json["accepted_at"])
        assert 5 <= lasted.total_seconds() < 5 + LIMIT_S


async def counted(page: Any) -> dict[str, int]:
    """What the browser holds in memory for the page, once it has collected its garbage."""
    session = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.collectGarbage")
    found: dict[str, int] = await session.send("Memory.getDOMCounters")
    await session.detach()
    return found


async def test_a_day_on_which_nobody_looks_after_it(screens: ScreenHall, chromium: Chromium) -> None:
    driver: Any = screens.web.services.lives["free"].driver
    clock = driver.context.clock = Day()
    local = datetime.now(ZONE)
    clock.ahead = local.replace(hour=6, minute=30) - local
    async with chromium.context() as context:
        page = await context.new_page()
        await page.clock.install(time=datetime(1970, 1, 2, tzinfo=UTC))  # the box's clock is of no use
        await enter(page, screens.url())
        await until(lambda: asyncio.sleep(0, screens.point("clients")), lambda count: count == 1, LIMIT_S)
        await page.evaluate("window.old = 1")
        places, kept_in_memory = set[str](), list[dict[str, int]]()
        for hour in range(22):
            await becomes(page, f"document.getElementById('clock').textContent.startsWith('{(6 + hour) % 24:02d}:')")
            for minute in range(5):
                await shown(screens, page, row(f"c{hour}-{minute}", f"A{hour:02d}{minute}"))
                assert await tickets(page) == [f"A{hour:02d}{minute}"]
            kept_in_memory.append(await counted(page))
            assert not await page.is_visible("#stale")
            places.add(await page.evaluate("document.getElementById('shift').style.transform"))
            assert await page.evaluate("window.old") == 1
            clock.ahead += timedelta(hours=1)
            await page.clock.fast_forward(3_600_000)
        await becomes(page, "window.old === undefined && document.querySelectorAll('#rows li').length === 1")
        assert len(places) > 1
        early, late = kept_in_memory[3], kept_in_memory[-1]
        assert late["nodes"] <= early["nodes"] + 50, "90 boards of seven nodes came and went in between"
        assert late["jsEventListeners"] <= early["jsEventListeners"]
        await page.evaluate("window.old = 1")
        for hour in range(3):
            await shown(screens, page, *(row(f"d{number}", f"B{number:03d}") for number in range(hour + 2)))
            clock.ahead += timedelta(minutes=11)
            await page.clock.fast_forward(11 * 60_000)
        assert await page.evaluate("window.old") == 1  # once a night
