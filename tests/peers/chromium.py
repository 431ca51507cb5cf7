"""A real chromium for a whole run of tests; each test has a context of its own in it."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from child import Child, program
from playwright.async_api import Browser, ViewportSize, async_playwright

LIMIT_S = 30.0
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]


class Chromium:
    """The browser's process. `before`: words of a command line in front of its own."""

    def __init__(self, *before: str, more: tuple[str, ...] = ()) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="hall-chromium-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        port = folder / "DevToolsActivePort"
        command = [*before, program("chromium"), *ARGUMENTS, *more, f"--user-data-dir={folder}", "about:blank"]
        self._child = Child(command, folder / "log")
        self._child.until(lambda: port.exists() and "\n" in port.read_text())
        number, path = port.read_text().split("\n")[:2]
        self.address = f"ws://127.0.0.1:{number}{path}"

    @asynccontextmanager
    async def browser(self) -> AsyncGenerator[Browser]:
        """The browser as playwright has it, for one test."""
        async with async_playwright() as playwright:
            browser = await playwright.chromium.connect_over_cdp(self.address)
            try:
                yield browser
            finally:
                await browser.close()

    @asynccontextmanager
    async def context(self, width: int = 1920, height: int = 1080) -> AsyncGenerator[Any]:
        """A fresh context: no cookies, a window of this size, in Chinese."""
        async with self.browser() as browser:
            size = ViewportSize(width=width, height=height)
            context = await browser.new_context(viewport=size, locale="zh-CN", timezone_id="America/New_York")
            try:
                yield context
            finally:
                await context.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._child.kill()
        self._folder.cleanup()


@asynccontextmanager
async def status_page(chromium: Chromium, url: str, token: str) -> AsyncGenerator[Any]:
    """The page as a person has it who came in by a link."""
    async with chromium.context() as context:
        page = await context.new_page()
        page.set_default_timeout(1000 * LIMIT_S)
        await page.goto(f"{url}/#token={token}")
        await page.click("button")
        await page.wait_for_selector("main")
        yield page
