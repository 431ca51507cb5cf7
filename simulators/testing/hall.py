"""A whole hall for a test: the devices of any site file are simulated, the gateway and a broker run beside them."""

import json
import secrets
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from simulators.testing.broker import broker_answers, broker_command
from simulators.testing.child import Child, free_network, free_port
from simulators.testing.processes import ONLINE_S, PROGRAM, Processes, Refused, request

TAIL = 30
START_S = 60.0
EVENT = ("seq", "at", "device", "type", "payload")


class Hall(Processes):
    """The hall of a site file, with a store, a broker and ports of its own. Made by `open_hall`."""

    world: Sequence[str] = ()
    """The words of the command line that let a day be played."""
    broker: Child | None = None
    mqtt_url: str | None = None
    """Where the broker listens; None where neither mosquitto nor amqtt is installed."""

    def __init__(self, site: Path, folder: Path, *, base: str, port: int, token: str) -> None:
        super().__init__(site, folder, base=base, port=port, token=token)
        self._field, self._tokens = f"127.0.0.1:{free_port()}", folder / "tokens.json"

    @property
    def url(self) -> str:
        """Where the gateway's console and API are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def levers_url(self) -> str:
        """Where the simulated devices are seen and their levers pulled."""
        return f"http://127.0.0.1:{self._levers}"

    def start(self) -> None:
        """Start everything, and wait until the gateway serves; not until its devices are online."""
        self._start_broker()
        self.restart_twins()
        self.start_gateway()

    def start_gateway(self) -> None:
        """Start the gateway, on the same port every time."""
        own = self.folder / "test.overlay.yaml"
        own.write_text(json.dumps(self._own()), encoding="utf-8")
        self.run([self._twins_overlay, own])

    def restart_twins(self) -> None:
        """Start the simulated devices, as after a power cut: on the same addresses, with nothing remembered."""
        if self.twins is not None:
            self.twins.kill()
        where = ["--field", self._field, "--tokens", str(self._tokens)]
        self.start_twins(self._twins_overlay, *where, *self.world)

    def kill_gateway(self) -> None:
        """End it as a power cut would."""
        if self.gateway is not None:
            self.gateway.kill()

    def call(self, ticket: str, window: str, **more: Any) -> str:
        """Call a number to a window, as the queue system does; gives the call's id. Raises Refused."""
        call_id = f"test-{secrets.token_hex(4)}"
        body = {"call_id": call_id, "window": window, "ticket": ticket, **more}
        self._api("POST", "/calls", body)
        return str(body["call_id"])

    def command(self, device: str, verb: str, *, part: str | None = None, **params: Any) -> Mapping[str, Any]:
        """Ask something of a device; gives how it ended. Raises Refused."""
        answer: Mapping[str, Any] = self._api(
            "POST", f"/devices/{quote(device)}/commands/{quote(verb)}", {"part": part, "params": params}
        )
        return answer

    def devices(self) -> dict[str, Mapping[str, Any]]:
        """All devices as the gateway knows them, by id."""
        return {device["id"]: device for device in self._api("GET", "/devices")["devices"]}

    def events(self, **where: Any) -> list[Mapping[str, Any]]:
        """The newest 1000 events, oldest first; `where` as the API's query, for example `type="device.offline"`."""
        query = urlencode({"limit": 1000, "order": "desc", **where})
        found: list[Mapping[str, Any]] = self._api("GET", f"/events?{query}")["events"]
        return found[::-1]

    def text(self, device: str) -> str:
        """What a screen shows now."""
        return str(self.seen(device).get("text"))

    def picture(self, device: str) -> bytes:
        """What a screen shows now, as PNG."""
        picture: bytes = self.box("GET", f"/devices/{quote(device)}/picture.png")
        return picture

    def story(self) -> list[tuple[str, str]]:
        """What a person wants to see when a test has failed: titles and texts."""
        logs = [("the gateway's log", self.gateway_log), ("the simulated devices' log", self.twins_log)]
        found = [(title, _tail(path)) for title, path in logs if path.exists()]
        for title, port, path, token in (
            ("what the simulated devices show", self._levers, "/seen", ""),
            ("the newest events", self.port, f"/api/v1/events?order=desc&limit={TAIL}", self.token),
        ):
            found.append((title, _told(port, path, token)))
        return found

    def _api(self, method: str, path: str, body: object = None) -> Any:
        status, answer = self.ask(method, path, body)
        if status >= 400:
            raise Refused(f"{method} {path}: {status} {answer}")
        return answer

    @property
    def _twins_overlay(self) -> Path:
        return self.folder / "twins.overlay.yaml"

    def _start_broker(self) -> None:
        port = free_port()
        command = broker_command(self.folder, port)
        if command is not None:
            self.broker = self.begin(command, self.folder / "broker.log", lambda: broker_answers(port))
            self.mqtt_url = f"mqtt://127.0.0.1:{port}"

    def _own(self) -> dict[str, Any]:
        """What the site file's own store, broker, listeners and tokens are replaced by."""
        own: dict[str, Any] = {
            "store": {"url": f"sqlite:///{self.folder / 'hall.db'}", "key": {"file": str(self.folder / "journal.key")}},
            "http": {"console": f"127.0.0.1:{self.port}", "field": self._field},
            "people": {"tokens": str(self._tokens)},
        }
        if self.mqtt_url is not None:
            own["mqtt"] = {"url": self.mqtt_url, "username": None, "password": None}
        return own


@contextmanager
def open_hall(
    site: Path, folder: Path, *, online: bool = True, world: Path | None = None, speed: float | None = None
) -> Generator[Hall]:
    """Run the hall of a site file until left, with all that it writes in the empty `folder`.

    The day of the scenario file `world` is played in it, `speed` times as fast where that is given.
    Waits until every device is online, or with `online=False` only until the gateway serves. Raises AssertionError
    with the log of what did not start.
    """
    key = folder / "journal.key"
    key.touch(mode=0o600)
    key.write_text(secrets.token_hex(32), encoding="ascii")
    hall = Hall(site, folder, base=free_network(5005), port=free_port(), token=_token(folder))
    if world is not None:
        hall.world = _world(hall, world, speed)
    try:
        hall.start()
        if online:
            hall.online(within_s=2 * ONLINE_S)
        yield hall
    finally:
        hall.close()


def _world(hall: Hall, world: Path, speed: float | None) -> list[str]:
    token = hall.folder / "visitors.token"
    token.touch(mode=0o600)
    token.write_text(hall.token, encoding="ascii")
    words = ["--world", str(world), "--url", hall.url, "--token-file", str(token)]
    return words if speed is None else [*words, "--speed", f"{speed:g}"]


def _token(folder: Path) -> str:
    """A token that may do everything; the smallest site file says where it is kept."""
    site = folder / "tokens.yaml"
    site.write_text("site: {id: tests, name: tests}\npeople: {tokens: tokens.json}\n", encoding="utf-8")
    command = [*PROGRAM, "token", "new", str(site), "tests", "--role", "admin"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=START_S, check=False)
    if done.returncode:
        raise Refused(f"no token: {done.stderr}")
    return done.stdout.strip()


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:])


def _told(port: int, path: str, token: str) -> str:
    """What is answered, one line an entry; why not where nothing is."""
    try:
        status, answer = request(port, "GET", path, None, {"Authorization": f"Bearer {token}"}, 2.0)
    except OSError as error:
        return f"no answer: {error}"
    entries: Sequence[Any] = list(answer.items())
    if "events" in answer:
        entries = [{key: event[key] for key in EVENT} for event in answer["events"][::-1]]
    return "\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries) or f"nothing ({status})"
