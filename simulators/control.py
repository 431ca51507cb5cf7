"""Levers by HTTP: what simulated boxes show, and what can be done to them. For loopback only."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import msgspec
from aiohttp import web

from gateway.core.parameters import decoded, taken
from gateway.core.twin import Lever, Twin
from simulators.conditions import Condition, conditions

TWINS: web.AppKey[Mapping[str, Twin[Any]]] = web.AppKey("twins", Mapping[str, Twin[Any]])
PAGE = Path(__file__).with_name("control.html")
STEP_S = 0.01
"""How often a state that is waited for is looked at."""


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One lever of many boxes: of all whose id matches the pattern `target` (`*`, `?`, `[…]`)."""

    target: str
    lever: str
    params: dict[str, Any] = {}


class Wait(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a state is waited for."""

    within_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 5.0


def _twin(request: web.Request) -> Twin[Any]:
    name = request.match_info["id"]
    try:
        return request.app[TWINS][name]
    except KeyError:
        raise web.HTTPNotFound(text=f"no simulated device {name}") from None


def _lever(name: str, twin: Twin[Any], lever: str) -> Lever:
    found = twin.levers().get(lever)
    if found is None:
        raise web.HTTPNotFound(text=f"{name} has no lever {lever}; there are {', '.join(sorted(twin.levers()))}")
    return found


def _answer(found: Any) -> web.Response:
    return web.json_response(text=json.dumps(found, ensure_ascii=False))  # read by people, in a terminal


async def _page(_: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE)


async def _devices(request: web.Request) -> web.Response:
    twins = request.app[TWINS].items()
    return _answer([{"id": id_, "driver": t.config.driver, "levers": sorted(t.levers())} for id_, t in twins])


async def _all_seen(request: web.Request) -> web.Response:
    return _answer({name: twin.seen() for name, twin in request.app[TWINS].items()})


async def _seen(request: web.Request) -> web.Response:
    """What is seen: now, or as soon as it is what is waited for."""
    twin = _twin(request)
    try:
        wanted = conditions(request.query.getall("until", []))
        given = {key: value for key, value in request.query.items() if key != "until"}
        within_s = taken(Wait, given, strict=False).within_s
    except ValueError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    missed = await _until(twin, wanted, within_s)
    if missed is not None:
        raise web.HTTPConflict(text=f"not within {within_s:g} s: {missed.said(twin.seen())}")
    return _answer(twin.seen())


async def _until(twin: Twin[Any], wanted: list[Condition], within_s: float) -> Condition | None:
    """Wait until all is true; gives what is not when the time is over."""
    time = asyncio.get_running_loop().time
    end = time() + within_s
    while missed := next((each for each in wanted if not each.holds(twin.seen())), None):
        if time() >= end:
            return missed
        await asyncio.sleep(STEP_S)
    return None


async def _picture(request: web.Request) -> web.Response:
    picture = _twin(request).picture()
    if picture is None:
        raise web.HTTPNotFound(text=f"{request.match_info['id']} has no surface to look at")
    return web.Response(body=picture.data, content_type="image/png")


async def _levers(request: web.Request) -> web.Response:
    levers = sorted(_twin(request).levers().items())
    return _answer([{"name": name, "help": each.help, "params": each.schema()} for name, each in levers])


async def _pull(request: web.Request) -> web.Response:
    twin = _twin(request)
    lever = _lever(request.match_info["id"], twin, request.match_info["name"])
    try:
        lever(decoded(await request.read() or b"{}", dict[str, Any]))
    except ValueError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    return _answer(twin.seen())


async def _pull_many(request: web.Request) -> web.Response:
    """Pull a lever of many boxes: of none when one of them has no such lever, or the parameters are wrong."""
    try:
        batch = decoded(await request.read(), Batch)
        twins = {name: twin for name, twin in request.app[TWINS].items() if fnmatchcase(name, batch.target)}
        levers = [_lever(name, twin, batch.lever) for name, twin in twins.items()]
        for lever in levers:
            lever.check(batch.params)
        for lever in levers:
            lever(batch.params)
    except ValueError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    if not twins:
        raise web.HTTPNotFound(text=f"no simulated device matches {batch.target}")
    return _answer({name: twin.seen() for name, twin in twins.items()})


ROUTES = (
    web.get("/", _page),
    web.get("/devices", _devices),
    web.get("/devices/{id}", _seen),
    web.get("/devices/{id}/picture.png", _picture),
    web.get("/devices/{id}/levers", _levers),
    web.post("/devices/{id}/levers/{name}", _pull),
    web.post("/levers", _pull_many),
    web.get("/seen", _all_seen),
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
