"""Speaks calls: each area of the hall strictly in the order of acceptance, nothing left out but what is told.

A call is on its way before it is on disk, as on the screens. What was accepted and not yet spoken is kept as a row of
each area, so that a restart knows it (decision 0024).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from gateway.calls.announced import Announced
from gateway.calls.area import Area, row
from gateway.calls.config import WindowConfig
from gateway.calls.model import Call, Kind, call_from, overtaken
from gateway.calls.rendering import Renderer
from gateway.calls.speakers import Speakers
from gateway.calls.utterance import DROPPED, State, Utterance
from gateway.calls.voice_config import AreaConfig
from gateway.journal.rows import Desired
from gateway.supervisor.context import House
from gateway.supervisor.life import Life

SPOKEN_KINDS = (Kind.CALL, Kind.RECALL)
# what is older after a restart is not spoken: people have gone to the window, or given up; not in an emergency
FRESH = timedelta(seconds=30)
LIVE = 1000  # calls that are held in memory


class Place(NamedTuple):
    """What the areas speak from: the site's time zone, its devices, the house, and the emergencies in it."""

    zone: ZoneInfo
    lives: Mapping[str, Life]
    house: House
    announced: Announced


class Voice:
    """All areas. `run` is run beside the calls."""

    def __init__(self, configs: Sequence[AreaConfig], windows: Sequence[WindowConfig], place: Place) -> None:
        self.renderer = Renderer()
        self._place, self._clock, self._journal = place, place.house.clock, place.house.journal
        self._live: OrderedDict[str, list[Utterance]] = OrderedDict()
        self._begun = asyncio.Event()
        self._areas = {config.id: self._area(config, windows) for config in configs}

    def restore(self, kept: Iterable[Desired]) -> list[Desired]:
        """Take up what the last run left: what is fresh is spoken, the rest is told; gives the rows that keep it.

        What was being spoken is not begun again.
        """
        rows: list[Desired] = []
        for each in kept:
            kind, _, area = each.device.partition("/")
            if kind == "voice":
                for entry in each.params["calls"]:
                    self._take_up(call_from(entry["call"]), area, begun=entry["begun"])
                rows.append(self._areas[area].kept() if area in self._areas else row(area, []))
        return rows

    def replace(self, configs: Sequence[AreaConfig], windows: Sequence[WindowConfig]) -> list[Desired]:
        """Take over what the site file says now; gives the rows that keep it. Calls that wait go on waiting."""
        stay = {config.id for config in configs}
        gone = [self._areas.pop(name) for name in [*self._areas] if name not in stay]
        for area in gone:
            area.close()
        for config in configs:
            if config.id in self._areas:
                self._areas[config.id].configure(config, windows, self._speakers(config))
            else:
                self._areas[config.id] = self._area(config, windows)
        self._begun.set()
        return [row(area.config.id, []) for area in gone] + [area.kept() for area in self._areas.values()]

    def take(self, call: Call, newest: Call | None) -> None:
        """Speak a call where its window is heard; `newest` is the newest of its window before it.

        The same call_id is never spoken twice.
        """
        if call.kind not in SPOKEN_KINDS or call.call_id in self._live:
            return
        why = None if overtaken(call, newest) else call.why
        for area in self._areas.values():
            if area.hears(call):
                area.take(self._follow(Utterance(call=call, area=area.config.id)), why)

    def withdraw(self, end: Call) -> bool:
        """Speak no longer what waits and is over by this, see Area.withdraw; gives whether there was any."""
        return sum(area.withdraw(end) for area in self._areas.values()) > 0

    def kept(self, call: Call) -> list[Desired]:
        """The rows of the areas in which a call is spoken that is being accepted, from now on until it is spoken."""
        self._keep(call, kept=True)
        return [area.kept() for area in self._areas.values() if area.hears(call)]

    def unrecorded(self, call: Call) -> None:
        """The journal has refused the call: the rows that follow are without it."""
        self._keep(call, kept=False)

    def accepted(self, call: Call) -> None:
        """The call is on disk: what was held back of it may be recorded too."""
        for utterance in self._live.get(call.call_id, ()):
            if not utterance.recorded:
                utterance.recorded = True
                if utterance.ended:
                    self._note(utterance)

    def announce(self) -> None:
        """Emergencies have come or gone: where there is none, speak on."""
        for area in self._areas.values():
            area.wake()

    def live(self, call_id: str) -> dict[str, dict[str, Any]]:
        """What is known of a call in memory, by area."""
        return {each.area: each.plain() for each in self._live.get(call_id, ())}

    async def run(self) -> None:
        """Speak, for ever."""
        running: dict[Area, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                running = {area: task for area, task in running.items() if not task.done()}
                running |= {each: group.create_task(each.run()) for each in self._areas.values() if each not in running}
                self._begun.clear()
                await self._begun.wait()

    def _area(self, config: AreaConfig, windows: Sequence[WindowConfig]) -> Area:
        return Area(
            config,
            windows,
            speakers=self._speakers(config),
            zone=self._place.zone,
            clock=self._clock,
            announced=self._place.announced,
            changed=self._changed,
        )

    def _speakers(self, config: AreaConfig) -> Speakers:
        place = self._place
        return Speakers(config.speakers, lives=place.lives, house=place.house, renderer=self.renderer)

    def _keep(self, call: Call, *, kept: bool) -> None:
        for utterance in self._live.get(call.call_id, ()):
            utterance.kept = kept

    def _take_up(self, call: Call, area: str, *, begun: bool) -> None:
        utterance = self._follow(Utterance(call=call, area=area, kept=True, recorded=True))
        if begun:
            why = "the gateway stopped while it was spoken"
        elif area not in self._areas:
            why = "the area is no more"
        elif self._clock.now() - call.accepted_at > FRESH and not self._areas[area].hushed():
            why = f"the gateway was away: it is older than {FRESH.seconds} s"
        else:
            self._areas[area].take(utterance)
            return
        utterance.become(State.MISSED, self._clock.now(), why)
        self._changed(utterance)

    def _follow(self, utterance: Utterance) -> Utterance:
        utterance.become(State.QUEUED, self._clock.now())
        self._live.setdefault(utterance.call.call_id, []).append(utterance)
        while len(self._live) > LIVE:
            self._live.popitem(last=False)
        return utterance

    def _changed(self, utterance: Utterance) -> None:
        """Count and record what became of a call; until it is on disk itself, nothing of it is."""
        if utterance.state in DROPPED:
            self._place.house.meters.dropped.labels(f"voice.{utterance.state}").inc()
        if utterance.recorded:
            self._note(utterance)

    def _note(self, utterance: Utterance) -> None:
        area = self._areas.get(utterance.area)
        events = [utterance.event(self._clock.now())] if utterance.ended else []
        self._journal.note(None, events, desired=[area.kept() if area else row(utterance.area, [])])
