"""Thirty screens of mixed families on IP, called in bursts: the last byte at the card, and its acknowledgement.

Every card answers 5 ms after a question. A card of `ledsender` is told in three datagrams and answers each, so that
its last byte has two of those times before it. A call begins with the first byte of its request.
"""

import http.client
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import fleet
from child import Child, free_network, free_port
from figures import broken, cpu_s, percentile, say

from gateway.people.rights import Role
from gateway.people.tokens import Tokens

HERE = Path(__file__).parent
Post = Callable[[int, http.client.HTTPConnection], None]
SCREENS, THINK_S = 30, 0.005
BURSTS, BURST, RATE, REST_S = 12, 20, 20, 1.0
AT_ONCE = 6


class Times(NamedTuple):
    """When a call was accepted, None where that is not told, and when the card answered; seconds of the wall."""

    accepted: float | None
    acked: float


class Served(NamedTuple):
    """What answers calls: its port, what opens it, and what it tells of each ticket."""

    name: str
    port: int
    token: str
    pid: int
    told: Callable[[list[str]], dict[str, Times]]


class Found(NamedTuple):
    """For each ticket: its family, and the ms from its request to the last byte at the card, and to its answer.

    `accepted_ms` is to the last byte too, from when the gateway accepted it.
    """

    families: list[str]
    written_ms: list[float]
    acked_ms: list[float]
    accepted_ms: list[float]


def main() -> None:
    """Run it all; two minutes."""
    print(f"{SCREENS} IP screens, bursts of {BURST} calls at {RATE} a second, {THINK_S * 1000:g} ms card time")
    screens = fleet.fleet(SCREENS, free_network(5005))
    with tempfile.TemporaryDirectory(prefix="hall-bench-") as name:
        folder = Path(name)
        plan, shown, log = folder / "fleet.json", folder / "shown.json", folder / "cards"
        plan.write_text(json.dumps(screens))
        cards = Child([sys.executable, str(HERE / "fleet_cards.py"), str(plan), str(shown), str(THINK_S)], log)
        try:
            cards.until(lambda: log.read_text().endswith("\n"))
            limit = _limit(folder, plan, lambda served: _run(served, cards, shown))
            found = _gateway(folder, screens, lambda served: _run(served, cards, shown))
        finally:
            cards.kill()
    _tell(found[0], limit[0])
    print(f"the same, {BURST} calls at once")
    _told("call to last byte", found[1].written_ms, limit[1].written_ms, {})
    _told("call to the card's answer", found[1].acked_ms, limit[1].acked_ms, {})


def _tell(found: Found, limit: Found) -> None:
    _told("accepted to last byte", found.accepted_ms, limit.written_ms, {50: 3, 99: 20})
    _told("call to last byte", found.written_ms, limit.written_ms, {99: 20})
    _told("call to the card's answer", found.acked_ms, limit.acked_ms, {99: 50})
    for family in fleet.FAMILIES:
        mine, bare = (
            [ms for ms, of in zip(each.written_ms, each.families, strict=True) if of == family]
            for each in (found, limit)
        )
        _told(f"{family}: call to last byte", mine, bare, {})


def _told(name: str, samples_ms: list[float], limit_ms: list[float], budgets: dict[int, float]) -> None:
    for percent in (50, 99):
        limit, own = percentile(limit_ms, percent), percentile(samples_ms, percent)
        say(f"{name}, p{percent}", own, "ms", budget=budgets.get(percent), limit=limit)


def _run(served: Served, cards: Child, shown: Path) -> tuple[Found, Found]:
    began, used_s = time.monotonic(), cpu_s(served.pid)
    paced = _measured(served, cards, shown, "P", BURSTS, _in_a_second)
    share = (cpu_s(served.pid) - used_s) / (time.monotonic() - began) * 100
    at_once = _measured(served, cards, shown, "Q", AT_ONCE, _at_once)
    say(f"processor share of {served.name} meanwhile", share, "%")
    return paced, at_once


def _in_a_second(post: Post, desks: list[http.client.HTTPConnection], numbers: range) -> None:
    due = time.monotonic()
    for number in numbers:
        post(number, desks[0])
        due += 1 / RATE
        time.sleep(max(0.0, due - time.monotonic()))


def _at_once(post: Post, desks: list[http.client.HTTPConnection], numbers: range) -> None:
    with ThreadPoolExecutor(len(numbers)) as threads:
        list(threads.map(post, numbers, desks))


