"""What a request passes before its handler: who asks, whether they may, and whether it is what the route takes."""

import asyncio
import re
from collections import Counter
from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ValidationError

from gateway.core.rights import Right
from gateway.people.rights import Principal
from gateway.people.service import People
from gateway.people.token_file import TokensUnreadable
from gateway.people.tokens import TokenExpired
from gateway.site.sentences import words
from gateway.web.origin import ours
from gateway.web.problems import Problem
from gateway.web.route import BODY, QUERY, WHO, Route
from gateway.web.services import Services

COOKIE = "hall_session"
SAFE = ("GET", "HEAD")
HOW = "a token is needed: send the header Authorization: Bearer TOKEN"
BODY_S = 10.0  # 64 KiB at 64 kbit/s take 8 s
BEARER = re.compile(r"Bearer +([!-~]+)", re.IGNORECASE)
TIMES = ("timezone_aware", "datetime_parsing", "datetime_from_date_parsing")
PLUS = "; write + as %2B in an address: as it is, it means a blank"
ModelT = TypeVar("ModelT", bound=BaseModel)


def entrance(route: Route, services: Services) -> Handler:
    """The route's handler behind its checks. It gets the services within the zones of who asks, and nothing beyond."""

    async def enter(request: web.Request) -> web.StreamResponse:
        seen = services
        try:
            if route.right is not None:
                request[WHO] = _admit(request, route.right, services.people)
                seen = services.within(request[WHO])
        except (Problem, TokensUnreadable) as error:
            status = error.status if isinstance(error, Problem) else 503
            if status not in (401, 503) or route.refused is None:
                raise
            return route.refused(status)
        if route.query is not None:
            request[QUERY] = _query(request, route.query)
        if route.body is not None:
            request[BODY] = await _body(request, route.body)
        return await route.handler(request, seen)

    return enter


def address(request: web.Request) -> str:
    """Where a request comes from, as the audit shows it: behind a proxy, the proxy."""
    return request.remote or "unknown"


async def read(request: web.Request) -> bytes:
    """The whole body. Raises Problem 400, 408; aiohttp raises 413."""
    try:
        async with asyncio.timeout(BODY_S):
            return await request.read()
    except TimeoutError as error:
        raise Problem(408, f"the body did not arrive within {BODY_S:g} s") from error
    except web.RequestPayloadError as error:
        raise Problem(400, "the body is cut off or wrongly encoded") from error


def _admit(request: web.Request, right: Right, people: People) -> Principal:
    """Who asks. Raises Problem 401, 403; TokensUnreadable."""
    header = request.headers.get("Authorization")
    who = _bearer(request, header, people) if header is not None else _visitor(request, people)
    if not who.may(right):
        raise Problem(403, f"{who.name} has the role {who.role}, which lacks the right {right}")
    return who


def _bearer(request: web.Request, header: str, people: People) -> Principal:
    """A machine, by its token."""
    bearer = BEARER.fullmatch(header)
    if bearer is None:
        raise _unknown(HOW)
    try:
        who = people.tokens.who(bearer[1])
    except TokenExpired as error:
        people.refused(address(request), "expired")
        raise _unknown(str(error), invalid=True) from error
    if who is None:
        people.refused(address(request), "unknown")
        raise _unknown("this token is unknown", invalid=True)
    return who


def _visitor(request: web.Request, people: People) -> Principal:
    """A person, by the session of the browser; to act, the browser must show that our own page asks."""
    cookie = request.cookies.get(COOKIE)
    who = people.sessions.who(cookie) if cookie else None
    if who is None:
        raise _unknown("this session has ended: sign in again" if cookie else HOW)
    if request.method not in SAFE and not ours(request):
        people.refused(address(request), "origin")
        raise Problem(403, "a session acts from the gateway's own pages only: Sec-Fetch-Site or Origin does not say so")
    return who


def _unknown(detail: str, *, invalid: bool = False) -> Problem:
    challenge = 'Bearer realm="hall-gateway"' + (', error="invalid_token"' if invalid else "")
    return Problem(401, detail, headers={"WWW-Authenticate": challenge})


def _query(request: web.Request, model: type[ModelT]) -> ModelT:
    given = [(name, value) for name, value in request.query.items() if value]
    if twice := [name for name, times in Counter(name for name, _ in given).items() if times > 1]:
        raise Problem(422, f"{twice[0]:.60}: is given twice")
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        zoned = any(detail["type"] in TIMES for detail in error.errors(include_url=False))
        raise Problem(422, _sentence(error, model) + (PLUS if zoned else "")) from error


async def _body(request: web.Request, model: type[ModelT]) -> ModelT:
    """The body as its model; one without a byte is a mapping without keys. Raises Problem 400, 408, 415, 422."""
    if request.can_read_body and request.content_type != "application/json":
        raise Problem(415, f"the body must be application/json, not {request.content_type:.60}")
    try:
        return model.model_validate_json(await read(request) or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            raise Problem(400, f"body is not JSON: {first['msg'].removeprefix('Invalid JSON: ')}") from error
        raise Problem(422, _sentence(error, model)) from error


def _sentence(error: ValidationError, model: type[BaseModel]) -> str:
    """Every mistake with its field; never what was given, which may be a person's name."""
    details = error.errors(include_url=False, include_input=False)[:5]
    fields = (".".join(str(step) for step in detail["loc"]) for detail in details)
    return "; ".join(
        f"{field:.60}: {words(each, model)}".removeprefix(": ") for field, each in zip(fields, details, strict=True)
    )
