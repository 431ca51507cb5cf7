"""Every route of the table, asked without a token, with an unknown one, and in every role."""

import pytest
from webhall import WebHall

from gateway.people.rights import RIGHTS, Role
from gateway.web.openapi import plain_path
from gateway.web.route import Route
from gateway.web.routes import ROUTES


def titled(route: Route) -> str:
    return f"{route.method} {plain_path(route)}"


def example(route: Route) -> str:
    return plain_path(route).format(id="led-01", verb="press", name="nobody")


@pytest.mark.parametrize("route", ROUTES, ids=titled)
async def test_a_route_asks_for_its_right(hall: WebHall, route: Route) -> None:
    body: dict[str, str] | None = {} if route.body else None
    for token, role in ((None, None), ("hall_unknown", None), ("queue", Role.QUEUE), ("admin", Role.ADMIN)):
        answer = await hall.ask(route.method, example(route), body, who=token)
        if route.right is None:
            assert answer.status in (200, 404)
        elif role is None:
            assert answer.status == 401
        elif route.right not in RIGHTS[role]:
            assert answer.status == 403
            assert answer.detail.endswith(f" has the role {role}, which lacks the right {route.right}")
        else:
            assert answer.status not in (401, 403, 500)


async def test_a_401_says_how_to_ask(hall: WebHall) -> None:
    without = await hall.ask("GET", "/api/v1/devices", who=None)
    assert without.headers["WWW-Authenticate"] == 'Bearer realm="hall-gateway"'
    assert "Authorization: Bearer" in without.detail
    unknown = await hall.ask("GET", "/api/v1/devices", who="hall_unknown")
    assert unknown.headers["WWW-Authenticate"].endswith('error="invalid_token"')
    assert "hall_unknown" not in unknown.body.decode()


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Bearer a b", "Bearer 令牌", "Bearer \udcff"])
async def test_an_odd_authorization_is_no_token(hall: WebHall, header: str) -> None:
    answer = await hall.ask("GET", "/api/v1/devices", who=None, headers={"Authorization": header})
    assert answer.status == 401


async def test_the_name_of_the_scheme_has_no_case(hall: WebHall) -> None:
    answer = await hall.ask("GET", "/api/v1/devices", who=None, headers={"Authorization": f"bearer {hall.admin}"})
    assert answer.status == 200


async def test_a_cookie_lets_a_browser_look_but_never_act(hall: WebHall) -> None:
    cookie = {"Cookie": f"hall_token={hall.admin}"}
    assert (await hall.ask("GET", "/api/v1/devices", who=None, headers=cookie)).status == 200
    assert (await hall.ask("POST", "/api/v1/calls", {}, who=None, headers=cookie)).status == 401


async def test_a_revoked_token_ends_at_once(hall: WebHall) -> None:
    hall.services.tokens.revoke("boss")
    assert (await hall.ask("GET", "/api/v1/devices")).status == 401


async def test_a_damaged_token_file_lets_nobody_in(hall: WebHall, caplog: pytest.LogCaptureFixture) -> None:
    hall.services.tokens.path.write_text("{")
    answer = await hall.ask("GET", "/api/v1/devices")
    assert answer.status == 503
    assert "tokens.json" not in answer.detail
    assert "tokens.json" in caplog.text


async def test_a_health_probe_needs_no_token_even_then(hall: WebHall) -> None:
    hall.services.tokens.path.write_text("{")
    assert (await hall.ask("GET", "/healthz", who=None)).json == {"status": "ok"}
