"""Puts the last calls on the summary screens, as desired state of their devices."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from gateway.calls.announced import Announcement
from gateway.calls.config import SummaryConfig, WindowConfig
from gateway.calls.deliveries import Deliveries
from gateway.calls.leaflets import VIEW, leaflets
from gateway.calls.model import Call, is_over
from gateway.calls.summary import Summary, emptied
from gateway.commands import ended
from gateway.core.errors import NotSupported
from gateway.core.model import Result, Stage
from gateway.core.screen import Board
from gateway.journal.rows import Desired
from gateway.supervisor.context import House
from gateway.supervisor.life import Life

VERB = "board"
LONGEST_S = 60.0  # between two looks at the wall clock, which may be set


class Boards:
    """All summary screens."""

    def __init__(
        self,
        summaries: Sequence[SummaryConfig],
        windows: Sequence[WindowConfig],
        *,
        lives: Mapping[str, Life],
        house: House,
        deliveries: Deliveries,
    ) -> None:
        self.summaries = {config.id: Summary(config, windows) for config in summaries}
        self._lives, self._house, self._deliveries = lives, house, deliveries
        self._changed = asyncio.Event()
        for summary in self.summaries.values():
            self._own(summary)

    def restore(self, kept: Sequence[Desired]) -> list[Desired]:
        """Show what was on the screens before a restart; gives the rows that keep it.

        The rows of screens that the site has no more are emptied: they hold calls, which tell of people.
        """
        rows: list[Desired] = []
        for row in kept:
            kind, _, name = row.device.partition("/")
            if kind == "screens" and name in self.summaries:
                self.summaries[name].restore(row)
            elif kind == "screens" and row.params["calls"]:
                rows.append(emptied(row))
        return [*rows, *(row for summary in self.summaries.values() for row in self._again(summary))]

    def replace(
        self, summaries: Sequence[SummaryConfig], windows: Sequence[WindowConfig], begun: Collection[str]
    ) -> list[Desired]:
        """Take over what the site file says now; gives the rows that keep it. `begun` are devices that begin anew.

        A summary screen that stays keeps its calls, though it has another id, or another device. A screen that lists
        calls no more is blanked. Calls for which there is no place any more end.
        """
        old, stay = self.summaries, {each.id for each in summaries}
        gone = {name: summary for name, summary in old.items() if name not in stay}
        renamed = {summary.config.device: summary for summary in gone.values()}
        self.summaries = {
            each.id: Summary(each, windows).after(old.get(each.id) or renamed.get(each.device)) for each in summaries
        }
        self._end_displaced(old.values())
        listed = {summary.config.device for summary in self.summaries.values()}
        for device in {summary.config.device for summary in old.values()} - listed:
            self._let_go(device)
        for name in gone:
            self._house.hub.hide(f"screens/{name}")
        rows = [emptied(summary.kept()) for summary in gone.values()]
        for name, summary in self.summaries.items():
            self._own(summary)
            if summary is not old.get(name) or summary.config.device.partition("/")[0] in begun:
                rows += self._again(summary)
        return rows

    def announce(self, announcement: Callable[[Collection[str] | None], Announcement]) -> None:
        """Show what is announced on each screen."""
        for summary in self.summaries.values():
            if summary.announce(announcement(summary.zones)):
                self._show(summary)

    def alarmed(self) -> set[str]:
        """The devices of the screens on which an emergency is shown."""
        alarmed = (summary for summary in self.summaries.values() if summary.announced.emergency)
        return {summary.config.device.partition("/")[0] for summary in alarmed}

    def take(self, call: Call, *, behind: Call | None = None) -> None:
        """Put a call on the screens of its zone, below the one that has overtaken it, or take off what it ends."""
        for summary in self.summaries.values():
            if summary.concerns(call):
                before = summary.calls
                summary.take(call, behind=behind)
                self._show(summary)
                self._end(summary, [gone for gone in before if gone not in summary.calls], Stage.SUPERSEDED)
        self._changed.set()

    def lists(self, end: Call) -> bool:
        """Whether a number is on a screen that is over by this."""
        return any(is_over(call, end) for summary in self.summaries.values() for call in summary.calls)

    def kept(self, call: Call) -> list[Desired]:
        """The rows that keep the screens of a call as they are now, which may be newer than the call."""
        return [summary.kept() for summary in self.summaries.values() if summary.concerns(call)]

    async def run(self) -> None:
        """Take off the calls whose time is over, and follow the rosters, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_forever())
            await self._expire_forever()

    async def _follow_forever(self) -> None:
        with self._house.hub.subscribe("view") as news:
            while True:
                if any(change.key.startswith(VIEW) for change in await news.take()):
                    for summary in self.summaries.values():
                        before = summary.leaflets
                        self._leaf(summary)
                        if summary.leaflets != before:
                            self._show(summary)

    async def _expire_forever(self) -> None:
        while True:
            self._changed.clear()
            now = self._house.clock.now()
            if rows := self._expire(now):
                self._house.journal.note(None, [], desired=rows)
            ends = [end for summary in self.summaries.values() for call in summary.calls if (end := call.expires_at)]
            wait_s = max(0.0, min((min(ends) - now).total_seconds(), LONGEST_S)) if ends else None
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _expire(self, now: datetime) -> list[Desired]:
        rows: list[Desired] = []
        for summary in self.summaries.values():
            if over := summary.expire(now):
                self._end(summary, over, Stage.EXPIRED)
                self._show(summary)
                rows.append(summary.kept())
        return rows

    def _again(self, summary: Summary) -> list[Desired]:
        """Show calls that were recorded before; those that have expired meanwhile end."""
        before = summary.calls
        over = summary.expire(self._house.clock.now())
        for call in before:
            self._deliveries.begin(call, [summary.config.device])
            self._deliveries.accepted(call)
        self._end(summary, over, Stage.EXPIRED)
        self._show(summary)
        self._changed.set()
        return [summary.kept()]

    def _show(self, summary: Summary) -> None:
        """Show a board. A call on it stays under way until it is seen, however many newer boards that takes."""
        life, part = self._place(summary.config.device)
        for call in summary.calls:
            self._deliveries.begin(call, [summary.config.device])
        newest, params = summary.calls[0] if summary.calls else None, msgspec.to_builtins(summary.board())
        hidden, wanted = summary.announced.emergency is not None, life.wishes.slot(part, VERB).wanted
        if not (hidden and wanted is not None and wanted.params == params):  # calls behind an emergency move nothing
            wish = life.wishes.plan(
                part=part,
                verb=VERB,
                params=params,
                expires_at=None,
                actor=newest.actor if newest else "gateway",
                command_id=f"screens/{summary.config.id}/{newest.call_id if newest else 'idle'}",
            )
            life.wishes.want(wish, self._teller(summary, [] if hidden else list(summary.calls)))
        self._house.hub.show(f"screens/{summary.config.id}", summary.view())

    def _teller(self, summary: Summary, calls: Sequence[Call]) -> Callable[[Result], None]:
        confirms = self._confirms(summary)

        def told(result: Result) -> None:
            if result.status is Stage.SUPERSEDED or self.summaries.get(summary.config.id) is not summary:
                return  # the newer board tells of these calls as well
            summary.delivery = result.status
            self._house.hub.show(f"screens/{summary.config.id}", summary.view())
            for call in calls:
                over = ended(result.status, confirms=confirms)
                self._deliveries.told(call, summary.config.device, result, ended=over)

        return told

    def _end(self, summary: Summary, calls: Sequence[Call], stage: Stage) -> None:
        for call in calls:
            result = Result(command_id=call.call_id, status=stage, at=self._house.clock.now())
            self._deliveries.told(call, summary.config.device, result, ended=True)

    def _end_displaced(self, old: Iterable[Summary]) -> None:
        """End the calls that were on a screen, and are not on it now."""
        on = {(summary.config.device, call.call_id) for summary in self.summaries.values() for call in summary.calls}
        for summary in old:
            off = [call for call in summary.calls if (summary.config.device, call.call_id) not in on]
            self._end(summary, off, Stage.SUPERSEDED)

    def _leaf(self, summary: Summary) -> None:
        summary.leaflets = leaflets(summary.config, self._house.hub.views)

    def _own(self, summary: Summary) -> None:
        self._leaf(summary)
        life, part = self._place(summary.config.device)
        life.wishes.slot(part, VERB).owner = f"screen {summary.config.id}"

    def _let_go(self, screen: str) -> None:
        """Blank a screen that lists calls no more, and leave it to whoever wants it."""
        if screen.partition("/")[0] not in self._lives:
            return
        life, part = self._place(screen)
        life.wishes.slot(part, VERB).owner = None
        wish = life.wishes.plan(
            part=part,
            verb=VERB,
            params=msgspec.to_builtins(Board()),
            expires_at=None,
            actor="gateway",
            command_id=f"released/{screen}",
        )
        life.wishes.want(wish)

    def _confirms(self, summary: Summary) -> bool:
        life, part = self._place(summary.config.device)
        try:
            return life.verb(VERB, part).confirms
        except NotSupported:  # the part is gone: the device's keeper says so
            return False

    def _place(self, screen: str) -> tuple[Life, str | None]:
        device, _, part = screen.partition("/")
        return self._lives[device], part or None
