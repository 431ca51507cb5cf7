"""The waiting-area page in a real browser and real processes: a kill -9, a load without the gateway, the next run."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from child import free_port
from chromium import Chromium
from hall import Hall
from screenpage import LIMIT_S, becomes, tickets

from gateway.people.rights import Role
from gateway.people.tokens import Tokens

pytestmark = [pytest.mark.timeout(120), pytest.mark.parametrize("store", ["sqlite"], indirect=True)]
KEPT = "caches.keys().then(async all => !!(all.length && await (await caches.open(all[0])).match('/screens/tv/kept')))"


@pytest.fixture
def chromium() -> Iterator[Chromium]:
    with Chromium() as running:
        yield running


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    """A hall whose cards are switched off; its waiting-area screen is ours."""
    with Hall(tmp_path, windows=2) as made:
        field = f"http: {{console: '127.0.0.1:{made.port}', field: '127.0.0.1:{free_port()}'}}\n"
        tv = "devices:\n  - {id: tv, driver: displays.web_screen, beat_s: 0.5}\n"
        text = re.sub(r"http: .*\n", field, made.site.read_text()).replace("devices:\n", tv)
        made.site.write_text(text + "screens: [{id: main, device: tv, title: 大厅}]\n")
        made.point_at_cards()
        yield made


def address(hall: Hall) -> str:
    found = re.search(r"field: '([^']+)'", hall.site.read_text())
    assert found is not None
    return f"http://{found[1]}/screens/tv"


async def confirmed(hall: Hall, call_id: str) -> dict[str, Any]:
    """The trace of a call once the page has it on its glass."""
    end = asyncio.get_running_loop().time() + LIMIT_S
    while True:
        _, call = await asyncio.to_thread(hall.ask, "GET", f"/calls/{call_id}")
        if call["screens"]["tv"]["status"] == "confirmed":
            found: dict[str, Any] = call
            return found
        assert asyncio.get_running_loop().time() < end, call
        await asyncio.sleep(0.05)


async def test_a_page_keeps_its_numbers_through_a_kill_and_a_load_without_the_gateway_and_goes_on_with_the_next_run(
    hall: Hall, chromium: Chromium
) -> None:
    key = Tokens(hall.folder / "tokens.json").new("screen-tv", Role.SCREEN, screen="tv")
    await asyncio.to_thread(hall.start_gateway)
    async with chromium.context() as context:
        page = await context.new_page()
        await page.goto(f"{address(hall)}?key={key}", wait_until="commit")
        await asyncio.to_thread(hall.call, "c1", "w01", "A001", priority="green")
        await becomes(page, "document.querySelectorAll('#rows li').length === 1")
        call = await confirmed(hall, "c1")
        trace = call["screens"]["tv"]
        assert call["accepted_at"] <= trace["sent_at"] <= trace["shown_at"] <= trace["confirmed_at"]
        await becomes(page, f"navigator.serviceWorker.controller !== null && {KEPT}")

        hall.kill()
        await page.goto(address(hall))
        await page.wait_for_selector("#stale", state="visible")
        assert await tickets(page) == ["A001"]
        assert "绿色通道" in await page.inner_text("#rows")

        await page.evaluate("window.same = 1")
        await asyncio.to_thread(hall.start_gateway)
        await page.wait_for_selector("#stale", state="hidden", timeout=1000 * LIMIT_S)
        assert await tickets(page) == ["A001"]
        await asyncio.to_thread(hall.call, "c2", "w02", "A002")
        await confirmed(hall, "c2")
        assert await tickets(page) == ["A002", "A001"]
        assert await page.evaluate("window.same") == 1, "it was never loaded anew"
