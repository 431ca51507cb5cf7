"""The listeners: one for people and machines, one for devices."""

import asyncio
import errno
import logging
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.core.errors import GatewayError
from gateway.web.entrance import entrance
from gateway.web.gate import IDLE_S, LINGER_S, Gate, Visitor
from gateway.web.problems import problems
from gateway.web.route import Listener, reply
from gateway.web.routes import ROUTES
from gateway.web.services import Services

MOST_BYTES = {Listener.CONSOLE: 64 * 1024, Listener.FIELD: 1024 * 1024}  # of a body; devices post pictures
SHUTDOWN_S = 0.5  # what is being answered when we stop gets this long, and as long again once it is cancelled
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",  # with less, a browser hides the Origin of our own forms
    "Server": "hall-gateway",
    "X-Content-Type-Options": "nosniff",
}

OWN = ("Content-Security-Policy", "Cache-Control")
"""What a page may have of its own."""

UNREADABLE = (
    "the head of this request is no HTTP (RFC 9112), or too long; write what is not ASCII in an address in percent "
    "encoding: 火 as %E7%81%AB"
)


def _is_ours(record: logging.LogRecord) -> bool:
    """Leave out what is bad HTTP of a peer: it is answered with 400, and its text may hold a token."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


log = logging.getLogger(__name__)
log.addFilter(_is_ours)
SERVED: Mapping[str, Any] = {
    "access_log": None,  # a URL can hold a key
    "logger": log,
    "keepalive_timeout": IDLE_S,
    "lingering_time": LINGER_S,
}


class Served(web.RequestHandler):
    """aiohttp's side of one connection. What it cannot read is answered as a problem too.

    A bug is answered without its traceback, in debug mode too.
    """

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        answer = super().handle_error(request, status, exc, message)
        if isinstance(exc, HttpProcessingError):
            problem = {"type": "about:blank", "title": "Bad Request", "status": status, "detail": UNREADABLE}
            answer = reply(problem, status=status, media_type="application/problem+json")
            answer.headers.update(HEADERS)
            answer.force_close()
        return answer


@asynccontextmanager
async def serve(services: Services, *, console: str, field: str | None) -> AsyncGenerator[str]:
    """Serve until left; gives the URL of the console, with the port that the system chose where 0 was asked for.

    Raises GatewayError when a listener cannot be opened. Leaving takes at most 2 s and closes every connection.
    """
    async with AsyncExitStack() as stack:
        if field is not None:
            await stack.enter_async_context(_listening(services, Listener.FIELD, field))
        yield await stack.enter_async_context(_listening(services, Listener.CONSOLE, console))


def application(services: Services, listener: Listener) -> web.Application:
    """The routes of one listener."""
    app = web.Application(middlewares=[problems], client_max_size=MOST_BYTES[listener])
    for route in ROUTES:
        if listener in route.listeners:
            add = app.router.add_get if route.method == "GET" else app.router.add_post
            add(route.path, entrance(route, services))
    app.on_response_prepare.append(_harden)
    return app


async def _harden(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        if name not in OWN or name not in response.headers:
            response.headers[name] = value


@asynccontextmanager
async def _listening(services: Services, listener: Listener, address: str) -> AsyncGenerator[str]:
    host, _, port = address.rpartition(":")
    async with _serving(application(services, listener)) as inside:
        gate = Gate(inside, services.house.meters.refused.labels("connections").inc)
        try:
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: Visitor(gate), host.strip("[]"), int(port))
        except OSError as error:
            why = "is already in use" if error.errno == errno.EADDRINUSE else f"cannot be opened: {_reason(error)}"
            raise GatewayError(f"http.{listener}: {address} {why}") from error
        try:
            yield f"http://{host}:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            gate.close()


@asynccontextmanager
async def _serving(app: web.Application) -> AsyncGenerator[Callable[[], asyncio.Protocol]]:
    """Makes what serves one connection; what is being answered when this is left ends."""
    runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        yield partial(Served, cast(web.Server, runner.server), loop=asyncio.get_running_loop(), **SERVED)
    finally:
        await runner.cleanup()


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or error)
