"""Devices and their commands."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
from aiohttp import web
from pydantic import BaseModel, Field, field_validator

from gateway.commands import ConfirmFirst, Request, UnknownTarget
from gateway.core.known import unknown
from gateway.core.model import PartKind, Result, Stage
from gateway.core.rights import REASON
from gateway.hub import DeviceView, Held
from gateway.site.positions import is_mapping
from gateway.supervisor.life import Life
from gateway.web import answers
from gateway.web.problems import Problem
from gateway.web.route import BODY, WHO, reply
from gateway.web.services import Services


class CommandBody(BaseModel, frozen=True, extra="forbid", strict=True):
    """A command for a device."""

    command_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$",
        description="Chosen by who asks, so that a repeat is carried out once; made by the gateway when it is missing.",
    )
    part: str | None = Field(default=None, max_length=64)
    params: dict[str, Any] = Field(default={}, description="What the verb takes.")
    deadline_s: float = Field(default=10.0, gt=0, le=60, description="How long the device may take.")
    reason: str | None = Field(default=None, max_length=200, description=REASON)
    confirm: str | None = Field(default=None, max_length=32, description="The code that a dangerous verb asked for.")

    @field_validator("params")
    @classmethod
    def _json(cls, params: dict[str, Any]) -> dict[str, Any]:
        json.dumps(params, allow_nan=False)  # the parser takes NaN and infinity, which are no JSON: ValueError
        return params


async def devices(_request: web.Request, services: Services) -> web.Response:
    """All devices."""
    now = services.house.clock.now()
    return reply(answers.Devices([_device(life.view, now) for life in services.lives.values()]))


async def device(request: web.Request, services: Services) -> web.Response:
    """One device."""
    return reply(_device(_life(request, services).view, services.house.clock.now()))


async def parts(request: web.Request, services: Services) -> web.Response:
    """The parts of a device, without those of other zones."""
    view, now, hub = _life(request, services).view, services.house.clock.now(), services.house.hub
    kinds = view.surface.kinds
    found = [
        answers.Part(part.id, part.kind, part.name, _verbs(kinds[part.kind]), _points(view.points[part.id], now))
        for part in view.parts.values()
        if services.sees(hub.zone(view.id, part.id))
    ]
    return reply(answers.Parts(found))


async def command(request: web.Request, services: Services) -> web.Response:
    """Hand in a command; 200 when it ended, 202 while its desired state waits for the device."""
    return await _command(request, services, request.match_info["id"])


async def command_screens(request: web.Request, services: Services) -> web.Response:
    """Hand in a command for all screens of the hall, or of a zone."""
    return await _command(request, services, f"screens/{request.match_info['id']}")


async def command_door(request: web.Request, services: Services) -> web.Response:
    """Hand in a command for a door."""
    return await _command(request, services, f"doors/{request.match_info['id']}")


async def command_doors(request: web.Request, services: Services) -> web.Response:
    """Hand in a command for the doors of a zone, or for all."""
    return await _command(request, services, f"doors/zones/{request.match_info['id']}")


async def _command(request: web.Request, services: Services, target: str) -> web.Response:
    body: CommandBody = request[BODY]
    asked = Request(
        command_id=body.command_id or uuid4().hex,
        device=target,
        verb=request.match_info["verb"],
        part=body.part,
        params=body.params,
        deadline_s=body.deadline_s,
        reason=body.reason,
        confirm=body.confirm,
    )
    try:
        ended = await services.commands.submit(asked, request[WHO])
    except ConfirmFirst as error:
        raise Problem(409, str(error), confirm=error.code, command_id=asked.command_id) from error
    return reply(_seen(services, ended), status=202 if ended.status in (Stage.QUEUED, Stage.SENT) else 200)


async def result(request: web.Request, services: Services) -> web.Response:
    """How a command ended."""
    ended = services.commands.result(request.match_info["id"], request[WHO])
    if ended is None:
        return reply(answers.Running(request.match_info["id"]), status=202)
    return reply(_seen(services, ended))


def _seen(services: Services, result: Result) -> Result:
    """A result without the screens that do not exist for who asks."""
    missing = result.detail.get("missing")
    if not is_mapping(missing):
        return result
    return msgspec.structs.replace(result, detail={**result.detail, "missing": services.of_screens(missing)})


def _life(request: web.Request, services: Services) -> Life:
    life = services.lives.get(request.match_info["id"])
    if life is None:
        raise UnknownTarget(unknown(request.match_info["id"], services.lives, "device"))
    return life


def _device(view: DeviceView, now: datetime) -> answers.Device:
    return answers.Device(
        id=view.id,
        name=view.name,
        driver=view.driver,
        zone=view.zone,
        status=view.status,
        since=view.since,
        why=view.why,
        model=view.identity.model,
        firmware=view.identity.firmware,
        serial=view.identity.serial,
        verbs=_verbs(view.surface.device),
        points=_points(view.points[None], now),
    )


def _verbs(kind: PartKind) -> list[str]:
    return sorted(verb.name for verb in kind.verbs)


def _points(held: Mapping[str, Held], now: datetime) -> dict[str, answers.Point]:
    return {name: _point(point, now) for name, point in held.items()}


def _point(held: Held, now: datetime) -> answers.Point:
    good = held.last_good
    age_s = (now - good.at).total_seconds() if good and good.at else None
    return answers.Point(held.now.value, held.now.quality, held.now.at, good.value if good else None, age_s)
