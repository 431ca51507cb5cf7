"""Whether the gateway lives, whether it can record, and its metrics."""

import asyncio

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gateway.web.answers import Health
from gateway.web.problems import Problem
from gateway.web.route import reply
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
    return reply(Health("ready"))


async def metrics(_request: web.Request, services: Services) -> web.Response:
    """All instruments in the Prometheus text format."""
    meters = services.house.meters
    meters.journal_seq.set(services.house.journal.head.seq)
    return web.Response(body=generate_latest(meters.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
