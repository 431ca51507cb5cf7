"""One unit's way to the line that it shares."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.core.turn import priority, waiting
from gateway.wire.turns import Turn

AnswerT = TypeVar("AnswerT")


class LineLink:
    """A link on a shared line. `lost` gets what ends it: the unit did not answer, or the wire is gone."""

    def __init__(self, unit: str, queue: Callable[[Turn], Awaitable[None]]) -> None:
        self.unit, self._queue = unit, queue
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def exchange(
        self,
        request: bytes,
        matches: Callable[[bytes], AnswerT | None],
        timeout_s: float,
        sent: Callable[[], None] | None = None,
    ) -> AnswerT:
        """See `core.contract.Link.exchange`; `timeout_s` counts from the last byte of the request.

        When who asked is cancelled, the turn goes on until the answer or the time-out: no question can be unsaid.
        """
        if self.lost.done():
            self.lost.result()
        turn = Turn(self.unit, priority(), request, matches, timeout_s, sent)
        with waiting():
            await self._queue(turn)
        found: AnswerT = await turn.answer
        return found

    def drop(self, error: Exception) -> None:
        """End it. The error is for the supervisor, or for nobody."""
        if not self.lost.done():
            self.lost.set_exception(error)
            self.lost.exception()
