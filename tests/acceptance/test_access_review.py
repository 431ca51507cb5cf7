"""A day in the review of a hall of processes: whose cards, who passed, what it adds up to, what of it can be proven."""

import csv
import io
import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from accesshall import AccessHall, shared
from accesssite import CARD, DEVICES, SERIAL, SERIAL_2
from hall import so_far, until

from gateway.cli import main

pytestmark = [pytest.mark.timeout(120), pytest.mark.parametrize("store", ["sqlite"], indirect=True)]
ZONE = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"  # where it is noon now: no day ends meanwhile
STRANGER, REFUSED = 7777777, "no right"
LEFT_OPEN_S = 3.0  # longer than `held_s` of the front door, not than the test's patience


class Said(NamedTuple):
    """How a run of the command line ended, and what it printed."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture(scope="module")
def all_boxes(tmp_path_factory: pytest.TempPathFactory) -> Generator[AccessHall]:
    for hall in shared(tmp_path_factory.mktemp("review")):
        site = hall.site.read_text()
        hall.site.write_text(site.replace("name: 测试中心}", f"name: 测试中心, timezone: {ZONE}}}"))
        hall.start()
        hall.let_pass()
        yield hall


@pytest.fixture
def hall(all_boxes: AccessHall) -> AccessHall:
    """A hall with boxes of every family, all its doors shut. Only what is new is told."""
    all_boxes.online(len(DEVICES))
    all_boxes.since = all_boxes.seq()
    return all_boxes


@pytest.fixture
def run(hall: AccessHall, capfd: pytest.CaptureFixture[str]) -> Run:
    """`hall-gateway` with these words; verbs that ask a gateway ask that of the hall. Not a process of its own: a
    second each for nothing new.
    """
    boss = hall.folder / "boss.token"
    boss.touch(mode=0o600)
    boss.write_text(hall.token)
    to = ["--url", f"http://127.0.0.1:{hall.port}", "--token-file", str(boss)]

    def run(*words: str) -> Said:
        capfd.readouterr()
        code = main([*words, *(to if words[0] in ("persons", "doors") else [])])
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return run


def events(hall: AccessHall, **where: str) -> list[dict[str, Any]]:
    """New events that match."""
    query = "".join(f"&{name}={quote(value)}" for name, value in where.items())
    status, page = hall.ask("GET", f"/events?limit=1000&after={hall.since}{query}")
    assert status == 200, page
    found: list[dict[str, Any]] = page["events"]
    return found


def listed(hall: AccessHall) -> Path:
    """A list of one person, whose name a spreadsheet would compute."""
    path = hall.folder / "good.csv"
    path.write_text(f"卡号,姓名,部门\n{CARD},=欧阳娜娜,信访局\n")
    return path


def open_front(hall: AccessHall) -> None:
    """Somebody is let in and stays in the door."""
    hall.lever("acs", "swipe", card=CARD)
    hall.lever("acs", "open")
    until(lambda: hall.door()["state"] == "open", 15)


def test_controllers_that_no_site_file_names_are_found_with_their_section(hall: AccessHall, run: Run) -> None:
    places = [word for box in ("acs", "acs2") for word in ("--broadcast", f"{hall.host(box)}:60000")]
    said = run("discover", "access", "--json", "--timeout", "1s", *places)
    assert said.code == 0, said.err
    found = {each["entry"]["serial"]: each for each in json.loads(said.out)["found"]}
    assert found.keys() == {SERIAL, SERIAL_2}
    assert found[SERIAL]["entry"]["address"] == f"udp://{hall.host('acs')}:60000"
    assert (found[SERIAL_2]["driver"], found[SERIAL_2]["entry"]["doors"]) == ("access.uhppote", 4)
    assert f"serial: {SERIAL_2}" in json.loads(said.out)["snippet"]


def test_people_of_a_list_are_enrolled_once_every_line_of_it_is_right(hall: AccessHall, run: Run) -> None:
    bad = hall.folder / "bad.csv"
    bad.write_text(f"卡号,姓名,部门\n{CARD},=欧阳娜娜,信访局\nabc,张三,信访局\n12,,信访局\n{CARD},李四,信访局\n")
    for dry in ([], ["--dry-run"]):
        said = run("persons", "import", str(bad), *dry)
        assert said.code == 2
        assert [line.partition(": ")[0] for line in said.err.splitlines()] == [
            f"{bad}:{number}" for number in (3, 4, 5)
        ]
    good = listed(hall)
    assert json.loads(run("persons", "import", str(good), "--dry-run", "--json").out)["added"] == 1
    assert hall.ask("GET", "/persons")[1]["persons"] == []
    assert json.loads(run("persons", "import", str(good), "--json").out)["added"] == 1
    (person,) = hall.ask("GET", "/persons")[1]["persons"]
    assert (person["name"], person["known_as"]) == ("=**", "card:···538")


def test_who_passed_is_found_by_door_person_reason_time_and_text_and_taken_as_a_table(
    hall: AccessHall, run: Run
) -> None:
    assert run("persons", "import", str(listed(hall))).code == 0
    hall.caught_up()
    began = datetime.now(ZoneInfo(ZONE)).isoformat()
    tail: list[Any] = []
    waiting = Thread(target=lambda: tail.append(hall.ask("GET", f"/events?after={hall.seq()}&wait_s=20")[1]["events"]))
    waiting.start()
    time.sleep(0.5)  # so that it is asked before there is anything
    hall.lever("acs", "swipe", card=CARD)
    waiting.join(30)
    assert [row["type"] for row in tail[0]][:1] == ["access.granted"]
    hall.lever("acs", "swipe", card=STRANGER)
    hall.lever("acs2", "swipe", card=STRANGER)
    hall.caught_up()
    hall.caught_up(device="acs2")
    (passed,) = events(hall, type="access.granted")
    refused = events(hall, type="access.denied")
    person = passed["payload"]["person"]
    assert events(hall, person=person) == [passed]
    assert events(hall, reason=REFUSED) == events(hall, q=REFUSED) == refused
    assert [row["part"] for row in refused] == ["door-1", "door-1"]
    assert [row for row in events(hall, door="side") if row["type"] == "access.denied"] == refused[1:]
    assert {row["type"] for row in events(hall, door="front")} >= {"access.granted", "access.denied"}
    earlier, later = events(hall, to=began), events(hall, **{"from": began})
    assert earlier
    assert {passed["seq"], *(row["seq"] for row in refused)} <= {row["seq"] for row in later}
    assert sorted(row["seq"] for row in earlier + later) == [row["seq"] for row in events(hall)]
    taken = hall.get(f"/api/v1/events.csv?after={hall.since}&person={person}")
    assert taken.startswith("\ufeff")
    (line,) = csv.DictReader(io.StringIO(taken.removeprefix("\ufeff")))
    assert (line["person"], line["name"], line["type"]) == (person, "'=**", "access.granted")
    assert [row["payload"]["query"]["person"] for row in events(hall, type="events.exported")] == [person]


def compliance(hall: AccessHall) -> dict[str, Any]:
    """The line of today, of the one entrance of the staff."""
    (line,) = hall.ask("GET", "/doors/compliance")[1]["days"]
    return dict(line)


def test_a_day_and_a_month_add_up_to_what_happened(hall: AccessHall, run: Run) -> None:
    today = f"{datetime.now(ZoneInfo(ZONE)):%Y-%m-%d}"
    before = json.loads(run("doors", "report", "--day", today, "--json").out)["totals"]
    front = compliance(hall)
    open_front(hall)
    hall.lever("acs", "close")
    until(lambda: hall.of("door.cycle", "front"), 15)
    hall.lever("acs", "force", door=2)
    until(lambda: hall.of("door.forced", "back"), 15)
    hall.lever("acs", "close", door=2)
    until(lambda: hall.of("door.cycle", "back"), 15)
    for asked in (("--day", today), ("--month", today[:7])):
        told = json.loads(run("doors", "report", *asked, "--json").out)["totals"]
        assert {name: told[name] - before[name] for name in ("granted", "opened", "forced")} == {
            "granted": 1,
            "opened": 2,
            "forced": 1,
        }
    after = compliance(hall)
    assert (after["day"], after["door"]) == (today, "front")
    counts = ("opened", "in_time", "held", "forced")
    assert [after[name] - front[name] for name in counts] == [1, 1, 0, 0]


def test_drills_tell_which_doors_would_move_and_move_none(hall: AccessHall) -> None:
    def locks() -> list[dict[str, Any]]:
        return [door for box in ("acs", "acs2") for door in hall.seen(box)["doors"].values()]

    until(lambda: not any(door["unlocked"] for door in locks()), 15)  # who was let pass has some seconds
    before = locks()
    for kind in ("fire", "lockdown"):
        answer = hall.do("doors/zones/hall", "drill", params={"kind": kind}, reason="季度演练")[1]
        assert answer["status"] == "confirmed", answer
        told = answer["detail"]
        assert (told["ready"], told["of"], {*told["doors"]}) == (3, 3, {"front", "back", "side"})
    drills = hall.ask("GET", "/doors/drills")[1]["drills"]
    assert [(each["kind"], each["reason"]) for each in drills[:2]] == [("lockdown", "季度演练"), ("fire", "季度演练")]
    assert len(hall.rows("door.drill")) == 2
    assert locks() == before
    assert hall.rows("door.remote_open") == []


def test_a_door_whose_sensor_is_lost_is_unknown_and_never_closed(hall: AccessHall) -> None:
    told = hall.subscribe("hall/test/doors/front/state")
    open_front(hall)
    hall.lever("acs", "mute")
    until(lambda: hall.door()["state"] == "unknown", 20)
    hall.lever("acs", "close")
    time.sleep(1.0)
    assert hall.door()["state"] == "unknown"
    hall.lever("acs", "heal")
    until(lambda: hall.door()["state"] == "closed", 20)
    assert [row["was"] for row in hall.of("door.unknown", "front")] == [["open"]]

    def states() -> list[str]:
        lines = [line.split(" ", 2)[2] for line in so_far(told).splitlines() if "/front/" in line]
        return [state for state, _ in groupby(json.loads(line)["state"] for line in lines)]

    until(lambda: states()[-3:] == ["open", "unknown", "closed"], 20)


def test_a_door_that_its_timetable_releases_may_stand_open(hall: AccessHall) -> None:
    week = "[mon, tue, wed, thu, fri, sat, sun]"
    hall.edit((r"held_s: 2\}", f"held_s: 2, release: [{{days: {week}, on: '00:00', off: '23:59'}}]}}"))
    hall.reload()
    until(lambda: hall.door()["released"], 20)
    open_front(hall)
    until(lambda: hall.door()["open_for_s"] > LEFT_OPEN_S, 15)
    assert (hall.door()["held"], hall.rows("door.held_warning"), hall.rows("door.held")) == ("no", [], [])
    hall.lever("acs", "close")
    until(lambda: hall.door()["state"] == "closed", 15)


def test_all_that_is_recorded_of_any_device_is_told_on_mqtt(hall: AccessHall) -> None:
    told = hall.subscribe("hall/test/dev/+/event")
    hall.since = hall.seq()
    for box in ("acs", "acs2", "zk", "hik"):
        hall.lever(box, "swipe", **({"card": STRANGER} if box.startswith("acs") else {}))
    hall.lever("reader", "swipe", number=5)
    hall.lever("acs", "force", door=2)
    hall.lever("acs", "close", door=2)
    until(lambda: {row["device"] for row in events(hall)} >= {*DEVICES}, 20)
    until(lambda: hall.of("door.cycle", "back"), 20)
    kept = {row["seq"] for row in events(hall) if row["device"] and row["retention"] != "audit"}
    until(lambda: kept <= {*hall.heard(told)}, 20)


def test_an_export_proves_itself_and_one_byte_that_was_changed_is_found(hall: AccessHall, run: Run) -> None:
    for kind, begins in (("jsonl", b"{"), ("csv", b"\xef\xbb\xbf")):
        taken, key = hall.folder / f"taken.{kind}", ("--key", str(hall.folder / "journal.key"))
        assert run("journal", "export", str(hall.site), "--format", kind, "--out", str(taken)).code == 0
        data = taken.read_bytes()
        assert data.startswith(begins)
        assert data.count(b"\n") >= hall.since
        assert run("journal", "verify-export", str(taken), *key).code == 0
        taken.write_bytes(data.replace(b"command.requested", b"command.requesteD", 1))
        assert run("journal", "verify-export", str(taken), *key).code == 1


TAMPERED = {
    "edited": ("UPDATE journal SET device = 'acs2' WHERE seq = 20", 20),
    "deleted": ("DELETE FROM journal WHERE seq = 20", 20),
    "reordered": (
        "UPDATE journal SET seq = -20 WHERE seq = 20; UPDATE journal SET seq = 20 WHERE seq = 21; "
        "UPDATE journal SET seq = 21 WHERE seq = -20",
        20,
    ),
    "truncated": ("DELETE FROM journal WHERE seq > 30", 31),
}


def test_the_first_row_that_somebody_touched_is_named(hall: AccessHall, run: Run) -> None:
    """The last one here: the gateway is stopped."""
    hall.lever("acs", "fill", count=50)
    hall.caught_up()
    assert hall.gateway is not None
    assert hall.gateway.stop() == 0
    hall.verified()
    for how, (change, seq) in TAMPERED.items():
        folder = hall.folder / how
        folder.mkdir()
        for name in ("hall.db", "hall.db.anchors"):
            shutil.copy(hall.folder / name, folder / name)
        shutil.copy(hall.folder / "journal.key", folder)
        site = folder / "site.yaml"
        site.write_text(hall.site.read_text().replace(f"{hall.folder}/hall.db", f"{folder}/hall.db"))
        for secret in ("hik.password", "reader.scbk"):
            shutil.copy(hall.folder / secret, folder)
        with closing(sqlite3.connect(folder / "hall.db", isolation_level=None)) as db:
            db.executescript(change)
        said = run("journal", "verify", str(site), "--json")
        assert (said.code, json.loads(said.out)["broken_seq"]) == (1, seq), (how, said)
