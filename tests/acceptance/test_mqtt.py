"""What stands at the broker, and what comes through it, while the gateway dies and its site file changes."""

import json
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


def test_what_home_assistant_was_told_goes_with_the_option(hall: Hall) -> None:
    announced = {f"homeassistant/device/hall-test/led-0{number}/config" for number in (1, 2, 3)}
    hall.edit((r"^mqtt: \{url: ('.*')\}", r"mqtt: {url: \1, discovery: homeassistant}"))
    hall.kill()
    hall.start_gateway()
    until(lambda: announced <= hall.standing().keys(), 15)
    hall.kill()
    hall.edit((", discovery: homeassistant", ""))
    assert announced <= hall.standing().keys()
    hall.start_gateway()
    until(lambda: not announced & hall.standing().keys(), 15)
    assert "hall/test/dev/led-01/state" in hall.standing()


def publish(hall: Hall, topic: str, payload: dict[str, Any]) -> None:
    where = ["-p", str(hall.broker.port), "-t", f"hall/test/{topic}", "-q", "1", "-V", "5"]
    subprocess.run([program("mosquitto_pub"), *where, "-m", json.dumps(payload)], check=True, timeout=10)


def called(hall: Hall) -> bool:
    """Call the same number again until it is heard: before we have subscribed the broker forgets it."""
    publish(hall, "calls", {"call_id": "first", "window": "w03", "ticket": "A999"})
    return bool(hall.seen("led-03")["text"] == "A999")


def test_calls_that_came_while_it_was_dead_are_judged_by_their_time(hall: Hall) -> None:
    until(lambda: called(hall), 20)  # from now on the broker keeps what is for us
    hall.kill()
    now = datetime.now(UTC)
    for number, at in enumerate((now - HOUR, now)):
        call = {"call_id": f"c-{number}", "window": f"w0{number + 1}", "ticket": f"A00{number}", "ttl_s": 600}
        publish(hall, "calls", {**call, "at": at.isoformat()})
    publish(hall, "do/led-03/power", {"command_id": "k-1", "params": {"on": False}})
    hall.start_gateway()
    hall.shows("led-02", "A001")
    until(lambda: len(hall.ask("GET", "/events?type=call.accepted")[1]["events"]) == 3, 10)
    why = {
        event["payload"]["call_id"]: event["payload"]["why"]
        for event in hall.ask("GET", "/events?type=call.accepted")[1]["events"]
    }
    assert why == {"first": None, "c-0": "expired before it arrived", "c-1": None}
    assert hall.seen("led-01")["text"] != "A000"
    assert hall.ask("GET", "/events?type=command.requested")[1]["events"] == []
