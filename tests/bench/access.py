"""A hundred door controllers: swipes to a subscriber, with what they push and without, a backlog, and their polling.

Swipes are beside a bare write, fdatasync and mosquitto_pub of the same run; the backlog beside the public client
uhppoted, which reads the same events one after the other.
"""

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from access_boxes import DOORS, PORT, SERIAL
from child import Child, free_network, free_port
from figures import broken, cpu_s, middle, percentile, rss_mb, say
from mosquitto import Mosquitto
from subscriber import RATE, Subscriber, limit_events

from gateway.people.rights import Role
from gateway.people.tokens import Tokens
from simulators.testing.processes import Processes, request

HERE = Path(__file__).parent
CONTROLLERS = 100
IDLE_S, SWIPES_S, LOST_S = 20.0, 10.0, 6.0
BACKLOG, BEHIND = 5_000, 7
SETTLED_S = 20.0  # the first round of care sets listener, clock and settings of each
SPARE_S = 3.0


class Boxes:
    """The process of the controllers."""

    def __init__(self, folder: Path) -> None:
        self.base, self._out, log = free_network(PORT), folder / "written.json", folder / "boxes"
        words = [str(CONTROLLERS), self.base, str(self._out), str(RATE)]
        self.child = Child([sys.executable, str(HERE / "access_boxes.py"), *words], log)
        self.child.until(lambda: b"http://" in log.read_bytes())
        self._levers = int(log.read_text().strip().rpartition(":")[2])

    def pull(self, target: str, lever: str, **params: Any) -> None:
        body = json.dumps({"target": target, "lever": lever, "params": params}).encode()
        status, answer = request(self._levers, "POST", "/levers", body, {})
        assert status == 200, answer

    def swipe(self, seconds: float) -> dict[tuple[int, int], float]:
        """Swipe cards for so long; gives when each event was written, in Unix seconds, by controller and index."""
        self.written()
        os.kill(self.child.process.pid, signal.SIGUSR2)
        time.sleep(seconds)
        os.kill(self.child.process.pid, signal.SIGUSR2)
        time.sleep(SPARE_S)
        return self.written()

    def written(self) -> dict[tuple[int, int], float]:
        self._out.unlink(missing_ok=True)
        os.kill(self.child.process.pid, signal.SIGUSR1)
        self.child.until(self._out.exists)
        return {(box, index): at for box, index, at in json.loads(self._out.read_text())}


def main() -> None:
    """Run it; a minute and a half."""
    with (
        tempfile.TemporaryDirectory(prefix="hall-bench-", dir=Path.cwd()) as name,  # the disk of the checkout
        Mosquitto("set_tcp_nodelay true", "max_inflight_messages 0", "max_queued_messages 0") as broker,
    ):
        folder = Path(name)
        print(f"{CONTROLLERS} controllers of {DOORS} doors, polled every second; {RATE} swipes a second")
        limit_ms = limit_events(broker, folder)
        boxes, port = Boxes(folder), free_port()
        token = Tokens(folder / "tokens.json").new("bench", Role.ADMIN)
        hall = Processes(_site(folder, broker, boxes.base, port), folder, base=boxes.base, port=port, token=token)
        try:
            hall.run([])
            hall.online(CONTROLLERS, 60)
            _measure(hall, boxes, Subscriber(broker, "hall/bench/dev/+/event", folder / "events"), limit_ms)
        finally:
            hall.close()
            boxes.child.kill()


def _measure(hall: Processes, boxes: Boxes, events: Subscriber, limit_ms: list[float]) -> None:
    assert hall.gateway is not None
    pid = hall.gateway.process.pid
    time.sleep(SETTLED_S)
    say("processor share, polling alone", _share(pid, IDLE_S), "%", budget=15)
    used_s, began = cpu_s(pid), time.monotonic()
    written = boxes.swipe(SWIPES_S)
    say("processor share, swipes", (cpu_s(pid) - used_s) / (time.monotonic() - began - SPARE_S) * 100, "%")
    samples_ms = _taken_ms(written, events)
    for percent, budget in ((50, None), (95, 25), (99, 50)):
        name = f"swipe, durable, to a subscriber, p{percent}"
        say(name, percentile(samples_ms, percent), "ms", budget=budget, limit=percentile(limit_ms, percent))
    boxes.pull("*", "push_loss", percent=100)
    samples_ms = _taken_ms(boxes.swipe(LOST_S), events)
    say("no push arrives: swipe to subscriber, p50", middle(samples_ms), "ms")
    say("no push arrives: swipe to subscriber, most", max(samples_ms), "ms", budget=2000)
    _backlog(boxes, events)
    say("gateway's resident memory", rss_mb(pid), "MB")
    events.child.kill()


def _backlog(boxes: Boxes, events: Subscriber) -> None:
    boxes.written()
    boxes.pull(f"doors-{BEHIND:03d}", "fill", count=BACKLOG)
    written = boxes.written()
    events.child.until(lambda: written.keys() <= _arrived(events).keys())
    arrived = sorted(at for key, at in _arrived(events).items() if key in written)
    rate = (len(arrived) - 1) / (arrived[-1] - arrived[0])
    say("events a second from the log of a controller", rate, "/s", least=500, limit=_alone(boxes, sorted(written)))


def _alone(boxes: Boxes, keys: list[tuple[int, int]]) -> float:
    """Events a second that uhppoted reads, one after the other."""
    port = f"{IPv4Address(boxes.base) + BEHIND}:{PORT}"
    client: Any = import_module("uhppoted.uhppote").Uhppote("127.0.0.1", port, "127.0.0.1:0")  # it has no types
    began = time.monotonic()
    for _, index in keys:
        assert client.get_event((SERIAL + BEHIND, port, "udp"), index, timeout=2.0).index == index
    return len(keys) / (time.monotonic() - began)


def _taken_ms(written: dict[tuple[int, int], float], events: Subscriber) -> list[float]:
    arrived = _arrived(events)
    lost = written.keys() - arrived.keys()
    assert not lost, f"{len(lost)} of {len(written)} events did not arrive"
    return [(arrived[key] - at) * 1000 for key, at in written.items()]


def _arrived(events: Subscriber) -> dict[tuple[int, int], float]:
    """When each event of a log arrived, by controller and index."""
    return {(int(each.topic.split("/")[3][-3:]), index): each.at for each, index in _of_logs(events)}


def _of_logs(events: Subscriber) -> Iterator[tuple[Any, int]]:
    for each in events.heard():
        index = each.payload.get("index")
        if isinstance(index, int):
            yield each, index


def _share(pid: int, seconds: float) -> float:
    used_s, began = cpu_s(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_s(pid) - used_s) / (time.monotonic() - began) * 100


def _site(folder: Path, broker: Mosquitto, base: str, port: int) -> Path:
    (folder / "journal.key").write_text("6b" * 32)
    site = folder / "site.yaml"
    listener = f"udp:127.0.0.1:{free_port()}"
    site.write_text(
        "site: {id: bench, name: bench}\n"
        "store: {url: 'sqlite:///hall.db', key: {file: journal.key}}\n"
        f"mqtt: {{url: '{broker.url}'}}\nhttp: {{console: '127.0.0.1:{port}'}}\ndevices:\n"
        + "".join(
            f"  - {{id: doors-{n:03d}, driver: access.uhppote, address: 'udp://{IPv4Address(base) + n}:{PORT}',"
            f" serial: {SERIAL + n}, doors: {DOORS}, listener: '{listener}'}}\n"
            for n in range(CONTROLLERS)
        )
    )
    return site


if __name__ == "__main__":
    main()
    sys.exit(1 if broken else 0)
