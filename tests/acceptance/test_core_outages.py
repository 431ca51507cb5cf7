"""The gateway comes before, and goes on without, what it talks to; each outage is one line of the log each way."""

import json
import re
import signal
from pathlib import Path

import pytest
from hall import Hall, so_far, until

pytestmark = pytest.mark.timeout(120)
CARDS = ("led-01", "led-02")


def tries(hall: Hall, card: str) -> float:
    """How often a card was tried in vain."""
    found = re.findall(rf'^hall_device_errors_total{{device="{card}",.*}} (\S+)', hall.get("/metrics"), re.MULTILINE)
    return sum(map(float, found))


def test_a_gateway_that_starts_before_the_broker_and_the_cards_takes_calls_for_them(tmp_path: Path) -> None:
    with Hall(tmp_path, windows=2) as hall:
        hall.broker.kill()
        hall.point_at_cards()
        hall.start_gateway()
        hall.call("c-1", "w01", "A012")
        until(lambda: all(tries(hall, card) >= 3 for card in CARDS), 15)  # it tries, and does not say so again
        assert [hall.told(name) for name in ("mqtt", *CARDS)] == [(1, 0)] * 3
        hall.broker.restart()
        heard = hall.subscribe("hall/test/#")
        hall.start_cards()
        hall.online(2)
        hall.shows("led-01", "A012")
        hall.shows("led-02", "综合受理")
        until(lambda: '"text":"A012"' in so_far(heard) and "/calls/c-1" in so_far(heard), 15)
        assert [hall.told(name) for name in ("mqtt", *CARDS)] == [(1, 1)] * 3


def test_a_site_file_that_changes_amid_an_outage_of_the_broker_is_what_stands_there_afterwards(tmp_path: Path) -> None:
    with Hall(tmp_path) as hall:
        hall.start()
        until(lambda: "hall/test/windows/w03/state" in hall.standing(), 10)
        hall.settled()
        hall.broker.save()
        hall.broker.kill()
        until(lambda: hall.told("mqtt") == (1, 0), 10)
        hall.edit((r"^  (- \{id: )?(led-03|w03)\b.*\n", ""), ("label: 1号窗口", "label: 一号窗口"))
        assert hall.gateway is not None
        hall.gateway.process.send_signal(signal.SIGHUP)
        until(lambda: hall.ask("GET", "/events?type=config.applied")[1]["events"], 10)
        hall.call("c-1", "w01", "A012")
        hall.shows("led-01", "A012")
        hall.broker.restart()
        cards = {f"hall/test/dev/{card}/{what}" for card in CARDS for what in ("availability", "state")}
        expected = {"hall/test/gateway", "hall/test/windows/w01/state", "hall/test/windows/w02/state"} | cards
        until(lambda: hall.standing().keys() - {"hall/test/journal/anchor"} == expected, 15)
        until(lambda: json.loads(hall.standing()["hall/test/windows/w01/state"])["ticket"] == "A012", 10)
        assert [hall.told(name) for name in ("mqtt", *CARDS)] == [(1, 1), (0, 0), (0, 0)]
