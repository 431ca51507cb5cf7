"""Asks a ticket printer for its state, and never prints."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from drivers.displays.escpos_printer import codec
from drivers.displays.escpos_printer.config import EscposPrinterConfig
from gateway.core.contract import Driver
from gateway.core.model import Identity, PartKind, Point, PollGroup, Reading, Surface

STATE = "state"
POINTS = (
    Point("online", "boolean", "whether it is ready to print"),
    Point("cover_open", "boolean", "whether its cover is open"),
    Point("paper", "text", "its paper: ok, low or out"),
    Point("feed_button", "boolean", "whether somebody presses the feed button"),
    Point("error", "text", "why it cannot print: none, passing, mechanical, cutter, unrecoverable or other"),
)


class EscposPrinter(Driver[EscposPrinterConfig]):
    """One printer. Its port belongs to who prints: a connection is made for each question, and given back at once."""

    config_type = EscposPrinterConfig

    def surface(self) -> Surface:
        return Surface(device=PartKind(points=POINTS), polls=(PollGroup(STATE, self.config.poll_s),))

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Identity]:
        """Ask it once."""
        await self._ask()
        yield Identity()

    async def poll(self, group: str) -> Sequence[Reading]:
        if group != STATE:
            return await super().poll(group)
        status = await self._ask()
        return [
            Reading(None, "online", status.online),
            Reading(None, "cover_open", status.cover_open),
            Reading(None, "paper", status.paper.value),
            Reading(None, "feed_button", status.feed_button),
            Reading(None, "error", status.error.value),
        ]

    async def _ask(self) -> codec.Status:
        async with self.context.link(self.config.address) as link:
            matches = partial(_first, codec.Decoder())
            return await link.exchange(codec.QUESTION, matches, self.config.timeout_s)


def _first(decoder: codec.Decoder, data: bytes) -> codec.Status | None:
    """The first status, None while it is not complete."""
    return next(decoder.feed(data), None)
