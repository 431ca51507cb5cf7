"""The screens of windows and zones: what each of them shows, as words and as a picture."""

import zlib
from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.calls.summary import Summary
from gateway.calls.window import Window
from gateway.core.model import Scalar, Stage
from gateway.hub import Held, Status
from gateway.web import answers
from gateway.web.problems import Problem
from gateway.web.route import QUERY, reply
from gateway.web.services import Services

PICTURED = ("text", "colour", "on", "substituted", "last_rev")  # the points that a picture depends on


class ImageQuery(BaseModel, frozen=True, extra="forbid"):
    """Which picture."""

    revision: int | None = Field(default=None, description="Only this one, as the screen tells it; 409 for any other.")


def screens(services: Services) -> list[answers.Screen]:
    """All screens: window by window, then those that list the calls of their zones."""
    own = [screen(services, window, id_) for window in services.windows.values() for id_ in seen(services, window)]
    return [*own, *(summary_screen(services, summary) for summary in seen_summaries(services))]


def seen(services: Services, window: Window) -> list[str]:
    """The screens of a window whose devices are seen: one may hang in another zone."""
    return [id_ for id_ in window.config.screens if id_.partition("/")[0] in services.lives]


def seen_summaries(services: Services) -> list[Summary]:
    """The summary screens whose devices are seen."""
    summaries = services.calls.boards.summaries.values()
    return [summary for summary in summaries if summary.config.device.partition("/")[0] in services.lives]


def screen(services: Services, window: Window, screen_id: str) -> answers.Screen:
    """One screen of a window."""
    shown = window.view()
    delivery = shown["screens"].get(screen_id)
    return _screen(services, screen_id, window=window.config.id, wanted=shown["text"], delivery=delivery)


def summary_screen(services: Services, summary: Summary) -> answers.Screen:
    """A screen that lists the last calls of its zones."""
    shown = summary.view()
    return _screen(services, shown["screen"], window=None, wanted=shown["text"], delivery=shown["delivery"])


def _screen(services: Services, id_: str, *, window: str | None, wanted: str, delivery: Stage | None) -> answers.Screen:
    device, _, part = id_.partition("/")
    view = services.lives[device].view
    points = view.points.get(part or None, {})
    return answers.Screen(
        id=id_,
        window=window,
        status=view.status,
        why=view.why,
        text=_value(points, "text"),
        colour=_value(points, "colour"),
        wanted=wanted,
        delivery=delivery,
        revision=zlib.crc32(repr([_value(points, name) for name in PICTURED]).encode()),
    )


async def every(_request: web.Request, services: Services) -> web.Response:
    """All screens of windows and of zones."""
    return reply(answers.Screens(screens(services)))


async def content(request: web.Request, services: Services) -> web.Response:
    """What one screen shows."""
    return reply(_found(request, services))


async def image(request: web.Request, services: Services) -> web.Response:
    """A picture of what a screen shows, as far as its device has acknowledged."""
    found, query = _found(request, services), request[QUERY]
    if query.revision not in (None, found.revision):
        raise Problem(409, f"{found.id} shows something else by now")
    device, _, part = found.id.partition("/")
    picture = services.lives[device].driver.picture(part or None) if found.status is Status.ONLINE else None
    if picture is None:
        raise Problem(503, f"what {found.id} shows is unknown: {found.why or 'it has not shown anything yet'}")
    return web.Response(body=picture.data, content_type="image/png")


def _found(request: web.Request, services: Services) -> answers.Screen:
    for found in screens(services):
        if found.id == request.match_info["id"]:
            return found
    raise Problem(404, f"no window and no zone has a screen {request.match_info['id']!r}")


def _value(points: Mapping[str, Held], name: str) -> Scalar:
    return points[name].now.value if name in points else None
