"""The one table of routes: it makes the router, the OpenAPI document and the rights test."""

from aiohttp import web

from gateway.calls.model import CallRequest
from gateway.core.model import Result
from gateway.core.rights import Right
from gateway.keeping.erasure import Erased
from gateway.web import (
    alarms,
    answers,
    calls,
    devices,
    doorway,
    erasures,
    events,
    health,
    inlets,
    page,
    people,
    screens,
    waiting,
)
from gateway.web.openapi import document
from gateway.web.route import Listener, Route, reply
from gateway.web.services import Services

SCREEN = "/api/v1/screens/{id:[a-z0-9_-]+(?:/[a-z0-9_-]+)?}"  # DEVICE or DEVICE/PART
ALARM = "/api/v1/alarms/{id}"
WAITING = "/screens/{id:[a-z0-9][a-z0-9_-]*}"
BOTH, FIELD = (Listener.CONSOLE, Listener.FIELD), (Listener.FIELD,)
VIEW, CALL, TOKENS, ERASE = Right.VIEW, Right.CALL, Right.TOKENS, Right.ERASE
SIGN = {303: "*/*"}
RESULT = {200: Result, 202: answers.Running}


async def openapi(_request: web.Request, services: Services) -> web.Response:
    """This table as an OpenAPI 3.1 document."""
    return reply(document(ROUTES, services.version))


