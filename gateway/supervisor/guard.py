"""guard(): keeps devices, services and outlets running. A bug stops one of them, never the hall.

This is the only place of the project that reconnects, backs off, logs an outage, or catches every exception.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress

from gateway.core.errors import AuthFailed, GatewayError
from gateway.meters import Meters

log = logging.getLogger("gateway")

FIRST_S, LAST_S = 1.0, 4.0  # site addresses: a card that starts again is right within 5 s, its first answer included
EXPECTED = (GatewayError, OSError, TimeoutError)
"""What ends a body without being a bug."""
BUG_S = 5.0  # a bug comes back at every try: leave its traceback readable

Up = Callable[[], None]
Body = Callable[[Up], Awaitable[None]]
Down = Callable[[BaseException], Awaitable[None]]


async def _nothing(_: BaseException) -> None:
    pass


class Outage:
    """Logs once when something breaks and once when it is back."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._down = False
        self._wait_s = FIRST_S

    def begin(self, why: str) -> float:
        """Something broke. Gives the seconds to wait before the next try: doubling, with jitter."""
        if not self._down:
            log.warning("%s is offline: %s", self.name, why)
        self._down = True
        wait_s = self._wait_s * random.uniform(0.75, 1.0)  # noqa: S311 - spreads reconnects, keeps no secret
        self._wait_s = min(self._wait_s * 2, LAST_S)
        return wait_s

    def over(self) -> None:
        """It works."""
        if self._down:
            log.info("%s is back", self.name)
        self._down = False
        self._wait_s = FIRST_S


@contextmanager
def alone() -> Generator[None]:
    """Raise what ends a body by itself, out of the groups that it comes in; AuthFailed first: it is not tried again."""
    failure: Exception | None = None
    try:
        yield
    except* EXPECTED as failures:
        failure = _first(failures.subgroup(AuthFailed) or failures)
    if failure is not None:
        raise failure


async def guard(
    name: str, body: Body, meters: Meters, down: Down = _nothing, wake: asyncio.Event | None = None
) -> None:
    """Run `body` until it returns or is cancelled; start it again after every failure.

    `body` is given a function that it calls once it works; `down` is told every failure; `wake` ends the wait
    before the next try. AuthFailed is not tried again: devices lock accounts.
    """
    outage, wake = Outage(name), wake or asyncio.Event()
    while True:
        try:
            await _apart(body(outage.over), name)
            return
        except EXPECTED as error:
            failure: Exception = error
            wait_s = outage.begin(_why(error))
        except Exception as error:  # the one broad except: a bug stops this one, and is retried
            failure, wait_s = error, BUG_S
            log.exception("%s failed: this is a bug; it is started again in %g s", name, BUG_S)
            meters.guard_failures.labels(name).inc()
        await down(failure)
        if isinstance(failure, AuthFailed):
            await asyncio.Event().wait()
        await _rest(wait_s, wake)


async def _rest(wait_s: float, wake: asyncio.Event) -> None:
    wake.clear()
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await wake.wait()


async def _apart(body: Awaitable[None], name: str) -> None:
    """Await in a task of its own: that is the only way in which our own cancellation is neither lost nor invented.

    On Python 3.11 and 3.12 a TaskGroup that is cancelled while one of its tasks fails raises the failure only, and
    one whose task fails after its body has ended leaves its own cancellation pending: decision 0010.
    """
    task = asyncio.ensure_future(body)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()):
            log.debug("%s: while it was stopped: %r", name, error)
        raise
    if task.cancelled():
        raise RuntimeError("it was cancelled, and not by the guard")
    task.result()


def _first(failures: BaseExceptionGroup[Exception]) -> Exception:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _why(error: Exception) -> str:
    again = "; it is not tried again until the gateway is restarted" if isinstance(error, AuthFailed) else ""
    return f"{str(error) or type(error).__name__}{again}"
