"""Whatever the clock of the machine does, and wherever it thinks it is: days are the site's, and spans are spans."""

import json
import subprocess
import sys
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hall import PROGRAM, Hall, so_far, until
from stores import stores

from gateway.journal.daily import days

pytestmark = pytest.mark.timeout(120)
SETCLOCK = Path(__file__).parents[1] / "peers/setclock.py"
ELSEWHERE = "TZ=America/New_York"
JUMP_S = 600.0


class Clock:
    """The wall clock of a gateway."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "clock"
        self.jump(0.0, of=0.0)

    def jump(self, seconds: float, *, of: float | None = None) -> None:
        """Set it ahead, or back where `seconds` are below zero."""
        ahead_s = float(self.file.read_text()) if of is None else of
        new = self.file.with_suffix(".new")
        new.write_text(str(ahead_s + seconds))
        new.replace(self.file)

    def set(self, time: str) -> None:
        """Let it be this time, in UTC."""
        self.jump((datetime.fromisoformat(time).replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds(), of=0.0)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


@pytest.fixture
def hall(tmp_path: Path, clock: Clock) -> Generator[Hall]:
    """A hall in Lishui whose gateway will run on a machine of another zone."""
    with Hall(tmp_path, windows=2) as hall:
        hall.site.write_text(hall.site.read_text().replace("site: {", "site: {timezone: Asia/Shanghai, "))
        hall.program = ["env", ELSEWHERE, sys.executable, "-P", "-X", "dev", str(SETCLOCK), str(clock.file)]
        yield hall


def sealed(hall: Hall) -> list[str]:
    """The days that are sealed."""
    return [day.day for day in days(stores.url(hall.folder), site="test") if day.day]


def accepted(hall: Hall, call_id: str) -> dict[str, Any]:
    """A call as it was accepted."""
    found: dict[str, Any] = hall.ask("GET", f"/calls/{call_id}")[1]
    return found


def test_sessions_and_days_are_the_sites_on_a_machine_of_another_zone(hall: Hall, clock: Clock) -> None:
    clock.set("2026-07-17T15:50")  # ten to midnight in Lishui, ten to noon in New York
    hall.start()
    hall.settled()
    hall.call("c-1", "w01", "A012")
    assert accepted(hall, "c-1")["session"] == "2026-07-17"
    assert "07-17 23:5" in hall.get("/")
    clock.set("2026-07-17T16:05")
    hall.call("c-2", "w01", "A001", seq=1)
    assert (accepted(hall, "c-2")["session"], accepted(hall, "c-2")["why"]) == ("2026-07-18", None)
    hall.shows("led-01", "A001")
    until(lambda: sealed(hall) == ["2026-07-17"], 10)
    for number, time in enumerate(("2026-07-18T00:30", "2026-07-18T04:30", "2026-07-18T15:50")):
        clock.set(time)  # behind midnight in London, behind midnight in New York, ten to midnight in Lishui
        hall.call(f"d-{number}", "w02", "A013")
        assert accepted(hall, f"d-{number}")["session"] == "2026-07-18"
    assert sealed(hall) == ["2026-07-17"]
    clock.set("2026-07-18T16:01")
    until(lambda: sealed(hall) == ["2026-07-17", "2026-07-18"], 10)
    command = ["env", ELSEWHERE, *PROGRAM, "journal", "days", str(hall.site), "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=30).stdout)
    assert [day["day"] for day in told][:2] == ["2026-07-17", "2026-07-18"]
    assert hall.told("led-01") == (0, 0)


def texts(hall: Hall) -> list[str]:
    """What the cards have acknowledged, as the API tells it, while both are online."""
    return [screen["text"] for screen in hall.ask("GET", "/screens")[1]["screens"]]


def test_a_clock_that_jumps_by_ten_minutes_ends_what_its_time_has_ended_and_nothing_else(
    hall: Hall, clock: Clock
) -> None:
    clock.set("2026-07-17T02:00")
    hall.start()
    since = [device["since"] for device in hall.ask("GET", "/devices")[1]["devices"]]
    hall.settled()
    heard = hall.subscribe("hall/test/calls/+")
    hall.call("c-1", "w01", "A012", ttl_s=300)
    hall.call("c-2", "w02", "A013", ttl_s=1800)
    hall.shows("led-01", "A012")
    hall.shows("led-02", "A013")
    clock.jump(JUMP_S)
    hall.shows("led-01", "综合受理")
    clock.jump(-JUMP_S)
    hall.call("c-3", "w01", "A014", ttl_s=300)
    hall.shows("led-01", "A014")
    clock.jump(-JUMP_S)
    hall.call("c-4", "w02", "A015", ttl_s=300)  # the newest, though ten minutes before the one that is shown
    hall.shows("led-02", "A015")
    until(lambda: texts(hall) == ["A014", "A015"], 5)
    status, answer = hall.ask("POST", "/devices/led-01/commands/power", {"params": {"on": True}, "deadline_s": 5})
    assert (status, answer["status"]) == (200, "acked")
    assert [accepted(hall, f"c-{number}")["why"] for number in (1, 2, 3, 4)] == [None] * 4
    expired = hall.ask("GET", "/events?type=call.expired")[1]["events"]
    assert [event["payload"]["call_id"] for event in expired] == ["c-1"]
    until(lambda: so_far(heard).count('"type":"call.accepted"') >= 4, 5)
    assert so_far(heard).count('"type":"call.accepted"') == 4, so_far(heard)
    assert [device["since"] for device in hall.ask("GET", "/devices")[1]["devices"]] == since
    assert [hall.told(name) for name in ("led-01", "led-02", "mqtt")] == [(0, 0)] * 3
    command = [*PROGRAM, "journal", "verify", str(hall.site)]
    assert subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0
