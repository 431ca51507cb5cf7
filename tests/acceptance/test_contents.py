"""What screens show beside numbers, through real processes: a notice, an emergency, the all-clear, and a kill -9."""

import json
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest
from child import program
from hall import Hall, so_far, until

pytestmark = pytest.mark.timeout(120)
SCREENS = ("led-01", "led-02")
IDLE, NOTICE, FIRE = "综合受理", "周五停办", "紧急疏散"


@pytest.fixture
def hall(tmp_path: Path) -> Generator[Hall]:
    with Hall(tmp_path, windows=2) as running:
        text = running.site.read_text()
        running.site.write_text(text.replace("mqtt: {", "mqtt: {allow: [screens/hall/emergency], "))
        running.start()
        yield running


def show(hall: Hall, *texts: str) -> None:
    """Wait until the screens show these."""
    for screen, text in zip(SCREENS, texts, strict=True):
        hall.shows(screen, text)


def clear(hall: Hall, command_id: str) -> None:
    body = {"command_id": command_id, "reason": "演练结束"}
    status, result = hall.ask("POST", "/screens/hall/commands/all_clear", body)
    assert (status, result["status"]) == (200, "acked"), result


def test_notice_emergency_all_clear_and_a_kill_each_leave_the_screens_as_they_should_be(hall: Hall) -> None:
    show(hall, IDLE, IDLE)
    status, notice = hall.ask("POST", "/notices", {"notice_id": "n1", "text": NOTICE})
    assert (status, notice["status"]) == (201, "valid"), notice
    show(hall, NOTICE, NOTICE)
    hall.call("c1", "w01", "A001")
    show(hall, "A001", NOTICE)

    fire = {"command_id": "fire-1", "params": {"text": FIRE}, "reason": "演练"}
    status, result = hall.ask("POST", "/screens/hall/commands/emergency", fire)
    assert (status, result["status"]) == (200, "acked"), result
    show(hall, FIRE, FIRE)
    hall.call("c2", "w02", "A002")
    assert hall.ask("GET", "/calls/c2")[1]["screens"]["led-02"]["status"] == "queued"
    hall.kill()
    hall.start_gateway()
    hall.online(2)
    show(hall, FIRE, FIRE)

    clear(hall, "clear-1")
    show(hall, "A001", "A002")
    until(lambda: hall.ask("GET", "/calls/c2")[1]["screens"]["led-02"]["status"] in ("acked", "confirmed"), 10)
    hall.kill()
    hall.start_gateway()
    hall.online(2)
    show(hall, "A001", "A002")
    for window in ("w01", "w02"):
        hall.ask("POST", "/calls", {"call_id": f"end-{window}", "window": window, "kind": "resume"})
    show(hall, NOTICE, NOTICE)
    assert hall.ask("POST", "/notices/n1/withdraw", {})[0] == 200
    show(hall, IDLE, IDLE)
    types = [row["type"] for row in hall.ask("GET", "/events?limit=1000")[1]["events"]]
    assert [type_ for type_ in types if type_.startswith(("notice.", "command."))] == [
        "notice.published",
        *["command.requested", "command.ended"] * 2,
        "notice.withdrawn",
    ]


def test_an_emergency_comes_by_mqtt_where_the_site_file_allows_it(hall: Hall) -> None:
    heard = hall.subscribe("hall/test/done/+")
    for verb in ("all_clear", "emergency"):
        body = {"command_id": f"m-{verb}", "params": {"text": FIRE} if verb == "emergency" else {}, "reason": "演练"}
        topic = f"hall/test/do/screens/hall/{verb}"
        command = [program("mosquitto_pub"), "-p", str(hall.broker.port), "-t", topic, "-m", json.dumps(body)]
        subprocess.run(command, check=True, timeout=30)
    until(lambda: so_far(heard).count("/done/m-") == 2, 10)
    refused, done = [line for line in so_far(heard).splitlines() if "/done/m-" in line]
    assert "does not allow this command" in refused
    assert '"status":"acked"' in done
    show(hall, FIRE, FIRE)
