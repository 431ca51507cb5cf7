"""A gateway with text cards on one serial line, and the cards, in processes of their own."""

import http.client
import json
import os
import re
import signal
import sys
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import serial
from child import Child, free_port

from drivers.displays.onbon_k import areas
from gateway.people.rights import Role
from gateway.people.tokens import Tokens

HERE = Path(__file__).parent


class Bus(NamedTuple):
    """How many cards, how fast their line, how wide their screens, what they show of a call."""

    cards: int
    baud: int
    width: int = 64
    show: str = "{ticket}"


class Hall:
    """A gateway and its cards, in processes of their own. `mute` is the card that never answers."""

    def __init__(self, folder: Path, bus: Bus, *, ping_s: float, mute: int = 0) -> None:
        folder.mkdir()
        self.bus, self.shown = bus, folder / "shown.json"
        arguments = [str(self.shown), *map(str, (mute, bus.cards, bus.baud, bus.width))]
        self.cards = Child([sys.executable, str(HERE / "line_cards.py"), *arguments], folder / "cards")
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

    def calls_ms(self, numbers: Iterable[int], pause_s: float) -> list[float]:
        """From the first byte of a request to the last byte of its text on the wire, in ms."""
        return self._since(self.call(numbers, pause_s))

    def call(self, numbers: Iterable[int], pause_s: float) -> dict[str, float]:
        """Call numbers, each to the card that its number names; gives when each text was asked for."""
        posted: dict[str, float] = {}
        for number in numbers:
            time.sleep(pause_s)
            posted[self.text(number)] = time.monotonic()
            call = {"window": f"w{number % self.bus.cards + 1}", "ticket": f"A{number:03d}"}
            self._ask("POST", "/api/v1/calls", {"call_id": f"{self.port}-{number}", **call})
        return posted

    def bare_ms(self, numbers: Iterable[int], pause_s: float) -> list[float]:
        """The same for the limit program."""
        posted: dict[str, float] = {}
        with serial.Serial(self.path, self.bus.baud) as port:
            for number in numbers:
                posted[self.text(number)] = time.monotonic()
                port.write(self.frame(number))
                time.sleep(pause_s)
        return self._since(posted)

    def text(self, number: int) -> str:
        """What is shown of a call."""
        return self.bus.show.format(ticket=f"A{number:03d}", label=f"{number % self.bus.cards + 1}号窗口")

    def frame(self, number: int) -> bytes:
        """What goes over the wire for it."""
        text = areas.COLOURS["red"] + self.text(number).encode("gb2312")
        return areas.show(areas.Area(width=self.bus.width, height=16, text=text)).wire(number % self.bus.cards + 1)

    def _since(self, posted: dict[str, float]) -> list[float]:
        return [(at - posted[text]) * 1000 for text, at in self.arrived(posted).items()]

    def arrived(self, posted: dict[str, float]) -> dict[str, float]:
        """When the last byte of each of these texts had gone over the wire."""
        found = {text: at for at, _, text in self.seen() if text in posted}
        assert len(found) == len(posted), "a call did not arrive"
        return found

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
        size = f"width: {self.bus.width}, height: 16"
        card = f"driver: displays.onbon_k, model: 6K2, {size}, timeout_s: 3, ping_s: {self._ping_s}"
        numbers = range(1, self.bus.cards + 1)
        (self._folder / "journal.key").write_text("6b" * 32)
        site = self._folder / "site.yaml"
        site.write_text(
            "site: {id: bench, name: bench}\nstore: {url: 'sqlite:///hall.db', key: {file: journal.key}}\n"
            f"http: {{console: '127.0.0.1:{self.port}'}}\n"
            f"calls: {{show: '{self.bus.show}'}}\n"
            f"lines: [{{id: bus, address: 'serial://{self.path}?baud={self.bus.baud}'}}]\ndevices:\n"
            + "".join(f"  - {{id: led-{n}, address: 'line:bus', screen: {n}, {card}}}\n" for n in numbers)
            + "windows:\n"
            + "".join(f"  - {{id: w{n}, label: '{n}号窗口', function: A, screens: [led-{n}]}}\n" for n in numbers)
        )
        return site
