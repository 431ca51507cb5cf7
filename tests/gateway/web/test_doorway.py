"""Coming in and going out: a person's session, and what a browser may do with it."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from webhall import Answer, WebHall

from gateway.people.rights import Role
from gateway.people.sessions import IDLE_S

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CALL = {"call_id": "c-1", "window": "w01", "ticket": "A001"}
FLAGS = "; HttpOnly; Path=/; SameSite=Strict"


def origin(hall: WebHall) -> dict[str, str]:
    return {"Origin": hall.url}


async def submit(hall: WebHall, token: str, **headers: str) -> Answer:
    """Send the form of the door, as our own page does."""
    data = urlencode({"token": token})
    return await hall.ask("POST", "/login", data=data, headers={**origin(hall), **FORM, **headers}, who=None)


async def entered(hall: WebHall, token: str | None = None) -> dict[str, str]:
    """The cookie of a session."""
    answer = await submit(hall, token or hall.admin)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}


async def look(hall: WebHall, cookie: Mapping[str, str]) -> int:
    return (await hall.ask("GET", "/api/v1/devices", who=None, headers=cookie)).status


async def told(hall: WebHall, type_: str) -> list[Any]:
    return [row["payload"] for row in (await hall.get(f"/events?type={type_}"))["events"]]


async def test_the_form_lets_a_person_in(hall: WebHall) -> None:
    answer = await submit(hall, f" {hall.admin}\n")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("hall_session=")
    assert cookie.endswith(FLAGS)
    assert hall.admin not in cookie
    page = await hall.ask("GET", "/", who=None, headers={"Cookie": cookie.partition(";")[0]})
    assert (page.status, "<b>boss</b>" in page.body.decode()) == (200, True)
    assert [payload["actor"] for payload in await told(hall, "session.opened")] == ["boss"]


async def test_no_link_lets_anybody_in_or_into_another_session(hall: WebHall) -> None:
    for cookie, status in (({}, 401), (await entered(hall, hall.queue), 200)):
        answer = await hall.ask("GET", f"/?token={hall.admin}", who=None, headers=cookie)
        assert (answer.status, "Set-Cookie" in answer.headers) == (status, False)


async def test_the_cookie_is_for_tls_only_where_a_proxy_speaks_it(hall: WebHall) -> None:
    answer = await submit(hall, hall.admin, **{"X-Forwarded-Proto": "https"})
    assert answer.headers["Set-Cookie"].endswith("; HttpOnly; Path=/; SameSite=Strict; Secure")


async def test_a_wrong_token_is_told_at_the_door(hall: WebHall) -> None:
    screen = hall.services.tokens.new("area", Role.SCREEN, screen="led-01")
    for wrong, sentence in (
        ("hall_wrong", "this token is unknown"),
        ("", "this token is unknown"),
        (screen, "no page"),
    ):
        answer = await submit(hall, wrong)
        assert (answer.status, "Set-Cookie" in answer.headers) == (401, False)
        assert sentence in answer.body.decode()
    assert hall.services.house.meters.registry.get_sample_value("hall_refused_total", {"reason": "unknown"}) == 3


async def test_too_many_wrong_tokens_make_an_address_wait(hall: WebHall) -> None:
    answers = await asyncio.gather(*(submit(hall, f"hall_{number}") for number in range(15)))
    assert sorted(answer.status for answer in answers) == [401] * 10 + [429] * 5
    late = await submit(hall, "hall_late")
    assert (late.status, late.headers["Retry-After"]) == (429, "6")
    assert "尝试次数过多" in late.body.decode()
    assert await entered(hall)  # who has a right one is let in, also from there


async def test_a_thousand_wrong_tokens_at_once_harm_nobody_else(hall: WebHall) -> None:
    asked = [hall.ask("GET", "/api/v1/devices", who=f"hall_{number}") for number in range(1000)]
    assert {answer.status for answer in await asyncio.gather(*asked)} == {401}
    assert await entered(hall)
    assert len(await told(hall, "session.refused")) == 0  # told by the service that runs beside, in one event


async def test_going_out_ends_the_session(hall: WebHall) -> None:
    one, other = await entered(hall), await entered(hall)
    answer = await hall.ask("POST", "/logout", who=None, headers={**one, **origin(hall)})
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert 'hall_session=""' in answer.headers["Set-Cookie"]
    assert (await look(hall, one), await look(hall, other)) == (401, 200)
    assert await told(hall, "session.closed") == [{"actor": "boss"}]


async def test_a_session_that_is_over_says_so(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie, began = await entered(hall), hall.services.house.clock.monotonic()
    monkeypatch.setattr(hall.services.house.clock, "monotonic", lambda: began + IDLE_S + 1)
    answer = await hall.ask("GET", "/api/v1/devices", who=None, headers=cookie)
    assert (answer.status, answer.detail) == (401, "this session has ended: sign in again")
    assert (await hall.ask("GET", "/", who=None, headers=cookie)).status == 401


async def test_a_session_ends_with_its_token(hall: WebHall) -> None:
    cookie = await entered(hall)
    hall.services.tokens.revoke("boss")
    assert await look(hall, cookie) == 401


async def test_a_token_is_no_cookie(hall: WebHall) -> None:
    for name in ("hall_session", "hall_token"):
        assert await look(hall, {"Cookie": f"{name}={hall.admin}"}) == 401


OURS = [{"Origin": "{url}"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}]
THEIRS = [
    {},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "{url}.evil.example"},
    {"Origin": "http://[::1"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "{url}"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://", "Host": ""},
]


def filled(hall: WebHall, headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value.format(url=hall.url) for name, value in headers.items()}


@pytest.mark.parametrize("headers", OURS)
async def test_a_session_acts_from_our_own_pages(hall: WebHall, headers: dict[str, str]) -> None:
    sent = {**await entered(hall), **filled(hall, headers)}
    assert (await hall.ask("POST", "/api/v1/calls", CALL, who=None, headers=sent)).status == 202
    assert (await hall.get("/calls/c-1"))["actor"] == "boss"


@pytest.mark.parametrize("headers", THEIRS)
async def test_no_other_page_makes_a_session_act(hall: WebHall, headers: dict[str, str]) -> None:
    sent = {**await entered(hall), **filled(hall, headers)}
    for path, body in (("/api/v1/calls", CALL), ("/logout", None)):
        assert (await hall.ask("POST", path, body, who=None, headers=sent)).status in (400, 403)
    assert await look(hall, {"Cookie": sent["Cookie"]}) == 200
    assert (await hall.get("/events?type=call.accepted"))["events"] == []


@pytest.mark.parametrize("headers", THEIRS)
async def test_no_other_page_signs_somebody_in(hall: WebHall, headers: dict[str, str]) -> None:
    data = urlencode({"token": hall.admin})
    answer = await hall.ask("POST", "/login", data=data, headers={**FORM, **filled(hall, headers)}, who=None)
    assert (answer.status in (400, 403), "Set-Cookie" in answer.headers) == (True, False)


async def test_what_is_no_form_is_refused(hall: WebHall) -> None:
    asked: dict[str, Any] = {"headers": {**origin(hall), **FORM}, "who": None}
    assert (await hall.ask("POST", "/login", {"token": hall.admin}, headers=origin(hall), who=None)).status == 415
    assert (await hall.ask("POST", "/login", data=b"\xff", **asked)).status == 400
    assert (await hall.ask("POST", "/login", data="&".join(f"a{n}=1" for n in range(9)), **asked)).status == 400
    assert (await hall.ask("POST", "/login", data=b"token=" + b"x" * 70_000, **asked)).status == 413
    assert (await hall.ask("POST", "/login", data=b"tok=x", **asked)).status == 401


async def test_a_damaged_token_file_shuts_the_door(hall: WebHall) -> None:
    cookie = await entered(hall)
    path = hall.services.tokens.path
    good = path.read_bytes()
    path.write_text("{")
    shut = await submit(hall, hall.admin)
    assert (shut.status, "tokens cannot be checked" in shut.body.decode()) == (503, True)
    assert await look(hall, cookie) == 503
    page = await hall.ask("GET", "/", who=None, headers=cookie)
    assert (page.status, page.headers["Content-Type"][:9]) == (503, "text/html")
    path.write_bytes(good)
    assert await look(hall, cookie) == 200


@pytest.mark.parametrize("headers", [{f"X-{n}": "1" for n in range(5000)}, {"Cookie": "a=b; " * 20_000}])
async def test_a_flood_of_headers_is_refused(hall: WebHall, headers: dict[str, str]) -> None:
    async with hall.session.get(f"{hall.url}/api/v1/devices", headers=headers) as answer:
        assert answer.status == 400
    assert await entered(hall)
