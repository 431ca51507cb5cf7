"""What stands at the broker, and what comes through it, while the gateway dies and its site file changes."""

import json
import re
import signal
import subprocess
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from child import program
from hall import Hall, until

pytestmark = pytest.mark.timeout(120)
HOUR = timedelta(hours=1)


@pytest.fixture
def hall(tmp_path: Path) -> Generator[Hall]:
    with Hall(tmp_path, windows=3) as hall:
        hall.start()
        yield hall


def standing(hall: Hall) -> dict[str, str]:
    """What a fresh subscriber finds below the hall and below Home Assistant's prefix."""
    where = ["-p", str(hall.broker.port), "-t", "hall/#", "-t", "homeassistant/#", "--retained-only", "-W", "1"]
    told = subprocess.run([program("mosquitto_sub"), *where, "-F", "%t %p"], capture_output=True, text=True).stdout
    return dict(line.split(" ", 1) for line in told.splitlines())


def topics(*devices: str, announced: bool = True) -> set[str]:
    """All that stands for devices, each with the window of its number."""
    found = {"hall/test/gateway"}
    for device in devices:
        found |= {f"hall/test/dev/{device}/{what}" for what in ("availability", "state")}
        found |= {f"homeassistant/device/hall-test/{device}/config"} if announced else set()
    return found | {f"hall/test/windows/w{device[-2:]}/state" for device in devices}


def kill(hall: Hall) -> None:
    assert hall.gateway is not None
    hall.gateway.kill()


def edit(hall: Hall, *changes: tuple[str, str]) -> None:
    """Change the site file, and what is laid over it, by patterns and what comes in their place."""
    for path in (hall.site, hall.folder / "site.sim.yaml"):
        text = path.read_text()
        for pattern, new in changes:
            text = re.sub(f"(?m){pattern}", new, text)
        path.write_text(text)


def test_a_fresh_subscriber_sees_nothing_of_what_went_while_the_gateway_was_dead(hall: Hall) -> None:
    edit(hall, (r"^mqtt: \{url: ('.*')\}", r"mqtt: {url: \1, discovery: homeassistant}"))
    kill(hall)
    hall.start_gateway()
    until(lambda: standing(hall).keys() == topics("led-01", "led-02", "led-03"), 15)
    kill(hall)
    removed = (r"^ +(- \{id: )?(led|w)-?03.*\n", "")
    renamed = (r"\bled-02\b", "board-02")
    edit(hall, removed, renamed)
    until(lambda: standing(hall).keys() == topics("led-01", "led-02", "led-03"), 15)
    hall.start_gateway()
    until(lambda: standing(hall).keys() == topics("led-01", "board-02"), 15)
    kill(hall)
    edit(hall, (", discovery: homeassistant", ""))
    hall.start_gateway()
    until(lambda: standing(hall).keys() == topics("led-01", "board-02", announced=False), 15)


def publish(hall: Hall, topic: str, payload: dict[str, Any]) -> None:
    where = ["-p", str(hall.broker.port), "-t", f"hall/test/{topic}", "-q", "1", "-V", "5"]
    subprocess.run([program("mosquitto_pub"), *where, "-m", json.dumps(payload)], check=True, timeout=10)


def test_calls_that_came_while_it_was_dead_are_judged_by_their_time(hall: Hall) -> None:
    kill(hall)
    now = datetime.now(UTC)
    for number, at in enumerate((now - HOUR, now)):
        call = {"call_id": f"c-{number}", "window": f"w0{number + 1}", "ticket": f"A00{number}", "ttl_s": 600}
        publish(hall, "calls", {**call, "at": at.isoformat()})
    publish(hall, "do/led-03/power", {"command_id": "k-1", "params": {"on": False}})
    hall.start_gateway()
    hall.shows("led-02", "A001")
    until(lambda: len(hall.ask("GET", "/events?type=call.accepted")[1]["events"]) == 2, 10)
    why = {
        event["payload"]["call_id"]: event["payload"]["why"]
        for event in hall.ask("GET", "/events?type=call.accepted")[1]["events"]
    }
    assert why == {"c-0": "expired before it arrived", "c-1": None}
    assert hall.seen("led-01")["text"] != "A000"
    assert hall.ask("GET", "/events?type=command.requested")[1]["events"] == []


def test_a_value_of_a_device_that_has_stopped_is_null_also_after_a_new_start(hall: Hall) -> None:
    topic = "hall/test/dev/led-01/state"

    def unknown() -> bool:
        told = standing(hall)
        state = json.loads(told.get(topic, "{}"))
        bad = state.pop("bad", [])
        state.pop("at", None)
        offline = told.get("hall/test/dev/led-01/availability") == "offline"
        return offline and bool(state) and set(bad) == set(state) and set(state.values()) == {None}

    hall.call("c-1", "w01", "A017")
    hall.shows("led-01", "A017")
    until(lambda: json.loads(standing(hall).get(topic, "{}")).get("text") == "A017", 10)
    assert hall.cards is not None
    hall.cards.process.send_signal(signal.SIGSTOP)
    try:
        until(unknown, 10)
        kill(hall)
        hall.start_gateway()
        until(unknown, 10)
    finally:
        hall.cards.process.send_signal(signal.SIGCONT)
    hall.online(3)
    hall.shows("led-01", "A017")
