"""The door of a screen's page: its key becomes a cookie, and opens nothing else."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from screenhall import ScreenHall
from webhall import Answer

from gateway.people.attempts import BURST, EVERY_S
from gateway.people.rights import Role
from gateway.web import sockets
from gateway.wire.inlet import Kind

PAGE = "/screens/free"


async def get(screens: ScreenHall, path: str, **headers: str) -> Answer:
    """A page of the field listener, as a browser without a session asks for it."""
    url = screens.web.field + path
    async with screens.web.session.get(url, headers=headers, cookies={}, allow_redirects=False) as response:
        return Answer(response.status, response.headers, await response.read())


def cookie(screens: ScreenHall, screen: str = "free") -> str:
    return f"hall_screen={screens.keys[screen]}"


async def test_a_key_becomes_a_cookie_of_its_screen_alone_and_leaves_the_address(screens: ScreenHall) -> None:
    answer = await get(screens, f"{PAGE}?key={screens.keys['free']}")
    attributes = answer.headers["Set-Cookie"].split("; ")
    assert attributes[0] == cookie(screens)
    assert {"HttpOnly", "Path=/screens/free", "SameSite=Strict"} <= set(attributes)
    assert re.findall('content="0; url=([^"]+)"', answer.body.decode()) == [PAGE]
    assert screens.keys["free"] not in answer.body.decode()


@pytest.mark.parametrize(("proxy", "secure"), [("https", True), ("https, http", True), ("http", False), ("", False)])
async def test_the_cookie_is_for_tls_only_where_a_proxy_speaks_it(
    screens: ScreenHall, proxy: str, secure: bool
) -> None:
    answer = await get(screens, f"{PAGE}?key={screens.keys['free']}", **{"X-Forwarded-Proto": proxy})
    assert ("Secure" in answer.headers["Set-Cookie"].split("; ")) == secure


async def test_the_page_comes_with_the_cookie_and_with_a_policy_that_lets_nothing_else_in(screens: ScreenHall) -> None:
    answer = await get(screens, PAGE, Cookie=cookie(screens))
    assert (answer.status, "<main>" in answer.body.decode()) == (200, True)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith(
        "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; media-src 'self'; "
        "worker-src 'self'; connect-src 'self' ws://127.0.0.1:"
    )
    assert "unsafe" not in policy


async def test_a_strange_host_does_not_get_into_the_policy(screens: ScreenHall) -> None:
    answer = await get(screens, PAGE, Cookie=cookie(screens), Host="evil;script-src *")
    assert "evil" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("key", ["", "hall_unknown", "密钥", "other screen", "admin"])
async def test_a_wrong_key_gets_a_page_that_says_so_and_leads_nowhere(screens: ScreenHall, key: str) -> None:
    known = {"other screen": screens.keys["door"], "admin": screens.web.admin}
    answer = await get(screens, f"{PAGE}?key={known.get(key, key)}")
    assert (answer.status, "密钥无效" in answer.body.decode()) == (403, True)
    assert "refresh" not in answer.body.decode()
    assert {"Location", "Set-Cookie"}.isdisjoint(answer.headers)


async def test_while_keys_cannot_be_checked_a_screen_says_so_and_comes_again(screens: ScreenHall) -> None:
    screens.web.services.tokens.path.write_text("{")
    for path in (PAGE, f"{PAGE}?key={screens.keys['free']}"):
        answer = await get(screens, path, Cookie=cookie(screens))
        assert (answer.status, answer.headers["Refresh"]) == (503, "10")
        assert "密钥暂时无法核对" in answer.body.decode()


@pytest.mark.parametrize("header", ["", "hall_screen=hall_unknown", "hall_token={admin}", "hall_screen={door}"])
async def test_without_its_own_cookie_a_page_is_not_shown(screens: ScreenHall, header: str) -> None:
    given = header.format(admin=screens.web.admin, door=screens.keys["door"])
    for path, said in ((PAGE, "此屏幕需要密钥"), (f"{PAGE}/live", "needs its key")):
        answer = await get(screens, path, Cookie=given)
        assert (answer.status, said in answer.body.decode()) == (401, True)


async def test_a_screen_that_does_not_exist_looks_like_one_with_another_key(screens: ScreenHall) -> None:
    there = await get(screens, f"{PAGE}?key=hall_x")
    nowhere = await get(screens, "/screens/nowhere?key=hall_x")
    assert there.body.decode().replace("free", "nowhere") == nowhere.body.decode()


async def test_who_tries_many_keys_must_wait_and_keeps_no_right_one_out(screens: ScreenHall) -> None:
    for _ in range(BURST):
        assert (await get(screens, f"{PAGE}?key=hall_x")).status == 403
    answer = await get(screens, f"{PAGE}?key=hall_x")
    seconds = f"{EVERY_S:.0f}"
    assert (answer.status, answer.headers["Retry-After"], answer.headers["Refresh"]) == (429, seconds, seconds)
    assert (await get(screens, f"{PAGE}?key={screens.keys['free']}")).status == 200
    assert (await get(screens, PAGE, Cookie=cookie(screens))).status == 200


async def test_keys_are_in_no_log(screens: ScreenHall, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await get(screens, f"{PAGE}?key={screens.keys['free']}")
    await get(screens, f"{PAGE}?key=hall_wrong")
    assert [record for record in caplog.records if "hall_" in record.getMessage() and record.name != "asyncio"] == []


@pytest.mark.parametrize("path", ["/", "/api/v1/devices", "/metrics", "/readyz", "/static/status.js", "/screens/"])
async def test_the_field_listener_serves_nothing_but_screens_and_inlets(screens: ScreenHall, path: str) -> None:
    assert (await get(screens, path, Authorization=f"Bearer {screens.web.admin}")).status == 404


async def test_a_page_of_another_site_cannot_open_the_socket(screens: ScreenHall) -> None:
    headers = {"Cookie": cookie(screens), "Origin": "http://evil.example"}
    answer = await get(screens, f"{PAGE}/live", Connection="Upgrade", Upgrade="websocket", **headers)
    assert answer.status == 403


async def test_a_key_that_is_revoked_ends_an_open_page(screens: ScreenHall) -> None:
    url = f"{screens.web.field}{PAGE}/live"
    headers = {"Cookie": cookie(screens), "Origin": screens.web.field}
    async with screens.web.session.ws_connect(url, headers=headers) as socket:
        beat = '{"page": "p", "run": "", "rev": 0, "sent": 1}'
        await socket.send_str(beat)
        assert (await socket.receive_json(timeout=5))["kind"] == "answer"
        screens.web.services.tokens.revoke("screen-free")
        await socket.send_str(beat)
        assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4401


@asynccontextmanager
async def opened(screens: ScreenHall) -> AsyncGenerator[aiohttp.ClientWebSocketResponse]:
    """A page that says nothing, and answers every sign of life that it is asked for."""
    url = f"{screens.web.field}{PAGE}/live"
    headers = {"Cookie": cookie(screens), "Origin": screens.web.field}
    async with screens.web.session.ws_connect(url, headers=headers) as socket:
        yield socket


async def test_who_has_no_key_any_more_gets_nothing_more_though_it_only_listens(screens: ScreenHall) -> None:
    inlet = screens.web.services.house.inlets.find(Kind.SCREEN, "free")
    assert inlet is not None
    async with opened(screens) as socket:
        inlet.push(b"before")
        assert await socket.receive_str(timeout=5) == "before"
        screens.web.services.tokens.revoke("screen-free")
        inlet.push(b"after")
        assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4401


async def test_a_revoked_key_ends_a_page_to_which_nothing_is_sent(
    screens: ScreenHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "PING_S", 0.02)
    tokens = screens.web.services.tokens
    async with opened(screens) as socket:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await socket.receive()  # it answers, so it stays
        tokens.revoke("screen-free")
        assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4401


async def test_a_token_of_the_role_screen_opens_no_other_door(screens: ScreenHall) -> None:
    for path in ("/", "/api/v1/devices", "/metrics"):
        answer = await screens.web.ask("GET", path, who=screens.keys["free"])
        assert answer.status == 403
        assert f"role {Role.SCREEN}" in answer.detail
