"""What pages are to say, and how it went: something is said once every page that was asked has ended."""

from collections.abc import Mapping
from typing import Any

from drivers.displays.web_screen.codec import Said, Say
from drivers.displays.web_screen.pages import Pages
from drivers.shared.text import printable
from gateway.core.contract import Clock
from gateway.core.errors import CommandRejected
from gateway.core.screen import Play

AWAY_S = 6.0  # a page whose connection was lost is back by then, and has gone on speaking


class Asked:
    """One thing to say, and the pages that were asked: those that people could see then."""

    def __init__(self, say: Say, pages: Pages, clock: Clock) -> None:
        self.say, self._pages, self._clock = say, pages, clock
        self._waited = {beat.page: clock.monotonic() for beat in pages.seen()}
        self._ended: dict[str, Said] = {}

    def over(self) -> bool:
        """Whether no page is waited for: one that is away for long, or that nobody sees any more, says nothing."""
        now = self._clock.monotonic()
        self._ended |= self._pages.said(self.say.run, self.say.id)
        self._waited |= {beat.page: now for beat in self._pages.seen() if beat.page in self._waited}
        return all(page in self._ended or now - seen > AWAY_S for page, seen in self._waited.items())

    def how(self) -> Mapping[str, Any]:
        """How it was said, and on how many pages. Raises CommandRejected where no page has said it."""
        well = [said.by for said in self._ended.values() if said.by]
        if not well:
            why = [printable(said.why, 64) for said in self._ended.values()]
            raise CommandRejected(f"no page has said it: {why[0] if why else 'none is there that people can see'}")
        return {"pages": len(well), "by": sorted({printable(by, 16) for by in well})}


class Speech:
    """The things to say of one run of the driver that have not ended."""

    def __init__(self, run: str, pages: Pages) -> None:
        self._run, self._pages = run, pages
        self._last = 0
        self._open: dict[int, Say] = {}

    def begin(self, play: Play, deadline: float, clock: Clock) -> Asked:
        """Something new to say, until `deadline` of the loop's clock."""
        self._last += 1
        say = Say(
            run=self._run,
            id=self._last,
            text=printable(play.text, len(play.text)),
            language=play.language,
            repeat=play.repeat,
            volume=play.volume,
            until=int(1000 * (clock.now().timestamp() + deadline - clock.monotonic())),
            audio=play.audio,
        )
        self._open[say.id] = say
        return Asked(say, self._pages, clock)

    def end(self, asked: Asked) -> None:
        """Nobody waits for it any more: who has not begun need not."""
        self._open.pop(asked.say.id, None)

    def still(self) -> tuple[Say, ...]:
        """What may still be said, for pages that ask."""
        return tuple(self._open.values())
