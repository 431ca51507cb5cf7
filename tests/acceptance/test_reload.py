"""SIGHUP: a changed site file is taken over while the hall goes on, whole or not at all."""

import re
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hall import Hall, so_far, until

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def hall(tmp_path: Path) -> Generator[Hall]:
    with Hall(tmp_path, windows=3) as hall:
        hall.start()
        yield hall


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """Change lines of a file: patterns and what comes in their place."""
    text = path.read_text()
    for pattern, new in changes:
        text, count = re.subn(f"(?m){pattern}", new, text)
        assert count, pattern
    path.write_text(text)


def without(number: str) -> list[tuple[str, str]]:
    """A site file without a card and its window."""
    return [(rf"^  - {{id: led-{number}.*\n", ""), (rf"^  - {{id: w{number}.*\n", "")]


def reload(hall: Hall, event: str, count: int = 1) -> dict[str, Any]:
    """Have the site file read again; gives the payload of the newest event that tells how it went."""
    assert hall.gateway is not None
    hall.gateway.process.send_signal(signal.SIGHUP)
    until(lambda: len(events(hall, event)) == count, 10)
    return events(hall, event)[-1]


def events(hall: Hall, type_: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = hall.ask("GET", f"/events?type={type_}")[1]["events"]
    return [event["payload"] for event in found]


def device(hall: Hall, name: str) -> dict[str, Any]:
    found: dict[str, Any] = hall.ask("GET", f"/devices/{name}")[1]
    return found


def test_what_stays_goes_on_what_changed_begins_anew_and_what_is_gone_leaves_nothing(hall: Hall) -> None:
    for number in ("01", "02", "03"):
        hall.call(f"c-{number}", f"w{number}", f"A0{number}")
        hall.shows(f"led-{number}", f"A0{number}")
    before = {name: device(hall, name)["since"] for name in ("led-01", "led-02")}
    changed = r"(id: led-02.*)ping_s: 0.5", r"\1ping_s: 0.4"
    edit(hall.site, changed, *without("03"), (r"label: 1号窗口", "label: 一号窗口"))
    edit(hall.folder / "site.sim.yaml", (r"^  led-03.*\n", ""))
    told = reload(hall, "config.applied")
    assert told == {"added": [], "removed": ["led-03"], "changed": ["led-02"], "sections": ["windows"], "lines": []}
    assert events(hall, "config.accepted") == [told]
    hall.online(2)
    assert device(hall, "led-01")["since"] == before["led-01"]
    assert device(hall, "led-02")["since"] > before["led-02"]
    hall.shows("led-02", "A002")
    windows = {window["window"]: window for window in hall.ask("GET", "/windows")[1]["windows"]}
    assert {name: (window["label"], window["ticket"]) for name, window in windows.items()} == {
        "w01": ("一号窗口", "A001"),
        "w02": ("2号窗口", "A002"),
    }
    assert hall.ask("GET", "/devices/led-03")[0] == 404
    assert hall.ask("POST", "/calls", {"call_id": "c-9", "window": "w03", "ticket": "A1"})[0] == 422
    assert 'device="led-03"' not in hall.get("/metrics")
    retained = hall.subscribe("hall/#")
    until(lambda: "windows/w02/state" in so_far(retained), 5)
    assert [line for line in so_far(retained).splitlines() if "led-03" in line or "w03" in line] == []


def test_what_is_added_is_online_and_called_to_at_once(hall: Hall) -> None:
    whole, overlay = hall.site.read_text(), (hall.folder / "site.sim.yaml").read_text()
    edit(hall.site, *without("03"))
    edit(hall.folder / "site.sim.yaml", (r"^  led-03.*\n", ""))
    reload(hall, "config.applied")
    hall.site.write_text(whole)
    (hall.folder / "site.sim.yaml").write_text(overlay)
    assert reload(hall, "config.applied", 2)["added"] == ["led-03"]
    hall.online(3)
    hall.call("c-1", "w03", "B001")
    hall.shows("led-03", "B001")


def test_a_screen_that_its_window_gave_up_is_blank_and_obeys_commands(hall: Hall) -> None:
    hall.call("c-1", "w03", "A003")
    hall.shows("led-03", "A003")
    edit(hall.site, without("03")[1])
    reload(hall, "config.applied")
    hall.shows("led-03", "")
    status, _ = hall.ask("POST", "/devices/led-03/commands/show", {"params": {"text": "休息"}})
    assert status == 200
    hall.shows("led-03", "休息")


@pytest.mark.parametrize(
    ("wrong", "mistake"),
    [
        ((r"width: 64", "width: 65"), r"site\.yaml:6: devices\[0\]\.width: must be a multiple of 8; given: 65"),
        ((r"name: 测试中心", "name: 另一中心"), "restart needed: site cannot change while the gateway runs"),
        ((r"^devices:", "devices"), r"site\.yaml:\d+: not YAML: .*"),
    ],
    ids=["a mistake", "what only a restart changes", "no YAML"],
)
def test_a_file_that_cannot_be_taken_over_leaves_the_hall_as_it_was(
    hall: Hall, wrong: tuple[str, str], mistake: str
) -> None:
    right = hall.site.read_text()
    edit(hall.site, wrong, (r"label: 1号窗口", "label: 一号窗口"))
    told = reload(hall, "config.rejected")
    assert re.search(mistake, told["mistakes"][0])
    assert hall.ask("GET", "/windows")[1]["windows"][0]["label"] == "1号窗口"
    hall.online(3)
    hall.call("c-1", "w03", "A003")
    hall.shows("led-03", "A003")
    log = (hall.folder / "gateway.log").read_text()
    assert re.search(rf"the site file is refused, the old one stays in force:\n.*{mistake}", log)
    hall.site.write_text(right.replace("label: 3号窗口", "label: 三号窗口"))
    assert reload(hall, "config.applied")["sections"] == ["windows"]


def test_a_file_that_says_the_same_changes_nothing(hall: Hall) -> None:
    assert hall.gateway is not None
    hall.site.write_text("# read again\n" + hall.site.read_text())
    hall.gateway.process.send_signal(signal.SIGHUP)
    log = hall.folder / "gateway.log"
    until(lambda: "the site file was read again: nothing has changed" in log.read_text(), 10)
    assert events(hall, "config.applied") == []


def test_a_storm_of_signals_amid_calls_loses_none_of_them(hall: Hall) -> None:
    assert hall.gateway is not None
    names = ("一号窗口", "壹号窗口")
    for number in range(20):
        edit(
            hall.site,
            (
                r"label: [^,]*, function: 综合受理, screens: \[led-01\]",
                f"label: {names[number % 2]}, function: 综合受理, screens: [led-01]",
            ),
        )
        edit(hall.site, (r"(id: led-02.*)ping_s: [0-9.]+", rf"\1ping_s: {0.4 + number / 100:.2f}"))
        hall.gateway.process.send_signal(signal.SIGHUP)
        for window in ("w01", "w02"):
            hall.call(f"c-{window}-{number}", window, f"A{number:03}")
    hall.shows("led-01", "A019")
    hall.shows("led-02", "A019")
    accepted = [event["call_id"] for event in events(hall, "call.accepted")]
    assert sorted(accepted) == sorted({f"c-{window}-{number}" for window in ("w01", "w02") for number in range(20)})
    assert events(hall, "config.rejected") == []
