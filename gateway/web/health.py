"""Whether the gateway lives, whether it can record, and its metrics."""

import asyncio
from functools import partial

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from gateway.web.answers import Health
from gateway.web.problems import Problem
from gateway.web.route import QUERY, WHO, reply
from gateway.web.services import Services

READY_S = 2.0  # a commit takes milliseconds; who cannot make one in 2 s is not ready


async def alive(_request: web.Request, _services: Services) -> web.Response:
    """The event loop runs."""
    return reply(Health("ok"))


async def ready(_request: web.Request, services: Services) -> web.Response:
    """The journal writes."""
    try:
        async with asyncio.timeout(READY_S):
            await services.house.journal.prove()
    except TimeoutError as error:
        raise Problem(503, f"the journal has not committed anything for {READY_S:g} s") from error
    said = services.house.hub.views.get("journal/health", {})
    return reply(Health("ready", said.get("upkeep")))


class MetricsQuery(BaseModel, frozen=True, extra="forbid"):
    """Of which device the points are wanted."""

    device: str | None = Field(default=None, max_length=64, description="Only this device's points; all by default.")


async def metrics(request: web.Request, services: Services) -> web.Response:
    """All instruments and points in the Prometheus text format; the instruments in a thread: they take long.

    They name every device: not for those of some zones only.
    """
    if request[WHO].zones is not None:
        raise Problem(403, f"{request[WHO].name} is for some zones only, and metrics tell of the whole hall")
    query: MetricsQuery = request[QUERY]
    meters = services.house.meters
    meters.journal_seq.set(services.house.journal.head.seq)
    points = services.exposition.render(query.device)
    instruments = await asyncio.to_thread(partial(generate_latest, meters.registry))
    return web.Response(body=instruments + points, headers={"Content-Type": CONTENT_TYPE_LATEST})
