"""Where passive devices come: every request is handed to the driver that waits behind its name."""

from aiohttp import web

from gateway.web.entrance import read
from gateway.web.services import Services
from gateway.wire.inlet import HttpContact


async def inlet(request: web.Request, services: Services) -> web.Response:
    """Hand a request to a device's driver, and give the device the driver's answer."""
    contact = HttpContact(request.method, request.path, dict(request.query), await read(request))
    answer = await services.house.inlets.take(request.match_info["name"], contact)
    return web.Response(status=answer.status, body=answer.body, headers={"Content-Type": answer.media_type})
