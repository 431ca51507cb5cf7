"""The MQTT outlet: swipe-like events to a subscriber, and twice the load that it can carry.

Each beside mosquitto_pub in the same run. The subscriber is mosquitto_sub: it notes when each message arrived.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import uvloop
from child import program
from figures import broken, cpu_s, percentile, rss_mb, say
from mosquitto import Mosquitto
from subscriber import EVENT, RATE, Subscriber, limit_events

from gateway.calls.config import CallsConfig
from gateway.calls.service import Calls
from gateway.clock import SystemClock
from gateway.commands import Commands
from gateway.core.model import Event, Identity, PartKind, Point, Reading, Surface
from gateway.hub import DeviceView, Hub
from gateway.journal.journal import open_journal
from gateway.meters import Meters
from gateway.mqtt.publisher import MqttOutlet
from gateway.site.model import MqttConfig
from gateway.supervisor.context import House
from gateway.wire.inlet import Inlets

DEVICES, POINTS = 500, 10
EVENTS = 2000
TICK_S = 0.01
FLOOD = 1e5  # changes a second: more than anybody can make
WARM_S, FULL_S, OVERLOAD_S, AFTER_S = 2.0, 5.0, 30.0, 5.0
BACK_S = 2.0


class Phase(NamedTuple):
    """A part of the run, in Unix seconds, and this process's share of a processor in it."""

    begin: float
    end: float
    share: float


def main() -> None:
    """Run it; a minute."""
    with tempfile.TemporaryDirectory(prefix="hall-bench-", dir=Path.cwd()) as name:  # the disk of the checkout
        folder = Path(name)
        with Mosquitto("set_tcp_nodelay true", "max_inflight_messages 0", "max_queued_messages 0") as broker:
            print(f"mqtt: {RATE} swipe-like events a second, each on disk before it is told")
            limit_ms = limit_events(broker, folder)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_run(broker, folder, limit_ms, _limit_rate(broker)))


def _limit_rate(broker: Mosquitto) -> float:
    """Messages a second of mosquitto_pub -l, QoS 1, as large as a state."""
    line = json.dumps({f"p{number}": time.time() for number in range(POINTS)}) + "\n"
    command = [program("mosquitto_pub"), "-p", str(broker.port), "-t", "limit", "-q", "1", "-l"]
    began = time.monotonic()
    subprocess.run(command, input=line * 20_000, text=True, check=True, timeout=120)
    return 20_000 / (time.monotonic() - began)


async def _run(broker: Mosquitto, folder: Path, limit_ms: list[float], limit_rate: float) -> None:
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        url, anchors = f"sqlite:///{folder / 'hall.db'}", folder / "anchors"
        journal = await stack.enter_async_context(
            open_journal(url, site="bench", key=bytes(32), clock=clock, anchors=anchors)
        )
        house = House(hub=Hub(clock), journal=journal, inlets=Inlets(), clock=clock, meters=Meters())
        for number in range(DEVICES):
            points = tuple(Point(f"p{name}", "number", "a value") for name in range(POINTS))
            surface = Surface(device=PartKind(points=points))
            house.hub.add(DeviceView(f"box-{number}", "bench", zone=None, name=None, surface=surface))
            house.hub.online(f"box-{number}", Identity())
        calls = Calls([], CallsConfig(), zone=ZoneInfo("Asia/Shanghai"), lives={}, house=house)
        config = MqttConfig(url=broker.url)
        commands = Commands({}, house)
        outlet = MqttOutlet(config, site="bench", version="0", house=house, calls=calls, commands=commands)
        up = asyncio.Event()
        tasks = [asyncio.create_task(outlet.run(up.set))]
        try:
            await up.wait()
            await _swipes(house, broker, folder, limit_ms)
            await _overload(house, broker, folder, limit_rate)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def _swipes(house: House, broker: Mosquitto, folder: Path, limit_ms: list[float]) -> None:
    subscriber = await asyncio.to_thread(Subscriber, broker, "hall/bench/dev/+/event", folder / "swipes")
    used_s, began = cpu_s(os.getpid()), time.monotonic()
    await _paced(EVENTS, lambda number: _swipe(house, number))
    share = (cpu_s(os.getpid()) - used_s) / (time.monotonic() - began) * 100
    await asyncio.to_thread(subscriber.child.until, lambda: sum(1 for _ in subscriber.heard()) >= EVENTS)
    subscriber.child.kill()
    samples_ms = [(heard.at - heard.since) * 1000 for heard in subscriber.heard()]
    for percent, budget in ((50, None), (95, 25), (99, None)):
        limit = percentile(limit_ms, percent)
        say(
            f"event, durable, to a subscriber, p{percent}",
            percentile(samples_ms, percent),
            "ms",
            budget=budget,
            limit=limit,
        )
    say("processor share meanwhile", share, "%")


