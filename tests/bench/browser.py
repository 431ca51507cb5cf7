"""From a call to the DOM of twenty pages in one chromium: the gateway, then bare pages behind a bare server."""

import asyncio
import http.client
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from child import Child, free_port
from chromium import Chromium
from figures import broken, cpu_s, middle, percentile, say

from gateway.people.rights import Role
from gateway.people.tokens import Tokens

PAGES, CALLS, PACE_S = 20, 100, 0.2
BARE = """<!doctype html><div id="rows"></div><script>
new WebSocket("ws://" + location.host + "/live").onmessage = function (event) {
  const item = document.createElement("p");
  item.textContent = event.data;
  document.getElementById("rows").prepend(item);
};
</script>"""
WATCH = """() => {
    window.seen = [];
    new MutationObserver(function () {
        window.seen.push([performance.timeOrigin + performance.now(), document.getElementById("rows").textContent]);
    }).observe(document.getElementById("rows"), {childList: true, subtree: true, characterData: true});
}"""


async def main() -> None:
    """Run it all; a minute and a half."""
    with tempfile.TemporaryDirectory(prefix="hall-bench-") as name, Chromium() as chromium:
        print(f"a call to {PAGES} pages in one chromium, every {PACE_S:g} s", flush=True)
        limit_ms = await _limit(chromium)
        await _gateway(Path(name), chromium, limit_ms)


async def _limit(chromium: Chromium) -> list[float]:
    sockets: set[web.WebSocketResponse] = set()

    async def live(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sockets.add(socket)
        await socket.receive()
        return socket

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=BARE, content_type="text/html")

    async def call(ticket: str) -> None:
        for socket in sockets:
            await socket.send_str(ticket)

    app = web.Application()
    app.add_routes([web.get("/", page), web.get("/live", live)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    async with _pages(chromium, [url] * PAGES) as pages:
        while len(sockets) < PAGES:  # noqa: ASYNC110 - a bare server has nothing that could be waited for
            await asyncio.sleep(0.01)
        found = await _measure(pages, call)
    await runner.cleanup()
    return found


async def _gateway(folder: Path, chromium: Chromium, limit_ms: list[float]) -> None:
    console, field = free_port(), free_port()
    site = _site(folder, console, field)
    tokens = Tokens(folder / "tokens.json")
    boss = tokens.new("bench", Role.ADMIN)
    names = [f"tv-{number:02d}" for number in range(PAGES)]
    keys = [tokens.new(name, Role.SCREEN, screen=name) for name in names]
    gateway = Child([sys.executable, "-P", "-m", "gateway.cli", "run", str(site)], folder / "gateway.log")
    connection = http.client.HTTPConnection("127.0.0.1", console, timeout=10)
    headers = {"Authorization": f"Bearer {boss}", "Content-Type": "application/json"}

    def post(ticket: str) -> None:
        body = json.dumps({"call_id": ticket, "window": "w01", "ticket": ticket})
        connection.request("POST", "/api/v1/calls", body, headers)
        answer = connection.getresponse()
        assert answer.status == 202, answer.read()
        answer.read()

    async def call(ticket: str) -> None:
        await asyncio.to_thread(post, ticket)

    try:
        gateway.until(lambda: "serves" in gateway.log.read_text())
        urls = [f"http://127.0.0.1:{field}/screens/{name}?key={key}" for name, key in zip(names, keys, strict=True)]
        async with _pages(chromium, urls) as pages:
            await asyncio.sleep(2)
            began, used_s = time.monotonic(), cpu_s(gateway.process.pid)
            found_ms = await _measure(pages, call)
            share = (cpu_s(gateway.process.pid) - used_s) / (time.monotonic() - began) * 100
        say("call to DOM changed, p50", middle(found_ms), "ms", limit=middle(limit_ms))
        say("call to DOM changed, p99", percentile(found_ms, 99), "ms", budget=100, limit=percentile(limit_ms, 99))
        say("gateway's processor share meanwhile", share, "%")
    finally:
        gateway.stop()


@asynccontextmanager
async def _pages(chromium: Chromium, urls: list[str]) -> AsyncGenerator[list[Any]]:
    """One page for each address, each with an observer of its rows."""
    async with chromium.context(
        1280, 720
    ) as context:  # twenty full screens would measure the painting of one processor
        pages = [await context.new_page() for _ in urls]
        for page, url in zip(pages, urls, strict=True):
            await page.goto(url, wait_until="commit")
            await page.wait_for_url(url.partition("?")[0])
            await page.wait_for_selector("#rows", state="attached")
            await page.evaluate(WATCH)
        yield pages


async def _measure(pages: list[Any], call: Any) -> list[float]:
    """Call numbers; gives for each page and number the milliseconds until its DOM had it."""
    posted: dict[str, float] = {}
    due = time.monotonic()
    for number in range(CALLS):
        ticket = f"Z{number:04d}"
        posted[ticket] = time.time() * 1000
        await call(ticket)
        due += PACE_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    await asyncio.sleep(1)
    return [took for page in pages for took in _took(posted, await page.evaluate("window.seen"))]


def _took(posted: dict[str, float], seen: list[tuple[float, str]]) -> list[float]:
    first = {ticket: next((at for at, text in seen if ticket in text), None) for ticket in posted}
    missing = [ticket for ticket, at in first.items() if at is None]
    assert not missing, f"a page never showed {missing[:3]}"
    return [at - posted[ticket] for ticket, at in first.items() if at is not None]


def _site(folder: Path, console: int, field: int) -> Path:
    names = [f"tv-{number:02d}" for number in range(PAGES)]
    (folder / "journal.key").write_text("6b" * 32)
    site = folder / "site.yaml"
    site.write_text(
        "site: {id: bench, name: bench}\n"
        "store: {url: 'sqlite:///hall.db', key: {file: journal.key}}\n"
        f"http: {{console: '127.0.0.1:{console}', field: '127.0.0.1:{field}'}}\n"
        "devices:\n  - {id: own, driver: displays.web_screen}\n"
        + "".join(f"  - {{id: {name}, driver: displays.web_screen}}\n" for name in names)
        + "windows: [{id: w01, label: 1号窗口, function: 综合受理, screens: [own]}]\nscreens:\n"
        + "".join(f"  - {{id: {name}, device: {name}}}\n" for name in names)
    )
    return site


if __name__ == "__main__":
    asyncio.run(main())
    sys.exit(1 if broken else 0)
