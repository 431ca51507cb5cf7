"""Switches devices on and off, and dims them, at their hours: as desired state, which outlasts an outage.

What somebody commands in between stays until the next boundary of the hours of that device. No screen is off while an
emergency is shown on it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from gateway.hours import emergency
from gateway.hours.config import HoursConfig
from gateway.hours.plan import Light, next_change, wanted
from gateway.journal.rows import Desired
from gateway.supervisor.context import House
from gateway.supervisor.guard import Up
from gateway.supervisor.life import Life

LONGEST_S = 60.0  # between two looks at the wall clock, which may be set


class Hours:
    """`run` is a body for `guard`; `replaced` has it look again, after the site file was read again."""

    def __init__(
        self,
        config: Callable[[], Sequence[HoursConfig]],
        *,
        zone: ZoneInfo,
        lives: Mapping[str, Life],
        house: House,
    ) -> None:
        self._config, self._zone, self._lives, self._house = config, zone, lives, house
        self._last: dict[str, tuple[Life, Light]] = {}
        self._changed = asyncio.Event()

    def replaced(self) -> None:
        """Look again at once."""
        self._changed.set()

    async def run(self, up: Up) -> None:
        """Do at every boundary what the hours want, and light what shows an emergency, for ever."""
        up()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_forever())
            await self._look_forever()

    async def _follow_forever(self) -> None:
        with self._house.hub.subscribe("view") as news:
            while True:
                if any(change.key == emergency.VIEW for change in await news.take()):
                    self._changed.set()

    async def _look_forever(self) -> None:
        while True:
            self._changed.clear()
            self.look()
            now = self._house.clock.now()
            boundary = next_change(self._config(), now, self._zone)
            left_s = (boundary - now).total_seconds() if boundary else LONGEST_S
            try:
                async with asyncio.timeout(min(left_s, LONGEST_S)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def look(self) -> None:
        """Want of every device what its hours want now, where that is something else than at the last look.

        Whatever they want, a device that shows an emergency is on.
        """
        now, alarmed = self._house.clock.now(), emergency.devices(self._house.hub.views)
        rows: list[Desired] = []
        for device, entries in self._entries().items():
            light, life = wanted(entries, now, self._zone), self._lives[device]
            if self._last.get(device) != (life, light):
                self._last[device] = life, light
                rows += self._want(life, light)
        for life in self._lives.values():
            if _has(life, "power") and (row := emergency.switched(life, shows=life.id in alarmed)):
                rows.append(row)
        if rows:
            self._house.journal.note(None, [], desired=rows)

    def _entries(self) -> dict[str, list[HoursConfig]]:
        """The hours of every device that has any, and can be switched."""
        found: dict[str, list[HoursConfig]] = {}
        for entry in self._config():
            for device, life in self._lives.items():
                if (device in entry.devices or life.zone in entry.zones) and _has(life, "power"):
                    found.setdefault(device, []).append(entry)
        self._last = {device: last for device, last in self._last.items() if device in found}
        return found

    def _want(self, life: Life, light: Light) -> list[Desired]:
        rows = self._wish(life, "power", {"on": light.on})
        if light.percent is not None and _has(life, "brightness"):
            rows += self._wish(life, "brightness", {"percent": light.percent})
        return rows

    def _wish(self, life: Life, verb: str, params: dict[str, Any]) -> list[Desired]:
        slot = life.wishes.slot(None, verb)
        if slot.wanted is not None and slot.wanted.params == params and not emergency.was_dark(slot.wanted):
            return []
        wish = life.wishes.plan(
            part=None, verb=verb, params=params, expires_at=None, actor="hours", command_id=f"hours/{life.id}/{verb}"
        )
        life.wishes.want(wish)
        return [wish]


def _has(life: Life, verb: str) -> bool:
    return any(each.name == verb and each.desired for each in life.surface.device.verbs)
