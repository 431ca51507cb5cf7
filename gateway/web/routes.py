"""The one table of routes: it makes the router, the OpenAPI document and the rights test."""

from collections.abc import Mapping
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel

from gateway.calls.model import CallRequest
from gateway.calls.notice import NoticeBody
from gateway.core.model import Result
from gateway.core.rights import Right
from gateway.doors.report import DoorsReport
from gateway.keeping.erasure import Erased
from gateway.people.persons import Enrolled, Whole
from gateway.web import (
    alarms,
    answers,
    calls,
    devices,
    doors,
    doorway,
    erasures,
    events,
    health,
    inlets,
    notices,
    page,
    people,
    persons,
    screen_files,
    screens,
    sought,
    traces,
    waiting,
)
from gateway.web.openapi import document
from gateway.web.route import Handler, Listener, Route, reply
from gateway.web.services import Services

SCREEN = "/screens/{id:[a-z0-9_-]+(?:/[a-z0-9_-]+)?}"  # DEVICE or DEVICE/PART
ALARM = "/alarms/{id}"
PAGE = "/screens/{id:[a-z0-9][a-z0-9_-]*}"
BOTH, FIELD = (Listener.CONSOLE, Listener.FIELD), (Listener.FIELD,)
VIEW, CALL, ALARMS, TOKENS, ERASE = Right.VIEW, Right.CALL, Right.ALARM, Right.TOKENS, Right.ERASE
ANY, SIGN, PNG = {200: "*/*"}, {303: "*/*"}, {200: "image/png"}
RESULT, COMMANDED = {200: Result, 202: answers.Running}, {200: Result, 202: Result}
CALLED, ALARMED, ERASED = {202: traces.Call}, {200: answers.Alarm}, {200: Erased}
COMMAND = (
    "Command a device; 202 while desired state waits for it, 409 with a code at the first step of a dangerous verb"
)
Answers = Mapping[int, Any]


async def openapi(_request: web.Request, services: Services) -> web.Response:
    """This table as an OpenAPI 3.1 document."""
    return reply(document(ROUTES, services.version))


def _ask(
    path: str,
    right: Right,
    handler: Handler,
    summary: str,
    good: Answers,
    query: type[BaseModel] | None = None,
    *problems: int,
) -> Route:
    """What tells something, below /api/v1."""
    return Route("GET", f"/api/v1{path}", right, handler, summary, good, problems, query=query)


def _act(
    path: str,
    right: Right,
    handler: Handler,
    summary: str,
    good: Answers,
    body: type[BaseModel] | None = None,
    *problems: int,
) -> Route:
    """What changes something, below /api/v1."""
    return Route("POST", f"/api/v1{path}", right, handler, summary, good, problems, body=body)


def _field(
    method: Literal["GET", "POST"], path: str, handler: Handler, summary: str, good: Answers, *problems: int
) -> Route:
    """What devices and screens come for: no token, but where it wants one, the key of a screen."""
    return Route(method, path, None, handler, summary, good, problems, listeners=FIELD)


