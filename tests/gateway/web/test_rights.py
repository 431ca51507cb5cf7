"""Every route of the table, asked by everybody. Who may is written down here, apart from the program."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from doorhall import BoxConfig
from webhall import WebHall, until

from gateway.alarms.condition import Condition, Text, Words
from gateway.doors.config import DoorConfig
from gateway.people.pseudonyms import Pseudonyms
from gateway.people.rights import Role
from gateway.web.openapi import plain_path
from gateway.web.route import Route
from gateway.web.routes import ROUTES

STAFF = "viewer facilities security queue auditor admin"
PASS = (200, 201, 202, 303)


class Line(NamedTuple):
    """Who may use a route, and what one gets who may, but is of zones where none of it stands.

    `who` None: anybody, without a token; then `there` is what everybody gets. `at` is an id under which
    there is something.
    """

    who: str | None
    there: int
    at: str = "led-01"
    body: Any = None
    verb: str = "write"


EMERGENCY = {"params": {"text": "演练"}, "reason": "演练"}
NOTICE = {"notice_id": "n-1", "text": "通知"}
COMMAND = {"params": {"text": "演练"}}
OPEN = {"reason": "演练", "deadline_s": 0.1}
DRILL = {"params": {"kind": "fire"}, "reason": "演练", "deadline_s": 0.1}
CALL = {"call_id": "c-1", "window": "w01", "ticket": "A001"}
PERSONS = {"persons": [{"known_as": "card:7", "name": "王一"}]}
SOMEBODY = Pseudonyms(bytes(32), "test").of("card:7")
WORDS = Words(Text("门", "door"), Text("关", "close it"))
WATCH = "facilities security admin"
EXPECTED = {
    "GET /api/v1/devices": Line(STAFF, 200),
    "GET /api/v1/devices/{id}": Line(STAFF, 404),
    "GET /api/v1/devices/{id}/parts": Line(STAFF, 404),
    "POST /api/v1/devices/{id}/commands/{verb}": Line("facilities admin", 404, body=COMMAND),
    "GET /api/v1/commands/{id}": Line(STAFF, 404, "x-0"),
    "POST /api/v1/calls": Line("queue admin", 422, body=CALL),
    "GET /api/v1/calls/{id}": Line(STAFF, 404, "c-0"),
    "GET /api/v1/windows": Line(STAFF, 200),
    "GET /api/v1/screens": Line(STAFF, 200),
    "GET /api/v1/screens/{id}/content": Line(STAFF, 404),
    "GET /api/v1/screens/{id}/image.png": Line(STAFF, 404),
    "POST /api/v1/screens/{id}/commands/{verb}": Line("facilities admin", 404, "hall", EMERGENCY, "emergency"),
    "GET /api/v1/doors": Line(STAFF, 200),
    "GET /api/v1/doors/compliance": Line(STAFF, 200),
    "GET /api/v1/doors/report": Line("viewer security auditor admin", 200),
    "GET /api/v1/doors/drills": Line("viewer security auditor admin", 200),
    "POST /api/v1/doors/{id}/commands/{verb}": Line("security admin", 404, "front", OPEN, "open"),
    "POST /api/v1/doors/zones/{id}/commands/{verb}": Line("security admin", 404, "hall", DRILL, "drill"),
    "GET /api/v1/notices": Line(STAFF, 200),
    "POST /api/v1/notices": Line("facilities admin", 403, body=NOTICE),
    "POST /api/v1/notices/{id}/withdraw": Line("facilities admin", 403, "n-0"),
    "GET /api/v1/events": Line(STAFF, 200),
    "GET /api/v1/events.csv": Line("auditor admin", 200),
    "GET /api/v1/me": Line(STAFF, 200),
    "GET /api/v1/tokens": Line("admin", 200),
    "POST /api/v1/tokens": Line("admin", 422, body={"name": "new", "role": "viewer"}),
    "POST /api/v1/tokens/{name}/revoke": Line("admin", 404, "boss"),
    "GET /api/v1/persons": Line("viewer security auditor admin", 403),
    "POST /api/v1/persons": Line("security admin", 403, body=PERSONS),
    "POST /api/v1/persons/find": Line("security admin", 403, body={"name": "王", "reason": "演练"}),
    "POST /api/v1/persons/{id}/unmask": Line("security admin", 403, SOMEBODY, {"reason": "演练"}),
    "POST /api/v1/persons/{id}/forget": Line("admin", 403, SOMEBODY, {"reason": "演练"}),
    "GET /api/v1/alarms": Line(STAFF, 200),
    "GET /api/v1/alarms/{id}": Line(STAFF, 404, "held"),
    "POST /api/v1/alarms/{id}/ack": Line(WATCH, 404, "held", {"occurrence": 1}),
    "POST /api/v1/alarms/{id}/shelve": Line(WATCH, 404, "held", {"for_s": 60}),
    "POST /api/v1/alarms/{id}/unshelve": Line(WATCH, 404, "held", {}),
    "POST /api/v1/events/{seq}/erase": Line("admin", 403, "1", body={"reason": "x"}),
    "POST /api/v1/erasures": Line("admin", 403, body={"reason": "x", "call": "c-0"}),
    "GET /api/v1/openapi.json": Line(STAFF, 200),
    "GET /metrics": Line(STAFF, 403),
    "GET /healthz": Line(None, 200),
    "GET /readyz": Line(None, 200),
    "GET /": Line(STAFF, 200),
    "POST /login": Line(None, 403),
    "POST /logout": Line(None, 403),
    "GET /static/{name}": Line(None, 200, "status.css"),
    "GET /inlet/{name}": Line(None, 404),
    "POST /inlet/{name}": Line(None, 404),
    "GET /iclock/{name}": Line(None, 404, "cdata"),
    "POST /iclock/{name}": Line(None, 404, "cdata"),
    "GET /screens/{id}": Line(None, 401),
    "GET /screens/{id}/live": Line(None, 401),
    "POST /screens/{id}/poll": Line(None, 401),
    "GET /screens/{id}/{name}": Line(None, 404),
    "GET /screens/{id}/fonts/{name}": Line(None, 404),
    "GET /screens/{id}/pictures/{name}": Line(None, 401),
    "GET /screens/{id}/voice/{name}": Line(None, 401),
    "GET /screens/{id}/alive": Line(None, 401),
}


@pytest.fixture
def controllers() -> list[BoxConfig]:
    return [BoxConfig(id="acs", driver="test.doors")]


@pytest.fixture
def doors() -> list[DoorConfig]:
    return [DoorConfig(id="front", name="职工入口", door="acs/d1", staff_entrance=True)]


def titled(route: Route) -> str:
    return f"{route.method} {plain_path(route)}"


def example(title: str) -> str:
    """A path at which there is something."""
    at = EXPECTED[title].at
    return title.partition(" ")[2].format(id=at, name=at, seq=at, verb=EXPECTED[title].verb)


@pytest.fixture
async def lived(hall: WebHall) -> AsyncGenerator[WebHall]:
    """A hall in which something has happened: there is a call, a command, a person and a picture."""
    async with hall.online("led-01"):
        await hall.call("c-0")
        hold = {"command_id": "x-0", "deadline_s": 0.01}
        assert (await hall.ask("POST", "/api/v1/devices/led-01/commands/hold", hold)).status == 200
        await until(lambda: hall.get("/screens/led-01/content"), lambda screen: screen["text"] is not None)
        assert (await hall.ask("POST", "/api/v1/notices", {"notice_id": "n-0", "text": "通知"})).status == 201
        assert (await hall.ask("POST", "/api/v1/persons", PERSONS)).status == 200
        alarms = asyncio.create_task(hall.services.alarms.run(lambda: None))
        hall.services.alarms.declare(Condition(name="held", subject="doors", words=WORDS)).raise_()
        await until(lambda: hall.get("/alarms"), lambda found: found["alarms"] != [])
        yield hall
        alarms.cancel()
        await asyncio.wait({alarms})


def test_every_route_has_its_line_here() -> None:
    assert list(EXPECTED) == [titled(route) for route in ROUTES]


async def asked(hall: WebHall, title: str, who: str | None) -> Any:
    line, method = EXPECTED[title], title.partition(" ")[0]
    return await hall.ask(method, example(title), line.body, who=who)


TITLES = [title for title, line in EXPECTED.items() if line.who is not None]


@pytest.mark.parametrize("role", Role)
async def test_a_role_may_use_its_routes_and_no_others(lived: WebHall, role: Role) -> None:
    screen = "led-01" if role is Role.SCREEN else None
    token = lived.services.tokens.new("somebody", role, screen=screen)
    for title in TITLES:
        answer = await asked(lived, title, token)
        if role in (EXPECTED[title].who or "").split():
            assert answer.status in PASS, (title, answer)
        else:
            assert answer.status == 403, (title, answer)
            assert answer.detail.startswith(f"somebody has the role {role}, which lacks the right ")


Somebody = Callable[[WebHall], str | None]
STRANGERS: dict[str, Somebody] = {
    "nobody": lambda _: None,
    "one with an unknown token": lambda _: "hall_unknown",
    "one whose token has expired": lambda hall: expired(hall),
    "one whose token was revoked": lambda hall: revoked(hall),
    "one with a name for a token": lambda _: "boss",
}


def expired(hall: WebHall) -> str:
    then = datetime.now(UTC) + timedelta(hours=1)
    token = hall.services.tokens.new("late", Role.ADMIN, expires_at=then)
    path = hall.services.tokens.path
    path.write_text(path.read_text().replace(f"{then:%Y-}", f"{then.year - 1}-"))
    return token


def revoked(hall: WebHall) -> str:
    token = hall.token(Role.ADMIN)
    hall.services.tokens.revoke(hall.services.tokens.entries()[0].name)
    return token


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
async def test_a_stranger_may_use_nothing_that_wants_a_right(hall: WebHall, stranger: Somebody) -> None:
    token = stranger(hall)
    for title in TITLES:
        answer = await asked(hall, title, token)
        assert answer.status == 401, (title, answer)
        assert titled_page(answer) if title == "GET /" else answer.headers["WWW-Authenticate"]


def titled_page(answer: Any) -> bool:
    return "需要访问令牌" in answer.body.decode()


THERE = ("职工入口", "一号屏", "test.board", "1号窗口", "综合受理", "A001", "queue-system")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SCREEN])
async def test_one_of_another_zone_finds_nothing_there(lived: WebHall, role: Role) -> None:
    token = lived.token(role, "elsewhere")
    for title in TITLES:
        if role in (EXPECTED[title].who or "").split():
            answer = await asked(lived, title, token)
            assert answer.status == EXPECTED[title].there, (title, answer)
            text = answer.body.decode()
            assert [word for word in THERE if word in text] == []


@pytest.mark.parametrize("title", [title for title, line in EXPECTED.items() if line.who is None])
async def test_what_is_open_to_all_is_as_it_is_for_all(hall: WebHall, title: str) -> None:
    for token in (None, "hall_unknown", hall.admin):
        assert (await asked(hall, title, token)).status == EXPECTED[title].there


async def test_a_401_says_how_to_ask(hall: WebHall) -> None:
    without = await hall.ask("GET", "/api/v1/devices", who=None)
    assert without.headers["WWW-Authenticate"] == 'Bearer realm="hall-gateway"'
    assert "Authorization: Bearer" in without.detail
    unknown = await hall.ask("GET", "/api/v1/devices", who="hall_unknown")
    assert unknown.headers["WWW-Authenticate"].endswith('error="invalid_token"')
    assert "hall_unknown" not in unknown.body.decode()
    late = await hall.ask("GET", "/api/v1/devices", who=expired(hall))
    assert late.detail.startswith("the token late has expired at ")


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Bearer a b", "Bearer 令牌", "Bearer \udcff"])
async def test_an_odd_authorization_is_no_token(hall: WebHall, header: str) -> None:
    answer = await hall.ask("GET", "/api/v1/devices", who=None, headers={"Authorization": header})
    assert answer.status == 401


async def test_the_name_of_the_scheme_has_no_case(hall: WebHall) -> None:
    answer = await hall.ask("GET", "/api/v1/devices", who=None, headers={"Authorization": f"bearer {hall.admin}"})
    assert answer.status == 200


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