async def _swipe(house: House, number: int) -> None:
    event = Event(type="door.swipe", source_key=f"bench/{number}", payload={"sent": time.time(), **EVENT})
    await house.journal.record("box-1", [event])


async def _paced(count: int, work: Callable[[int], object], rate: float = RATE) -> None:
    async with asyncio.TaskGroup() as group:
        due = time.monotonic()
        for number in range(count):
            group.create_task(work(number))  # type: ignore[arg-type]  # every work here is a coroutine function
            due += 1 / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))


async def _overload(house: House, broker: Mosquitto, folder: Path, limit_rate: float) -> None:
    print(f"mqtt: {DEVICES} states of {POINTS} values, twice what can be carried for {OVERLOAD_S:g} s")
    subscriber = await asyncio.to_thread(Subscriber, broker, "hall/bench/#", folder / "states")
    await _load(house, FLOOD, WARM_S)
    before = await _load(house, FLOOD, FULL_S)
    before_mb, first = rss_mb(os.getpid()), house.journal.head.seq
    twice = 2 * _rate(subscriber, before)
    events = asyncio.create_task(_paced(int(20 * OVERLOAD_S), lambda number: _swipe(house, EVENTS + number), 20))
    alarms = asyncio.create_task(_alarms(house, OVERLOAD_S))
    during = await _load(house, twice, OVERLOAD_S)
    after_mb = rss_mb(os.getpid())
    await asyncio.gather(events, alarms)
    await _load(house, twice / 4, BACK_S + AFTER_S)
    after = await _load(house, FLOOD, FULL_S)
    await asyncio.sleep(1)
    subscriber.child.kill()
    heard = list(subscriber.heard())
    ids = {each.payload["id"] for each in heard if each.topic.endswith("/event")}
    lost = sum(1 for seq in range(first + 1, house.journal.head.seq + 1) if seq not in ids)
    states = [each for each in heard if each.topic.endswith("/state") and each.since]
    behind_ms = [(each.at - each.since) * 1000 for each in states if during.end + BACK_S <= each.at < after.begin]
    alarms_at: dict[float, float] = {}  # when each was first heard: a heartbeat says it again
    for each in heard:
        if "/alarms/" in each.topic:
            alarms_at.setdefault(each.since, each.at)
    urgent_ms = [(at - since) * 1000 for since, at in alarms_at.items()]
    most = (_rate(subscriber, before) + _rate(subscriber, after)) / 2
    say("states a second, at most", most, "/s", limit=limit_rate)
    say("processor share then", (before.share + after.share) / 2, "%")
    say("under twice the load, of that", _rate(subscriber, during) / most * 100, "%")
    each_s = [phase.share / 100 / _rate(subscriber, phase) * 10_000 for phase in (before, during)]
    say("processor time for 10 000 states, at most", each_s[0], "s")
    say("processor time for 10 000, under twice the load", each_s[1], "s")
    say("that is short of it by", 100 - _rate(subscriber, during) / most * 100, "%", budget=10)
    say("processor share then", during.share, "%")
    say("memory that it took", after_mb - before_mb, "MB", budget=20)
    say("events lost", lost, "", budget=0)
    say("alarm to subscriber meanwhile, p99", percentile(urgent_ms, 99), "ms", budget=50)
    say(f"state to subscriber {BACK_S:g} s after it, p99", percentile(behind_ms, 99), "ms", budget=50)


async def _load(house: House, rate: float, seconds: float) -> Phase:
    """Change states at a rate, in ticks of 10 ms; what a tick owes and cannot do in time is left out."""
    begin, used_s = time.time(), cpu_s(os.getpid())
    end, number, owed = time.monotonic() + seconds, 0, 0.0
    last = time.monotonic()
    while (now := time.monotonic()) < end:
        owed, last = min(owed + (now - last) * rate, DEVICES / 4), now
        at = time.time()
        while owed >= 1:
            number, owed = (number + 1) % DEVICES, owed - 1
            house.hub.publish(f"box-{number}", *(Reading(None, f"p{name}", at + name) for name in range(POINTS)))
        await asyncio.sleep(TICK_S)
    return Phase(begin, time.time(), (cpu_s(os.getpid()) - used_s) / seconds * 100)


async def _alarms(house: House, seconds: float) -> None:
    for number in range(int(seconds * 5)):
        house.hub.show(f"alarms/bench-{number % 10}", {"state": "active", "sent": time.time()})
        await asyncio.sleep(0.2)


def _rate(subscriber: Subscriber, phase: Phase) -> float:
    arrived = [each.at for each in subscriber.heard() if each.topic.endswith("/state")]
    return sum(phase.begin <= at < phase.end for at in arrived) / (phase.end - phase.begin)


if __name__ == "__main__":
    main()
    sys.exit(1 if broken else 0)
