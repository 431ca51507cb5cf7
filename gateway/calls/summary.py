"""One summary screen: the last calls of its zones, the newest on top. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.calls.announced import Announcement
from gateway.calls.config import SummaryConfig, WindowConfig
from gateway.calls.model import OVER, PRIORITIES, SHOWS, Call, call_from, is_over
from gateway.core.model import Stage
from gateway.core.screen import Board, BoardRow, Leaflet
from gateway.journal.rows import Desired


class Summary:
    """The state of a summary screen. `calls` are on it now, the newest first."""

    def __init__(self, config: SummaryConfig, windows: Sequence[WindowConfig]) -> None:
        self.config = config
        self.labels = {window.id: window.label for window in windows if self._has(window)}
        self.calls: list[Call] = []
        self.announced = Announcement()
        self.leaflets: tuple[Leaflet, ...] = ()
        self.delivery: Stage | None = None

    def after(self, old: "Summary | None") -> "Summary":
        """The screen that goes on where `old` was: itself, or `old` where nothing is configured differently."""
        if old is None:
            return self
        if (old.config, old.labels) == (self.config, self.labels):
            return old
        self.calls = [call for call in old.calls if self.lists(call)][: self.config.rows]
        self.announced = old.announced
        return self

    @property
    def zones(self) -> list[str] | None:
        """The zones whose announcements it shows, besides those for the whole hall; None is all."""
        return self.config.zones or None

    def announce(self, announcement: Announcement) -> bool:
        """Take over what is announced; gives whether it shows something else now."""
        before, self.announced = self.board(), announcement
        return self.board() != before

    def lists(self, call: Call) -> bool:
        """Whether a call belongs onto it: it shows a number, of a window in its zones."""
        return call.window in self.labels and call.kind in SHOWS

    def concerns(self, call: Call) -> bool:
        """Whether a call changes it: it shows a number of its zones, or ends some."""
        return self.lists(call) or (call.window in self.labels and call.kind in OVER)

    def take(self, call: Call, *, behind: Call | None = None) -> None:
        """Put a call on top, or right below another; take off what is over by it.

        A number that is called again to the same window moves up.
        """
        same, shows = (call.ticket, call.window), call.kind in SHOWS
        others = [
            each for each in self.calls if not ((each.ticket, each.window) == same if shows else is_over(each, call))
        ]
        place = others.index(behind) + 1 if behind in others else 0
        shown = [call] if shows else []
        self.calls = [*others[:place], *shown, *others[place:]][: self.config.rows]

    def expire(self, now: datetime) -> list[Call]:
        """Take off what has expired; gives those calls."""
        over = [call for call in self.calls if call.expires_at is not None and call.expires_at <= now]
        self.calls = [call for call in self.calls if call not in over]
        return over

    def board(self) -> Board:
        """What the screen shows: the emergency in place of everything, else the calls and the foremost notice."""
        if self.announced.emergency is not None:
            return Board(title=self.config.title, size=self.config.rows, over=self.announced.emergency.over())
        notice = self.announced.notice.text if self.announced.notice else self.config.notice
        rows = tuple(
            BoardRow(
                call_id=call.call_id,
                ticket=call.ticket or "",
                window=self.labels[call.window],
                name=call.name if self.config.names else None,
                priority=PRIORITIES[call.priority],
                at=call.accepted_at,
            )
            for call in self.calls
        )
        config = self.config
        return Board(title=config.title, rows=rows, size=config.rows, notice=notice, leaflets=self.leaflets)

    def kept(self) -> Desired:
        """The row that brings it back after a restart."""
        newest = self.calls[0] if self.calls else None
        return Desired(
            device=f"screens/{self.config.id}",
            part=None,
            verb="board",
            params={"calls": msgspec.to_builtins(self.calls)},
            rev=0,
            expires_at=None,
            actor=newest.actor if newest else "gateway",
            command_id=newest.call_id if newest else "idle",
        )

    def restore(self, row: Desired) -> None:
        """Take up where `kept` left off; what the site file no longer has a place for is left out."""
        calls = [call_from(params) for params in row.params["calls"]]
        self.calls = [call for call in calls if self.lists(call)][: self.config.rows]

    def view(self) -> Mapping[str, Any]:
        """The screen as everybody sees it."""
        emergency = self.announced.emergency
        return {
            "screen": self.config.device,
            "title": self.config.title,
            "call_ids": [call.call_id for call in self.calls],
            "text": emergency.text if emergency else " ".join(call.ticket or "" for call in self.calls),
            "delivery": self.delivery,
        }

    def _has(self, window: WindowConfig) -> bool:
        return not self.config.zones or window.zone in self.config.zones


def emptied(row: Desired) -> Desired:
    """What is left of the row of a screen that is no more."""
    return msgspec.structs.replace(row, params={"calls": []}, actor="gateway", command_id="idle")
