"""The core through real processes: a device that stops has no value anywhere, and what is gone leaves nothing."""

import json
import re
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from child import free_network
from hall import CARD_PORT, PROGRAM, Hall, so_far, until

from simulators.testing.processes import NotSeen

pytestmark = pytest.mark.timeout(120)
NOTICED_S = 2 * 0.5 + 0.5  # two poll periods and the time-out of the hall's cards
SETTLED_S = 12.0
MARGIN_S = 1.5  # for a machine that does much else
SOON = "alarms: {built_in: {device-offline: {on_delay_s: 0.5, off_delay_s: 0.5}}}\n"
TESTDRIVER = Path(__file__).parents[1] / "fixtures"


def apart(hall: Hall) -> None:
    """Start a second program of cards, and have the gateway find all but the first one there."""
    others, log = hall.folder / "others.sim.yaml", hall.folder / "others.log"
    where = ["--overlay", str(others), "--control", "0", "--base", free_network(CARD_PORT)]
    hall.begin([*PROGRAM, "simulate", str(hall.site), *where], log, lambda: b"levers: " in log.read_bytes())
    overlay = re.sub(r'("led-01": .*tcp://)[0-9.]+', rf"\g<1>{hall.base}", others.read_text())
    (hall.folder / "site.sim.yaml").write_text(overlay)


@pytest.fixture
def neighbours(tmp_path: Path) -> Generator[Hall]:
    """A hall whose first card is a program of its own; it shows A017, and the second one A018."""
    with Hall(tmp_path) as hall:
        apart(hall)
        hall.start_cards()
        hall.start_gateway()
        hall.online(3)
        hall.call("c-1", "w01", "A017")
        hall.call("c-2", "w02", "A018")
        hall.shows("led-01", "A017")
        until(lambda: texts(hall) == ["A017", "A018", "综合受理"], 10)
        hall.settled()
        yield hall


def points(hall: Hall, device: str) -> dict[str, tuple[Any, str]]:
    """Value and quality of every point, as the API tells them."""
    found = hall.ask("GET", f"/devices/{device}")[1]["points"]
    return {name: (point["value"], point["quality"]) for name, point in found.items()}


def texts(hall: Hall) -> list[Any]:
    return [screen["text"] for screen in hall.ask("GET", "/screens")[1]["screens"]]


def card(hall: Hall, window: str) -> str:
    """What the page shows of a window."""
    found = re.search(rf'<article[^>]*"window-{window}".*?</article>', hall.get("/"), re.DOTALL)
    assert found
    return found[0]


def nowhere(hall: Hall) -> bool:
    """Whether API, page and metrics have no value of the first card."""
    known = points(hall, "led-01")
    page = card(hall, "w01")
    return (
        bool(known)
        and set(known.values()) == {(None, "bad")}
        and texts(hall)[0] is None
        and hall.ask("GET", "/screens/led-01/image.png")[0] == 503
        and ("离线" in page, "<img" in page, "A017" in page) == (True, False, False)
        and 'hall_point_value{device="led-01"' not in hall.get("/metrics")
    )


def unknown(state: str) -> bool:
    """Whether a retained state has nothing but bad points without a value."""
    flat = json.loads(state)
    bad = flat.pop("bad", [])
    flat.pop("at")
    return bool(flat) and set(bad) == set(flat) and set(flat.values()) == {None}


def states(heard: Path) -> list[str]:
    """The payloads that a subscriber of one topic got, oldest first."""
    return [line.split(" ", 2)[2] for line in so_far(heard).splitlines() if line.endswith("}")]


def gone(hall: Hall, heard: Path) -> bool:
    return unknown(states(heard)[-1]) and nowhere(hall)


def right_again(hall: Hall, heard: Path) -> None:
    """All is as it was, and the neighbours never noticed."""
    hall.online(3)
    hall.shows("led-01", "A017")
    until(lambda: texts(hall) == ["A017", "A018", "综合受理"], 10)
    until(lambda: json.loads(states(heard)[-1])["text"] == "A017", 10)
    assert points(hall, "led-01")["text"] == ("A017", "good")
    assert "A017" in card(hall, "w01")
    assert [hall.told(name) for name in ("led-02", "led-03")] == [(0, 0), (0, 0)]


