"""Notices: what people shall read while no number is shown."""

import msgspec
from aiohttp import web

from gateway.calls import notice
from gateway.calls.notices import Standing
from gateway.web.route import BODY, WHO, reply
from gateway.web.services import Services


class Notice(notice.Notice, frozen=True, kw_only=True):
    """A notice, and how it stands."""

    status: Standing


class Notices(msgspec.Struct, frozen=True):
    """The notices that are not over, the newest first."""

    notices: list[Notice]


async def every(request: web.Request, services: Services) -> web.Response:
    """The notices that are not over."""
    seen = services.calls.notices.seen(request[WHO])
    return reply(Notices([_answer(each, standing) for each, standing in seen]))


async def publish(request: web.Request, services: Services) -> web.Response:
    """Publish a notice; answered once it is recorded."""
    return reply(_answer(*await services.calls.notices.publish(request[BODY], request[WHO])), status=201)


async def withdraw(request: web.Request, services: Services) -> web.Response:
    """Show a notice no longer; answered once that is recorded."""
    return reply(_answer(*await services.calls.notices.withdraw(request.match_info["id"], request[WHO])))


def _answer(found: notice.Notice, standing: Standing) -> Notice:
    return Notice(**msgspec.structs.asdict(found), status=standing)
