"""The status page as the server makes it."""

import re
from pathlib import Path

import pytest
from webhall import BoardConfig, WebHall, until, web_hall

from gateway.calls.config import WindowConfig
from gateway.core.errors import JournalError

HOSTILE = "<script>alert('x')</script>\"&"


async def page(hall: WebHall) -> str:
    answer = await hall.ask("GET", "/")
    assert answer.status == 200
    return answer.body.decode()


async def test_the_page_shows_windows_devices_and_calls(hall: WebHall) -> None:
    async with hall.online("led-01"):
        await hall.call("c-1", ticket="A012", person_name="欧阳娜娜")
        text = await until(lambda: page(hall), lambda text: 'alt="A012"' in text)
    for word in ("测试中心", "1号窗口", "综合受理", "矛盾调解", "叫号中", "一号屏", "A012", "欧**", "1 / 2"):
        assert word in text
    assert re.search(r'<img src="/api/v1/screens/led-01/image\.png\?revision=\d+" alt="A012">', text)


async def test_a_screen_that_is_offline_is_marked_and_has_no_picture(hall: WebHall) -> None:
    async with hall.online("led-01", "led-02"):
        await until(lambda: page(hall), lambda text: text.count("<img") == 3)
    hall.services.house.hub.offline("led-02", "no answer within 1 s")
    text = await page(hall)
    assert text.count("<img") == 1
    assert text.count('<div class="veil" title="no answer within 1 s">离线 <small>offline</small></div>') == 2


async def test_the_address_of_a_picture_changes_with_what_it_shows(hall: WebHall) -> None:
    async with hall.online("led-01"):
        idle = await until(lambda: page(hall), lambda text: 'alt="综合受理"' in text)
        await hall.call("c-1", ticket="A012")
        called = await until(lambda: page(hall), lambda text: 'alt="A012"' in text)
    address = re.compile(r"image\.png\?revision=\d+")
    assert address.findall(idle) != address.findall(called)


async def test_what_a_device_says_is_text_and_never_html(tmp_path: Path) -> None:
    window = WindowConfig(id="w01", label=HOSTILE, function=HOSTILE, screens=["led-01"])
    device = BoardConfig(id="led-01", driver="test.board", name=HOSTILE)
    async with web_hall(tmp_path, devices=[device], windows=[window], name=HOSTILE) as hall:
        hall.services.house.hub.offline("led-01", HOSTILE)
        await hall.call("c-1", ticket="<b>A</b>")
        text = await page(hall)
    assert "alert(" in text
    assert "<script>" not in text
    assert "<b>A</b>" not in text
    assert re.findall(r"<script[^>]*>", text) == [
        f'<script src="/static/{name}.js" defer>' for name in ("status", "acknowledge")
    ]
    assert '"&amp;' not in text


async def test_the_page_lives_without_the_journal(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(**_: object) -> None:
        raise JournalError("the journal cannot be read: disk I/O error")

    monkeypatch.setattr(hall.services.house.journal, "read", read)
    text = await page(hall)
    assert "disk I/O error" in text
    assert "1号窗口" in text


async def test_a_person_without_a_token_is_told_how_to_get_in(hall: WebHall) -> None:
    door = await hall.ask("GET", "/", who=None)
    assert (door.status, door.headers["Content-Type"]) == (401, "text/html; charset=utf-8")
    assert "需要访问令牌" in door.body.decode()
    assert "令牌无效" not in door.body.decode()


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("status.css", "text/css"),
        ("status.js", "text/javascript"),
        ("door.js", "text/javascript"),
        ("acknowledge.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ],
)
async def test_the_files_of_the_page_need_no_token(hall: WebHall, name: str, media_type: str) -> None:
    answer = await hall.ask("GET", f"/static/{name}", who=None)
    assert (answer.status, answer.headers["Content-Type"]) == (200, f"{media_type}; charset=utf-8")


@pytest.mark.parametrize("name", ["page.html", "..%2Fpage.py", "nothing.css"])
async def test_no_other_file_is_served(hall: WebHall, name: str) -> None:
    assert (await hall.ask("GET", f"/static/{name}", who=None)).status == 404


@pytest.mark.parametrize("path", ["/", "/api/v1/devices", "/api/v1/nothing", "/static/status.css", "/healthz"])
async def test_every_answer_is_hardened(hall: WebHall, path: str) -> None:
    headers = (await hall.ask("GET", path)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Server"] == "hall-gateway"
