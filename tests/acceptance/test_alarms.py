"""Alarms through real processes: a card dies, the gateway is killed, and the alarm is neither lost nor doubled."""

import json
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hall import PROGRAM, Hall, until

pytestmark = pytest.mark.timeout(120)
SOON = "alarms: {built_in: {device-offline: {on_delay_s: 0.5, off_delay_s: 0.5}}}\n"


@pytest.fixture
def hall(tmp_path: Path) -> Generator[Hall]:
    with Hall(tmp_path, windows=2, site=SOON) as hall:
        hall.start()
        yield hall


def alarms(hall: Hall) -> dict[str, str]:
    """What is open, as the API tells it."""
    return {alarm["id"]: alarm["state"] for alarm in hall.ask("GET", "/alarms")[1]["alarms"]}


def steps(hall: Hall, id_: str) -> list[str]:
    """What the journal tells of an alarm."""
    rows = hall.database.rows("SELECT type, payload FROM journal WHERE type LIKE 'alarm.%' ORDER BY seq")
    return [type_ for type_, payload in rows if json.loads(payload)["alarm"] == id_]


def told(hall: Hall, *arguments: str) -> Any:
    """What the command line prints as JSON."""
    command = [*PROGRAM, "alarms", *arguments, "--json", "--url", f"http://127.0.0.1:{hall.port}"]
    (hall.folder / "token").write_text(hall.token)
    command += ["--token-file", str(hall.folder / "token")]
    return json.loads(subprocess.run(command, capture_output=True, check=True, timeout=20).stdout)


def test_an_alarm_outlives_the_gateway_and_ends_with_its_cause(hall: Hall) -> None:
    ids = ["device-offline.led-01", "device-offline.led-02"]
    assert hall.cards is not None
    hall.cards.kill()
    until(lambda: alarms(hall) == dict.fromkeys(ids, "active"), 20)
    until(lambda: steps(hall, ids[0]) == steps(hall, ids[1]) == ["alarm.raised"], 5)
    assert told(hall, "ack", ids[0], "--reason", "on my way")["state"] == "acknowledged"
    assert hall.gateway is not None
    hall.gateway.kill()
    hall.start_gateway()
    assert alarms(hall) == {ids[0]: "acknowledged", ids[1]: "active"}
    assert {alarm["id"] for alarm in told(hall, "list")["alarms"]} == set(ids)
    assert "离线" in hall.get("/")
    assert 'hall_alarms_active{severity="medium"} 2' in hall.get("/metrics")
    hall.start_cards()
    until(lambda: alarms(hall) == {}, 20)
    until(lambda: steps(hall, ids[0]) == ["alarm.raised", "alarm.acknowledged", "alarm.cleared"], 5)
    until(lambda: steps(hall, ids[1]) == ["alarm.raised", "alarm.cleared"], 5)
