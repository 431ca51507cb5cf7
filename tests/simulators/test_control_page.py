"""The page of levers in a real browser."""

import asyncio
from pathlib import Path

from child import program

from drivers.displays.onbon_k import areas
from drivers.displays.onbon_k.config import OnbonKConfig
from simulators.control import serve_levers
from simulators.displays.onbon_k.server import OnbonKTwin

LIMIT_S = 30.0
OFF = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


async def page(folder: Path, url: str) -> str:
    """What the page has become after three seconds of its own time."""
    arguments = [*OFF, f"--user-data-dir={folder / 'browser'}", "--virtual-time-budget=3000", "--dump-dom", url]
    browser = await asyncio.create_subprocess_exec(
        program("chromium"), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        text, _ = await asyncio.wait_for(browser.communicate(), LIMIT_S)
    finally:
        if browser.returncode is None:
            browser.kill()
            await browser.wait()
    return text.decode()


async def test_the_page_shows_every_box_and_its_levers(tmp_path: Path) -> None:
    section = {"id": "led-01", "driver": "displays.onbon_k", "address": "tcp://10.0.0.1:5005"}
    twin = OnbonKTwin(OnbonKConfig.model_validate(section | {"model": "6K2", "width": 64, "height": 16}))
    text = areas.show(areas.Area(width=8, height=16, text=b"<b>A1</b>")).wire(1)
    assert len(list(twin.answers()(text))) == 1
    async with serve_levers({"led-01": twin}, 0) as url:
        found = await page(tmp_path, f"{url}/")
    assert "<h2>led-01 <small>displays.onbon_k</small></h2>" in found
    assert '"text": "&lt;b&gt;A1&lt;/b&gt;"' in found
    assert 'src="/devices/led-01/picture.png?' in found
    assert all(f'<option value="{name}">{name}</option>' in found for name in twin.levers())
    assert twin.levers()["baud"].help in found
