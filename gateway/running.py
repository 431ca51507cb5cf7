"""The verbs that run until they are told to stop: the gateway, its simulators, a demo. Each gives the exit code."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from gateway import app, registry
from gateway.client import connect
from gateway.core.known import counted
from gateway.demo import demo as demo_hall
from gateway.people.lent import lent_keys
from gateway.release import VERSION
from gateway.sections import load_site
from gateway.terminal import line as _line
from gateway.terminal import say as _say
from gateway.terminal import token as _token

STOP_S = 20.0  # a clean stop takes 8 s at most, unless a disk or a thread hangs; systemd kills after 90
log = logging.getLogger("gateway")


def run(options: argparse.Namespace) -> int:
    """Run the gateway until SIGTERM or SIGINT."""
    site = load_site(options.site, *options.overlay)
    for weak in site.warnings:
        log.warning("%s", weak.warning())

    def started(url: str) -> None:
        _say(options, {"version": VERSION, "url": url}, f"hall-gateway {VERSION} serves {url}")

    reread = partial(load_site, options.site, *options.overlay)
    return _until_told(app.run(site, started=started, reread=reread))


def simulate(options: argparse.Namespace) -> int:
    """Stand in for every device of a site until told to stop. Needs neither its store and broker nor their secrets."""
    site = load_site(options.site, without=("store", "mqtt"), simulated=True)
    overlay = options.overlay or options.site.with_suffix(".sim.yaml")

    def ready(url: str) -> None:
        found = {"devices": len(site.devices), "levers": f"{url}/devices", "overlay": str(overlay)}
        after = "" if "store" in site.passed_over else ", once the site file has a store, which `run` needs"
        those = f"{counted(len(site.devices), 'device')} {'is' if len(site.devices) == 1 else 'are'}"
        text = f"{those} simulated; levers: {found['levers']}; run the gateway with{after}:"
        _say(options, found, f"{text}\nhall-gateway run {options.site} --overlay {overlay}")

    where = {"overlay": overlay, "control_port": options.control, "base": options.base}
    lines = [(line.id, line.address) for line in site.general.lines]
    windows = [window.id for window in site.sections["windows"]]
    day = {"world": options.world, "speed": options.speed, "windows": windows}

    given = site.general.http.field
    field = options.field or (f"127.0.0.1:{given.rpartition(':')[2]}" if given else None)
    tokens = options.tokens or site.folder / site.general.people.tokens

    async def serve() -> None:
        async with _caller(options) as caller:
            with lent_keys(tokens, f"{options.base}:{options.control}") as key:
                guests = {"field": field, "key": key}
                await registry.tool("simulate")(
                    site.devices, lines=lines, **where, **day, ready=ready, **caller, **guests
                )

    return _until_told(serve())


@asynccontextmanager
async def _caller(options: argparse.Namespace) -> AsyncGenerator[Mapping[str, Any]]:
    """What calls numbers in a simulated day, and waits for the gateway to answer; nothing where none was named."""
    if options.url is None:
        yield {}
        return
    async with connect(options.url, _token(options.token_file)) as client:
        yield {"post": partial(client.post, "/calls"), "begin": client.answers}


def demo(options: argparse.Namespace) -> int:
    """Run a whole simulated hall."""
    return _until_told(demo_hall.demo(for_s=options.for_s, port=options.port, broker_name=options.broker, say=_line))


def _until_told(work: Coroutine[Any, Any, None]) -> int:
    """Run until it ends, or SIGTERM or SIGINT stops it; within STOP_S, or the process ends as it is."""
    limit = threading.Timer(STOP_S, _give_up)
    limit.daemon = True
    try:
        with suppress(asyncio.CancelledError), asyncio.Runner(loop_factory=_loop) as runner:
            runner.run(_stoppable(work, limit))
    finally:
        limit.cancel()
    return 0


def _give_up() -> None:
    """End the process, whatever its loop and its threads wait for: none of them can be told to stop waiting."""
    log.critical("the stop has not ended within %g s, a disk may hang: the next run tells what is lost", STOP_S)
    os._exit(1)


async def _stoppable(work: Coroutine[Any, Any, None], limit: threading.Timer) -> None:
    task = asyncio.ensure_future(work)

    def stop() -> None:
        task.cancel()
        if limit.ident is None:
            limit.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()


def _loop() -> asyncio.AbstractEventLoop:
    """uvloop: a third less CPU in the data path (decision 0007). In Python's development mode the standard loop,
    which names callbacks that take too long.
    """
    if sys.flags.dev_mode or find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = import_module("uvloop").new_event_loop()
    return loop