ROUTES = (
    Route("GET", "/api/v1/devices", VIEW, devices.devices, "All devices", {200: answers.Devices}),
    Route("GET", "/api/v1/devices/{id}", VIEW, devices.device, "One device", {200: answers.Device}),
    Route("GET", "/api/v1/devices/{id}/parts", VIEW, devices.parts, "The parts of a device", {200: answers.Parts}),
    Route(
        "POST",
        "/api/v1/devices/{id}/commands/{verb}",
        VIEW,  # and the right that the verb declares
        devices.command,
        "Command a device; 202 while desired state waits for it, 409 with a code at the first step of a dangerous verb",
        {200: Result, 202: Result},
        (409,),
        body=devices.CommandBody,
    ),
    Route("GET", "/api/v1/commands/{id}", VIEW, devices.result, "How a command ended; 202: it runs", RESULT),
    Route(
        "POST",
        "/api/v1/calls",
        CALL,
        calls.accept,
        "Call a number to a window; answered once it is recorded",
        {202: answers.Call},
        (409,),
        body=CallRequest,
    ),
    Route("GET", "/api/v1/calls/{id}", VIEW, calls.call, "A call and its delivery", {200: answers.Call}),
    Route("GET", "/api/v1/windows", VIEW, calls.windows, "What every window shows", {200: answers.Windows}),
    Route("GET", "/api/v1/screens", VIEW, screens.every, "The screens of all windows", {200: answers.Screens}),
    Route("GET", f"{SCREEN}/content", VIEW, screens.content, "What a screen shows", {200: answers.Screen}),
    Route(
        "GET",
        f"{SCREEN}/image.png",
        VIEW,
        screens.image,
        "Its picture; 503 while it is unknown",
        {200: "image/png"},
        (409,),
        query=screens.ImageQuery,
    ),
    Route(
        "GET",
        "/api/v1/events",
        VIEW,
        events.events,
        "The journal, page by page",
        {200: answers.Events},
        query=events.EventsQuery,
    ),
    Route(
        "GET",
        "/api/v1/events.csv",
        Right.EXPORT,
        events.table,
        "The same for a spreadsheet",
        {200: "text/csv"},
        query=events.EventsQuery,
    ),
    Route("GET", "/api/v1/me", VIEW, people.me, "Who asks, and what they may", {200: answers.Me}),
    Route("GET", "/api/v1/tokens", TOKENS, people.tokens, "All tokens", {200: answers.Tokens}),
    Route(
        "POST",
        "/api/v1/tokens",
        TOKENS,
        people.new,
        "Make a token; it is told once",
        {201: answers.NewToken},
        (409,),
        body=people.TokenBody,
    ),
    Route("POST", "/api/v1/tokens/{name:.+}/revoke", TOKENS, people.revoke, "Revoke a token", {200: answers.Revoked}),
    Route(
        "GET",
        "/api/v1/alarms",
        VIEW,
        alarms.alarms,
        "What a person must know now",
        {200: answers.Alarms},
        query=alarms.AlarmsQuery,
    ),
    Route("GET", ALARM, VIEW, alarms.alarm, "One alarm, a normal one too", {200: answers.Alarm}),
    Route(
        "POST",
        f"{ALARM}/ack",
        Right.ALARM,
        alarms.acknowledge,
        "Note that a person has seen it",
        {200: answers.Alarm},
        (409,),
        body=alarms.DecisionBody,
    ),
    Route(
        "POST",
        f"{ALARM}/shelve",
        Right.ALARM,
        alarms.shelve,
        "Put it aside for a time",
        {200: answers.Alarm},
        (409,),
        body=alarms.ShelveBody,
    ),
    Route(
        "POST",
        f"{ALARM}/unshelve",
        Right.ALARM,
        alarms.unshelve,
        "Put it aside no longer",
        {200: answers.Alarm},
        (409,),
        body=alarms.DecisionBody,
    ),
    Route(
        "POST",
        "/api/v1/events/{seq}/erase",
        ERASE,
        erasures.one,
        "Erase the payload of one record for ever",
        {200: Erased},
        body=erasures.Reason,
    ),
    Route(
        "POST",
        "/api/v1/erasures",
        ERASE,
        erasures.several,
        "Erase the payloads of a call, or of a source, for ever",
        {200: Erased},
        (404,),
        body=erasures.Erasure,
    ),
    Route("GET", "/api/v1/openapi.json", VIEW, openapi, "This document", {200: "application/json"}),
    Route(
        "GET",
        "/metrics",
        VIEW,
        health.metrics,
        "Metrics for Prometheus",
        {200: "text/plain"},
        query=health.MetricsQuery,
    ),
    Route("GET", "/healthz", None, health.alive, "The event loop runs", {200: answers.Health}, listeners=BOTH),
    Route("GET", "/readyz", None, health.ready, "The journal commits", {200: answers.Health}, (503,)),
    Route("GET", "/", VIEW, page.page, "The status page", {200: "text/html"}, refused=doorway.door),
    Route("POST", "/login", None, doorway.sign_in, "Begin a session", SIGN, (400, 401, 403, 408, 413, 415, 429, 503)),
    Route("POST", "/logout", None, doorway.sign_out, "End it", SIGN, (403, 503)),
    Route("GET", "/static/{name}", None, page.static, "Files of the status page", {200: "*/*"}),
    Route("GET", "/inlet/{name}", None, inlets.inlet, "A device asks", {200: "*/*"}, (408, 413), listeners=FIELD),
    Route("POST", "/inlet/{name}", None, inlets.inlet, "A device posts", {200: "*/*"}, (408, 413), listeners=FIELD),
    Route("GET", WAITING, None, waiting.page, "A screen's page", {200: "text/html"}, (401, 403, 429), listeners=FIELD),
    Route(
        "GET",
        f"{WAITING}/live",
        None,
        waiting.live,
        "Its WebSocket",
        {101: "*/*"},
        (400, 401, 403, 503),
        listeners=FIELD,
    ),
    Route(
        "POST",
        f"{WAITING}/poll",
        None,
        waiting.poll,
        "The same by HTTP",
        {200: "*/*"},
        (401, 403, 503),
        listeners=FIELD,
    ),
    Route(
        "GET", f"{WAITING}/{{name:screen\\.(?:js|css)}}", None, waiting.file, "Its files", {200: "*/*"}, listeners=FIELD
    ),
    Route(
        "GET",
        f"{WAITING}/alive",
        None,
        waiting.alive,
        "Its page is heard",
        {200: answers.Health},
        (401, 503),
        listeners=FIELD,
    ),
)
