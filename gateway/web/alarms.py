"""Alarms: what a person must know now, and what people decide about it."""

from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, Literal

import msgspec
from aiohttp import web
from pydantic import BaseModel, Field

from gateway.alarms.desk import UnknownAlarm, no_alarm
from gateway.alarms.lifecycle import LONGEST_S, SHORTEST_S
from gateway.core.rights import REASON, Right
from gateway.web import answers
from gateway.web.route import BODY, QUERY, WHO, reply
from gateway.web.services import Services


class AlarmsQuery(BaseModel, frozen=True, extra="forbid"):
    """Which alarms."""

    state: Literal["active", "acknowledged", "returned", "shelved", "suppressed"] | None = None
    priority: Literal["low", "medium", "high", "critical"] | None = None
    zone: str | None = Field(default=None, max_length=64)
    device: str | None = Field(default=None, max_length=64)


class DecisionBody(BaseModel, frozen=True, extra="forbid", strict=True):
    """Why an alarm is put aside no longer."""

    reason: str | None = Field(default=None, max_length=200, description=REASON)


class AckBody(DecisionBody, frozen=True):
    """Which occurrence of an alarm is acknowledged, and why."""

    occurrence: int = Field(ge=0, lt=2**63, description="The one that the person saw, as the alarm tells it.")


class ShelveBody(DecisionBody, frozen=True):
    """For how long, and why, an alarm is put aside."""

    for_s: float = Field(ge=SHORTEST_S, le=LONGEST_S, description="How long it is put aside.")


async def alarms(request: web.Request, services: Services) -> web.Response:
    """All alarms that are not normal, the most urgent first."""
    wanted = {name: value for name, value in request[QUERY] if value is not None}
    found = [alarm for alarm in visible(services) if all(alarm[name] == value for name, value in wanted.items())]
    return reply(answers.Alarms([_answer(alarm) for alarm in found], services.alarms.flood()))


async def alarm(request: web.Request, services: Services) -> web.Response:
    """One alarm."""
    return reply(_answer(_own(services.alarms.find(_id(request, services)), services)))


async def acknowledge(request: web.Request, services: Services) -> web.Response:
    """Note that a person has seen it."""
    who, body, desk = request[WHO].name, request[BODY], services.alarms.desk
    seen = desk.acknowledge(_id(request, services), occurrence=body.occurrence, actor=who, reason=body.reason)
    return await _done(request, services, seen)


async def shelve(request: web.Request, services: Services) -> web.Response:
    """Put it aside for a time."""
    who, body = request[WHO].name, request[BODY]
    decision = services.alarms.desk.shelve(_id(request, services), for_s=body.for_s, actor=who, reason=body.reason)
    return await _done(request, services, decision)


async def unshelve(request: web.Request, services: Services) -> web.Response:
    """Put it aside no longer."""
    who, body = request[WHO].name, request[BODY]
    return await _done(
        request, services, services.alarms.desk.unshelve(_id(request, services), actor=who, reason=body.reason)
    )


def visible(services: Services) -> list[dict[str, Any]]:
    """Every alarm that is not normal and exists for who asks, the most urgent first."""
    return [_own(alarm, services) for alarm in services.alarms.all() if _sees(alarm, services)]


def _sees(alarm: dict[str, Any], services: Services) -> bool:
    """Whether an alarm stands in a zone of who asks; one that is quiet exists only for those who act on alarms."""
    told = not alarm["quiet"] or services.who is None or services.who.may(Right.ALARM)
    return told and services.sees(alarm["zone"])


def _own(alarm: dict[str, Any], services: Services) -> dict[str, Any]:
    """An alarm without what it tells of other zones."""
    if services.sees(None):
        return alarm
    known = {id_ for id_ in [*alarm["followers"], alarm["root"]] if id_ and _exists(id_, services)}
    followers = [id_ for id_ in alarm["followers"] if id_ in known]
    return alarm | {"followers": followers, "root": alarm["root"] if alarm["root"] in known else None}


def _exists(id_: str, services: Services) -> bool:
    """Whether there is such an alarm for who asks."""
    with suppress(UnknownAlarm):
        return _sees(services.alarms.find(id_), services)
    return False


async def _done(request: web.Request, services: Services, decision: Awaitable[None]) -> web.Response:
    await decision
    return await alarm(request, services)


def _id(request: web.Request, services: Services) -> str:
    """The id that is asked for. Raises UnknownAlarm where there is none of it for who asks."""
    id_ = request.match_info["id"]
    if not _exists(id_, services):
        raise UnknownAlarm(no_alarm(id_))
    return id_


def _answer(view: dict[str, Any]) -> answers.Alarm:
    return msgspec.convert(view, answers.Alarm)
