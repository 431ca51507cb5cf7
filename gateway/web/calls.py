"""Calls, and the windows they are for."""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from gateway.calls.model import Call, UnknownCall
from gateway.web import traces
from gateway.web.route import BODY, WHO, reply
from gateway.web.services import Services


async def accept(request: web.Request, services: Services) -> web.Response:
    """Accept a call; answered once it is recorded, whatever its screens do."""
    call = await services.calls.accept(request[BODY], request[WHO].name, zones=request[WHO].zones)
    screens, voice = services.calls.deliveries.live(call.call_id), services.calls.voice.live(call.call_id)
    response = reply(_answer(services, call, screens, voice), status=202)
    response.headers["Location"] = f"/api/v1/calls/{call.call_id}"
    return response


async def call(request: web.Request, services: Services) -> web.Response:
    """One call and its delivery on each screen."""
    found = await services.calls.record.find(request.match_info["id"])
    if request[WHO].zones is not None and found.window not in services.windows:
        raise UnknownCall(f"there is no call {found.call_id!r}")
    record, live = services.calls.record, services.calls.voice.live(found.call_id)
    screens, voice = await record.delivery(found.call_id), live | await record.spoken(found.call_id)
    return reply(_answer(services, found, screens, voice))


async def windows(_request: web.Request, services: Services) -> web.Response:
    """What every window shows now."""
    shown = [window.view() for window in services.windows.values()]
    return reply({"windows": [{**window, "screens": services.of_screens(window["screens"])} for window in shown]})


def _answer(services: Services, found: Call, screens: Mapping[str, Any], voice: Mapping[str, Any]) -> traces.Call:
    delivery = msgspec.convert(services.of_screens(screens), dict[str, traces.Delivery])
    told = {area: {**each, "speakers": services.of_screens(each["speakers"])} for area, each in voice.items()}
    spoken = msgspec.convert(told, dict[str, traces.Voice])
    return traces.Call(**msgspec.structs.asdict(found), screens=delivery, voice=spoken)
