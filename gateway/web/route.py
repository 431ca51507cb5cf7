"""One line of the table of routes, and what every handler gets and gives."""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, Literal, NamedTuple

import msgspec
from aiohttp import web
from pydantic import BaseModel

from gateway.core.rights import Right
from gateway.people.rights import Principal
from gateway.web.services import Services

Refused = Callable[[int], web.StreamResponse]
"""Makes a page for people of a 401 or 503."""
Handler = Callable[[web.Request, Services], Awaitable[web.StreamResponse]]
WHO = web.RequestKey("who", Principal)
"""Who asks; only where the route has a right."""
BODY = web.RequestKey[Any]("body")
"""The body, as the route's body model."""
QUERY = web.RequestKey[Any]("query")
"""The query, as the route's query model."""


class Listener(StrEnum):
    """Where a route is served: to people and machines of the hall's office, or to its devices."""

    CONSOLE = "console"
    FIELD = "field"


class Route(NamedTuple):
    """One route. It makes the router's entry, the operation of the OpenAPI document and its rights test.

    `right` None: no token is asked for. `answers` gives for each good status a model, or a media type.
    `problems` are the bad statuses beside those that follow from right, path, body and query. `refused`
    answers instead of a 401, and of the 503 of tokens that cannot be checked.
    """

    method: Literal["GET", "POST"]
    path: str
    right: Right | None
    handler: Handler
    summary: str
    answers: Mapping[int, Any]
    problems: tuple[int, ...] = ()
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    refused: Refused | None = None
    listeners: tuple[Listener, ...] = (Listener.CONSOLE,)


def reply(answer: Any, *, status: int = 200, media_type: str = "application/json") -> web.Response:
    """Answer with JSON."""
    return web.Response(status=status, body=msgspec.json.encode(answer), content_type=media_type)