def test_a_device_that_stops_has_no_value_anywhere_and_its_neighbours_go_on(neighbours: Hall) -> None:
    hall = neighbours
    heard = hall.subscribe("hall/test/dev/led-01/state")
    until(lambda: states(heard), 5)
    since = hall.ask("GET", "/devices/led-02")[1]["since"]
    assert hall.cards is not None
    hall.cards.process.send_signal(signal.SIGSTOP)
    try:
        until(lambda: gone(hall, heard), NOTICED_S + MARGIN_S)
        told = len(states(heard))
        assert texts(hall)[1:] == ["A018", "综合受理"]
        assert hall.ask("GET", "/devices/led-02")[1]["since"] == since
        hall.kill()
        hall.start_gateway()
        until(lambda: gone(hall, heard), NOTICED_S + MARGIN_S)
        until(lambda: texts(hall)[1:] == ["A018", "综合受理"], 10)
        standing = hall.standing()
        assert unknown(standing["hall/test/dev/led-01/state"])
        assert standing["hall/test/dev/led-01/availability"] == "offline"
        assert standing["hall/test/dev/led-02/availability"] == "online"
        assert [state for state in states(heard)[told:] if not unknown(state)] == []
    finally:
        hall.cards.process.send_signal(signal.SIGCONT)
    right_again(hall, heard)
    assert hall.told("led-01") == (2, 1)  # the gateway that was killed said so, and the one that came back


def test_a_device_that_stops_while_the_gateway_is_dead_has_no_value_afterwards(neighbours: Hall) -> None:
    hall = neighbours
    heard = hall.subscribe("hall/test/dev/led-01/state")
    until(lambda: states(heard), 5)
    hall.kill()
    assert hall.cards is not None
    hall.cards.process.send_signal(signal.SIGSTOP)
    try:
        assert json.loads(hall.standing()["hall/test/dev/led-01/state"])["text"] == "A017"
        told = len(states(heard))
        hall.start_gateway()
        until(lambda: gone(hall, heard), NOTICED_S + MARGIN_S)
        assert [state for state in states(heard)[told:] if not unknown(state)] == []
        assert unknown(hall.standing()["hall/test/dev/led-01/state"])
    finally:
        hall.cards.process.send_signal(signal.SIGCONT)
    right_again(hall, heard)


def topics(*devices: str, parts: str = "", alarms: tuple[str, ...] = ()) -> set[str]:
    """All that stands for cards, each with the window of its number, for an invented box, and for alarms."""
    found = {"hall/test/gateway"} | {f"hall/test/windows/w{device[-2:]}/state" for device in devices}
    for device in {*devices, parts} - {""}:
        found |= {f"hall/test/dev/{device}/{what}" for what in ("availability", "state")}
        found |= {f"homeassistant/device/hall-test/{device}/config"}
    named = ("front-door", "side-door", "lamp-1", "lamp-2") if parts else ()
    found |= {f"hall/test/dev/{parts}/part/{part}/state" for part in named}
    return found | {f"hall/test/alarms/device-offline.{device}" for device in alarms}


def found(hall: Hall) -> set[str]:
    """The topics that a fresh subscriber finds; but not the journal's anchor, which comes when it is due."""
    return hall.standing().keys() - {"hall/test/journal/anchor"}


def finds(hall: Hall, expected: set[str]) -> None:
    """Wait until a fresh subscriber finds these topics and no others."""
    try:
        until(lambda: found(hall) == expected, SETTLED_S)
    except NotSeen:
        assert found(hall) == expected


def test_a_fresh_subscriber_sees_nothing_of_what_went_while_the_gateway_was_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(TESTDRIVER))
    with Hall(tmp_path, site=SOON) as hall:
        box = "devices:\n  - {id: box-09, driver: test.controller, address: 'tcp://10.0.0.9:6009', poll_s: 0.5}"
        hall.point_at_cards()
        hall.edit((r"^mqtt: \{url: ('.*')\}", r"mqtt: {url: \1, discovery: homeassistant}"))
        hall.site.write_text(hall.site.read_text().replace("devices:", box, 1))
        hall.start_cards()
        (tmp_path / "site.sim.yaml").write_text((tmp_path / "cards.sim.yaml").read_text())
        hall.start_gateway()
        hall.online(4)
        for lost in ("led-02", "led-03"):
            hall.lever(lost, "mute", on=True)
        three = ("led-01", "led-02", "led-03")
        finds(hall, topics(*three, parts="box-09", alarms=three[1:]))
        hall.kill()
        hall.edit((r'^ +("|- \{id: )(led-03|w03)\b.*\n', ""), (r"\bled-02\b", "board-02"), (r"\bbox-09\b", "gate-09"))
        hall.start_gateway()
        finds(hall, topics("led-01", "board-02", parts="gate-09", alarms=("board-02",)))
