"""Wiring only: from a site file to a running gateway."""

import asyncio
import gc
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from gateway.alarms.service import Alarms
from gateway.calendar.service import Calendar
from gateway.calls.screens import by_calls
from gateway.calls.service import Calls
from gateway.clock import SystemClock
from gateway.commands import Commands
from gateway.core.errors import WrongInput
from gateway.core.known import counted
from gateway.doors.service import Doors
from gateway.fleet import Fleet
from gateway.hours.service import Hours
from gateway.hub import Hub
from gateway.journal.head import Anchor
from gateway.journal.journal import Journal, open_journal
from gateway.journal.key import load_key
from gateway.keeping.service import Keeping
from gateway.meters import Meters
from gateway.mqtt.publisher import MqttOutlet
from gateway.people.persons import Persons
from gateway.people.pseudonyms import Pseudonyms
from gateway.people.secrets import read_secret
from gateway.people.service import People
from gateway.people.tokens import Tokens
from gateway.release import VERSION
from gateway.reload import Reload
from gateway.site.kept import anchors_path, store_url
from gateway.site.model import InForce, Site, StoreConfig
from gateway.supervisor.context import House
from gateway.supervisor.guard import Body, alone, guard
from gateway.supervisor.life import Life
from gateway.systemd import beat, notify
from gateway.web.exposition import Exposition
from gateway.web.server import serve
from gateway.web.services import Services
from gateway.wire.inlet import Inlets
from gateway.wire.line import Line

SWITCH_S = 0.0005  # the loop waits this long, not Python's 5 ms, while the journal's thread computes


class Parts(NamedTuple):
    """What runs beside the devices: what handlers ask, all bodies by name, and who is told of another site file."""

    services: Services
    bodies: dict[str, Body]
    replaced: Sequence[Callable[[], None]]


async def run(site: Site, *, started: Callable[[str], None], reread: Callable[[], Site] | None = None) -> None:
    """Run the gateway until cancelled. `started` is told the address of the console.

    With `reread`, SIGHUP has the site file read again by it, in a thread, and taken over.
    """
    sys.setswitchinterval(SWITCH_S)
    async with AsyncExitStack() as stack:
        lines = dict[str, Line]()
        house = await stack.enter_async_context(_house(site, lines))
        fleet, in_force = _fleet(site, house, lines), InForce(site)
        parts = await _parts(in_force, fleet, house)
        listeners = serve(parts.services, console=site.general.http.console, field=site.general.http.field)
        started(await stack.enter_async_context(listeners))
        gc.freeze()  # what is there now stays: a full collection need not walk it, 50 ms at 500 devices
        if reread is not None:
            parts.bodies["reload"] = _reload(in_force, reread, fleet, parts).run
        notify("READY=1", f"STATUS={site.general.site.name}: {counted(len(fleet), 'device')}")
        stack.callback(notify, "STOPPING=1")
        await _run_all(site, parts.services, fleet, parts.bodies)


@asynccontextmanager
async def _house(site: Site, lines: Mapping[str, Line]) -> AsyncGenerator[House]:
    meters, clock = Meters(), SystemClock()
    hub = Hub(clock)
    async with _journal(site, meters, clock, hub) as journal:
        yield House(
            hub=hub,
            journal=journal,
            inlets=Inlets(lambda reason: meters.dropped.labels(reason).inc()),
            clock=clock,
            meters=meters,
            lines=lines,
            pseudonyms=_pseudonyms(site),
        )


def _fleet(site: Site, house: House, lines: dict[str, Line]) -> Fleet:
    fleet = Fleet(house, lines)
    for line in site.general.lines:
        fleet.add_line(line.id, line.address, turnaround_s=line.turnaround_s)
    for config in site.devices:
        fleet.add(config)
    return fleet


