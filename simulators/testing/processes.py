"""The processes of a hall: the gateway and the simulated devices of a site. Each can be killed and started again."""

import http.client
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from simulators.testing.child import Child

PROGRAM = (sys.executable, "-P", "-m", "gateway.cli")
STEP_S = 0.02
ONLINE_S = 15.0
SHOWN_S = 10.0
ANSWER_S = 15.0
FoundT = TypeVar("FoundT")


class NotSeen(AssertionError):
    """Something that was waited for did not happen."""


class Refused(AssertionError):
    """Something that was asked was refused; the text has what the gateway or the box said."""


def until(what: Callable[[], FoundT], within_s: float) -> FoundT:
    """Ask until the answer is true; gives it. Raises NotSeen with the last answer."""
    end = time.monotonic() + within_s
    while not (found := what()):
        if time.monotonic() > end:
            raise NotSeen(f"not within {within_s} s; last: {found!r}")
        time.sleep(STEP_S)
    return found


class Processes:
    """What runs for a site file. Starts nothing by itself; `close` kills everything.

    `site` is the site file, `base` the loopback address of the first simulated device, `port` that of the gateway's
    console, `token` opens its API, and files go to `folder`.
    """

    program: Sequence[str] = PROGRAM
    """The command line that the gateway is run by."""

    def __init__(self, site: Path, folder: Path, *, base: str, port: int, token: str) -> None:
        self.site, self.folder, self.base, self.port, self.token = site, folder, base, port, token
        self.gateway: Child | None = None
        self.twins: Child | None = None
        self.twins_log, self.gateway_log = folder / "twins.log", folder / "gateway.log"
        self._levers = 0
        self._children: list[Child] = []

    def start_twins(self, overlay: Path, *more: str) -> None:
        """Start the simulated devices, on the same addresses every time; their overlay is written to `overlay`.

        `more` are further words of the command line.
        """
        self.twins_log.unlink(missing_ok=True)
        arguments = ["simulate", str(self.site), "--overlay", str(overlay), "--control", "0", "--base", self.base]
        self.twins = self.begin([*PROGRAM, *arguments, *more], self.twins_log, lambda: b"levers: " in self._said())
        self._levers = urlsplit(self._said().decode().split("levers: ")[1].split("/devices")[0]).port or 0

    def run(self, overlays: Sequence[Path], *before: str, wait: bool = True) -> None:
        """Start the gateway, behind other words of a command line where they are given; wait for its console."""
        laid = [word for overlay in overlays for word in ("--overlay", str(overlay))]
        command = [*before, *self.program, "run", str(self.site), *laid]
        self.gateway = self.begin(command, self.gateway_log, self._ready if wait else lambda: True)

    def begin(self, command: Sequence[str], log: Path, ready: Callable[[], bool]) -> Child:
        """Start any program that ends with the hall, and wait until it is ready."""
        child = Child(command, log)
        self._children.append(child)
        child.until(ready)
        return child

    def close(self) -> None:
        """Kill everything."""
        for child in self._children:
            child.kill()

    def ask(self, method: str, path: str, body: object = None, *, token: str | None = None) -> tuple[int, Any]:
        """One request to the gateway's API; gives status and JSON."""
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        return request(self.port, method, f"/api/v1{path}", raw, headers)

    def get(self, path: str) -> str:
        """A page of the gateway as text."""
        content: bytes = request(self.port, "GET", path, None, {"Authorization": f"Bearer {self.token}"})[1]
        return content.decode()

    def seen(self, device: str) -> Mapping[str, Any]:
        """What a person standing before a device would notice."""
        found: Mapping[str, Any] = self.box("GET", f"/devices/{quote(device)}")
        return found

    def wait(self, device: str, *conditions: str, within_s: float = SHOWN_S) -> Mapping[str, Any]:
        """Wait until conditions such as `text==A012` are true of what is seen. Raises NotSeen with what is not."""
        query = urlencode([*(("until", condition) for condition in conditions), ("within_s", within_s)])
        status, found = self._ask_box("GET", f"/devices/{quote(device)}?{query}", None, within_s)
        if status != 200:
            raise NotSeen(f"{device}: {found.decode()}")
        seen: Mapping[str, Any] = found
        return seen

    def shows(self, device: str, text: str, within_s: float = SHOWN_S) -> None:
        """Wait until a screen shows a text. Raises NotSeen with what it shows instead."""
        self.wait(device, f"text=={text}", within_s=within_s)

    def lever(self, device: str, name: str, **params: Any) -> None:
        """Pull a lever of a device, or of all that match a pattern such as `led-*`. Raises Refused."""
        self.box("POST", "/levers", {"target": device, "lever": name, "params": params})

    def box(self, method: str, path: str, body: object = None) -> Any:
        """One request to the simulated devices. Raises Refused."""
        status, found = self._ask_box(method, path, body, 0.0)
        if status != 200:
            raise Refused(f"{method} {path}: {status} {found.decode()}")
        return found

    def online(self, count: int | None = None, within_s: float = ONLINE_S) -> None:
        """Wait until so many devices are online, all when no number is given. Raises NotSeen with the others."""
        end = time.monotonic() + within_s
        while away := self._away(count):
            if time.monotonic() > end:
                raise NotSeen(f"not within {within_s} s online: {away}")
            time.sleep(STEP_S)

    def _away(self, count: int | None) -> list[str]:
        devices = self.ask("GET", "/devices")[1]["devices"]
        away = [f"{device['id']}: {device['why']}" for device in devices if device["status"] != "online"]
        return [] if len(devices) - len(away) == count else away

    def _ask_box(self, method: str, path: str, body: object, longer_s: float) -> tuple[int, Any]:
        raw = None if body is None else json.dumps(body).encode()
        return request(self._levers, method, path, raw, {}, ANSWER_S + longer_s)

    def _said(self) -> bytes:
        return self.twins_log.read_bytes()

    def _ready(self) -> bool:
        try:
            return request(self.port, "GET", "/readyz", None, {})[0] == 200
        except OSError:
            return False


def request(
    port: int, method: str, path: str, body: bytes | None, headers: Mapping[str, str], limit_s: float = ANSWER_S
) -> tuple[int, Any]:
    """One request to a port of 127.0.0.1; gives status, and JSON or bytes. Raises OSError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=limit_s)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    return answer.status, json.loads(content) if content[:1] in (b"{", b"[") else content
