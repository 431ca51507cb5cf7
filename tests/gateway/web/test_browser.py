"""The status page in a real browser: pictures arrive, changes appear by themselves, a lost gateway is told."""

from contextlib import AsyncExitStack

from chromium import LIMIT_S, Chromium, status_page
from webhall import WebHall, until

from gateway.web.server import serve


async def test_the_page_follows_the_hall_by_itself(hall: WebHall, chromium: Chromium) -> None:
    async with hall.online("led-02"):
        await until(lambda: hall.get("/screens/led-02/right/content"), lambda screen: screen["text"] is not None)
        async with status_page(chromium, hall.url, hall.queue) as page:
            await until(lambda: pictures(hall, "led-02"), lambda count: count == 2, LIMIT_S)
            body = {"part": "left", "params": {"text": "<i>请</i>"}}
            assert (await hall.ask("POST", "/api/v1/devices/led-02/commands/write", body)).status == 200
            await hall.call("c-1", person_name="欧阳娜娜")
            await page.wait_for_selector("img[alt='<i>请</i>']")
            await page.wait_for_selector("text=欧**")
            await page.wait_for_selector("text=连接中")
            assert await page.is_hidden("#lost")
    assert await pictures(hall, "led-02") == 3  # what did not change is not fetched again


async def test_the_page_says_when_it_has_lost_the_gateway(hall: WebHall, chromium: Chromium) -> None:
    async with hall.online("led-01"):
        await until(lambda: hall.get("/screens/led-01/content"), lambda screen: screen["text"] is not None)
        async with AsyncExitStack() as gateway:
            url = await gateway.enter_async_context(serve(hall.services, console="127.0.0.1:0", field=None))
            async with status_page(chromium, url, hall.queue) as page:
                await until(lambda: pictures(hall, "led-01"), lambda count: count == 1, LIMIT_S)
                assert await page.is_hidden("#lost")
                await gateway.aclose()
                await page.wait_for_selector("#lost", state="visible")
                assert "与网关失去联系" in await page.inner_text("#lost")
                assert await page.get_attribute("body", "class") == "stale"


async def pictures(hall: WebHall, device: str) -> int:
    return hall.board(device).pictures
