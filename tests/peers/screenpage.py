"""The page of a screen in a real browser, for tests."""

import asyncio
from typing import Any

from playwright.async_api import Error
from screenhall import ScreenHall
from webhall import until

from gateway.hub import Status

LIMIT_S = 25.0
BOXES = "#shift, header, h1, main, #calls, li, li > *, #text, #notice, #leaflets, article, .column"
OVERFLOWS = f"""() => [...document.querySelectorAll('{BOXES}')]
    .filter(box => !box.hidden && box.offsetParent && (box.scrollWidth > box.clientWidth + 1
        || box.scrollHeight > box.clientHeight + 8)).map(box => box.tagName + '.' + box.className + '#' + box.id)"""


async def opened(screens: ScreenHall, context: Any, screen: str = "free", field: str = "") -> Any:
    """The page, once its driver knows it."""
    page = await context.new_page()
    page.errors = []

    def note(error: Any) -> None:
        page.errors.append(str(error))

    page.on("pageerror", note)
    page.on("dialog", note)
    await enter(page, screens.url(screen, field))
    life = screens.web.services.lives[screen]
    await until(lambda: asyncio.sleep(0, life.view.status), lambda status: status is Status.ONLINE, LIMIT_S)
    return page


async def enter(page: Any, url: str) -> None:
    """Open a page by its key; it goes on to the address without it by itself."""
    await page.goto(url, wait_until="commit")
    await page.wait_for_url(url.partition("?")[0])


async def becomes(page: Any, true: str) -> None:
    """Wait until an expression is true in the page; not by playwright, which would need eval there."""

    async def ask() -> bool:
        try:
            return bool(await page.evaluate(true))
        except Error:  # the page is being loaded anew
            return False

    await until(ask, bool, LIMIT_S)


async def tickets(page: Any) -> list[str]:
    found: list[str] = await page.eval_on_selector_all("#rows li .ticket", "all => all.map(each => each.textContent)")
    return found
