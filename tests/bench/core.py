"""Calls to twelve screens among 500 pinged cards, cold start, memory, loop lag: the gateway, then the limit program."""

import http.client
import json
import os
import re
import signal
import sys
import tempfile
import time
from ipaddress import IPv4Address
from pathlib import Path

from child import Child, free_network, free_port, program
from figures import broken, cpu_s, middle, percentile, rss_mb, say
from mosquitto import Mosquitto

from gateway.people.rights import Role
from gateway.people.tokens import Tokens

HERE = Path(__file__).parent
BASE, CARDS, SCREENS = free_network(5005), 512, 12
CALLS, PACE_S = 300, 0.1
STARTS = 3


def main() -> None:
    """Run it all; a minute and a half."""
    with tempfile.TemporaryDirectory(prefix="hall-bench-") as name, Mosquitto() as broker:
        folder = Path(name)
        shown = folder / "shown.json"
        cards = Child([sys.executable, str(HERE / "screens.py"), str(CARDS), BASE, str(shown)], folder / "cards")
        try:
            cards.until(lambda: "ready" in cards.log.read_text())
            limit_start_s, limit_ms = _limit(folder, cards, shown)
            print(f"{CARDS} cards pinged every second; a call to {SCREENS} of them every {PACE_S:g} s")
            _gateway(folder, cards, shown, broker, limit_start_s, limit_ms)
        finally:
            cards.kill()


def _limit(folder: Path, cards: Child, shown: Path) -> tuple[float, list[float]]:
    port = free_port()
    command = [sys.executable, str(HERE / "limit.py"), str(SCREENS), str(CARDS), BASE, str(port)]

    def start(number: int) -> tuple[Child, float]:
        began, log = time.monotonic(), folder / f"limit-{number}"
        limit = Child(command, log)
        limit.until(lambda: "online" in log.read_text())
        return limit, float(log.read_text().split()[1]) - began

    starts: list[float] = []
    for number in range(STARTS):
        limit, took_s = start(number)
        starts.append(took_s)
        limit.kill()
    limit, _ = start(STARTS)
    try:
        return middle(starts), _calls(port, "", cards, shown)
    finally:
        limit.kill()


def _gateway(
    folder: Path, cards: Child, shown: Path, broker: Mosquitto, limit_start_s: float, limit_ms: list[float]
) -> None:
    port = free_port()
    site = _site(folder, broker.url, port)
    token = Tokens(folder / "tokens.json").new("bench", Role.ADMIN)

    def start(number: int) -> tuple[Child, float]:
        began = time.monotonic()
        gateway = Child([*_program(), "run", str(site)], folder / f"gateway-{number}")
        return gateway, _all_online(folder / f"online-{number}", broker) - began

    starts: list[float] = []
    for number in range(STARTS):
        gateway, took_s = start(number)
        starts.append(took_s)
        gateway.stop()
        broker.restart()
    say(f"cold start: exec to {CARDS} online on MQTT", middle(starts), "s", budget=5, limit=limit_start_s)
    gateway, _ = start(STARTS)
    try:
        _measure(gateway.process.pid, port, token, cards, shown, limit_ms)
    finally:
        gateway.stop()


def _measure(pid: int, port: int, token: str, cards: Child, shown: Path, limit_ms: list[float]) -> None:
    began, used_s, before = time.monotonic(), cpu_s(pid), _lag(port, token)
    samples_ms = _calls(port, token, cards, shown)
    share = (cpu_s(pid) - used_s) / (time.monotonic() - began) * 100
    name = f"call to last byte at {SCREENS} screens"
    say(f"{name}, p50", middle(samples_ms), "ms", limit=middle(limit_ms))
    say(f"{name}, p99", percentile(samples_ms, 99), "ms", budget=20, limit=percentile(limit_ms, 99))
    say("gateway's processor share meanwhile", share, "%")
    say("gateway's resident memory", rss_mb(pid), "MB", budget=120)
    say("loop lag, p99 (end of its bucket)", _lag_ms(before, _lag(port, token)), "ms", budget=20)


