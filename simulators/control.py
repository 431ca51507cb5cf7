"""Levers by HTTP: what simulated boxes show, and what can be done to them. For loopback only."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web

from gateway.core.twin import Twin

TWINS: web.AppKey[Mapping[str, Twin[Any]]] = web.AppKey("twins", Mapping[str, Twin[Any]])


def _twin(request: web.Request) -> Twin[Any]:
    name = request.match_info["id"]
    try:
        return request.app[TWINS][name]
    except KeyError:
        raise web.HTTPNotFound(text=f"no simulated device {name}") from None


def _answer(found: Any) -> web.Response:
    return web.json_response(text=json.dumps(found, ensure_ascii=False))  # read by people, in a terminal


async def _devices(request: web.Request) -> web.Response:
    twins = request.app[TWINS].items()
    return _answer([{"id": id_, "driver": t.config.driver, "levers": sorted(t.levers())} for id_, t in twins])


async def _seen(request: web.Request) -> web.Response:
    return _answer(_twin(request).seen())


async def _picture(request: web.Request) -> web.Response:
    picture = _twin(request).picture()
    if picture is None:
        raise web.HTTPNotFound(text=f"{request.match_info['id']} has no surface to look at")
    return web.Response(body=picture.data, content_type="image/png")


async def _pull(request: web.Request) -> web.Response:
    twin, name = _twin(request), request.match_info["name"]
    lever = twin.levers().get(name)
    if lever is None:
        raise web.HTTPNotFound(text=f"no lever {name}; there are {', '.join(sorted(twin.levers()))}")
    try:
        lever(msgspec.json.decode(await request.read() or b"{}", type=dict[str, Any]))
    except ValueError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    return _answer(twin.seen())


ROUTES = (
    web.get("/devices", _devices),
    web.get("/devices/{id}", _seen),
    web.get("/devices/{id}/picture.png", _picture),
    web.post("/devices/{id}/levers/{name}", _pull),
)


@asynccontextmanager
async def serve_levers(twins: Mapping[str, Twin[Any]], port: int) -> AsyncGenerator[str]:
    """Serve the levers on 127.0.0.1 until left; gives their URL. Port 0 lets the system choose. Raises OSError."""
    app = web.Application()
    app[TWINS] = twins
    app.add_routes(ROUTES)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