async def _parts(in_force: InForce, fleet: Fleet, house: House) -> Parts:
    """All services, each beginning as the last run left it."""
    site, journal, clock = in_force.site, house.journal, house.clock
    zone = ZoneInfo(site.general.site.timezone)
    keeping = Keeping(lambda: in_force.site.sections["journal"], zone=zone, house=house)
    calendar = Calendar(lambda: in_force.site.sections["roster"], zone=zone, hub=house.hub)
    hours = Hours(lambda: in_force.site.sections["hours"], zone=zone, lives=fleet, house=house)
    calls = await _restored(site, fleet, house)
    kept = await journal.desired()
    doors = Doors(lambda: in_force.site.sections["doors"], zone=zone, lives=fleet, house=house, kept=kept)
    people = People(Tokens(site.folder / site.general.people.tokens), journal, clock=clock, meters=house.meters)
    alarms = Alarms(site.sections["alarms"], house, kept)
    services = Services(
        in_force=in_force,
        house=house,
        lives=fleet,
        calls=calls,
        doors=doors,
        commands=Commands(fleet, house, calls.targets, doors.targets, guard=doors.targets.guard),
        people=people,
        persons=Persons(journal, house.pseudonyms, clock),
        alarms=alarms,
        exposition=Exposition(house.hub),
        version=VERSION,
        started_at=clock.now(),
    )
    bodies: dict[str, Body] = {"calls": calls.run, "alarms": alarms.run, "people": people.run, "keeping": keeping.run}
    bodies |= {"calendar": calendar.run, "hours": hours.run, "doors": doors.run}
    return Parts(services, bodies, (hours.replaced, doors.replaced))


def _reload(in_force: InForce, reread: Callable[[], Site], fleet: Fleet, parts: Parts) -> Reload:
    services = parts.services
    return Reload(
        in_force,
        reread=reread,
        fleet=fleet,
        calls=services.calls,
        alarms=services.alarms,
        house=services.house,
        replaced=parts.replaced,
    )


async def _run_all(site: Site, services: Services, fleet: Fleet, bodies: Mapping[str, Body]) -> None:
    with alone():
        async with asyncio.TaskGroup() as group:
            group.create_task(fleet.run())
            _start_all(group, site, services, bodies)


def _start_all(group: asyncio.TaskGroup, site: Site, services: Services, bodies: Mapping[str, Body]) -> None:
    house = services.house
    group.create_task(beat(house.clock, house.meters))
    group.create_task(house.journal.stopped())  # without its writer the gateway must end, and be started again
    for name, body in bodies.items():
        group.create_task(guard(name, body, house.meters))
    if site.general.mqtt is not None:
        outlet = MqttOutlet(
            site.general.mqtt,
            site=site.general.site.id,
            version=VERSION,
            house=house,
            calls=services.calls,
            commands=services.commands,
        )
        group.create_task(guard("mqtt", outlet.run, house.meters, outlet.down))
        group.create_task(guard("mqtt-commands", outlet.serve, house.meters))


async def _restored(site: Site, lives: Mapping[str, Life], house: House) -> Calls:
    """The calls service, and every device's desired state, as the last run left them."""
    kept = await house.journal.desired()
    for row in kept:
        if row.device in lives and not by_calls(row):  # what calls show, they show anew
            lives[row.device].wishes.want(row)
    zone, sections = ZoneInfo(site.general.site.timezone), site.sections
    calls = Calls(
        sections["windows"],
        sections["calls"],
        zone=zone,
        lives=lives,
        house=house,
        summaries=sections["screens"],
        areas=sections["voice"],
    )
    await calls.restore(kept)
    return calls


def _pseudonyms(site: Site) -> Pseudonyms:
    """By the key of people, else by that of the store."""
    key, id_ = site.general.people.key, site.general.site.id
    if key is not None:
        return Pseudonyms(load_key(read_secret(key), "people.key"), id_)
    return Pseudonyms(load_key(read_secret(_store(site).key)), id_)


def _store(site: Site) -> StoreConfig:
    if site.general.store is None:
        raise WrongInput(f"{site.path}: store: is missing: `run` needs a store and its key")
    return site.general.store


@asynccontextmanager
async def _journal(site: Site, meters: Meters, clock: SystemClock, hub: Hub) -> AsyncGenerator[Journal]:
    store = _store(site)

    def committed(seconds: float, events: int) -> None:
        for _ in range(events):
            meters.event_commit.observe(seconds)

    def anchored(anchor: Anchor) -> None:
        hub.show("journal/anchor", msgspec.to_builtins(anchor))

    url = store_url(site, store)
    key = load_key(read_secret(store.key))
    site_id = site.general.site.id
    async with open_journal(
        url,
        site=site_id,
        key=key,
        clock=clock,
        anchors=anchors_path(site, store),
        on_commit=committed,
        on_anchor=anchored,
        meters=meters,
    ) as journal:
        yield journal
