"""A person signs in and out in a real browser, over plain HTTP and by a name that no browser takes for this machine."""

from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import pytest
from child import program
from playwright.async_api import Page, async_playwright
from webhall import WebHall

RULES = "--host-resolver-rules=MAP hall.test 127.0.0.1, MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
OFF = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", RULES)


@pytest.fixture
async def page() -> AsyncGenerator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program("chromium"), chromium_sandbox=False, args=[*OFF]
        )
        page = await browser.new_page()
        page.set_default_timeout(10_000)
        yield page
        await browser.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "hall.test"])
async def test_a_person_signs_in_and_out_again(hall: WebHall, page: Page, host: str) -> None:
    address = f"http://{host}:{urlsplit(hall.url).port}/"
    await page.goto(address)
    await page.fill("input[name=token]", "hall_wrong")
    await page.click("button")
    await page.wait_for_selector("text=令牌无效")
    await page.fill("input[name=token]", hall.queue)
    await page.click("button")
    await page.wait_for_selector("text=1号窗口")
    assert page.url == address
    [cookie] = await page.context.cookies()
    assert [cookie.get(key) for key in ("name", "httpOnly", "sameSite")] == ["hall_session", True, "Strict"]
    assert await page.evaluate(ACT) == 202
    await page.click(".who button")
    await page.wait_for_selector("text=需要访问令牌")
    assert await page.evaluate(ACT) == 401


async def test_a_link_fills_the_token_in_and_leaves_it_to_the_person(hall: WebHall, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{hall.url}/#token={hall.queue}")
    await page.wait_for_url(f"{hall.url}/")
    assert await page.input_value("input[name=token]") == hall.queue
    assert await page.context.cookies() == []
    assert [url for url in asked if "hall_" in url] == []
    await page.click("button")
    await page.wait_for_selector("text=1号窗口")


async def test_a_page_whose_session_ends_shows_the_door(hall: WebHall, page: Page) -> None:
    await page.goto(f"{hall.url}/#token={hall.queue}")
    await page.click("button")
    await page.wait_for_selector("text=1号窗口")
    hall.services.tokens.revoke("queue-system")
    await page.wait_for_selector("text=需要访问令牌")


ACT = """fetch("/api/v1/calls", {
  method: "POST",
  headers: {"Content-Type": "application/json"},
  body: JSON.stringify({call_id: "c-1", window: "w01", ticket: "A001"}),
}).then(answer => answer.status)"""
