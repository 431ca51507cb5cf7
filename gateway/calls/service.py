"""The calls service: accepts a call once, decides what each window shows, and proves where it was shown.

Screens do not wait for the journal, and the caller's answer does not wait for the screens.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from zoneinfo import ZoneInfo

import msgspec

from gateway.calls.announced import Announced, Announcement
from gateway.calls.arrival import Arrivals, Spot, spots, zones_of
from gateway.calls.boards import Boards
from gateway.calls.config import CallsConfig, SummaryConfig, WindowConfig
from gateway.calls.deliveries import Deliveries
from gateway.calls.emergency import Emergency
from gateway.calls.expiry import Expiry
from gateway.calls.model import ENDS, Call, CallRequest, UnknownWindow, make_call, overtaken
from gateway.calls.notice import Notice
from gateway.calls.notices import Notices
from gateway.calls.record import Record
from gateway.calls.screens import Screens, by_calls, place, screens_alarmed, screens_of
from gateway.calls.targets import ScreenTargets
from gateway.calls.voice import Place, Voice
from gateway.calls.voice_config import AreaConfig
from gateway.calls.window import KEPT, Window, forgotten, nothing_to_end
from gateway.core.errors import JournalError
from gateway.journal.rows import Desired
from gateway.once import Once
from gateway.supervisor.context import House
from gateway.supervisor.guard import Up
from gateway.supervisor.life import Life

KNOWN = 10_000  # call_ids remembered in memory; older ones are looked up in the journal


class Calls:
    """The windows of the hall and their calls."""

    def __init__(
        self,
        windows: Sequence[WindowConfig],
        config: CallsConfig,
        *,
        zone: ZoneInfo,
        lives: Mapping[str, Life],
        house: House,
        summaries: Sequence[SummaryConfig] = (),
        areas: Sequence[AreaConfig] = (),
    ) -> None:
        self.windows = {window.id: Window(window, config) for window in windows}
        self.deliveries = Deliveries(house.journal, house.meters, house.hub)
        self.record = Record(house.journal, self.deliveries)
        self._screens = Screens(lives, house.hub, self.deliveries)
        for window in self.windows.values():
            self._screens.own(window)
        self.boards = Boards(summaries, windows, lives=lives, house=house, deliveries=self.deliveries)
        self._announced = Announced()
        seen, announce, zones = Arrivals(house.hub, self._where), self._announce, self._zones
        self.notices = Notices(self._announced, house, refresh=announce, zones=zones, arrivals=seen)
        self.targets = ScreenTargets(self._announced, house, refresh=announce, zones=zones, arrivals=seen)
        self.voice = Voice(areas, windows, Place(zone, lives, house, self._announced))
        self._config, self._zone, self._house = config, zone, house
        self._once: Once[str, Call] = Once(KNOWN)
        self._unrecorded: OrderedDict[str, tuple[Call, list[Desired]]] = OrderedDict()
        self._in_turn = asyncio.Lock()
        self._expiry = Expiry(lambda: self.windows.values(), house.clock, self._expire)

    async def restore(self, kept: Sequence[Desired]) -> None:
        """Take up where the last run ended: what is announced, the newest call of each window, then their screens."""
        for row in kept:
            self._announced.restore(row)
            window = self.windows.get(row.device.removeprefix(KEPT))
            if window is not None and row.device.startswith(KEPT):
                window.restore(row)
        for window in self.windows.values():
            window.announce(self._at(window.zones))
        rows = [row for window in self.windows.values() for row in self._shown(window)]
        for screen in sorted({place(row) for row in kept if by_calls(row)} - screens_of(self.windows.values())):
            rows += self._screens.let_go(screen)
        rows += [*forgotten(kept, self.windows), *self.boards.restore(kept), *self.voice.restore(kept)]
        self.boards.announce(self._at)
        self._tell_emergency()
        self._house.journal.note(None, [], desired=rows)

    def replace(
        self,
        windows: Sequence[WindowConfig],
        config: CallsConfig,
        *,
        begun: Collection[str],
        summaries: Sequence[SummaryConfig] = (),
        areas: Sequence[AreaConfig] = (),
    ) -> list[Desired]:
        """Take over what the site file says now; gives the rows that keep it. `begun` are devices that begin anew.

        A window that stays keeps its call. A screen that no window has any more is blanked.
        """
        old, self._config = self.windows, config
        self.windows = {each.id: Window(each, config).after(old.get(each.id)) for each in windows}
        rows: list[Desired] = []
        for screen in sorted(screens_of(old.values()) - screens_of(self.windows.values())):
            rows += self._screens.let_go(screen)
        for window in self.windows.values():
            self._screens.own(window)
            devices = {screen.partition("/")[0] for screen in window.config.screens}
            fresh = window.announce(self._at(window.zones)) or window is not old.get(window.config.id)
            if fresh or devices & set(begun):
                rows += self._shown(window)
        for gone in old.keys() - self.windows.keys():
            self._house.hub.hide(f"windows/{gone}")
        rows += forgotten([row for window in old.values() for row in window.kept()], self.windows)
        self._expiry.changed.set()
        rows += [*self.boards.replace(summaries, windows, begun), *self.voice.replace(areas, windows)]
        self.boards.announce(self._at)
        self._tell_emergency()
        return rows

    def _announce(self) -> list[Desired]:
        """Show what is announced now, where that changes anything; gives the rows that keep it."""
        fresh = [window for window in self.windows.values() if window.announce(self._at(window.zones))]
        self.boards.announce(self._at)
        self._tell_emergency()
        return [row for window in fresh for row in self._screens.show(window)]

    def _tell_emergency(self) -> None:
        """Tell the voice, and which devices show an emergency: they must be lit, whatever hours they have."""
        self.voice.announce()
        devices = screens_alarmed(self.windows.values()) | self.boards.alarmed()
        self._house.hub.show("emergency/screens", {"devices": sorted(devices)})

    def _at(self, zones: Collection[str] | None) -> Announcement:
        return self._announced.at(zones, self._house.clock.now())

    def _where(self, announced: Emergency | Notice) -> list[Spot]:
        return list(spots(announced, self.windows.values(), self.boards.summaries.values()))

    def _zones(self) -> set[str]:
        """The zones that have screens."""
        return zones_of(self.windows.values(), self.boards.summaries.values())

    def _shown(self, window: Window) -> list[Desired]:
        """Show what is current at the window, which was recorded before; gives the rows that keep it."""
        rows = self._screens.show(window)
        if window.call is not None:
            self.deliveries.accepted(window.call)
        return rows

    async def run(self, up: Up) -> None:
        """Let calls expire, for ever."""
        up()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.boards.run())
            group.create_task(self.notices.run())
            group.create_task(self.voice.run())
            await self._expiry.run()

    async def accept(self, request: CallRequest, actor: str, *, zones: frozenset[str] | None = None) -> Call:
        """Accept a call; returns once it is recorded, whatever the screens do.

        With `zones`, windows of other zones and of none are unknown. The same call again returns as the first did.
        Raises UnknownWindow, CallConflict (the call_id was another call's), CallRefused (it can never be shown),
        JournalError (it may be shown, but is not recorded: send it again, and it keeps its place in the order).
        """
        self._window(request.window, zones)
        if before := self._once.asked(request.call_id):
            request.check_repeats(before)
        given_up = JournalError(f"call {request.call_id!r} was given up by its sender: send it again")
        return await self._once.do(
            request.call_id, request.digest(), partial(self._accept_once, request, actor), given_up
        )

    def _window(self, id_: str, zones: frozenset[str] | None = None) -> Window:
        known = {key: window for key, window in self.windows.items() if zones is None or window.config.zone in zones}
        if id_ not in known:
            raise UnknownWindow(id_, known)
        return known[id_]

    async def _accept_once(self, request: CallRequest, actor: str) -> Call:
        async with self._in_turn:  # calls are numbered as they came, however long the journal looks for each
            try:
                first = await self.record.earlier(request)
            except JournalError:  # people wait before the screen: nobody can tell whether it is a repeat
                self._on_screens(request, actor)
                raise
        return first or await self._accept_new(request, actor)

    def _on_screens(self, request: CallRequest, actor: str) -> tuple[Call, list[Desired]]:
        """The call as it is on its screens, and the rows that keep it there; shown now, unless it was before."""
        call, rows = self._unrecorded.get(request.call_id) or self._admit(request, actor)
        request.check_repeats(call.digest)
        self._unrecorded[call.call_id] = call, rows
        while len(self._unrecorded) > KNOWN:
            self._unrecorded.popitem(last=False)
        return call, rows

    async def _accept_new(self, request: CallRequest, actor: str) -> Call:
        call, rows = self._on_screens(request, actor)
        await asyncio.sleep(0)  # now the screens are told: to hand it to the journal takes as long as to draw it
        newest = self._window(call.window).current() is call  # else the rows of what came after it stand by now
        kept = [*(rows if newest else ()), *self.boards.kept(call), *self.voice.kept(call)]
        try:
            await self.record.accepted(call, kept)
        except JournalError:
            self.voice.unrecorded(call)
            raise
        self._unrecorded.pop(call.call_id, None)
        self.deliveries.accepted(call, self._house.clock.now())
        self.voice.accepted(call)
        return call

    def _admit(self, request: CallRequest, actor: str) -> tuple[Call, list[Desired]]:
        """Give a call its place and show it, if it is the newest; gives the rows that keep it."""
        window, now = self._window(request.window), self._house.clock.now()
        today = now.astimezone(self._zone).date().isoformat()
        session, seq = window.place(request.session, request.seq, today)
        first, ttl_s = window.numbers.first(request.ticket, session), self._config.ttl_s
        call = make_call(request, session=session, seq=seq, ttl_s=ttl_s, now=now, actor=actor, first=first)
        self._screens.check(window, call)
        call = msgspec.structs.replace(call, why=self._why_not(window, call, None if request.session else today))
        window.numbers.end(call)
        newest = window.rival(call)
        self.voice.take(call, newest)
        if call.why is not None:
            if overtaken(call, newest):
                window.numbers.remember(call)
                self.boards.take(call, behind=newest)
            return call, []
        window.take(call)
        self._expiry.changed.set()
        self.boards.take(call)
        return call, self._screens.show(window) if window.call is call else []

    def _why_not(self, window: Window, call: Call, today: str | None) -> str | None:
        """Why a call changes nothing, see Window.why_not; what waits for the voice, and is over by it, is withdrawn."""
        why = window.why_not(call, call.accepted_at, today=today)
        if why is not None and call.kind not in ENDS:
            return why
        over = (self.voice.withdraw(call), window.lists(call), self.boards.lists(call))
        return nothing_to_end(call) if why is None and call.kind in ENDS and not any(over) else why

    def _expire(self, window: Window, call: Call) -> None:
        self.deliveries.expired(call)
        window.over = True
        rows = self._screens.show(window)
        if call.call_id not in self._unrecorded:  # else it was shown, but never accepted: nothing of it is recorded
            self.record.expired(call, rows)
