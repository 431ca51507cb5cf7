"""Where passive devices come: what they send is handed to the driver that waits behind its name."""

from aiohttp import web

from gateway.web.entrance import read
from gateway.web.services import Services
from gateway.web.sockets import converse
from gateway.wire.inlet import HttpContact, Inlets, Kind


async def inlet(request: web.Request, services: Services) -> web.StreamResponse:
    """Hand a request to a device's driver, and give the device the driver's answer; or open a WebSocket to it."""
    inlets, name = services.house.inlets, request.match_info["name"]
    if web.WebSocketResponse().can_prepare(request):
        found = inlets.find(Kind.WS, name)
        return await converse(request, found) if found else web.Response(status=404, text="no device here")
    return await exchange(request, inlets, name, Kind.HTTP)


async def iclock(request: web.Request, services: Services) -> web.StreamResponse:
    """Hand a request to the driver of the device whose serial number it gives."""
    return await exchange(request, services.house.inlets, request.query.get("SN", ""), Kind.ICLOCK)


async def exchange(request: web.Request, inlets: Inlets, name: str, kind: Kind) -> web.Response:
    """Hand one HTTP request to the driver behind an inlet."""
    if not inlets.known(kind, name):  # nobody's megabyte is not read
        return web.Response(status=404, text="no device here")
    body = await read(request)
    source, cookie = request.remote or "", request.headers.get("Cookie", "")
    contact = HttpContact(request.method, request.path, dict(request.query), body, source, cookie)
    answer = await inlets.take(name, contact, kind)
    return web.Response(status=answer.status, body=answer.body, headers={"Content-Type": answer.media_type})
