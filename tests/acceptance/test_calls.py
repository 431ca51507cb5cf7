"""One called number through real processes: card, gateway and broker are killed, and nothing is lost."""

import json
import random
import re
import subprocess
import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hall import PROGRAM, Hall, so_far, until

pytestmark = pytest.mark.timeout(180)
BLOCKED_S = 0.1  # no callback may hold the event loop longer; three times that where other programs run beside it


@pytest.fixture
def hall(tmp_path: Path) -> Generator[Hall]:
    with Hall(tmp_path) as hall:
        hall.start()
        yield hall
        took_s = re.findall(r"Executing .* took (\S+) seconds", (tmp_path / "gateway.log").read_text())
        assert [took for took in took_s if float(took) > 3 * BLOCKED_S] == []


def lines(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """What a subscriber got: topic and JSON."""
    rows = [line.split(" ", 2) for line in so_far(path).splitlines() if line.count(" ") >= 2]
    return [(topic, json.loads(payload)) for _, topic, payload in rows if payload.startswith("{")]


def event_ids(path: Path) -> list[int]:
    """The ids of the events and calls that a subscriber got, in the order of their arrival."""
    return [payload["id"] for _, payload in lines(path) if "id" in payload]


def in_order_once(ids: Sequence[int]) -> list[int]:
    """What a consumer keeps that drops every id that it has had: fails when one comes too late."""
    kept: list[int] = []
    for id_ in ids:
        if id_ not in kept:
            assert not kept or id_ > kept[-1], f"{id_} came after {kept[-1]}"
            kept.append(id_)
    return kept


def journal(hall: Hall, type_: str) -> list[dict[str, Any]]:
    """All payloads of one type in the journal, in order."""
    rows = hall.database.rows("SELECT payload FROM journal WHERE type = ? ORDER BY seq", type_)
    return [json.loads(row[0]) for row in rows]


def verified(hall: Hall) -> bool:
    """Whether `journal verify` finds the chain whole."""
    done = subprocess.run([*PROGRAM, "journal", "verify", str(hall.site)], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return True


def test_a_call_is_on_the_screen_on_mqtt_and_in_its_delivery_record(hall: Hall) -> None:
    calls, window = hall.subscribe("hall/test/calls/+"), hall.subscribe("hall/test/windows/w01/state")
    hall.call("c-1", "w01", "A012")
    hall.shows("led-01", "A012")
    assert hall.seen("led-01")["runs"] == [{"text": "A012", "colour": "red"}]
    delivery = until(
        lambda: (screen := hall.ask("GET", "/calls/c-1")[1]["screens"]["led-01"])["status"] == "acked" and screen, 5
    )
    times = [delivery[f"{stage}_at"] for stage in ("queued", "sending", "sent", "acked")]
    call = hall.ask("GET", "/calls/c-1")[1]
    assert [call["accepted_at"], *times] == sorted([call["accepted_at"], *times])
    assert call["accepted_at"] <= delivery["recorded_at"]
    assert "shown_at" not in delivery, "a card that only acknowledges proves no more"
    until(lambda: any(payload.get("ticket") == "A012" for _, payload in lines(window)), 5)
    until(lambda: [payload["type"] for _, payload in lines(calls)] == ["call.accepted", "call.delivered"], 5)


def test_an_idle_window_shows_its_function_and_a_pause_says_so(hall: Hall) -> None:
    hall.shows("led-02", "综合受理")
    hall.ask("POST", "/calls", {"call_id": "p-1", "window": "w02", "kind": "pause"})
    hall.shows("led-02", "暂停服务")
    hall.ask("POST", "/calls", {"call_id": "p-2", "window": "w02", "kind": "resume"})
    hall.shows("led-02", "综合受理")


def test_what_no_card_can_show_is_a_box_and_counted_and_no_escape_reaches_the_card(hall: Hall) -> None:
    hall.call("x-1", "w01", "䶮1😀")
    hall.shows("led-01", "□1□")
    hall.call("x-2", "w02", "\\C3A")
    hall.shows("led-02", "＼C3A")
    assert hall.seen("led-02")["runs"] == [{"text": "＼C3A", "colour": "red"}]
    metrics = hall.get("/metrics")
    assert 'hall_characters_substituted_total{device="led-01"} 2.0' in metrics
    too_long = {"call_id": "x-3", "window": "w01", "ticket": "A0123456789"}
    status, problem = hall.ask("POST", "/calls", too_long)
    assert (status, problem["detail"]) == (
        422,
        "A0123456789 needs 11 half-width cells, screen led-01 has 8 in 1 row",
    )
    assert "x-3" not in [call["call_id"] for call in journal(hall, "call.accepted")]


def test_a_call_over_mqtt_is_shown_and_a_retained_or_broken_one_is_not(hall: Hall) -> None:
    answers = hall.subscribe("hall/test/calls/+")

    def publish(*arguments: str) -> None:
        port = str(hall.broker.port)
        subprocess.run(["mosquitto_pub", "-p", port, "-t", "hall/test/calls", "-q", "1", *arguments], check=True)

    publish("-m", '{"call_id": "m-0", "window": "w03", "ticket": "B001"}', "-r")
    publish("-m", "garbage")
    publish("-m", '{"call_id": "m-1", "window": "nowhere", "ticket": "B002"}')
    publish("-m", '{"call_id": "m-2", "window": "w03", "ticket": "B003"}')
    hall.shows("led-03", "B003")
    until(lambda: len(lines(answers)) >= 3, 5)
    rejected = {topic.rpartition("/")[2] for topic, payload in lines(answers) if payload.get("status") == "rejected"}
    assert "m-1" in rejected
    assert [call["call_id"] for call in journal(hall, "call.accepted")] == ["m-2"]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_the_fsync_comes_before_the_202(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with Hall(tmp_path, windows=1) as hall:
        hall.start()
        assert hall.gateway
        hall.gateway.kill()
        calls = "trace=fsync,fdatasync,write,sendto,sendmsg,writev,recvfrom,read,recvmsg"
        hall.start_gateway("strace", "-f", "-y", "-ttt", "-s", "300", "-e", calls, "-o", str(trace))
        hall.online(1, within_s=60)
        hall.call("strace-1", "w01", "A012")
    text = trace.read_text(errors="replace")
    asked = text.index("strace-1")
    answered = text.index("HTTP/1.1 202", asked)
    written = re.compile(r"fdatasync\(\d+<[^>]*hall\.db-wal>\) += 0|fdatasync resumed>\) += 0")
    assert written.search(text[asked:answered]), "no fdatasync between the request and its 202"


def test_the_gateway_killed_comes_back_with_the_call_on_the_screen(hall: Hall) -> None:
    window = hall.subscribe("hall/test/windows/w01/state")
    hall.call("k-1", "w01", "A013", person_name="欧阳娜娜")
    hall.shows("led-01", "A013")
    assert hall.gateway
    hall.gateway.kill()
    hall.lever("led-01", "silent_reboot")
    hall.start_gateway()
    hall.shows("led-01", "A013")
    kept = hall.ask("GET", "/calls/k-1")[1]
    assert (kept["name"], kept["screens"]["led-01"]["status"]) == ("欧**", "acked")
    assert hall.ask("GET", "/windows")[1]["windows"][0]["ticket"] == "A013"
    until(lambda: [payload["ticket"] for _, payload in lines(window)][-1:] == ["A013"], 5)
    assert "欧阳娜娜" not in hall.database.text()
    assert verified(hall)


def test_a_card_that_reboots_is_right_again_within_five_seconds(hall: Hall) -> None:
    hall.call("r-1", "w01", "A014")
    hall.shows("led-01", "A014")
    hall.lever("led-01", "reboot", down_s=4)
    until(lambda: hall.seen("led-01")["text"] == "", 1)
    hall.shows("led-01", "A014", within_s=4 + 5)
    assert hall.seen("led-01")["reboots"] == 1


def test_cards_that_lose_power_are_right_again(hall: Hall) -> None:
    log = hall.folder / "gateway.log"
    hall.call("r-2", "w01", "A015")
    hall.shows("led-01", "A015")
    told = len(log.read_text())  # the cards may have been slower to start than the gateway
    assert hall.cards
    hall.cards.kill()
    until(lambda: hall.ask("GET", "/devices/led-01")[1]["status"] == "offline", 10)
    assert hall.ask("GET", "/devices/led-01")[1]["points"]["text"]["value"] is None
    hall.call("r-3", "w01", "A016")
    hall.start_cards()
    hall.shows("led-01", "A016")
    hall.shows("led-02", "综合受理")
    since = log.read_text()[told:]
    assert (since.count("led-01 is offline"), since.count("led-01 is back")) == (1, 1)


def test_a_silent_reboot_is_mended_by_sending_again(tmp_path: Path) -> None:
    with Hall(tmp_path, windows=1, card="resend_s: 5") as hall:
        hall.start()
        hall.call("s-1", "w01", "A017")
        hall.shows("led-01", "A017")
        hall.lever("led-01", "silent_reboot")
        hall.shows("led-01", "A017", within_s=8)


@pytest.mark.parametrize(
    ("fault", "wrong", "lifted"),
    [
        ("mute", {"on": True}, {"on": False}),
        ("slow", {"seconds": 2}, {"seconds": 0}),
        ("pieces", {"size": 1}, {"size": 0}),
        ("cut", {"after": 9}, None),
        ("reset", {}, None),
        ("half_open", {}, None),
        ("nack", {"count": 3, "code": 3}, None),
    ],
)
def test_the_newest_call_is_shown_after_every_fault_of_the_card(
    hall: Hall, fault: str, wrong: dict[str, Any], lifted: dict[str, Any] | None
) -> None:
    hall.lever("led-01", fault, **wrong)
    hall.call("f-1", "w01", "A018")
    hall.call("f-2", "w01", "A019")
    if lifted is not None:
        hall.lever("led-01", fault, **lifted)
    hall.shows("led-01", "A019")
    until(lambda: hall.ask("GET", "/calls/f-2")[1]["screens"]["led-01"]["status"] == "acked", 10)


def test_no_event_is_lost_when_the_broker_dies_within_a_thousand(hall: Hall) -> None:
    got = hall.subscribe("hall/test/calls/+")
    hall.call("warm", "w01", "A000")
    until(lambda: event_ids(got), 5)
    hall.broker.save()  # the subscriber's session: without it the broker would not hold events for it while it is away
    for number in range(500):
        hall.call(f"b-{number}", f"w0{number % 3 + 1}", f"C{number:03d}")
        if number == 170:
            hall.broker.kill()
        if number == 330:
            hall.broker.restart()
    accepted = {row[0] for row in hall.database.rows("SELECT seq FROM journal WHERE type = 'call.accepted'")}
    until(lambda: accepted <= set(event_ids(got)), 30)
    assert len(in_order_once(event_ids(got))) >= 1000
    log = (hall.folder / "gateway.log").read_text()
    assert (log.count("mqtt is offline"), log.count("mqtt is back")) == (1, 1)


def test_retained_state_is_true_again_after_the_broker_forgot_everything(hall: Hall) -> None:
    hall.call("t-1", "w01", "A020")
    hall.shows("led-01", "A020")
    hall.broker.kill()
    hall.broker.restart()
    state = hall.subscribe("hall/test/#")
    until(lambda: {payload.get("text") for topic, payload in lines(state) if topic.endswith("/state")} >= {"A020"}, 20)
    assert hall.gateway
    hall.gateway.kill()
    until(lambda: ("hall/test/gateway", {"status": "offline"}) in lines(state), 30)


def test_killed_at_ten_points_nothing_accepted_is_lost_and_nothing_invented(hall: Hall) -> None:
    chance = random.Random(2023)
    accepted: dict[str, tuple[int, str]] = {}
    posted: set[str] = set()
    stop = threading.Event()

    def push() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            id_, ticket = f"kill-{number}", f"{number % 10000:04d}"
            posted.add(id_)
            try:
                body = {"call_id": id_, "window": "w01", "ticket": ticket, "session": "kill", "seq": number}
                status, _ = hall.ask("POST", "/calls", body)
            except OSError:
                continue
            except (ValueError, EOFError):
                continue
            if status == 202:
                accepted[id_] = (number, ticket)

    pusher = threading.Thread(target=push)
    pusher.start()
    try:
        for point in range(10):
            stop.wait(chance.uniform(0.02, 0.4))
            assert hall.gateway
            hall.gateway.kill()
            if point % 3 == 2:  # also while it starts: imports, restore, first commits
                hall.start_gateway(wait=False)
                stop.wait(chance.uniform(0.3, 1.5))
                hall.gateway.kill()
            hall.start_gateway()
    finally:
        stop.set()
        pusher.join()
    kept = [call["call_id"] for call in journal(hall, "call.accepted")]
    assert len(kept) == len(set(kept))
    assert set(accepted) <= set(kept) <= posted
    assert len(accepted) > 20
    assert verified(hall)
    newest = max((call["seq"], call["ticket"]) for call in journal(hall, "call.accepted"))
    hall.shows("led-01", newest[1])


def test_a_second_gateway_on_the_same_store_names_the_holder(hall: Hall) -> None:
    assert hall.gateway
    done = subprocess.run([*PROGRAM, "run", str(hall.site)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert str(hall.gateway.process.pid) in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_gateway_told_to_stop_leaves_cleanly(hall: Hall) -> None:
    state = hall.subscribe("hall/test/gateway")
    until(lambda: lines(state), 5)
    assert hall.gateway
    assert hall.gateway.stop() == 0
    until(lambda: lines(state)[-1][1]["status"] == "offline", 5)
    assert "Traceback" not in hall.gateway.log.read_text()
