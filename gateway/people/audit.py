"""Who did what: recorded before it takes effect, and how it ended after."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import msgspec

from gateway.core.errors import GatewayError
from gateway.core.model import Event, Retention
from gateway.journal.journal import Journal

PATIENCE_S = 2.0  # at most, for a record that what it tells of does not depend on


class Audit:
    """The one place that records what people do. Commands of devices have their own events, of the same class."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def record(self, actor: str, what: str, detail: Mapping[str, Any]) -> None:
        """Record that somebody did something, or is about to. Raises JournalError: then it must not happen."""
        await self._journal.record(None, [happened(actor, what, detail)])

    async def tell(self, actor: str, what: str, detail: Mapping[str, Any]) -> None:
        """As `record`, for what happens in any case: while the journal takes nothing it is held in memory."""
        await asyncio.wait({self._journal.note(None, [happened(actor, what, detail)])}, timeout=PATIENCE_S)

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
