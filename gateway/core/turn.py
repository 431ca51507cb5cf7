"""Whose turn it is on a wire that several share: the urgency of what is done now, and a limit that a wait spares.

Both travel in context variables, which the supervisor sets: drivers know nothing of them.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from enum import IntEnum


class Priority(IntEnum):
    """Who goes first, lowest number first; among equals who came first."""

    COMMAND = 0
    """A person waits for it, or a screen."""
    POLL = 1
    PROBE = 2
    """Asks a device that is offline whether it is back."""


_priority: ContextVar[Priority] = ContextVar("priority", default=Priority.POLL)
_limit: ContextVar["list[asyncio.Timeout] | None"] = ContextVar("limit", default=None)


def priority() -> Priority:
    """The priority of what is done now; POLL where nobody has said."""
    return _priority.get()


@contextmanager
def urgency(of: Priority) -> Generator[None]:
    """What is done in here has this priority, and so have the tasks that are made in here."""
    token = _priority.set(of)
    try:
        yield
    finally:
        _priority.reset(token)


@asynccontextmanager
async def limited(seconds: float | None) -> AsyncGenerator[None]:
    """Raise TimeoutError after so many seconds, those not counted that are spent `waiting`."""
    async with asyncio.timeout(seconds) as limit:
        held = [limit]
        token = _limit.set(held)
        try:
            yield
        finally:
            held.clear()  # a task that was made in here may outlive the limit
            _limit.reset(token)


@contextmanager
def waiting() -> Generator[None]:
    """Wait in here for one's turn: the limit stands still meanwhile."""
    (limit,) = _limit.get() or (None,)
    when = limit.when() if limit and not limit.expired() else None
    if limit is None or when is None:
        yield
        return
    loop = asyncio.get_running_loop()
    began = loop.time()
    limit.reschedule(None)
    try:
        yield
    finally:
        if _limit.get():
            limit.reschedule(when + loop.time() - began)
