"""Takes over a changed site file while the hall goes on: on SIGHUP, whole or not at all."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from gateway.alarms.service import Alarms
from gateway.calls.screens import by_calls
from gateway.calls.service import Calls
from gateway.core.errors import GatewayError, WrongInput
from gateway.core.known import counted
from gateway.core.model import Event, Retention
from gateway.fleet import Fleet
from gateway.journal.rows import Desired
from gateway.site.load import SiteError
from gateway.site.model import InForce, Site
from gateway.supervisor.context import House
from gateway.supervisor.guard import Up
from gateway.systemd import notify

FIXED = ("site", "store", "mqtt", "http", "people")
"""Sections that only a restart can change: what hangs on them was opened when the gateway started."""
MOST_MISTAKES = 20  # of a file that is refused, in the journal; the log has all
log = logging.getLogger("gateway")


class Changes(msgspec.Struct, frozen=True):
    """What a new site file changes: ids of devices, names of sections, ids of lines (new, changed and gone)."""

    added: list[str]
    removed: list[str]
    changed: list[str]
    sections: list[str]
    lines: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.sections or self.lines)


def changes(old: Site, new: Site) -> Changes:
    """Compare two site files. Raises WrongInput for what only a restart can change."""
    fixed = [name for name in FIXED if getattr(old.general, name) != getattr(new.general, name)]
    if fixed:
        raise WrongInput(f"restart needed: {', '.join(fixed)} cannot change while the gateway runs")
    before, after = ({device.id: device for device in site.devices} for site in (old, new))
    wires = [{line.id: line for line in site.general.lines} for site in (old, new)]
    lines = [id_ for id_ in sorted({*wires[0], *wires[1]}) if wires[0].get(id_) != wires[1].get(id_)]
    return Changes(
        added=[id_ for id_ in after if id_ not in before],
        removed=[id_ for id_ in before if id_ not in after],
        changed=[id_ for id_ in after if id_ in before and (after[id_] != before[id_] or after[id_].line in lines)],
        sections=[*_differing(old, new)],
        lines=lines,
    )


def _differing(old: Site, new: Site) -> Iterable[str]:
    if old.general.zones != new.general.zones:
        yield "zones"
    yield from (name for name in new.sections if new.sections[name] != old.sections[name])


class Reload:
    """`run` is a body for `guard`. `reread` loads the site file afresh; it is called in a thread."""

    def __init__(
        self,
        in_force: InForce,
        *,
        reread: Callable[[], Site],
        fleet: Fleet,
        calls: Calls,
        alarms: Alarms,
        house: House,
        replaced: Sequence[Callable[[], None]] = (),
    ) -> None:
        """All of `replaced` are told that another site file is in force."""
        self._replaced = replaced
        self._in_force, self._reread = in_force, reread
        self._fleet, self._calls, self._alarms, self._house = fleet, calls, alarms, house
        self._asked = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._asked.set)

    async def run(self, up: Up) -> None:
        """Take over the site file after every SIGHUP; those that come meanwhile count as one."""
        up()
        while True:
            await self._asked.wait()
            self._asked.clear()
            notify("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
            try:
                await self._once()
            finally:
                notify("READY=1")

    async def _once(self) -> None:
        old = self._in_force.site
        try:
            new = await asyncio.to_thread(self._reread)
            found = self._looked_after(changes(old, new))
            kept = await self._house.journal.desired()  # what is accepted must not fail for want of it
            if found:
                await self._record("config.accepted", msgspec.to_builtins(found))
        except GatewayError as error:
            await self._reject(error)
            return
        for weak in new.warnings:
            log.warning("%s", weak.warning())
        if found:
            await self._apply(new, found, kept)
        log.info("the site file was read again: %s", _told(found))

    def _looked_after(self, found: Changes) -> Changes:
        """With the devices that refused us: who has the file read again has looked after their keys and passwords."""
        again = [id_ for id_ in self._fleet.refused() if id_ not in {*found.removed, *found.changed}]
        return msgspec.structs.replace(found, changed=[*found.changed, *again])

    async def _reject(self, error: GatewayError) -> None:
        """Keep the site file that is in force, and say why."""
        told = [str(mistake) for mistake in error.mistakes] if isinstance(error, SiteError) else [str(error)]
        log.error("the site file is refused, the old one stays in force:\n%s", "\n".join(told))
        self._house.meters.dropped.labels("config").inc()
        try:
            await self._record("config.rejected", {"mistakes": told[:MOST_MISTAKES], "count": len(told)})
        except GatewayError as failure:
            log.error("config.rejected is not recorded: %s", failure)

    async def _apply(self, new: Site, found: Changes, kept: Sequence[Desired]) -> None:
        known = {line.id for line in self._in_force.site.general.lines}
        await self._fleet.stop([*found.removed, *found.changed], lines=known.intersection(found.lines))
        rows = self._replace(new, found, kept)
        try:
            await self._record("config.applied", msgspec.to_builtins(found), rows)
        except GatewayError as failure:
            log.error("the new site file is in force, but config.applied is not recorded: %s", failure)

    def _replace(self, new: Site, found: Changes, kept: Sequence[Desired]) -> list[Desired]:
        """Put the new site in the place of the old one, at once: nobody may ever meet half of each."""
        configs = {device.id: device for device in new.devices}
        for id_ in found.removed:
            self._fleet.forget(id_)
        begun_lines = self._replace_lines(new, found)
        for id_ in found.changed:
            self._fleet.renew(configs[id_])
        for id_ in found.added:
            self._fleet.add(configs[id_])
        for row in kept:
            if row.device in found.added and not by_calls(row):
                self._fleet[row.device].wishes.want(row)
        begun = {*found.changed, *found.added}
        sections = new.sections
        rows = self._calls.replace(
            sections["windows"], sections["calls"], begun=begun, summaries=sections["screens"], areas=sections["voice"]
        )
        self._alarms.configure(sections["alarms"])
        self._in_force.site = new
        for told in self._replaced:
            told()
        for id_ in begun_lines:
            self._fleet.start_line(id_)
        for id_ in begun:
            self._fleet.start(id_)
        return rows

    def _replace_lines(self, new: Site, found: Changes) -> list[str]:
        """Put the lines that changed in the place of the old ones; gives those to be started."""
        for line in self._in_force.site.general.lines:
            if line.id in found.lines:
                self._fleet.forget_line(line.id)
        begun = [line for line in new.general.lines if line.id in found.lines]
        for line in begun:
            self._fleet.add_line(line.id, line.address, turnaround_s=line.turnaround_s)
        return [line.id for line in begun]

    async def _record(self, type_: str, payload: dict[str, Any], desired: Sequence[Desired] = ()) -> None:
        at = self._house.clock.now()
        event = Event(
            type=type_, source_key=f"{type_}/{at.isoformat()}", payload=payload, retention=Retention.AUDIT, at=at
        )
        await self._house.journal.record(None, [event], desired=desired)


def _told(found: Changes) -> str:
    if not found:
        return "nothing has changed"
    counts = [f"{counted(len(getattr(found, name)), 'device')} {name}" for name in ("added", "removed", "changed")]
    counts += [f"{counted(len(found.lines), 'line')} changed"] if found.lines else []
    return ", ".join([*counts, *(f"{section} changed" for section in found.sections)])
