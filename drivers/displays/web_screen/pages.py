"""The pages that show one screen now: how each of them stands, and what all of them have on the glass."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from drivers.displays.web_screen.codec import Beat, Said
from drivers.shared.text import printable
from gateway.core.model import Scalar

MOST = 32  # pages of one screen; the inlet lets no more connect


class Page(msgspec.Struct):
    """One page: its newest beat, when it came, and the connection that it came on.

    `done` is the last order that it obeyed, or that was given before it came. `wrong`: its document has something else
    than what it was sent.
    """

    beat: Beat
    seen: float
    source: str
    done: int
    wrong: bool


class Pages:
    """The pages of one screen. A page that nobody can see proves nothing, so it does not count.

    What a page said before its newest word says nothing, nor what comes of it once it has left: after an outage that
    may be late by seconds, on another connection.
    """

    def __init__(self, dead_s: float) -> None:
        self._dead_s = dead_s
        self._pages: dict[str, Page] = {}
        self._left: dict[str, float] = {}

    def take(self, beat: Beat, source: str, now: float, *, run: str, order: int, wrong: bool) -> bool:
        """Take a beat; True where this page was not known. `order` is the newest of this `run`."""
        self._pages = {name: page for name, page in self._pages.items() if now - page.seen < self._dead_s}
        known = self._pages.get(beat.page)
        if known or len(self._pages) < MOST:
            obeyed = beat.done if beat.done_run == run else None  # an order of an earlier run proves nothing
            before = known.done if known else order  # who comes later has nothing to do
            self._pages[beat.page] = Page(beat, now, source, before if obeyed is None else obeyed, wrong)
        return known is None

    def is_late(self, beat: Beat) -> bool:
        """Whether the page has said something newer already."""
        known = self._pages.get(beat.page)
        return beat.sent < (known.beat.sent if known else self._left.get(beat.page, 0))

    def left(self, source: str) -> None:
        """A connection has ended."""
        for page in [page for page in self._pages.values() if page.source == source]:
            self.gone(page.beat)

    def gone(self, beat: Beat) -> None:
        """A page has said its last."""
        self._pages.pop(beat.page, None)
        self._left.pop(beat.page, None)
        self._left[beat.page] = beat.sent
        for oldest in list(self._left)[:-MOST]:
            del self._left[oldest]

    def clear(self) -> None:
        """Nobody has come yet."""
        self._pages.clear()

    def seen(self) -> list[Beat]:
        """The newest beats of the pages that people can see."""
        return [page.beat for page in self._visible()]

    def said(self, run: str, say: int) -> dict[str, Said]:
        """How something to say has ended, by page; those count too that nobody can see any more."""
        beats = [page.beat for page in self._pages.values() if page.beat.said_run == run]
        return {beat.page: said for beat in beats for said in beat.said if said.id == say}

    def shown(self, run: str) -> int:
        """The newest revision that every visible page has on the glass; -1 where there is none."""
        return min((_rev(page, run) for page in self._visible()), default=-1)

    def obeyed(self, order: int) -> bool:
        """Whether every visible page has done an order of this run."""
        visible = self._visible()
        return bool(visible) and all(page.done >= order for page in visible)

    def refused(self, run: str, rev: int) -> str | None:
        """Why a page could not show a revision."""
        failed = (beat for beat in self.seen() if beat.failed_run == run and (beat.failed_rev or 0) >= rev)
        return next((printable(beat.failed or "", 200) for beat in failed), None)

    def values(self, run: str, wanted: int) -> dict[str, Scalar]:
        """The points of the page that is furthest behind; all pages count as clients."""
        pages = sorted(self._visible(), key=lambda page: _rev(page, run))
        known: dict[str, Scalar] = {"clients": len(self._pages)}
        if pages:
            last, behind = pages[0].beat, _rev(pages[0], run)
            known |= {
                "last_rev": max(0, behind),
                "rendered_at": _moment(last.rendered_at),
                "render_ms": last.render_ms,
                "build": printable(last.build, 64),
                "viewport": last.viewport,
                "fps": last.fps,
                "speech": printable(last.speech, 64) if last.speech else None,
                "stale": behind < wanted or any(page.beat.stale for page in pages),
                "intact": not any(page.wrong for page in pages),
            }
        return known

    def _visible(self) -> list[Page]:
        return [page for page in self._pages.values() if not page.beat.hidden]


def _rev(page: Page, run: str) -> int:
    """What a page has on the glass; what an earlier run of the gateway sent does not count, nor what is wrong."""
    return page.beat.rev if page.beat.run == run and not page.wrong else -1


def shown_at(pages: Sequence[Beat], begun: datetime, now: datetime) -> str | None:
    """When the last of these pages had it on the glass, by what they say; None where one of them cannot tell.

    A page knows our time to within half the way there and back, so it is kept between the sending and its word of it.
    """
    times = [page.rendered_at for page in pages if page.rendered_at is not None]
    if not times or len(times) < len(pages):
        return None
    last = datetime.fromtimestamp(max(times) / 1000, UTC)
    return min(max(last, begun), now).isoformat().replace("+00:00", "Z")


def _moment(milliseconds: float | None) -> str | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()
