"""The status page in a real browser: pictures arrive, changes appear by themselves, a lost gateway is told."""

import asyncio
from pathlib import Path

from child import program
from webhall import WebHall, until

from gateway.web.server import serve

LIMIT_S = 30.0
LOST = '<div id="lost" role="alert">'
OFF = [
    *("--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--no-sandbox", "--headless"),
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


async def browse(folder: Path, url: str, *, seconds: int) -> str:
    """What a page has become after so many seconds of its own time, as HTML."""
    arguments = [f"--user-data-dir={folder / 'browser'}", f"--virtual-time-budget={seconds * 1000}", "--dump-dom", url]
    browser = await asyncio.create_subprocess_exec(
        program("chromium"), *OFF, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        text, _ = await asyncio.wait_for(browser.communicate(), LIMIT_S)
    finally:
        if browser.returncode is None:
            browser.kill()
            await browser.wait()
    return text.decode()


async def test_the_page_follows_the_hall_by_itself(hall: WebHall, tmp_path: Path) -> None:
    async with hall.online("led-02"):
        await until(lambda: hall.get("/screens/led-02/right/content"), lambda screen: screen["text"] is not None)
        browser = asyncio.create_task(browse(tmp_path, f"{hall.url}/?token={hall.queue}", seconds=20))
        await until(lambda: pictures(hall, "led-02"), lambda count: count == 2, LIMIT_S)
        body = {"part": "left", "params": {"text": "<i>请</i>"}}
        assert (await hall.ask("POST", "/api/v1/devices/led-02/commands/write", body)).status == 200
        await hall.call("c-1", person_name="欧阳娜娜")
        page = await browser
    assert 'alt="&lt;i&gt;请&lt;/i&gt;"' in page
    assert "欧**" in page
    assert "连接中" in page
    assert LOST not in page
    assert await pictures(hall, "led-02") == 3  # what did not change is not fetched again


async def test_the_page_says_when_it_has_lost_the_gateway(hall: WebHall, tmp_path: Path) -> None:
    async with hall.online("led-01"):
        await until(lambda: hall.get("/screens/led-01/content"), lambda screen: screen["text"] is not None)
        async with serve(hall.services, console="127.0.0.1:0", field=None) as url:
            browser = asyncio.create_task(browse(tmp_path, f"{url}/?token={hall.queue}", seconds=20))
            await until(lambda: pictures(hall, "led-01"), lambda count: count == 1, LIMIT_S)
        page = await browser
    assert LOST in page
    assert '<body class="stale">' in page
    assert "与网关失去联系" in page


async def pictures(hall: WebHall, device: str) -> int:
    return hall.board(device).pictures
