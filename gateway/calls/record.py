"""What the journal knows of calls: which were accepted, when their time was over, how they went on each screen."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from gateway.calls.deliveries import Deliveries
from gateway.calls.model import Call, CallConflict, CallRequest, ErasedCall, UnknownCall, call_from
from gateway.core.errors import JournalError
from gateway.core.model import Event, Retention
from gateway.journal.journal import Journal
from gateway.journal.rows import Desired

LOOK_UP_S = 1.0  # the index answers in milliseconds; the calls behind this one wait for their screens


class Record:
    """The calls in the journal. What goes on still is known to the deliveries."""

    def __init__(self, journal: Journal, deliveries: Deliveries) -> None:
        self._journal, self._deliveries = journal, deliveries

    async def find(self, call_id: str) -> Call:
        """The accepted call of this id. Raises UnknownCall, ErasedCall."""
        for row in await self._journal.by_source(f"call/{call_id}/accepted"):
            if row.source_key == f"call/{call_id}/accepted":
                if row.payload is None:
                    raise ErasedCall(f"call {call_id!r} was accepted on {row.at.date()}; what it was has been erased")
                return call_from(row.payload)
        raise UnknownCall(f"there is no call {call_id!r}")

    async def delivery(self, call_id: str) -> dict[str, dict[str, Any]]:
        """How a call went, by screen: from the journal, and from memory what has not ended yet."""
        ended = await self._journal.by_source(f"call/{call_id}/delivered/")
        recorded = {row.payload["screen"]: row.payload for row in ended if row.payload}
        return {**self._deliveries.live(call_id), **recorded}

    async def spoken(self, call_id: str) -> dict[str, dict[str, Any]]:
        """How a call was spoken, or why not, by area: what has ended."""
        ended = await self._journal.by_source(f"call/{call_id}/voice/")
        return {row.payload["area"]: row.payload for row in ended if row.payload}

    async def earlier(self, request: CallRequest) -> Call | None:
        """The call, if an earlier run of the gateway accepted it. Raises CallConflict, JournalError."""
        try:
            async with asyncio.timeout(LOOK_UP_S):
                call = await self.find(request.call_id)
        except ErasedCall as error:
            raise CallConflict(str(error)) from error
        except UnknownCall:
            return None
        except TimeoutError as error:
            raise JournalError(f"the journal could not be read for {LOOK_UP_S:g} s") from error
        request.check_repeats(call.digest)
        return call

    async def accepted(self, call: Call, rows: Sequence[Desired]) -> None:
        """Record a call, and the rows that keep it on its screens. Raises JournalError."""
        await self._journal.record(None, [_event("accepted", call, msgspec.to_builtins(call))], desired=rows)

    def expired(self, call: Call, rows: Sequence[Desired]) -> None:
        """Record that the time of a call is over, and the rows that keep what its screens show now."""
        payload = {"call_id": call.call_id, "window": call.window}
        self._journal.note(None, [_event("expired", call, payload)], desired=rows)


def _event(what: str, call: Call, payload: dict[str, Any]) -> Event:
    key = f"call/{call.call_id}/{what}"
    return Event(type=f"call.{what}", source_key=key, payload=payload, retention=Retention.CALL)
