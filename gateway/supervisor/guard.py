"""guard(): keeps devices, services and outlets running. A bug stops one of them, never the hall.

This is the only place of the project that reconnects, backs off, logs who is offline, or catches every exception.
"""

import asyncio
import logging
import random
import traceback
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from typing import cast

from gateway.core.errors import AuthFailed, GatewayError
from gateway.meters import Meters

log = logging.getLogger("gateway")

FIRST_S, LAST_S = 1.0, 4.0  # site addresses: a card that starts again is right within 5 s, its first answer included
EXPECTED = (GatewayError, OSError, TimeoutError)
"""What ends a body without being a bug."""
BUG_S = 5.0  # a bug comes back at every try
SOUND_S = 60.0  # what ran for so long before it failed had got over the bug before: it is told anew

Up = Callable[[], None]
Body = Callable[[Up], Awaitable[None]]
Down = Callable[[BaseException], Awaitable[None]]


async def _nothing(_: BaseException) -> None:
    pass


class Outage:
    """Logs once when something breaks and once when it is back."""

    def __init__(self, name: str, last_s: float | None = None) -> None:
        self.name, self._last_s = name, last_s
        self._down = False
        self._wait_s = FIRST_S

    def begin(self, why: str) -> float:
        """Something broke. Gives the seconds to wait before the next try: doubling, with jitter."""
        if not self._down:
            log.warning("%s is offline: %s", self.name, why)
        self._down = True
        wait_s = self._wait_s * random.uniform(0.75, 1.0)  # noqa: S311 - spreads reconnects, keeps no secret
        self._wait_s = min(self._wait_s * 2, self._last_s or LAST_S)
        return wait_s

    def over(self) -> None:
        """It works."""
        if self._down:
            log.info("%s is back", self.name)
        self._down = False
        self._wait_s = FIRST_S


class Bugs:
    """Tells a bug that is new from one that comes at every try: of that is only logged how often, at 10, 100, …"""

    def __init__(self, name: str) -> None:
        self.name = name
        self._last: object = None
        self._count = 0

    def news(self, error: Exception, *, after_s: float) -> bool:
        """Whether the bug that ended what had run for `after_s` needs its traceback."""
        same = after_s < SOUND_S and self._last == _place(error)
        self._last, self._count = _place(error), self._count + 1 if same else 1
        if same and str(self._count).rstrip("0") == "1":
            log.error("%s failed %d times by the same bug, whose traceback is above", self.name, self._count)
        return not same


@contextmanager
def alone() -> Generator[None]:
    """Raise what ends a body by itself, out of the groups that it comes in; AuthFailed first: it is not tried again."""
    failure: Exception | None = None
    try:
        yield
    except* EXPECTED as failures:
        failure = first(failures.subgroup(AuthFailed) or failures)
    if failure is not None:
        raise failure


async def guard(
    name: str,
    body: Body,
    meters: Meters,
    down: Down = _nothing,
    wake: asyncio.Event | None = None,
    *,
    last_s: float | None = None,
    until: str = "the gateway is restarted",
) -> None:
    """Run `body` until it returns or is cancelled; start it again after every failure.

    `body` is given a function that it calls once it works; `down` is told every failure; `wake` ends the wait
    before the next try, which is never longer than `last_s`, or LAST_S. AuthFailed is not tried again: devices lock
    accounts. `until` says what ends that.
    """
    outage, bugs, wake = Outage(name, last_s), Bugs(name), wake or asyncio.Event()
    time = asyncio.get_running_loop().time
    while True:
        begun = time()
        try:
            await _apart(body(outage.over), name)
            return
        except EXPECTED as error:
            failure: Exception = error
            wait_s = outage.begin(_why(error, until))
        except Exception as error:  # the one broad except: a bug stops this one, and is retried
            failure, wait_s = error, BUG_S
            if bugs.news(error, after_s=time() - begun):
                log.exception("%s failed: this is a bug; it is started again every %g s", name, BUG_S)
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


def _place(error: Exception) -> tuple[type[Exception], str]:
    """What tells one bug from another: its kind and where it was raised. Its words may differ each time."""
    leaf = first(error)
    where = traceback.extract_tb(leaf.__traceback__)
    return type(leaf), f"{where[-1].filename}:{where[-1].lineno}" if where else ""


def first(error: Exception) -> Exception:
    """The first failure of a group, out of all groups that it is in; what is no group is itself."""
    if not isinstance(error, ExceptionGroup):
        return error
    group: ExceptionGroup[Exception] = cast("ExceptionGroup[Exception]", error)
    return first(group.exceptions[0])


def _why(error: Exception, until: str) -> str:
    again = f"; it is not tried again until {until}" if isinstance(error, AuthFailed) else ""
    return f"{str(error) or type(error).__name__}{again}"
