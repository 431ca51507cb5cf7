"""Cards on a shared line, as programs: simulated on a pseudo-terminal, called, reloaded."""

import re
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hall import Hall, until

pytestmark = pytest.mark.timeout(120)
LINE = "lines:\n  - {id: rs485-a, address: 'serial:///dev/ttyUSB0?baud=19200'}\n"


@pytest.fixture
def hall(tmp_path: Path) -> Generator[Hall]:
    """Cards 1 and 2 on a line, card 3 on TCP."""
    with Hall(tmp_path, windows=3, site=LINE) as hall:
        edit(hall.site, r"'tcp://10\.0\.0\.([12]):5005'", r"'line:rs485-a', screen: \1")
        hall.start_twins(hall.folder / "site.sim.yaml")
        hall.start_gateway()
        hall.online(3)
        yield hall


def edit(path: Path, pattern: str, new: str) -> None:
    text, count = re.subn(f"(?m){pattern}", new, path.read_text())
    assert count
    path.write_text(text)


def since(hall: Hall) -> list[str]:
    """Since when each card is as it is."""
    return [str(hall.ask("GET", f"/devices/led-0{number}")[1]["since"]) for number in (1, 2, 3)]


def applied(hall: Hall, count: int) -> dict[str, Any]:
    """Have the site file read again; gives what was changed."""
    assert hall.gateway is not None
    hall.gateway.process.send_signal(signal.SIGHUP)
    until(lambda: len(_applied(hall)) == count, 10)
    return _applied(hall)[-1]


def _applied(hall: Hall) -> list[dict[str, Any]]:
    return [event["payload"] for event in hall.ask("GET", "/events?type=config.applied")[1]["events"]]


def test_a_line_is_called_on_and_begins_anew_alone_when_it_changes(hall: Hall) -> None:
    for number in (1, 2, 3):
        hall.call(f"c-{number}", f"w0{number}", f"A00{number}")
    for number in (1, 2, 3):
        hall.shows(f"led-0{number}", f"A00{number}")
    before = since(hall)
    edit(hall.site, "(address: 'serial.*)}", r"\1, turnaround_ms: 10}")
    assert applied(hall, 1) == {
        "added": [],
        "removed": [],
        "changed": ["led-01", "led-02"],
        "sections": [],
        "lines": ["rs485-a"],
    }
    hall.online(3)
    assert [now == then for now, then in zip(since(hall), before, strict=True)] == [False, False, True]
    hall.call("c-4", "w02", "A004")
    hall.shows("led-02", "A004")


def test_a_line_that_is_gone_takes_its_metrics_with_it(hall: Hall) -> None:
    assert 'hall_line_turns_total{line="rs485-a"' in hall.get("/metrics")
    edit(hall.site, LINE.replace("{", r"\{").replace("?", r"\?"), "")
    edit(hall.site, r"^  - {id: (led|w)-?0[12].*\n", "")
    edit(hall.folder / "site.sim.yaml", r'^lines:\n.*\n|^  "led-0[12]".*\n', "")
    assert applied(hall, 1)["lines"] == ["rs485-a"]
    assert "hall_line_turns_total{" not in hall.get("/metrics")
    hall.online(1)
    hall.call("c-3", "w03", "A003")
    hall.shows("led-03", "A003")
