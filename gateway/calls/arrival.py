"""Whether what is announced has come to its screens, and why not: who announces it must know who cannot read it."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from gateway.calls.emergency import Emergency
from gateway.calls.notice import Notice
from gateway.calls.summary import Summary
from gateway.calls.window import Window
from gateway.core.model import Stage
from gateway.hub import Hub, Status

WAIT_S = 3.0  # for the screens that are online: a page paints within 1 s, sixteen cards share a line within 2 s
SILENT = "it has not answered yet"


class Spot(NamedTuple):
    """A screen, as the site file names it, and the verb by which it shows its content."""

    screen: str
    verb: str


class Arrival(NamedTuple):
    """How many screens show it, and why each of the others does not."""

    shown_on: int
    missing: Mapping[str, str]


class Arrivals:
    """Looks after what is announced on the screens that `where` gives for it."""

    def __init__(self, hub: Hub, where: Callable[[Emergency | Notice], Collection[Spot]]) -> None:
        self._hub, self._where = hub, where

    def now(self, announced: Emergency | Notice) -> Arrival:
        """How it stands on the screens that shall show it now."""
        found = {spot.screen: self._why_not(spot) for spot in self._where(announced)}
        missing = {screen: why for screen, why in found.items() if why is not None}
        return Arrival(len(found) - len(missing), missing)

    async def soon(self, announced: Emergency | Notice, limit_s: float = WAIT_S) -> Arrival:
        """How it stands once every screen that is online has taken or refused it, at the latest after `limit_s`."""
        with self._hub.subscribe("view", "availability") as news, suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while SILENT in self.now(announced).missing.values():
                    await news.take()
        return self.now(announced)

    def _why_not(self, spot: Spot) -> str | None:
        """Why a screen does not show what is wanted of it; None when it does."""
        device, _, part = spot.screen.partition("/")
        known, wish = self._hub.devices.get(device), self._hub.views.get(f"wishes/{device}/{part}/{spot.verb}")
        if known is None or wish is None:
            return "there is no such screen any more"
        if known.status is not Status.ONLINE:
            return f"it is {known.status}" + (f": {known.why}" if known.why else "")
        if wish["status"] is Stage.REJECTED:
            return f"it refused: {wish['detail'].get('reason')}"
        return None if wish["ended"] else SILENT


def zones_of(windows: Iterable[Window], summaries: Iterable[Summary]) -> set[str]:
    """The zones that have screens."""
    own = {zone for summary in summaries for zone in summary.config.zones}
    return own.union(*(window.zones for window in windows))


def spots(announced: Emergency | Notice, windows: Iterable[Window], summaries: Iterable[Summary]) -> Iterator[Spot]:
    """The screens that show this now: a window that shows a number has no place for a notice."""
    for window in windows:
        if window.announced.shows(announced, busy=window.showing() is not None):
            yield from (Spot(screen, "show") for screen in window.config.screens)
    for summary in summaries:
        if summary.announced.shows(announced):
            yield Spot(summary.config.device, "board")
