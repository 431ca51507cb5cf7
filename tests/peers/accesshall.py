"""A hall of processes with controllers of doors and readers, and what a stranger reads in the log of a controller."""

import json
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from accesssite import ALARMS, CARD, DEVICES, DOORS, READER_KEY, SERIAL, SERIAL_2, YEARS
from child import free_port
from hall import PROGRAM, Hall, so_far, until
from stores import stores
from tap import Tap

from drivers.access.uhppote.codec.log import EventRecord, GetEvent, GetStatus, Status
from drivers.access.uhppote.codec.packet import Message, Noise, whole

SWIPE_S = 0.02


def shared(folder: Path, *devices: str) -> Generator["AccessHall"]:
    """A hall that outlives a test, not started; on SQLite, whose file does so too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "kind", "sqlite")
        with AccessHall(folder, *devices) as hall:
            yield hall
            assert "this is a bug" not in hall.log()


class Logged(NamedTuple):
    """A row of a log, as the record tells it."""

    epoch: int
    number: int
    code: int | str | None
    part: str | None


class AccessHall(Hall):
    """A hall with some of `DEVICES`, with all where none are named.

    `acs` has the doors `front` and `back`, `acs2` has `side`: these are watched, the two latter are the zone `archive`.
    `zk`, `hik` and `reader` have one each, which is not.
    """

    def __init__(self, folder: Path, *devices: str) -> None:
        super().__init__(folder, windows=0)
        self.program = [*PROGRAM]  # without the debug mode of asyncio: logs are walked, thousands of events long
        self._boxes = list(devices or DEVICES)
        self.since = 0
        head = self.site.read_text().partition("devices:")[0]
        http = f"http: {{console: '127.0.0.1:{self.port}', field: '127.0.0.1:{free_port()}'}}\n"
        rows = [f"  - {{id: {name}, {DEVICES[name]}}}\n" for name in self._boxes]
        self.listener = free_port()
        listed = "".join(rows).replace("PORT", str(self.listener))
        doors = "".join(DOORS[name] for name in self._boxes if name in DOORS)
        watched = f"zones: [{{id: archive, name: 档案区}}]\ndoors:\n{doors}" if doors else ""
        self.site.write_text(re.sub(r"http: .*\n", http, head) + f"{ALARMS}devices:\n{listed}{watched}")
        for name, secret in {"hik.password": "not a secret", "reader.scbk": READER_KEY}.items():
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(secret)

    def start(self, *before: str) -> None:
        """Start the boxes, then the gateway, and wait until all are online."""
        self.start_twins(self.folder / "site.sim.yaml")
        self.start_gateway(*before)
        self.online(len(self._boxes))

    def again(self, *before: str) -> None:
        """Start the gateway after a kill."""
        self.start_gateway(*before)
        self.online(len(self._boxes))

    def host(self, device: str) -> str:
        """Where a simulated box is."""
        served = [name for name in self._boxes if name != "zk"]  # which comes to us
        return str(IPv4Address(self.base) + served.index(device))

    def tapped(self) -> Tap:
        """Start the boxes and a gateway that reaches `reader` by a tapped wire."""
        overlay = self.folder / "site.sim.yaml"
        self.start_twins(overlay)
        tap = Tap(self.host("reader"), 4000)
        overlay.write_text(overlay.read_text().replace(f"{self.host('reader')}:4000", f"127.0.0.1:{tap.port}"))
        self.again()
        return tap

    def reload(self) -> None:
        """Have the site file read again."""
        assert self.gateway is not None
        self.gateway.process.send_signal(signal.SIGHUP)

    def rows(self, type_: str = "", device: str = "") -> list[dict[str, Any]]:
        """Events behind `since` as the API tells them, of a type and a device where they are given."""
        where = (f"&type={type_}" if type_ else "") + (f"&device={device}" if device else "")
        found: list[dict[str, Any]] = []
        after: int | None = self.since
        while after is not None:
            page = self.ask("GET", f"/events?limit=1000&after={after}{where}")[1]
            found += page["events"]
            after = page["next"]
        return found

    def seq(self) -> int:
        """The number of the newest event."""
        return int(self.ask("GET", "/events?order=desc&limit=1")[1]["events"][0]["seq"])

    def of(self, type_: str, door: str) -> list[dict[str, Any]]:
        """What was found of a watched door."""
        return [row["payload"] for row in self.rows(type_) if row["payload"]["door"] == door]

    def stored(self, device: str = "acs") -> list[Logged]:
        """What is recorded of the log of a device, in the order of the record."""
        told = [(row["payload"], row["part"]) for row in self.rows(device=device) if "index" in (row["payload"] or {})]
        return [Logged(each["epoch"], each["index"], each["code"], part) for each, part in told]

    def kept(self, device: str = "acs", *, epoch: int = 1) -> list[Logged]:
        """The log of a controller, read from it over the network by its own protocol."""
        with self._box(device) as ask:
            newest = ask(GetStatus(), Status).index
            oldest = ask(GetEvent(index=0), EventRecord).index
            records = [ask(GetEvent(index=index), EventRecord) for index in range(oldest, newest + 1)]
        return [
            Logged(epoch, record.index, record.reason, f"door-{record.door}" if 1 <= record.door <= 2 else None)
            for record in records
        ]

    def goes_on(self, events: int, device: str = "acs") -> None:
        """Wait until so many more events stand in the log of a controller."""
        least = self.seen(device)["log"]["newest"] + events
        until(lambda: self.seen(device)["log"]["newest"] >= least, 20)

    def answers(self, times: int, device: str = "acs") -> None:
        """Wait until a controller has answered so many times more."""
        least = self.seen(device)["packets"]["answered"] + times
        until(lambda: self.seen(device)["packets"]["answered"] >= least, 20)

    def caught_up(self, within_s: float = 20.0, device: str = "acs") -> None:
        """Wait until the newest event of a controller is recorded."""
        until(lambda: self.newest(device) == self.seen(device)["log"]["newest"], within_s)

    def on_disk(self, least: int) -> int:
        """Wait until the store has so many rows of `acs`, as a stranger counts them; gives how many it has."""

        def count() -> int:
            return int(self.database.rows("SELECT count(*) FROM journal WHERE device = 'acs'")[0][0])

        until(lambda: count() >= least, 20)
        return count()

    def newest(self, device: str = "acs") -> int:
        """The number of the newest event of a controller that is recorded, 0 where there is none."""
        rows = self.ask("GET", f"/events?device={device}&order=desc&limit=50")[1]["events"]
        return next((row["payload"]["index"] for row in rows if "index" in (row["payload"] or {})), 0)

    def do(self, path: str, verb: str, **body: Any) -> tuple[int, dict[str, Any]]:
        """Ask a verb; gives status and answer."""
        return self.ask("POST", f"/{path}/commands/{verb}", body)

    def begin_to(self, verb: str, path: str, reason: str) -> dict[str, Any]:
        """Ask a verb that wants a second step; gives the body of that step."""
        status, first = self.do(path, verb, reason=reason)
        assert status == 409, first
        return {"command_id": first["command_id"], "confirm": first["confirm"], "reason": reason}

    def point(self, name: str, device: str = "acs") -> Any:
        """A point of a device as the API tells it now."""
        return self.ask("GET", f"/devices/{device}")[1]["points"][name]["value"]

    def let_pass(self, card: int = CARD) -> dict[str, Any]:
        """Let a card pass the door `front`."""
        params = {"card": card, **YEARS, "doors": {"door-1": True}}
        status, answer = self.do("devices/acs", "put_card", params=params, reason="新职工")
        assert (status, answer["status"]) == (200, "confirmed"), answer
        return answer

    def alarm(self, id_: str) -> str:
        """How an alarm stands."""
        status, found = self.ask("GET", f"/alarms/{id_}")
        return str(found["state"]) if status == 200 else "none"

    def raised(self, id_: str) -> int:
        """How often an alarm was raised."""
        return sum(row["payload"]["alarm"] == id_ for row in self.rows("alarm.raised"))

    def door(self, id_: str = "front") -> dict[str, Any]:
        """A watched door."""
        doors = self.ask("GET", "/doors")[1]["doors"]
        return next(door for door in doors if door["door"] == id_)

    def verified(self, *before: str) -> None:
        """Have the chain of the record be whole; `before` are words in front of the command line."""
        command = [*before, *PROGRAM, "journal", "verify", str(self.site)]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def heard(self, path: Path) -> list[int]:
        """The ids that a consumer keeps of what a subscriber got, who drops each that is not above its last."""
        kept = [0]
        told = [line.split(" ", 2)[2] for line in so_far(path).splitlines() if line.endswith("}")]
        for payload in map(json.loads, told):
            kept += [payload["id"]] if payload["id"] > kept[-1] else []
        return kept[1:]

    @contextmanager
    def swiping(self, *devices: str, **params: Any) -> Generator[None]:
        """Somebody shows a card at devices, again and again, until this is left; at controllers at two doors."""
        over = threading.Event()

        def swipe() -> None:
            doors = cycle([1, 2])
            while not over.wait(SWIPE_S):
                door = next(doors)
                for device in devices:
                    self.lever(device, "swipe", **(params or {"card": CARD, "door": door}))

        thread = threading.Thread(target=swipe)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    @contextmanager
    def _box(self, device: str) -> Generator["Ask"]:
        serial = {"acs": SERIAL, "acs2": SERIAL_2}[device]

        def ask(question: Message, answer: type[EventRecord]) -> EventRecord:
            box.send(question.wire(serial))
            packet = whole(box.recv(2048))
            assert not isinstance(packet, Noise)
            found = answer.read(packet)
            assert found is not None
            return found

        with socket.socket(type=socket.SOCK_DGRAM) as box:
            box.settimeout(2)
            box.connect((self.host(device), 60000))
            yield ask


Ask = Callable[[Message, type[EventRecord]], EventRecord]


def numbers(rows: Sequence[Logged]) -> list[int]:
    """The numbers of rows."""
    return [row.number for row in rows]
