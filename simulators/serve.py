"""Serve the twin of every device of a site, each on a loopback address of its own."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from gateway.core.config import DeviceConfig
from gateway.core.errors import NotSupported, WrongInput
from gateway.core.twin import Twin
from simulators.control import serve_levers
from simulators.play import Post, play
from simulators.script import script
from simulators.site import Addresses, served, taken
from simulators.world import load_world

GROUP = "hall_gateway.simulators"


@cache
def twin_type(driver: str) -> type[Twin[Any]]:
    """The simulator of a driver, by entry point. Raises NotSupported."""
    for entry in entry_points(group=GROUP, name=driver):
        found: type[Twin[Any]] = entry.load()
        return found
    raise NotSupported(f"driver {driver} has no simulator")


async def serve_all(
    configs: Sequence[DeviceConfig],
    *,
    overlay: Path,
    control_port: int,
    ready: Callable[[str], None],
    base: str = "127.77.0.1",
    port: int | None = None,
    lines: Sequence[tuple[str, str]] = (),
    world: Path | None = None,
    speed: float | None = None,
    windows: Sequence[str] = (),
    post: Post | None = None,
    begin: Callable[[], Awaitable[None]] | None = None,
    field: str | None = None,
    key: Callable[[str], str] = lambda _: "",
) -> None:
    """Serve all devices until cancelled, on `base` and the addresses behind it, each with its real port.

    `lines` are the ids and addresses of the wires that devices share: serial ones become pseudo-terminals. Ports
    below 1024 are moved up by 10000; `port` sets one for all, 0 lets the system choose. Once everything
    listens, the file `overlay` is written, which points the site at the twins, and `ready` is called with the URL of
    the levers. Boxes that are clients call at `field`, HOST:PORT, with the `key` of each. Once `begin` has returned the
    day of the scenario file `world` is played, at its own speed or at `speed`, with calls to `windows` through `post`.
    Raises NotSupported for a driver without a simulator, WrongInput where a client has nobody to call, SiteError or
    Mistake for a world with mistakes, AddressTaken, OSError when something cannot be bound. No `key` is asked for
    before everything is bound.
    """
    twins = {config.id: twin_type(config.driver)(config) for config in configs}
    guests = {name: twin for name, twin in twins.items() if twin.passive}
    called = {name: caller(name, field) for name in guests}
    async with AsyncExitStack() as stack:
        hosts = {name: twin for name, twin in twins.items() if not twin.passive}
        addresses = await stack.enter_async_context(served(hosts, lines, base=base, port=port))
        url = await stack.enter_async_context(_levers(twins, control_port))
        for name, guest in guests.items():  # only now: a new key ends that of another run, whose ports are taken
            guest.key = key(name)
            await stack.enter_async_context(guest.serve(*called[name]))
        day = _day(world, twins, windows) if world else None  # only now each box has the levers of its wire
        write_overlay(overlay, addresses, field)
        ready(url)
        if day:
            if begin:
                await begin()
            await day(speed, post)
        await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def _levers(twins: Mapping[str, Twin[Any]], port: int) -> AsyncGenerator[str]:
    async with AsyncExitStack() as stack:
        with taken(f"127.0.0.1:{port}", "--control"):
            url = await stack.enter_async_context(serve_levers(twins, port))
        yield url


def _day(
    path: Path, twins: Mapping[str, Twin[Any]], windows: Sequence[str]
) -> Callable[[float | None, Post | None], Awaitable[None]]:
    """What plays a world's day; everything that can be wrong with it has been said by now."""
    world = load_world(path, twins, windows)
    moments = script(world, list(twins), windows)
    return lambda speed, post: play(moments, twins, begins=world.opens, speed=speed or world.speed, post=post)


def caller(name: str, field: str | None) -> tuple[str, int]:
    """Where a box that is the client calls. Raises WrongInput."""
    if field is None:
        raise WrongInput(f"{name} calls the gateway by itself: the site needs http.field, or --field HOST:PORT")
    host, _, port = field.rpartition(":")
    return host, int(port)


def write_overlay(path: Path, addresses: Addresses, field: str | None = None) -> None:
    """Write the part of a site file that replaces addresses. Ids are quoted: `on` is one."""
    http = f"http: {{field: {json.dumps(field)}}}\n" if field is not None else ""
    sections = (_section(name, given) for name, given in addresses._asdict().items())
    path.write_text("".join([http, *sections]), encoding="utf-8")


def _section(name: str, addresses: Mapping[str, str]) -> str:
    entries = [f"  {json.dumps(id_)}: {{address: {json.dumps(address)}}}\n" for id_, address in addresses.items()]
    return "".join([f"{name}:\n", *entries]) if entries else ""
