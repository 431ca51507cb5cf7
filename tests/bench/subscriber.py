"""A subscriber that notes when each message arrived, and the least that an event from disk to it can take."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from child import Child, program
from mosquitto import Mosquitto

RATE, COUNT = 200, 500
EVENT = {"card": "0012345678", "door": "d1", "granted": True, "text": "x" * 120}


class Heard(NamedTuple):
    """A message: when the subscriber had it, when what it tells was so (both Unix seconds), its topic and payload."""

    at: float
    since: float
    topic: str
    payload: dict[str, object]


class Subscriber:
    """mosquitto_sub into a file: a pipe that nobody drains would block it and show false latencies."""

    def __init__(self, broker: Mosquitto, topic: str, log: Path) -> None:
        topics = ["-t", topic, "-t", "$SYS/broker/version"]  # the second is retained: it comes once we are subscribed
        command = [program("mosquitto_sub"), "-p", str(broker.port), "-q", "1", *topics, "-F", "%U %t %p"]
        self.child = Child([program("stdbuf"), "-oL", *command], log)
        self.child.until(lambda: b"$SYS" in log.read_bytes())

    def heard(self) -> Iterator[Heard]:
        for line in self.child.log.read_text(errors="replace").splitlines():
            if line[:1].isdigit() and line.endswith("}"):
                at, topic, text = line.split(" ", 2)
                payload = json.loads(text)
                yield Heard(float(at), float(payload.get("p0") or payload.get("sent") or 0), topic, payload)


def limit_events(broker: Mosquitto, folder: Path) -> list[float]:
    """Write and fdatasync 400 bytes, then hand a line to mosquitto_pub, at the same pace; gives milliseconds."""
    subscriber = Subscriber(broker, "limit", folder / "limit")
    command = [program("mosquitto_pub"), "-p", str(broker.port), "-t", "limit", "-q", "1", "-l"]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, text=True, bufsize=1) as child,
        (folder / "f").open("wb") as file,
    ):
        assert child.stdin is not None
        due = time.monotonic()
        for _ in range(COUNT):
            sent = time.time()
            file.write(b"x" * 400)
            file.flush()
            os.fdatasync(file.fileno())
            child.stdin.write(json.dumps({"sent": sent, **EVENT}) + "\n")
            due += 1 / RATE
            time.sleep(max(0.0, due - time.monotonic()))
    subscriber.child.until(lambda: len(list(subscriber.heard())) >= COUNT)
    subscriber.child.kill()
    return [(heard.at - heard.since) * 1000 for heard in subscriber.heard()]