ROUTES = (
    _ask("/devices", VIEW, devices.devices, "All devices", {200: answers.Devices}),
    _ask("/devices/{id}", VIEW, devices.device, "One device", {200: answers.Device}),
    _ask("/devices/{id}/parts", VIEW, devices.parts, "The parts of a device", {200: answers.Parts}),
    # and the right that the verb declares
    _act("/devices/{id}/commands/{verb}", VIEW, devices.command, COMMAND, COMMANDED, devices.CommandBody, 409),
    _ask("/commands/{id}", VIEW, devices.result, "How a command ended; 202: it runs", RESULT),
    _act(
        "/calls",
        CALL,
        calls.accept,
        "Call a number to a window; answered once it is recorded",
        CALLED,
        CallRequest,
        409,
    ),
    _ask("/calls/{id}", VIEW, calls.call, "A call and its delivery", {200: traces.Call}),
    _ask("/windows", VIEW, calls.windows, "What every window shows", {200: answers.Windows}),
    _ask("/screens", VIEW, screens.every, "The screens of all windows", {200: answers.Screens}),
    _ask(f"{SCREEN}/content", VIEW, screens.content, "What a screen shows", {200: answers.Screen}),
    _ask(
        f"{SCREEN}/image.png", VIEW, screens.image, "Its picture; 503 while it is unknown", PNG, screens.ImageQuery, 409
    ),
    _act(
        "/screens/{id}/commands/{verb}",
        VIEW,
        devices.command_screens,
        "Command all screens of a zone, or of the whole hall",
        RESULT,
        devices.CommandBody,
        409,
    ),
    _ask("/doors", VIEW, doors.every, "How every door stands", {200: doors.Doors}),
    _ask(
        "/doors/compliance",
        VIEW,
        doors.entrances,
        "Whether the entrances of the staff were closed right after opening, day by day",
        {200: doors.Compliance},
        doors.ComplianceQuery,
    ),
    _ask(
        "/doors/report",
        Right.PERSONS,
        doors.what_happened,
        "What happened at the doors on a day, or in a month",
        {200: DoorsReport},
        doors.ReportQuery,
    ),
    _ask("/doors/drills", Right.PERSONS, doors.drills, "The newest drills", {200: doors.Drills}, doors.DrillsQuery),
    _act("/doors/{id}/commands/{verb}", VIEW, devices.command_door, "Command a door", RESULT, devices.CommandBody, 409),
    _act(
        "/doors/zones/{id}/commands/{verb}",
        VIEW,
        devices.command_doors,
        "Command the doors of a zone, or of the whole hall; 409 with a code at the first step of a dangerous verb",
        RESULT,
        devices.CommandBody,
        409,
    ),
    _ask("/notices", VIEW, notices.every, "The notices that are not over", {200: notices.Notices}),
    _act("/notices", Right.COMMAND, notices.publish, "Publish a notice", {201: notices.Notice}, NoticeBody, 409),
    _act("/notices/{id}/withdraw", Right.COMMAND, notices.withdraw, "Show it no longer", {200: notices.Notice}, None),
    _ask("/events", VIEW, events.events, "The journal, page by page", {200: answers.Events}, sought.EventsQuery),
    _ask(
        "/events.csv", Right.EXPORT, events.table, "The same for a spreadsheet", {200: "text/csv"}, sought.EventsQuery
    ),
    _ask("/me", VIEW, people.me, "Who asks, and what they may", {200: answers.Me}),
    _ask("/tokens", TOKENS, people.tokens, "All tokens", {200: answers.Tokens}),
    _act(
        "/tokens", TOKENS, people.new, "Make a token; it is told once", {201: answers.NewToken}, people.TokenBody, 409
    ),
    _act("/tokens/{name:.+}/revoke", TOKENS, people.revoke, "Revoke a token", {200: answers.Revoked}),
    _ask(
        "/persons",
        Right.PERSONS,
        persons.page,
        "People whose cards are known, masked",
        {200: persons.Persons},
        persons.PersonsQuery,
    ),
    _act("/persons", Right.ENROL, persons.enrol, "Say who is behind cards", {200: Enrolled}, persons.Enrolment),
    _act("/persons/find", Right.UNMASK, persons.find, "People by name or card", {200: persons.Found}, persons.Sought),
    _act("/persons/{id}/unmask", Right.UNMASK, persons.unmask, "A whole name", {200: Whole}, persons.ForReason),
    _act(
        "/persons/{id}/forget",
        ERASE,
        persons.forget,
        "Delete what is known of somebody",
        {200: persons.Forgotten},
        persons.ForReason,
    ),
    _ask("/alarms", VIEW, alarms.alarms, "What a person must know now", {200: answers.Alarms}, alarms.AlarmsQuery),
    _ask(ALARM, VIEW, alarms.alarm, "One alarm, a normal one too", ALARMED),
    _act(
        f"{ALARM}/ack",
        ALARMS,
        alarms.acknowledge,
        "Note that a person has seen it; 409 when it has come again since",
        ALARMED,
        alarms.AckBody,
        409,
    ),
    _act(f"{ALARM}/shelve", ALARMS, alarms.shelve, "Put it aside for a time", ALARMED, alarms.ShelveBody, 409),
    _act(f"{ALARM}/unshelve", ALARMS, alarms.unshelve, "Put it aside no longer", ALARMED, alarms.DecisionBody, 409),
    _act(
        "/events/{seq}/erase", ERASE, erasures.one, "Erase the payload of one record for ever", ERASED, erasures.Reason
    ),
    _act(
        "/erasures",
        ERASE,
        erasures.several,
        "Erase the payloads of a call, or of a source, for ever",
        ERASED,
        erasures.Erasure,
        404,
    ),
    _ask("/openapi.json", VIEW, openapi, "This document", {200: "application/json"}),
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
    Route("GET", "/static/{name}", None, page.static, "Files of the status page", ANY),
    _field("GET", "/inlet/{name}", inlets.inlet, "A device asks", ANY, 408, 413),
    _field("POST", "/inlet/{name}", inlets.inlet, "A device posts", ANY, 408, 413),
    _field("GET", "/iclock/{name:.+}", inlets.iclock, "A ZKTeco device asks", ANY, 408, 413),
    _field("POST", "/iclock/{name:.+}", inlets.iclock, "A ZKTeco device posts", ANY, 408, 413),
    _field("GET", PAGE, waiting.page, "A screen's page", {200: "text/html"}, 401, 403, 429),
    _field("GET", f"{PAGE}/live", waiting.live, "Its WebSocket", {101: "*/*"}, 400, 401, 403, 503),
    _field("POST", f"{PAGE}/poll", waiting.poll, "The same by HTTP", ANY, 401, 403, 503),
    _field("GET", f"{PAGE}/{{name:[a-z_]+\\.(?:js|css)}}", screen_files.file, "Its files", ANY),
    _field("GET", f"{PAGE}/fonts/{{name}}", screen_files.font, "Its fonts", {200: "font/woff2"}),
    _field("GET", f"{PAGE}/pictures/{{name}}", waiting.picture, "A picture that it shows", {200: "image/*"}, 401),
    _field("GET", f"{PAGE}/voice/{{name}}", waiting.speech, "What it plays", {200: "audio/wav"}, 401),
    _field("GET", f"{PAGE}/alive", waiting.alive, "Its page is heard", {200: answers.Health}, 401, 503),
)
