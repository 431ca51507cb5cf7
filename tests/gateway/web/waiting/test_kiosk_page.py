"""The shell page of a kiosk in a real browser: calm while the gateway is away, then the screen's page."""

from pathlib import Path

from child import free_port
from chromium import Chromium
from screenhall import ScreenHall
from webhall import until

from gateway.web.server import serve

SHELL = Path(__file__).parents[4] / "config/kiosk/shell.html"


async def test_it_waits_calmly_and_goes_on_to_the_screen_which_accepts_its_cookie(
    screens: ScreenHall, chromium: Chromium, tmp_path: Path
) -> None:
    field = f"127.0.0.1:{free_port()}"
    shell = tmp_path / "shell.html"
    shell.write_text(SHELL.read_text().replace("@URL@", screens.url(field=f"http://{field}")))
    async with chromium.context() as context:
        page = await context.new_page()
        await page.goto(shell.as_uri())
        assert "屏幕正在连接" in await page.inner_text("body")
        await page.wait_for_timeout(100)
        assert page.url == shell.as_uri()
        async with serve(screens.web.services, console="127.0.0.1:0", field=field):

            async def where() -> str:
                url: str = page.url
                return url

            await until(where, lambda url: url == f"http://{field}/screens/free", 15)
            await page.wait_for_selector("#clock")
            assert await page.query_selector(".refused") is None
