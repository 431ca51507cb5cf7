"""Plays a scripted day on simulated boxes, in accelerated time."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from gateway.core.errors import GatewayError
from gateway.core.twin import Twin
from simulators.script import Moment, Pull
from simulators.world import clock

log = logging.getLogger("simulators.world")
Post = Callable[[Mapping[str, Any]], Awaitable[Any]]
"""Sends a call to the gateway. Raises GatewayError."""


async def play(
    moments: Sequence[Moment], twins: Mapping[str, Twin[Any]], *, begins: float, speed: float, post: Post | None
) -> None:
    """Do everything in its time: second `begins` of the day is now, and passes `speed` times as fast.

    Each moment is logged as it stands in the script; what goes wrong, beside it. Without `post` nobody is called.
    """
    loop = asyncio.get_running_loop()
    now, run = loop.time(), secrets.token_hex(4)
    for number, moment in enumerate(moments):
        await asyncio.sleep(max(0.0, now + (moment.at - begins) / speed - loop.time()))
        log.info("%s", moment)
        try:
            if isinstance(moment.what, Pull):
                device, lever, params = moment.what
                twins[device].levers()[lever](params)
            elif post is not None:
                await post({"call_id": f"world-{run}-{number}", **moment.what.body})
        except (GatewayError, ValueError) as error:
            log.warning("%s failed: %s", clock(moment.at), error)
