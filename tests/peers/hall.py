"""A hall of real processes: broker, simulated cards, gateway, a subscriber. Each can be killed and started again."""

import http.client
import json
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from child import Child, free_network, free_port, program
from mosquitto import Mosquitto

from gateway.people.rights import Role
from gateway.people.tokens import Tokens

PROGRAM = [sys.executable, "-P", "-m", "gateway.cli"]
WATCHED = [sys.executable, "-P", "-X", "dev", "-m", "gateway.cli"]
"""asyncio's debug mode: names callbacks that take over 100 ms."""
CARD_PORT = 5005
STEP_S = 0.02
FoundT = TypeVar("FoundT")


def until(what: Callable[[], FoundT], within_s: float) -> FoundT:
    """Ask until the answer is true; gives it. Fails with the last answer."""
    end = time.monotonic() + within_s
    while not (found := what()):
        assert time.monotonic() < end, f"not within {within_s} s; last: {found!r}"
        time.sleep(STEP_S)
    return found


class Hall:
    """One site in `folder`: `windows` windows w01… with a 64 px card led-01… each. Starts nothing by itself."""

    def __init__(self, folder: Path, *, windows: int = 3, card: str = "", site: str = "") -> None:
        self.folder, self._children, self._levers, self._windows = folder, list[Child](), "", windows
        self.gateway: Child | None = None
        self.cards: Child | None = None
        self.port = free_port()
        self.base = free_network(CARD_PORT)
        self.token = Tokens(folder / "tokens.json").new("boss", Role.ADMIN)
        self.broker = Mosquitto()
        (folder / "journal.key").write_text("6b" * 32)
        numbers = [f"{number:02d}" for number in range(1, windows + 1)]
        cards = "timeout_s: 0.5, ping_s: 0.5" + (f", {card}" if card else "")
        self.site = folder / "site.yaml"
        self.site.write_text(
            f"site: {{id: test, name: 测试中心}}\n"
            f"store: {{url: 'sqlite:///hall.db', key: {{file: journal.key}}}}\n"
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

    def start(self) -> None:
        """Start cards and gateway at the same time, and wait until all are online."""
        overlay = [
            f"  led-{n:02d}: {{address: 'tcp://{IPv4Address(self.base) + n - 1}:{CARD_PORT}'}}\n"
            for n in range(1, self._windows + 1)
        ]
        (self.folder / "site.sim.yaml").write_text("devices:\n" + "".join(overlay))
        with ThreadPoolExecutor(1) as apart:
            cards = apart.submit(self.start_cards)
            self.start_gateway()
            cards.result()
        self.online(self._windows)

    def start_cards(self) -> None:
        """Start the simulators, on the same addresses every time."""
        log, overlay = self.folder / "cards.log", self.folder / "cards.sim.yaml"
        log.unlink(missing_ok=True)
        arguments = ["simulate", str(self.site), "--overlay", str(overlay), "--control", "0", "--base", self.base]
        self.cards = self._start([*PROGRAM, *arguments], log, lambda: b"levers: " in log.read_bytes())
        self._levers = log.read_text().split("levers: ")[1].split("/devices")[0]

    def start_gateway(self, *before: str, wait: bool = True) -> None:
        """Start the gateway, behind other words of a command line where they are given; wait for its console."""
        overlay = str(self.folder / "site.sim.yaml")
        command = [*before, *WATCHED, "run", str(self.site), "--overlay", overlay]
        self.gateway = self._start(command, self.folder / "gateway.log", self._ready if wait else lambda: True)

    def subscribe(self, topic: str) -> Path:
        """Write what a subscriber with a session of its own gets to a file: a line `retained topic payload` each."""
        path = self.folder / f"mqtt-{len(self._children)}"
        arguments = ["-p", str(self.broker.port), "-t", topic, "-q", "1", "-c", "-i", path.name, "-F", "%r %t %p"]
        self._start([program("mosquitto_sub"), *arguments], path, lambda: True)
        return path

    def ask(self, method: str, path: str, body: object = None, *, token: str | None = None) -> tuple[int, Any]:
        """One request to the gateway's API; gives status and JSON."""
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        return _request(self.port, method, f"/api/v1{path}", raw, headers)

    def get(self, path: str) -> str:
        """A page of the gateway as text."""
        content: bytes = _request(self.port, "GET", path, None, {"Authorization": f"Bearer {self.token}"})[1]
        return content.decode()

    def call(self, call_id: str, window: str, ticket: str, **more: Any) -> None:
        """Call a number; it must be accepted."""
        status, answer = self.ask("POST", "/calls", {"call_id": call_id, "window": window, "ticket": ticket, **more})
        assert status == 202, answer

    def seen(self, device: str) -> Mapping[str, Any]:
        """What a person sees on a card."""
        found: Mapping[str, Any] = _request(self._lever_port(), "GET", f"/devices/{device}", None, {})[1]
        return found

    def lever(self, device: str, name: str, **params: Any) -> None:
        """Pull a lever of a card."""
        raw = json.dumps(params).encode()
        status, answer = _request(self._lever_port(), "POST", f"/devices/{device}/levers/{name}", raw, {})
        assert status == 200, answer

    def shows(self, device: str, text: str, within_s: float = 10.0) -> None:
        """Wait until a card shows a text."""
        until(lambda: self.seen(device)["text"] == text, within_s)

    def online(self, count: int, within_s: float = 15.0) -> None:
        """Wait until so many devices are online."""
        until(
            lambda: sum(device["status"] == "online" for device in self.ask("GET", "/devices")[1]["devices"]) == count,
            within_s,
        )

    def _lever_port(self) -> int:
        return urlsplit(self._levers).port or 0

    def _ready(self) -> bool:
        try:
            return _request(self.port, "GET", "/readyz", None, {})[0] == 200
        except OSError:
            return False

    def _start(self, command: list[str], log: Path, ready: Callable[[], bool]) -> Child:
        child = Child(command, log)
        self._children.append(child)
        child.until(ready)
        return child

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for child in self._children:
            child.kill()
        self.broker.__exit__(kind, error, at)


def _request(port: int, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    return answer.status, json.loads(content) if content[:1] in (b"{", b"[") else content
