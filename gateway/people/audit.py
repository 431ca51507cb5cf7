"""Who did what: recorded before it takes effect, and how it ended after."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import msgspec

from gateway.core.errors import GatewayError, JournalError
from gateway.core.model import Event, Retention
from gateway.journal.journal import Journal
from gateway.meters import Meters

PATIENCE_S = 2.0  # for a record that what it tells of does not depend on


class Audit:
    """The one place that records what people do. Commands of devices have their own events, of the same class."""

    def __init__(self, journal: Journal, meters: Meters) -> None:
        self._journal, self._meters = journal, meters

    async def record(self, actor: str, what: str, detail: Mapping[str, Any]) -> None:
        """Record that somebody did something, or is about to. Raises JournalError: then it must not happen."""
        await self._journal.record(None, [happened(actor, what, detail)])

    async def tell(self, actor: str, what: str, detail: Mapping[str, Any]) -> None:
        """As `record`, for what happens in any case; one that cannot be recorded within 2 s is counted."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self.record(actor, what, detail)
        except (JournalError, TimeoutError):
            self._meters.dropped.labels("journal").inc()

    @asynccontextmanager
    async def change(self, actor: str, what: str, detail: Mapping[str, Any]) -> AsyncGenerator[None]:
        """Record `WHAT.requested`, do what stands inside, record `WHAT.ended` with `status` done or failed.

        Raises JournalError before anything is done when it cannot be recorded.
        """
        await self.record(actor, f"{what}.requested", detail)
        ended: dict[str, Any] = {"status": "failed"}
        try:
            yield
            ended = {"status": "done"}
        except GatewayError as error:
            ended["reason"] = str(error)
            raise
        finally:
            await self.tell(actor, f"{what}.ended", {**detail, **ended})


def happened(actor: str, what: str, detail: Mapping[str, Any]) -> Event:
    """The event that tells it."""
    payload = msgspec.to_builtins({"actor": actor, **detail})
    return Event(type=what, source_key=f"audit/{uuid4().hex}", payload=payload, retention=Retention.AUDIT)
