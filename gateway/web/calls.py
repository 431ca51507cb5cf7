"""Calls, and the windows they are for."""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from gateway.calls.model import Call, UnknownCall
from gateway.web import answers
from gateway.web.route import BODY, WHO, reply
from gateway.web.services import Services


async def accept(request: web.Request, services: Services) -> web.Response:
    """Accept a call; answered once it is recorded, whatever its screens do."""
    call = await services.calls.accept(request[BODY], request[WHO].name, zones=request[WHO].zones)
    response = reply(_answer(call, services.of_screens(services.calls.deliveries.live(call.call_id))), status=202)
    response.headers["Location"] = f"/api/v1/calls/{call.call_id}"
    return response


async def call(request: web.Request, services: Services) -> web.Response:
    """One call and its delivery on each screen."""
    found = await services.calls.record.find(request.match_info["id"])
    if request[WHO].zones is not None and found.window not in services.windows:
        raise UnknownCall(f"there is no call {found.call_id!r}")
    return reply(_answer(found, services.of_screens(await services.calls.record.delivery(found.call_id))))


async def windows(_request: web.Request, services: Services) -> web.Response:
    """What every window shows now."""
    shown = [window.view() for window in services.windows.values()]
    return reply({"windows": [{**window, "screens": services.of_screens(window["screens"])} for window in shown]})


def _answer(found: Call, screens: Mapping[str, Any]) -> answers.Call:
    delivery = msgspec.convert(screens, dict[str, answers.Delivery])
    return answers.Call(**msgspec.structs.asdict(found), screens=delivery)