def _calls(port: int, token: str, cards: Child, shown: Path) -> list[float]:
    """Post calls; gives for each the milliseconds from its first byte to the last byte at the last screen."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    posted: dict[str, float] = {}
    due = time.monotonic()
    for number in range(CALLS):
        ticket = f"{number:04d}"
        body = json.dumps({"call_id": f"bench-{port}-{ticket}", "window": "w01", "ticket": ticket})
        posted[ticket] = time.monotonic()
        connection.request("POST", "/api/v1/calls", body, headers)
        answer = connection.getresponse()
        assert answer.status == 202, answer.read()
        answer.read()
        due += PACE_S
        time.sleep(max(0.0, due - time.monotonic()))
    arrived: dict[str, float] = {}
    for at, text in (show for screen in _shown(cards, shown)[:SCREENS] for show in screen):
        arrived[text] = max(at, arrived.get(text, 0.0))
    assert posted.keys() <= arrived.keys(), "a call did not arrive"
    return [(arrived[ticket] - at) * 1000 for ticket, at in posted.items()]


def _shown(cards: Child, shown: Path) -> list[list[tuple[float, str]]]:
    shown.unlink(missing_ok=True)
    os.kill(cards.process.pid, signal.SIGUSR1)
    cards.until(shown.exists)
    found: list[list[tuple[float, str]]] = json.loads(shown.read_text())
    return found


def _all_online(log: Path, broker: Mosquitto) -> float:
    """When the last card became online on MQTT, in monotonic seconds."""
    arguments = ["-p", str(broker.port), "-t", "hall/bench/dev/+/availability", "-q", "1"]
    watcher = Child([program("mosquitto_sub"), *arguments, "-F", "%t %p"], log)
    online: set[str] = set()
    end = time.monotonic() + 60
    try:
        while len(online) < CARDS:
            assert time.monotonic() < end, f"{len(online)} of {CARDS} online after a minute"
            time.sleep(0.01)
            online = {line.split()[0] for line in log.read_text().splitlines() if line.endswith(" online")}
        return time.monotonic()
    finally:
        watcher.kill()


def _lag(port: int, token: str) -> list[tuple[float, float]]:
    """The loop's lag so far: the end of each bucket in seconds, and how often it was not more."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {token}"})
    text = connection.getresponse().read().decode()
    pairs = re.findall(r'hall_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', text)
    return [(float(le), float(count)) for le, count in pairs]


def _lag_ms(before: list[tuple[float, float]], after: list[tuple[float, float]]) -> float:
    """The end of the bucket that holds the 99th percentile of what came between."""
    counts = [(le, count - then) for (le, count), (_, then) in zip(after, before, strict=True)]
    return next(le for le, count in counts if count >= 0.99 * counts[-1][1]) * 1000


def _site(folder: Path, mqtt: str, port: int) -> Path:
    cards = "".join(
        f"  - {{id: led-{n:03d}, driver: displays.onbon_k, address: 'tcp://{IPv4Address(BASE) + n}:5005',"
        " model: 6K2, width: 64, height: 16, ping_s: 1}\n"
        for n in range(CARDS)
    )
    screens = ", ".join(f"led-{n:03d}" for n in range(SCREENS))
    (folder / "journal.key").write_text("6b" * 32)
    site = folder / "site.yaml"
    site.write_text(
        "site: {id: bench, name: bench}\n"
        "store: {url: 'sqlite:///hall.db', key: {file: journal.key}}\n"
        f"mqtt: {{url: '{mqtt}'}}\nhttp: {{console: '127.0.0.1:{port}'}}\ndevices:\n{cards}"
        f"windows:\n  - {{id: w01, label: 1号窗口, function: 综合受理, screens: [{screens}]}}\n"
    )
    return site


def _program() -> list[str]:
    return [sys.executable, "-P", "-m", "gateway.cli"]


if __name__ == "__main__":
    main()
    sys.exit(1 if broken else 0)
