"""Puts the last calls on the summary screens, as desired state of their devices."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from gateway.calls.config import SummaryConfig, WindowConfig
from gateway.calls.deliveries import Deliveries
from gateway.calls.model import Call
from gateway.calls.summary import Summary
from gateway.commands import ended
from gateway.core.contract import Clock
from gateway.core.errors import NotSupported
from gateway.core.model import Result, Stage
from gateway.hub import Hub
from gateway.journal.rows import Desired
from gateway.supervisor.life import Life

VERB = "board"


class Boards:
    """All summary screens."""

    def __init__(
        self,
        summaries: Sequence[SummaryConfig],
        windows: Mapping[str, WindowConfig],
        *,
        lives: Mapping[str, Life],
        hub: Hub,
        deliveries: Deliveries,
        clock: Clock,
    ) -> None:
        self.summaries = {config.id: Summary(config, windows) for config in summaries}
        self._lives, self._hub, self._deliveries, self._clock = lives, hub, deliveries, clock
        for summary in self.summaries.values():
            life, part = self._place(summary)
            life.wishes.slot(part, VERB).owner = f"screen {summary.config.id}"

    def restore(self, row: Desired) -> None:
        """Take up what a summary screen showed, where the site still has it."""
        kind, _, name = row.device.partition("/")
        if kind == "screens" and name in self.summaries:
            self.summaries[name].restore(row)

    def show_all(self) -> list[Desired]:
        """Show what is current on all of them; gives the rows that keep it."""
        for summary in self.summaries.values():
            over = summary.expire(self._clock.now())
            for call in over:  # while the gateway was away
                self._deliveries.begin(call, [summary.config.device])
                self._deliveries.accepted(call)
            self._end(summary, over, Stage.EXPIRED)
            self._show(summary, ())
        return [summary.kept() for summary in self.summaries.values()]

    def calls(self) -> list[Call]:
        """Every call that is on a summary screen."""
        return list({call.call_id: call for summary in self.summaries.values() for call in summary.calls}.values())

    def take(self, call: Call) -> None:
        """Put a call on the screens of its zone."""
        for summary in self.summaries.values():
            if summary.lists(call):
                before = summary.calls
                summary.take(call)
                self._show(summary, [gone for gone in before if gone not in summary.calls])

    def kept(self, call: Call) -> list[Desired]:
        """The rows that keep the screens of a call as they are now, which may be newer than the call."""
        return [summary.kept() for summary in self.summaries.values() if summary.lists(call)]

    def expire(self, now: datetime) -> list[Desired]:
        """Take off what has expired; gives the rows of the screens that have changed."""
        rows: list[Desired] = []
        for summary in self.summaries.values():
            if over := summary.expire(now):
                self._end(summary, over, Stage.EXPIRED)
                self._show(summary, ())
                rows.append(summary.kept())
        return rows

    def _show(self, summary: Summary, gone: Sequence[Call]) -> None:
        """Show a board. A call on it stays under way until it is seen, however many newer boards that takes."""
        life, part = self._place(summary)
        for call in summary.calls:
            self._deliveries.begin(call, [summary.config.device])
        newest = summary.calls[0] if summary.calls else None
        wish = life.wishes.plan(
            part=part,
            verb=VERB,
            params=msgspec.to_builtins(summary.board()),
            expires_at=None,
            actor=newest.actor if newest else "gateway",
            command_id=f"screens/{summary.config.id}/{newest.call_id if newest else 'idle'}",
        )
        life.wishes.want(wish, self._teller(summary, list(summary.calls)))
        self._end(summary, gone, Stage.SUPERSEDED)
        self._hub.show(f"screens/{summary.config.id}", summary.view())

    def _teller(self, summary: Summary, calls: Sequence[Call]) -> Callable[[Result], None]:
        confirms = self._confirms(summary)

        def told(result: Result) -> None:
            if result.status is Stage.SUPERSEDED:
                return  # the newer board tells of these calls as well
            summary.delivery = result.status
            self._hub.show(f"screens/{summary.config.id}", summary.view())
            for call in calls:
                over = ended(result.status, confirms=confirms)
                self._deliveries.told(call, summary.config.device, result, ended=over)

        return told

    def _end(self, summary: Summary, calls: Sequence[Call], stage: Stage) -> None:
        for call in calls:
            result = Result(command_id=call.call_id, status=stage, at=self._clock.now())
            self._deliveries.told(call, summary.config.device, result, ended=True)

    def _confirms(self, summary: Summary) -> bool:
        life, part = self._place(summary)
        try:
            return life.verb(VERB, part).confirms
        except NotSupported:  # the part is gone: the device's keeper says so
            return False

    def _place(self, summary: Summary) -> tuple[Life, str | None]:
        device, _, part = summary.config.device.partition("/")
        return self._lives[device], part or None
