"""Many senders at once, by HTTP and by MQTT: every call is kept once, and each screen shows its newest."""

import json
import random
import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from child import program
from hall import Hall, so_far, until

pytestmark = pytest.mark.timeout(120)
WINDOWS = ("w01", "w02", "w03")
NEWEST, CLIENTS, MORE = 25, 20, 15


def calls(window: str) -> list[dict[str, Any]]:
    """The calls of a window, in their order."""
    numbers = range(1, NEWEST + 1)
    body = {"window": window, "session": "many"}
    return [{**body, "call_id": f"{window}-{seq}", "seq": seq, "ticket": f"{window[-1]}{seq:03d}"} for seq in numbers]


def shares() -> list[list[dict[str, Any]]]:
    """What each client sends: half of them by HTTP, half by MQTT; every call is sent four times, most of them more."""
    chance = random.Random(3311)
    whole = [call for window in WINDOWS for call in calls(window)]
    dealt = [whole[number :: CLIENTS // 2] * 2 + chance.choices(whole, k=MORE) for number in range(CLIENTS // 2)]
    both = [list(share) for share in (*dealt, *dealt)]
    for share in both:
        chance.shuffle(share)
    return both


def post(hall: Hall, share: Sequence[dict[str, Any]]) -> None:
    """Send calls by HTTP: the same call again is as welcome as the first."""
    assert {hall.ask("POST", "/calls", call)[0] for call in share} == {202}


def publish(hall: Hall, share: Sequence[dict[str, Any]]) -> None:
    """Send calls by MQTT, on one connection."""
    command = [program("mosquitto_pub"), "-p", str(hall.broker.port), "-t", "hall/test/calls", "-q", "1", "-l"]
    lines = "".join(json.dumps(call) + "\n" for call in share)
    subprocess.run(command, input=lines, text=True, check=True, timeout=30)


def test_twenty_clients_with_repeats_in_any_order_make_one_row_a_call_and_the_newest_shows(tmp_path: Path) -> None:
    with Hall(tmp_path) as hall:
        hall.start()
        heard = hall.subscribe("hall/test/calls/+")
        senders = [post] * (CLIENTS // 2) + [publish] * (CLIENTS // 2)
        with ThreadPoolExecutor(CLIENTS) as clients:
            for sent in [clients.submit(send, hall, share) for send, share in zip(senders, shares(), strict=True)]:
                sent.result()
        hall.call("last", "w01", "1999", session="many", seq=0)  # late, and behind everything that was sent before it
        whole = Counter([call["call_id"] for window in WINDOWS for call in calls(window)] + ["last"])
        until(lambda: Counter(accepted(hall)) == whole, 10)
        for window in WINDOWS:
            hall.shows(window.replace("w", "led-"), f"{window[-1]}{NEWEST:03d}")
        until(lambda: whole.keys() <= set(re.findall(r"/calls/(\S+) \{.*call\.accepted", so_far(heard))), 10)
        known = {
            window["window"]: (window["seq"], window["ticket"]) for window in hall.ask("GET", "/windows")[1]["windows"]
        }
        assert known == {window: (NEWEST, f"{window[-1]}{NEWEST:03d}") for window in WINDOWS}
        shown = [call["seq"] for call in journal(hall) if call["why"] is None and call["window"] == "w02"]
        assert shown == sorted(shown)
        other = {**calls("w01")[-1], "ticket": "1998"}
        assert hall.ask("POST", "/calls", other)[0] == 409
        hall.shows("led-01", f"1{NEWEST:03d}")


def journal(hall: Hall) -> list[dict[str, Any]]:
    """The calls that were accepted, in the order of the journal."""
    return [row["payload"] for row in hall.ask("GET", "/events?type=call.accepted&limit=1000")[1]["events"]]


def accepted(hall: Hall) -> list[str]:
    return [call["call_id"] for call in journal(hall)]
