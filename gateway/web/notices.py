"""Notices: what people shall read while no number is shown."""

import msgspec
from aiohttp import web

from gateway.calls import notice
from gateway.calls.notices import Standing
from gateway.web.route import BODY, WHO, reply
from gateway.web.services import Services


class Notice(notice.Notice, frozen=True, kw_only=True):
    """A notice, how it stands, and why each screen that should show it now does not."""

    status: Standing
    missing: dict[str, str]


class Notices(msgspec.Struct, frozen=True):
    """The notices that are not over, the newest first."""

    notices: list[Notice]


async def every(request: web.Request, services: Services) -> web.Response:
    """The notices that are not over."""
    seen = services.calls.notices.seen(request[WHO])
    return reply(Notices([_answer(services, each, standing) for each, standing in seen]))


async def publish(request: web.Request, services: Services) -> web.Response:
    """Publish a notice; answered once it is recorded, and its screens had some seconds to show it."""
    return reply(_answer(services, *await services.calls.notices.publish(request[BODY], request[WHO])), status=201)


async def withdraw(request: web.Request, services: Services) -> web.Response:
    """Show a notice no longer; answered once that is recorded."""
    return reply(_answer(services, *await services.calls.notices.withdraw(request.match_info["id"], request[WHO])))


def _answer(services: Services, found: notice.Notice, standing: Standing) -> Notice:
    missing = services.of_screens(services.calls.notices.arrivals.now(found).missing)
    return Notice(**msgspec.structs.asdict(found), status=standing, missing=missing)
