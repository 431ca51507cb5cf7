"""Waiting-area screens at process level: `simulate` is the browser, and the calls are on it again after kill -9."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from child import Child, free_port
from hall import PROGRAM, Hall, until

TV = """  - {id: tv, driver: displays.web_screen, beat_s: 0.2}
"""


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with Hall(tmp_path, windows=2) as made:
        text = made.site.read_text()
        field = f"http: {{console: '127.0.0.1:{made.port}', field: '127.0.0.1:{free_port()}'}}\n"
        text = re.sub(r"http: .*\n", field, text).replace("devices:\n", f"devices:\n{TV}")
        made.site.write_text(text + "screens: [{id: main, device: tv, title: 大厅}]\n")
        yield made


@pytest.mark.timeout(60)
def test_a_call_is_on_the_waiting_area_screen_and_again_after_a_power_cut(hall: Hall) -> None:
    hall.start_cards()
    overlay = (hall.folder / "cards.sim.yaml").read_text()
    assert "tv" not in overlay
    (hall.folder / "site.sim.yaml").write_text(overlay)
    hall.start_gateway()
    hall.online(3)
    for number in range(3):
        hall.call(f"c{number}", "w01", f"A{number:03d}")
    until(lambda: tickets(hall) == ["A002", "A001", "A000"], 10)
    until(lambda: delivered(hall, "c0") == "confirmed", 10)
    call = hall.ask("GET", "/calls/c0")[1]
    delivery = call["screens"]["tv"]
    times = [delivery[f"{stage}_at"] for stage in ("queued", "sending", "sent", "shown", "confirmed")]
    assert times == sorted(times), "what the page says of when it was on its glass lies between the two"
    assert call["accepted_at"] <= delivery["recorded_at"], "no screen waits for that"
    assert hall.gateway is not None
    hall.gateway.kill()
    until(lambda: hall.seen("tv")["stale"], 10)
    assert tickets(hall) == ["A002", "A001", "A000"]
    hall.start_gateway()
    until(lambda: not hall.seen("tv")["stale"], 15)
    hall.call("c9", "w02", "B001")
    until(lambda: tickets(hall) == ["B001", "A002", "A001", "A000"], 10)
    assert hall.seen("tv")["violations"] == []
    until(lambda: delivered(hall, "c9") == "confirmed", 10)
    screen = hall.ask("GET", "/screens/tv/content")[1]
    assert (screen["window"], screen["text"], screen["delivery"]) == (None, "B001 A002 A001 A000", "confirmed")
    assert ">大厅<" in hall.get("/")


def test_the_keys_of_simulated_screens_end_with_the_simulation(hall: Hall) -> None:
    hall.start_cards()
    names = [entry["name"] for entry in json.loads((hall.folder / "tokens.json").read_text())]
    assert names == ["boss", f"simulated {hall.base}:0 tv"]
    assert hall.cards is not None
    hall.cards.stop()
    assert [entry["name"] for entry in json.loads((hall.folder / "tokens.json").read_text())] == ["boss"]


def test_without_a_field_listener_a_screen_has_nobody_to_call(hall: Hall) -> None:
    hall.site.write_text(re.sub(r", field: '[^']*'", "", hall.site.read_text()))
    log = hall.folder / "simulate.log"
    child = Child([*PROGRAM, "simulate", str(hall.site), "--control", "0", "--base", hall.base], log)
    assert child.process.wait(20) == 2
    assert "tv calls the gateway by itself: the site needs http.field, or --field HOST:PORT" in log.read_text()


def tickets(hall: Hall) -> list[str]:
    return [row["ticket"] for row in hall.seen("tv")["rows"]]


def delivered(hall: Hall, call_id: str) -> Any:
    return hall.ask("GET", f"/calls/{call_id}")[1]["screens"]["tv"]["status"]