def _measured(
    served: Served,
    cards: Child,
    shown: Path,
    letter: str,
    bursts: int,
    burst: Callable[[Post, list[http.client.HTTPConnection], range], None],
) -> Found:
    posted: dict[str, tuple[float, float]] = {}
    desks = [http.client.HTTPConnection("127.0.0.1", served.port, timeout=10) for _ in range(BURST)]

    def post(number: int, desk: http.client.HTTPConnection) -> None:
        ticket = f"{letter}{number:03d}"
        body = {"call_id": f"{served.port}-{ticket}", "window": fleet.window(number % SCREENS), "ticket": ticket}
        posted[ticket] = time.monotonic(), time.time()
        ask(desk, served.token, "POST", "/api/v1/calls", body)

    for desk in desks:
        desk.connect()
    for number in range(bursts):
        burst(post, desks, range(number * BURST, (number + 1) * BURST))
        time.sleep(REST_S)
    for desk in desks:
        desk.close()
    arrived = {text.split("请")[1].split("到")[0]: at for at, _, text in _seen(cards, shown) if "请" in text}
    told, wall = served.told(list(posted)), time.time() - time.monotonic()
    assert posted.keys() <= arrived.keys(), f"never shown: {sorted(posted.keys() - arrived.keys())[:3]}"
    families = [fleet.MIX[int(ticket[1:]) % SCREENS % len(fleet.MIX)] for ticket in posted]
    written_ms = [(arrived[ticket] - at) * 1000 for ticket, (at, _) in posted.items()]
    acked_ms = [(told[ticket].acked - at) * 1000 for ticket, (_, at) in posted.items()]
    accepted = [(each.accepted, arrived[ticket] + wall) for ticket, each in told.items()]
    accepted_ms = [(at - since) * 1000 for since, at in accepted if since is not None]
    return Found(families, written_ms, acked_ms, accepted_ms)


def _seen(cards: Child, shown: Path) -> list[tuple[float, str, str]]:
    shown.unlink(missing_ok=True)
    os.kill(cards.process.pid, signal.SIGUSR1)
    cards.until(shown.exists)
    found: list[tuple[float, str, str]] = json.loads(shown.read_text())
    return found


def _limit(folder: Path, plan: Path, run: Callable[[Served], tuple[Found, Found]]) -> tuple[Found, Found]:
    port, log = free_port(), folder / "limit"
    limit = Child([sys.executable, str(HERE / "fleet_limit.py"), str(plan), str(port)], log)

    def told(tickets: list[str]) -> dict[str, Times]:
        found = request(port, "", "/")
        return {ticket: Times(None, found[ticket]) for ticket in tickets}

    try:
        limit.until(lambda: "shown" in log.read_text())
        return run(Served("the limit program", port, "", limit.process.pid, told))
    finally:
        limit.kill()


def _gateway(
    folder: Path, screens: list[fleet.Section], run: Callable[[Served], tuple[Found, Found]]
) -> tuple[Found, Found]:
    port, log = free_port(), folder / "gateway"
    site = fleet.write_site(folder, screens, port)
    token = Tokens(folder / "tokens.json").new("bench", Role.ADMIN)
    gateway = Child([sys.executable, "-P", "-m", "gateway.cli", "run", str(site)], log)

    def online() -> bool:
        try:
            devices = request(port, token, "/api/v1/devices")["devices"]
        except OSError:
            return False
        return all(device["status"] == "online" for device in devices)

    def told(tickets: list[str]) -> dict[str, Times]:
        found: dict[str, Times] = {}
        for ticket in tickets:
            call = request(port, token, f"/api/v1/calls/{port}-{ticket}")
            (screen,) = call["screens"].values()
            times = (datetime.fromisoformat(at).timestamp() for at in (call["accepted_at"], screen["acked_at"]))
            found[ticket] = Times(*times)
        return found

    try:
        gateway.until(online)
        time.sleep(2)
        return run(Served("the gateway", port, token, gateway.process.pid, told))
    finally:
        gateway.stop()


def request(port: int, token: str, path: str) -> Any:
    """What a GET on a connection of its own gives."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        return ask(connection, token, "GET", path, None)


def ask(connection: http.client.HTTPConnection, token: str, method: str, path: str, body: object) -> Any:
    """One request; gives the answer's JSON."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status in (200, 202), content
    return json.loads(content)


if __name__ == "__main__":
    main()
    sys.exit(1 if broken else 0)
