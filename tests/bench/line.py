"""Four cards on a line of 9600 baud: a call to the last byte on the wire, idle and busy; and one dead of the four.

The limit program writes the frame of the same text with pyserial to the same pseudo-terminal: the bare wire.
"""

import http.client
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import serial
from child import Child, free_port
from figures import broken, middle, percentile, say
from line_cards import CARDS

from drivers.displays.onbon_k import areas
from gateway.people.rights import Role
from gateway.people.tokens import Tokens

HERE = Path(__file__).parent
CALLS = 40
DEAD_S = 65.0
POLL_MS = 90  # a ping and its answer take 62 ms at 9600 baud, the rest behind it 20


class Hall:
    """A gateway and its cards, in processes of their own. `mute` is the card that never answers."""

    def __init__(self, folder: Path, *, ping_s: float, mute: int = 0) -> None:
        folder.mkdir()
        self.shown = folder / "shown.json"
        self.cards = Child([sys.executable, str(HERE / "line_cards.py"), str(self.shown), str(mute)], folder / "cards")
        self.cards.until(lambda: "/dev/pts" in self.cards.log.read_text())
        self.path, self.port = self.cards.log.read_text().strip(), free_port()
        self.token = Tokens(folder / "tokens.json").new("bench", Role.ADMIN)
        self._folder, self._ping_s = folder, ping_s

    @contextmanager
    def gateway(self, online: int) -> Generator[None]:
        """Run the gateway, once so many cards are online."""
        site = self._site()
        gateway = Child([sys.executable, "-P", "-m", "gateway.cli", "run", str(site)], self._folder / "gateway")
        try:
            gateway.until(lambda: len(re.findall(r"(?m)^hall_device_up\{.*\} 1", self.metrics())) == online)
            yield
        finally:
            gateway.stop()

    def metrics(self) -> str:
        try:
            return self._ask("GET", "/metrics", None)
        except OSError:
            return ""

    def polls(self) -> float:
        """How many polls had their turn so far."""
        return float(re.findall(r'hall_line_turns_total\{line="bus",priority="poll"\} (\S+)', self.metrics())[0])

    def calls_ms(self, pause_s: float) -> list[float]:
        """From the first byte of a request to the last byte of its text on the wire, in ms."""
        posted: dict[str, float] = {}
        for number in range(CALLS):
            ticket = f"A{number:03d}"
            time.sleep(pause_s)
            posted[ticket] = time.monotonic()
            window = f"w{number % CARDS + 1}"
            self._ask("POST", "/api/v1/calls", {"call_id": f"{self.port}-{number}", "window": window, "ticket": ticket})
        return [(at - posted[text]) * 1000 for at, _, text in self.seen() if text in posted]

    def bare_ms(self) -> list[float]:
        """The same for the limit program."""
        with serial.Serial(self.path, 9600) as port:
            posted: dict[str, float] = {}
            for number in range(CALLS):
                ticket = f"A{number:03d}"
                area = areas.Area(width=64, height=16, text=areas.COLOURS["red"] + ticket.encode())
                posted[ticket] = time.monotonic()
                port.write(areas.show(area).wire(number % CARDS + 1))
                time.sleep(0.2)
        return [(at - posted[text]) * 1000 for at, _, text in self.seen() if text in posted]

    def seen(self) -> list[tuple[float, int, str]]:
        time.sleep(0.5)
        self.shown.unlink(missing_ok=True)
        os.kill(self.cards.process.pid, signal.SIGUSR1)
        self.cards.until(self.shown.exists)
        found: list[tuple[float, int, str]] = json.loads(self.shown.read_text())
        return found

    def _ask(self, method: str, path: str, body: object) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        assert answer.status in (200, 202), text
        return text

    def _site(self) -> Path:
        card = f"driver: displays.onbon_k, model: 6K2, width: 64, height: 16, timeout_s: 3, ping_s: {self._ping_s}"
        numbers = range(1, CARDS + 1)
        (self._folder / "journal.key").write_text("6b" * 32)
        site = self._folder / "site.yaml"
        site.write_text(
            "site: {id: bench, name: bench}\nstore: {url: 'sqlite:///hall.db', key: {file: journal.key}}\n"
            f"http: {{console: '127.0.0.1:{self.port}'}}\n"
            f"lines: [{{id: bus, address: 'serial://{self.path}?baud=9600'}}]\ndevices:\n"
            + "".join(f"  - {{id: led-{n}, address: 'line:bus', screen: {n}, {card}}}\n" for n in numbers)
            + "windows:\n"
            + "".join(f"  - {{id: w{n}, label: '{n}', function: A, screens: [led-{n}]}}\n" for n in numbers)
        )
        return site


def main() -> None:
    """Run it all; two minutes."""
    print(f"{CARDS} cards on one line of 9600 baud")
    with tempfile.TemporaryDirectory(prefix="hall-bench-") as name:
        folder = Path(name)
        bare_ms = _idle(folder / "idle")
        _busy(folder / "busy", bare_ms)
        _dead(folder / "dead")


def _idle(folder: Path) -> list[float]:
    hall = Hall(folder, ping_s=60)
    try:
        bare_ms = hall.bare_ms()
        with hall.gateway(online=CARDS):
            time.sleep(2)
            samples_ms = hall.calls_ms(0.4)
    finally:
        hall.cards.kill()
    assert len(samples_ms) == len(bare_ms) == CALLS, "a call did not arrive"
    for name, percent in (("p50", 50), ("p95", 95)):
        limit_ms = percentile(bare_ms, percent)
        say(
            f"idle: call to last byte, {name}",
            percentile(samples_ms, percent),
            "ms",
            budget=limit_ms + 10,
            limit=limit_ms,
        )
    return bare_ms


def _busy(folder: Path, bare_ms: list[float]) -> None:
    hall = Hall(folder, ping_s=0.5)
    try:
        with hall.gateway(online=CARDS):
            time.sleep(1)
            samples_ms = hall.calls_ms(0.37)
    finally:
        hall.cards.kill()
    assert len(samples_ms) == CALLS, "a call did not arrive"
    limit_ms = percentile(bare_ms, 95)
    say("busy with polls: p50", middle(samples_ms), "ms", limit=middle(bare_ms))
    say("busy with polls: p95", percentile(samples_ms, 95), "ms", budget=limit_ms + POLL_MS + 10, limit=limit_ms)


def _dead(folder: Path) -> None:
    hall = Hall(folder, ping_s=1, mute=CARDS)
    try:
        with hall.gateway(online=CARDS - 1):
            time.sleep(7)
            before, began = hall.polls(), time.monotonic()
            time.sleep(DEAD_S)
            polls, seconds = hall.polls() - before, time.monotonic() - began
    finally:
        hall.cards.kill()
    lost = 100 - 100 * polls / (seconds * (CARDS - 1))
    say(f"one dead of {CARDS}, 3 s time-out: polls that the others lose", max(0.0, lost), "%", budget=5)


if __name__ == "__main__":
    main()
    sys.exit(1 if broken else 0)
