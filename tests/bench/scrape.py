"""How long a scrape of 10 000 points holds the event loop up; beside it, prometheus-client doing the same by itself."""

import asyncio
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from figures import broken, middle, say
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from webhall import web_hall

from gateway.core.model import PartKind, Point, Reading, Surface
from gateway.hub import DeviceView, Hub

DEVICES, POINTS = 100, 100
ROUNDS = 15
TICK_S = 0.0002
SCRAPER = """
import sys, urllib.request
asked = urllib.request.Request(sys.argv[1], headers={"Authorization": f"Bearer {sys.argv[2]}"})
for _ in sys.stdin:
    print(urllib.request.urlopen(asked).read().count(b"hall_point_value"), flush=True)
"""


async def main() -> None:
    """Run it; some seconds."""
    with tempfile.TemporaryDirectory(prefix="hall-bench-") as folder:
        async with web_hall(Path(folder), devices=[], windows=[]) as hall:
            fill(hall.services.house.hub)
            print(f"GET /metrics with {DEVICES * POINTS} points: how long the event loop is held up")
            arguments = [sys.executable, "-c", SCRAPER, f"{hall.url}/metrics", hall.admin]
            scraper = await asyncio.create_subprocess_exec(*arguments, stdin=PIPE, stdout=PIPE)
            await scrape(scraper)
            own_ms = [await longest_ms(partial(scrape, scraper)) for _ in range(ROUNDS)]
            scraper.terminate()
            await scraper.wait()
    gauge = Gauge(
        "hall_point_value", "a point", ["device", "part", "point"], registry=(registry := CollectorRegistry())
    )
    for device in range(DEVICES):
        for point in range(POINTS):
            gauge.labels(f"d{device}", "", f"p{point}").set(1.5)
    limit_ms = [await longest_ms(lambda: on_the_loop(registry)) for _ in range(ROUNDS)]
    say("longest block of the loop, median", middle(own_ms), "ms", budget=10, limit=middle(limit_ms))


def fill(hub: Hub) -> None:
    """Many devices with many points, each of them known."""
    points = tuple(Point(f"p{number}", "number", "a point") for number in range(POINTS))
    for number in range(DEVICES):
        surface = Surface(device=PartKind(points=points))
        hub.add(DeviceView(f"d{number}", "x", zone=None, name=None, surface=surface))
        hub.publish(f"d{number}", *(Reading(None, point.name, 1.5) for point in points))


async def scrape(scraper: Process) -> None:
    """Have another process scrape once."""
    assert scraper.stdin
    assert scraper.stdout
    scraper.stdin.write(b"again\n")
    assert int(await scraper.stdout.readline()) > DEVICES * POINTS


async def on_the_loop(registry: CollectorRegistry) -> None:
    """The limit program: the library alone, where everybody waits for it."""
    generate_latest(registry)


async def longest_ms(work: Callable[[], Awaitable[object]]) -> float:
    """The longest time for which nothing else ran meanwhile."""
    longest, over = 0.0, False

    async def tick() -> None:
        nonlocal longest
        while not over:
            began = time.perf_counter()
            await asyncio.sleep(TICK_S)
            longest = max(longest, time.perf_counter() - began - TICK_S)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.05)
    longest = 0.0
    await work()
    await asyncio.sleep(TICK_S)
    over = True
    await ticking
    return longest * 1000


if __name__ == "__main__":
    asyncio.run(main())
    raise SystemExit(f"over budget: {', '.join(broken)}" if broken else 0)
