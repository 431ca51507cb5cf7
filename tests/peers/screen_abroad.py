"""Run by test_abroad.py inside a network namespace: a hall here, chromium in another namespace, a cable between them.

Prints what the browser saw, as one JSON object.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from child import program
from playwright.async_api import Browser, Error, async_playwright
from screenhall import ScreenHall, row, screen_hall
from webhall import until

from gateway.web.server import serve

HERE, THERE = "198.51.100.1", "198.51.100.2"  # RFC 5737: addresses for documentation, so nobody's
FIELD = f"{HERE}:8081"
BLOCK = f"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE {HERE}"


def ip(*arguments: str) -> None:
    subprocess.run([program("ip"), *arguments], check=True, timeout=10)


@contextmanager
def elsewhere() -> Generator[list[str]]:
    """Another namespace at the end of a cable; gives the words that run a program there."""
    holder = subprocess.Popen([program("unshare"), "-n", "sleep", "600"])
    try:
        own, link = Path("/proc/self/ns/net").readlink(), Path(f"/proc/{holder.pid}/ns/net")
        while link.readlink() == own:  # unshare has not come so far yet
            time.sleep(0.005)
        there = [program("nsenter"), "-t", str(holder.pid), "-n"]
        ip("link", "set", "lo", "up")
        ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
        ip("link", "set", "v1", "netns", str(holder.pid))
        ip("address", "add", f"{HERE}/24", "dev", "v0")
        ip("link", "set", "v0", "up")
        for words in (
            ["link", "set", "lo", "up"],
            ["address", "add", f"{THERE}/24", "dev", "v1"],
            ["link", "set", "v1", "up"],
        ):
            subprocess.run([*there, program("ip"), *words], check=True, timeout=10)
        yield there
    finally:
        holder.kill()
        holder.wait()


async def main() -> None:
    with tempfile.TemporaryDirectory() as name, elsewhere() as there:
        folder = Path(name)
        wrapper = folder / "chromium-there"
        wrapper.write_text(f'#!/bin/sh\nexec {" ".join(there)} {program("chromium")} "$@"\n')
        wrapper.chmod(0o755)
        async with screen_hall(folder) as hall, serve(hall.web.services, console="127.0.0.1:8080", field=FIELD):
            seen = await look(hall, wrapper)
        sys.stdout.write(json.dumps(seen, ensure_ascii=False) + "\n")


async def look(hall: ScreenHall, wrapper: Path) -> dict[str, Any]:
    """What a browser in the other namespace sees."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=wrapper, args=[BLOCK])
        page = await browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(hall.url(field=f"http://{FIELD}"), wait_until="commit")
        await page.wait_for_url(f"http://{FIELD}/screens/free")
        await until(lambda: asyncio.sleep(0, hall.point("clients")), lambda count: count == 1, 20)
        sockets_open = asked[:]
        result = await hall.board(row("c1", "A012"))
        seen = {
            "address": page.url,
            "tickets": await page.eval_on_selector_all("#rows .ticket", "all => all.map(each => each.textContent)"),
            "secure_context": await page.evaluate("window.isSecureContext"),
            "status": result["status"],
            "stale": await page.is_visible("#stale"),
            "plain": await page.is_visible("#plain"),
            "kept": await page.evaluate("'serviceWorker' in navigator"),
            "polled": any(url.endswith("/poll") for url in sockets_open),
            "foreign": [url for url in asked if not url.startswith(f"http://{FIELD}/screens/free")],
            "console": await reached(browser, f"http://{HERE}:8080/healthz"),
        }
        await browser.close()
    return seen


async def reached(browser: Browser, url: str) -> bool:
    """Whether anything answers there, asked from the browser's side by a page of its own."""
    other = await browser.new_page()
    try:
        await other.goto(url, timeout=3000)
    except Error as error:
        return "ERR_CONNECTION_REFUSED" not in str(error)
    return True


if __name__ == "__main__":
    asyncio.run(main())
