"""A hall of real processes: broker, simulated cards, gateway, a subscriber. Each can be killed and started again."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from child import Child, free_network, free_port, program
from mosquitto import Mosquitto
from stores import Database, stores

from gateway.people.rights import Role
from gateway.people.tokens import Tokens
from simulators.testing.processes import PROGRAM, Processes, until

__all__ = ["PROGRAM", "WATCHED", "Hall", "so_far", "until"]
WATCHED = [sys.executable, "-P", "-X", "dev", "-m", "gateway.cli"]
"""asyncio's debug mode: names callbacks that take over 100 ms."""
CARD_PORT = 5005


def so_far(path: Path) -> str:
    """The whole lines that a program has written which may be in the middle of one, or of a character."""
    written = path.read_bytes()
    return written[: written.rfind(b"\n") + 1].decode()


class Hall(Processes):
    """One site in `folder`: `windows` windows w01… with a 64 px card led-01… each. Starts nothing by itself."""

    program = WATCHED

    def __init__(self, folder: Path, *, windows: int = 3, card: str = "", site: str = "") -> None:
        token = Tokens(folder / "tokens.json").new("boss", Role.ADMIN)
        site_file = folder / "site.yaml"
        super().__init__(site_file, folder, base=free_network(CARD_PORT), port=free_port(), token=token)
        self._windows = windows
        self._settled = 0
        self.database = Database(stores.url(folder))
        self.broker = Mosquitto()
        key = folder / "journal.key"
        key.touch(mode=0o600)
        key.write_text("6b" * 32)
        numbers = [f"{number:02d}" for number in range(1, windows + 1)]
        cards = "timeout_s: 0.5, ping_s: 0.5" + (f", {card}" if card else "")
        site_file.write_text(
            f"site: {{id: test, name: 测试中心}}\n"
            f"store: {{url: '{self.database.url}', key: {{file: journal.key}}}}\n"
            f"mqtt: {{url: '{self.broker.url}'}}\n"
            f"http: {{console: '127.0.0.1:{self.port}'}}\n"
            f"{site}devices:\n"
            + "".join(
                f"  - {{id: led-{n}, driver: displays.onbon_k, address: 'tcp://10.0.0.{int(n)}:5005', model: 6K2,"
                f" width: 64, height: 16, {cards}}}\n"
                for n in numbers
            )
            + "windows:\n"
            + "".join(
                f"  - {{id: w{n}, label: {int(n)}号窗口, function: 综合受理, screens: [led-{n}]}}\n" for n in numbers
            )
        )

    @property
    def cards(self) -> Child | None:
        """The process of the simulated cards."""
        return self.twins

    def start(self) -> None:
        """Start cards and gateway at the same time, and wait until all are online."""
        self.point_at_cards()
        with ThreadPoolExecutor(1) as apart:
            cards = apart.submit(self.start_cards)
            self.start_gateway()
            cards.result()
        self.online(self._windows)

    def point_at_cards(self) -> None:
        """Lay over the site file where the cards are, or will be."""
        overlay = [
            f"  led-{n:02d}: {{address: 'tcp://{IPv4Address(self.base) + n - 1}:{CARD_PORT}'}}\n"
            for n in range(1, self._windows + 1)
        ]
        (self.folder / "site.sim.yaml").write_text("devices:\n" + "".join(overlay))

    def start_cards(self) -> None:
        """Start the simulators, on the same addresses every time."""
        self.start_twins(self.folder / "cards.sim.yaml")

    def start_gateway(self, *before: str, wait: bool = True) -> None:
        """Start the gateway, behind other words of a command line where they are given; wait for its console."""
        self.run([self.folder / "site.sim.yaml"], *before, wait=wait)

    def kill(self) -> None:
        """kill -9 of the gateway."""
        assert self.gateway is not None
        self.gateway.kill()

    def edit(self, *changes: tuple[str, str]) -> None:
        """Change the site file, and what is laid over it, by patterns and what comes in their place."""
        for path in (self.site, self.folder / "site.sim.yaml"):
            text = path.read_text()
            for pattern, new in changes:
                text = re.sub(f"(?m){pattern}", new, text)
            path.write_text(text)

    def standing(self) -> dict[str, str]:
        """What a fresh subscriber finds below the hall and below Home Assistant's prefix: payloads by topic."""
        where = ["-p", str(self.broker.port), "-t", "hall/#", "-t", "homeassistant/#", "--retained-only", "-W", "1"]
        command = [program("mosquitto_sub"), *where, "-F", "%t %p"]
        told = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # it always ends by -W
        return dict(line.split(" ", 1) for line in told.splitlines())

    def log(self) -> str:
        """What the gateway has logged, all its runs."""
        return self.gateway_log.read_text(errors="replace")

    def settled(self) -> None:
        """Have `told` count from now on: on its way to a hall where all are there a gateway may miss some of them."""
        self._settled = len(self.log())

    def told(self, name: str) -> tuple[int, int]:
        """How often the log says that something is offline, and that it is back."""
        log = self.log()[self._settled :]
        return log.count(f" {name} is offline"), log.count(f" {name} is back")

    def subscribe(self, topic: str) -> Path:
        """Write what a subscriber with a session of its own gets to a file: a line `retained topic payload` each.

        The first is the broker's version, which is retained: it comes once the subscriber hears everything.
        """
        path = self.folder / f"mqtt-{len(self._children)}"
        topics = ["-t", topic, "-t", "$SYS/broker/version"]
        arguments = ["-p", str(self.broker.port), *topics, "-q", "1", "-c", "-i", path.name, "-F", "%r %t %p"]
        self.begin([program("mosquitto_sub"), *arguments], path, lambda: "$SYS" in so_far(path))
        return path

    def call(self, call_id: str, window: str, ticket: str, **more: Any) -> None:
        """Call a number; it must be accepted."""
        status, answer = self.ask("POST", "/calls", {"call_id": call_id, "window": window, "ticket": ticket, **more})
        assert status == 202, answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
        self.broker.__exit__(kind, error, at)
