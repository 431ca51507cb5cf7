"""What a simulated page was told, and what it has on the glass. Strict: what breaks the protocol is a ValueError."""

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

from drivers.displays.web_screen import codec
from drivers.displays.web_screen.config import WebScreenConfig
from simulators.displays.web_screen.mouth import Mouth

STALE_BEATS = 3  # 15 s at 5 s between beats


class PageState:
    """One loading of the page. Times are seconds of a monotonic clock."""

    def __init__(self, config: WebScreenConfig, now: float, mouth: Mouth | None = None) -> None:
        self.config, self.mouth = config, mouth or Mouth()
        self.page = secrets.token_hex(8)
        self.run: str = ""
        self.rev: int = 0
        self.shown_run: str = ""
        self.shown_rev: int = 0
        self.content: codec.Content = codec.Content()
        self.glass: codec.Content = self.content
        self.greeted = False
        self.heard = now
        self.offset_ms: float | None = None
        self.render_ms: float | None = None
        self.rendered_at: float | None = None
        self.done: int | None = None
        self.done_run: str | None = None
        self.failed: tuple[str, str, int] | None = None
        self.identify_until = 0.0
        self.counts = {"snapshots": 0, "deltas": 0, "gaps": 0}
        self._sent: list[float] = []

    def beat(self, now: float, *, stale: bool, clock_s: float) -> codec.Beat:
        """How it stands."""
        sent = now * 1000
        self._sent = [*self._sent, sent][-16:]
        why, run, rev = self.failed or (None, None, None)
        return codec.Beat(
            page=self.page,
            run=self.shown_run,
            rev=self.shown_rev,
            sent=sent,
            want=not self.greeted,
            build="simulated",
            viewport="1920x1080",
            rendered_at=None if self.rendered_at is None else self.rendered_at + clock_s * 1000,
            render_ms=self.render_ms,
            fps=60,
            speech=self.mouth.state(),
            said_run=self.mouth.run,
            said=self.mouth.said,
            stale=stale or self.is_stale(now),
            done=self.done,
            done_run=self.done_run,
            failed=why,
            failed_run=run,
            failed_rev=rev,
            mark=codec.mark(self.glass) if (self.run, self.rev) == (self.shown_run, self.shown_rev) else None,
        )

    def take(self, data: bytes, now: float) -> tuple[bool, tuple[codec.Order, ...]]:
        """Take a message: whether there is something new to show, and what to obey. Raises ValueError."""
        message = codec.read_message(data)
        self.heard = now
        match message:
            case codec.Noise():
                raise ValueError(f"no message: {message.why}")
            case codec.Answer():
                return self._answered(message, now), message.orders
            case codec.Snapshot():
                return self._snapshot(message), ()
            case codec.Delta():
                return self._delta(message, len(data)), ()
            case codec.Order():
                return False, (message,)
            case codec.Say():
                self.mouth.take(message)
                return False, ()

    def owes(self, order: codec.Order) -> bool:
        """Whether it has not obeyed an order yet. One before the first answer of its run is in that answer as well."""
        return order.run == self.done_run and order.id > (self.done or 0)

    def show(self, now: float, received: float) -> None:
        """What it was told comes onto the glass."""
        self.glass, self.shown_run, self.shown_rev, self.failed = self.content, self.run, self.rev, None
        self.render_ms = (now - received) * 1000
        self.rendered_at = now * 1000 + (self.offset_ms or 0.0)

    def refuse(self) -> None:
        """It cannot show what it was told: that is not the base of what comes next."""
        self.failed = "TypeError: simulated", self.run, self.rev
        self.content, self.run, self.rev = self.glass, self.shown_run, self.shown_rev

    def tamper(self) -> None:
        """Its document has something else than it was sent."""
        self.glass = msgspec.structs.replace(self.glass, title="tampered with")

    def is_stale(self, now: float) -> bool:
        """Whether its banner is up."""
        return now - self.heard > STALE_BEATS * self.config.beat_s

    def seen(self, now: float) -> Mapping[str, Any]:
        """What a person sees: nothing while it is black."""
        glass = self.glass if self.glass.lit else codec.Content(lit=False)
        outdated = now - self.heard > 60 * self.config.hide_after_min
        rows = () if outdated else glass.rows or ()
        told: dict[str, Any] = msgspec.to_builtins(glass)
        told["rows"] = [
            {"ticket": row.ticket, "priority": row.priority, "window": row.window, "name": row.name} for row in rows
        ]
        told["leaflets"] = [] if outdated else told["leaflets"]
        told["text"] = "" if outdated else glass.text
        return {**told, "identifies": now < self.identify_until}

    def _answered(self, message: codec.Answer, now: float) -> bool:
        if message.sent not in self._sent:
            raise ValueError("an answer to a beat that was never sent")
        self.offset_ms = message.now + (now * 1000 - message.sent) / 2 - now * 1000
        self.mouth.answered(message)
        if self.done_run != message.run:
            self.done, self.done_run = message.last_order, message.run
        return message.snapshot is not None and self._snapshot(message.snapshot)

    def _snapshot(self, message: codec.Snapshot) -> bool:
        if message.run == self.run and message.rev < self.rev:
            raise ValueError(f"revision {message.rev} after {self.rev}")
        news = (message.run, message.rev) != (self.run, self.rev)
        self.greeted = True
        self.counts["snapshots"] += 1
        self.run, self.rev, self.content = message.run, message.rev, message.content
        return news

    def _delta(self, message: codec.Delta, size: int) -> bool:
        if size > codec.MOST_DELTA:
            raise ValueError(f"a delta of {size} bytes")
        if message.rev != message.base + 1:
            raise ValueError(f"revision {message.rev} on {message.base}")
        if not self.greeted:
            return False
        if (message.run, message.base) != (self.run, self.rev):
            self.counts["gaps"] += 1
            self.greeted = False
            return False
        self.counts["deltas"] += 1
        self.content = codec.apply(self.content, {"set": message.set, "add": message.add, "drop": message.drop})
        self.rev = message.rev
        return True
