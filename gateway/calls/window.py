"""One window: what was last called to it, and what its screens shall show. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from gateway.calls.announced import Announcement
from gateway.calls.config import CallsConfig, WindowConfig
from gateway.calls.model import ENDS, PRIORITIES, SHOWS, Call, CallRefused, Kind, call_from, is_over, order
from gateway.calls.numbers import Numbers
from gateway.core.model import Stage
from gateway.core.screen import Colour, Fit, Show
from gateway.journal.rows import Desired

STATUS = {Kind.PAUSE: "paused", Kind.CLOSE: "closed"}
DATE = re.compile(r"\d{4}-\d\d-\d\d")


KEPT = "windows/"
"""Begins the name by which the row of a window is kept."""


class Shown(NamedTuple):
    """What the screens of a window show now; `name` tells what it is."""

    content: Show
    name: str
    until: datetime | None
    actor: str


class Window:
    """The state of a window. `call` is the newest by (session, seq); `over` once its time has run out."""

    def __init__(self, config: WindowConfig, calls: CallsConfig) -> None:
        self.config, self.calls = config, calls
        self.call: Call | None = None
        self.over = False
        self.numbers = Numbers()
        self.announced = Announcement()
        self.screens: dict[str, Stage] = {}

    def after(self, old: "Window | None") -> "Window":
        """The window that goes on where `old` was: itself, or `old` where nothing is configured differently."""
        if old is None:
            return self
        if (old.config, old.calls) == (self.config, self.calls):
            return old
        self.call, self.over, self.announced, self.numbers = old.call, old.over, old.announced, old.numbers
        return self

    @property
    def zones(self) -> list[str]:
        """The zones whose announcements it shows, besides those for the whole hall."""
        return [self.config.zone] if self.config.zone else []

    def place(self, session: str | None, seq: int | None, today: str) -> tuple[str, int]:
        """Where a call stands. What it leaves open makes it the newest: today's date is the session, the next seq its.

        A call that leaves both open never falls behind a session of another name, nor behind a clock that was ahead.
        """
        last = self.call.session if self.call else today
        if session is None:
            session = max(today, last, key=lambda name: order(name, 0)) if seq is None else today
        if seq is None:
            newest = self.call.seq if self.call and self.call.session == session else 0
            seq = max(newest, self.numbers.last_seq(session)) + 1
        return session, seq

    def why_not(self, call: Call, now: datetime, *, today: str | None = None) -> str | None:
        """Why a call changes nothing on the screens; None when it does.

        `today` is given where the call left its session open: what bears a later date is from a clock that was ahead,
        and holds up nothing.

        Raises CallRefused for a number that is called to a closed window: who sent it must know.
        """
        newest = self.call
        if end := self.numbers.end_of(call):
            return f"{end.kind} of {end.ticket} came before with session {end.session} seq {end.seq}"
        behind = newest and order(call.session, call.seq) <= order(newest.session, newest.seq)
        if newest and behind and not _of_later_day(newest.session, today):
            return f"not newer than session {newest.session} seq {newest.seq}"
        if newest and newest.kind is Kind.CLOSE and call.kind in SHOWS and call.session == newest.session:
            raise CallRefused(f"window {self.config.id} is closed: send a resume before the next number")
        if newest and self._repeats(call, newest):
            return f"{call.ticket} was called here less than {self.calls.repeat_s:g} s before"
        return "expired before it arrived" if call.expires_at and call.expires_at <= now else None

    def _repeats(self, call: Call, newest: Call) -> bool:
        """Whether somebody has pressed the button twice. Who finds the clock set back has not."""
        both = call.kind in SHOWS and newest.kind in SHOWS and call.ticket == newest.ticket
        return both and 0 <= (call.accepted_at - newest.accepted_at).total_seconds() < self.calls.repeat_s

    def rival(self, call: Call) -> Call | None:
        """The newest call, which may have overtaken this one; None where this number has ended."""
        return None if self.numbers.end_of(call) else self.call

    def lists(self, end: Call) -> bool:
        """Whether it has a number on its screens that is over by this."""
        call = self.current()
        return call is not None and call.kind in SHOWS and is_over(call, end)

    def take(self, call: Call) -> None:
        """Make this the newest call. The end of a number that is not shown here changes nothing here."""
        if call.kind not in ENDS or (self.call and self.call.ticket == call.ticket):
            self.call, self.over = call, False
            self.numbers.remember(call)
            self.numbers.begin(call.session)

    def current(self) -> Call | None:
        """The call that decides what is shown, None before the first and after its time."""
        return None if self.over else self.call

    def showing(self) -> Call | None:
        """The call that is on the screens, None while they show the window's function."""
        call = self.current()
        return None if call is None or call.kind in (Kind.RESUME, *ENDS) else call

    def announce(self, announcement: Announcement) -> bool:
        """Take over what is announced; gives whether its screens show something else now."""
        before, self.announced = self.shown(), announcement
        return self.shown() != before

    def shown(self) -> Shown:
        """What comes first: an emergency, then a number, pause or close, then a notice, then the function."""
        emergency, notice = self.announced.emergency, self.announced.notice
        call, current = self.showing(), self.current()
        if emergency is not None:
            return Shown(emergency.show(), f"emergency-{emergency.command_id}", None, emergency.actor)
        if call is None and notice is not None:
            return Shown(notice.show(), f"notice-{notice.notice_id}", notice.until, notice.actor)
        name, actor = (current.call_id, current.actor) if current else ("idle", "gateway")
        return Shown(self.content(current), name, call.expires_at if call else None, actor)

    def kept(self) -> list[Desired]:
        """The row that brings the window back after a restart."""
        if self.call is None:
            return []
        kept = Desired(
            device=f"{KEPT}{self.config.id}",
            part=None,
            verb="show",
            params={"call": msgspec.to_builtins(self.call), "over": self.over},
            rev=self.call.seq,
            expires_at=self.call.expires_at,
            actor=self.call.actor,
            command_id=self.call.call_id,
        )
        return [kept]

    def restore(self, row: Desired) -> None:
        """Take up where `kept` left off."""
        if row.params["call"] is not None:
            self.call, self.over = call_from(row.params["call"]), row.params["over"]
            self.numbers.remember(self.call)

    def content(self, call: Call | None) -> Show:
        """What the screens show for a call; for None, the function of the window (DB3311/T 238-2023, 5.3)."""
        if call is None or call.kind in (Kind.RESUME, *ENDS):
            return Show(self.config.function, Colour.GREEN, Fit.SCROLL)
        if call.kind is Kind.PAUSE:
            return Show(self.calls.paused, Colour.YELLOW, Fit.SCROLL)
        if call.kind is Kind.CLOSE:
            return Show(self.calls.closed, Colour.YELLOW, Fit.SCROLL)
        text, *shorter = (self._text(call, template) for template in self._templates())
        return Show(text, Colour.RED, Fit.WHOLE, shorter=tuple(shorter), attention=True)

    def _templates(self) -> Sequence[str]:
        own = self.config.show
        return [own if own is not None else self.calls.show, *self.calls.shorter]

    def _text(self, call: Call, template: str) -> str:
        return template.format(
            ticket=call.ticket,
            name=call.name or "",
            label=self.config.label,
            function=self.config.function,
            priority=PRIORITIES[call.priority],
        ).strip()

    def view(self) -> Mapping[str, Any]:
        """The window as everybody sees it."""
        call = self.showing()
        return {
            "window": self.config.id,
            "label": self.config.label,
            "function": self.config.function,
            "status": "idle" if call is None else STATUS.get(call.kind, "serving"),
            "call_id": call and call.call_id,
            "ticket": call and call.ticket,
            "name": call and call.name,
            "session": self.call and self.call.session,
            "seq": self.call and self.call.seq,
            "expires_at": call and call.expires_at,
            "text": self.shown().content.text,
            "screens": dict(self.screens),
        }


def nothing_to_end(call: Call) -> str:
    """What who ends a number is told where nobody is called by it."""
    return f"{call.ticket} is not called to window {call.window}: there is nothing to {call.kind}"


def _of_later_day(session: str, today: str | None) -> bool:
    return today is not None and DATE.fullmatch(session) is not None and order(session, 0) > order(today, 0)


def forgotten(rows: Iterable[Desired], windows: Collection[str]) -> list[Desired]:
    """What takes the place of the rows of windows that are gone: no call, and no name of a person."""
    own = [row for row in rows if row.device.startswith(KEPT) and row.params["call"] is not None]
    gone = [row for row in own if row.device.removeprefix(KEPT) not in windows]
    nothing = {"call": None, "over": True}
    return [
        msgspec.structs.replace(row, params=nothing, expires_at=None, actor="gateway", command_id="") for row in gone
    ]
