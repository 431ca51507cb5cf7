"""What a request passes before its handler: who asks, whether they may, and whether it is what the route takes."""

import asyncio
import logging
import re
from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ValidationError

from gateway.core.errors import GatewayError
from gateway.core.rights import Right
from gateway.people.rights import Principal
from gateway.people.tokens import Tokens
from gateway.web.problems import Problem
from gateway.web.route import BODY, QUERY, WHO, Route
from gateway.web.services import Services

COOKIE = "hall_token"
BODY_S = 10.0  # 64 KiB at 64 kbit/s take 8 s
BEARER = re.compile(r"Bearer +([!-~]+)", re.IGNORECASE)
ModelT = TypeVar("ModelT", bound=BaseModel)
log = logging.getLogger(__name__)


def entrance(route: Route, services: Services) -> Handler:
    """The route's handler behind its checks."""

    async def enter(request: web.Request) -> web.StreamResponse:
        try:
            if route.right is not None:
                request[WHO] = _admit(request, route.right, services.tokens)
        except Problem as problem:
            if problem.status == 401 and route.refused is not None:
                return await route.refused(request, services)
            raise
        if route.query is not None:
            request[QUERY] = _query(request, route.query)
        if route.body is not None:
            request[BODY] = await _body(request, route.body)
        return await route.handler(request, services)

    return enter


def known(tokens: Tokens, token: str | None) -> Principal | None:
    """The principal behind a token, None for none and for an unknown one."""
    if not token:
        return None
    try:
        return tokens.who(token)
    except GatewayError as error:
        log.error("%s", error)
        raise Problem(503, "tokens cannot be checked now; the log of the gateway says why") from error


async def read(request: web.Request) -> bytes:
    """The whole body. Raises Problem 400, 408; aiohttp raises 413."""
    try:
        async with asyncio.timeout(BODY_S):
            return await request.read()
    except TimeoutError as error:
        raise Problem(408, f"the body did not arrive within {BODY_S:g} s") from error
    except web.RequestPayloadError as error:
        raise Problem(400, "the body is cut off or wrongly encoded") from error


def _admit(request: web.Request, right: Right, tokens: Tokens) -> Principal:
    token = _token(request)
    who = known(tokens, token)
    if who is None:
        detail = "this token is unknown" if token else "a token is needed: send the header Authorization: Bearer TOKEN"
        challenge = 'Bearer realm="hall-gateway"' + (', error="invalid_token"' if token else "")
        raise Problem(401, detail, headers={"WWW-Authenticate": challenge})
    if not who.may(right):
        raise Problem(403, f"{who.name} has the role {who.role}, which lacks the right {right}")
    return who


def _token(request: web.Request) -> str | None:
    """The token of a machine, or of a browser, which may only look: another site cannot make it act."""
    if (header := request.headers.get("Authorization")) is not None:
        bearer = BEARER.fullmatch(header)
        return bearer[1] if bearer else None
    return request.cookies.get(COOKIE) if request.method in ("GET", "HEAD") else None


def _query(request: web.Request, model: type[ModelT]) -> ModelT:
    given = [(name, value) for name, value in request.query.items() if value]
    if len(dict(given)) < len(given):
        raise Problem(422, "a query parameter is given twice")
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        raise Problem(422, _sentence(error)) from error


async def _body(request: web.Request, model: type[ModelT]) -> ModelT:
    if request.content_type != "application/json":
        raise Problem(415, f"the body must be application/json, not {request.content_type:.60}")
    try:
        return model.model_validate_json(await read(request))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            raise Problem(400, f"body is not JSON: {first['msg'].removeprefix('Invalid JSON: ')}") from error
        raise Problem(422, _sentence(error)) from error


def _sentence(error: ValidationError) -> str:
    """Every mistake with its field; never what was given, which may be a person's name."""
    mistakes: list[str] = []
    for detail in error.errors(include_url=False, include_input=False):
        field = ".".join(str(step) for step in detail["loc"])
        text = "there is no such field" if detail["type"] == "extra_forbidden" else detail["msg"]
        mistakes.append(f"{field:.60}: {text}".removeprefix(": ").replace("Value error, ", ""))
    return "; ".join(mistakes[:5])
