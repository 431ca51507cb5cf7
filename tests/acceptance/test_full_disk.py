"""The whole gateway on a disk that is full for a while, or whose broker is away: the ledger balances."""

import json
import re
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hall import PROGRAM, Hall, until
from smalldisk import beside, fill, on_small_disk, outliving, seen_by

from gateway.journal.unwritten import unwritten

pytestmark = [pytest.mark.timeout(180), pytest.mark.parametrize("store", ["sqlite"], indirect=True)]
GAPS = ("spool_full", "refused", "ended")


class FullHall:
    """A hall whose store is on a file system of 4 MB."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.disk = hall.folder / "disk"
        self.disk.mkdir()
        text = hall.site.read_text().replace("/hall.db", "/disk/hall.db")
        hall.site.write_text(text)

    def start(self) -> None:
        """Start everything; the gateway has a file system of its own from then on."""
        self.hall.start_cards()
        cards = (self.hall.folder / "cards.sim.yaml").read_text()
        (self.hall.folder / "site.sim.yaml").write_text(cards)
        self.hall.start_gateway(*on_small_disk(self.disk))
        self.hall.online(2)

    @property
    def pid(self) -> int:
        assert self.hall.gateway
        return self.hall.gateway.process.pid

    @contextmanager
    def killed(self) -> Generator[int]:
        """kill -9; inside, the disk is seen by the process that is given. When left, the gateway runs again, on it."""
        with outliving(self.pid, self.disk / "hall.db") as other:
            self.hall.kill()
            yield other
            self.hall.start_gateway(*beside(other))

    def fill(self) -> None:
        """Take all the space there is."""
        fill(seen_by(self.pid, self.disk / "ballast"))

    def free(self, pid: int | None = None) -> None:
        """Give the space back."""
        seen_by(pid or self.pid, self.disk / "ballast").unlink()

    def lose_cards(self) -> None:
        """Let both cards go, so that there is something to hold in memory: each is told of once."""
        assert self.hall.cards
        self.hall.cards.kill()
        until(lambda: self.metric("hall_events_spooled") >= 2, 20)

    def call(self, number: int, window: str = "w01") -> tuple[int, dict[str, Any]]:
        """Call a number; gives status and answer."""
        body = {"call_id": f"c-{number}", "window": window, "ticket": f"{number:04d}", "session": "s", "seq": number}
        return self.hall.ask("POST", "/calls", body)

    def ready(self) -> bool:
        """Whether the gateway says that it is."""
        return self.hall._ready()

    def metric(self, name: str, labels: str = "") -> float:
        """A metric now."""
        found = re.search(rf"(?m)^{name}{re.escape(labels)} (\S+)$", self.hall.get("/metrics"))
        return float(found[1]) if found else 0.0

    def ledger(self) -> tuple[float, float]:
        """What was accepted in this run, and where it is."""
        text = self.hall.get("/metrics")
        found = {name: float(value) for name, value in re.findall(r"(?m)^(hall_\S+) (\S+)$", text)}
        names = ["hall_events_recorded_total", "hall_events_repeated_total", "hall_events_spooled"]
        names += [f'hall_gap_events_total{{reason="{reason}"}}' for reason in GAPS]
        return found["hall_events_accepted_total"], sum(found.get(name, 0.0) for name in names)

    def outlet(self) -> tuple[float, float]:
        """How far the journal is, and what MQTT has had and has yet to get of this run."""
        text = self.hall.get("/metrics")
        values = dict(re.findall(r"(?m)^(hall_(?:journal|outlet)\S+) (\S+)$", text))
        labels = '{outlet="mqtt"}'
        delivered = float(values.get(f"hall_outlet_delivered_events_total{labels}", 0))
        return float(values["hall_journal_seq"]), delivered + float(values[f"hall_outlet_lag_events{labels}"])

    def journal(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """`journal …`, in the file system of the gateway."""
        command = [*beside(self.pid), *PROGRAM, "journal", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def full(tmp_path: Path) -> Generator[FullHall]:
    with Hall(tmp_path, windows=2) as hall:
        made = FullHall(hall)
        made.start()
        yield made


def emergency(full: FullHall, before: str) -> None:
    """Raise one on the full disk, and clear it."""
    body = {"params": {"text": "紧急疏散"}, "reason": "火警"}
    for verb, given, shown in (("emergency", body, "紧急疏散"), ("all_clear", {}, before)):
        status, result = full.hall.ask("POST", f"/screens/hall/commands/{verb}", given)
        assert (status, result["status"], result["detail"]["recorded"]) == (200, "acked", False), result
        full.hall.shows("led-01", shown)


def test_calls_are_shown_on_a_full_disk_and_recorded_once_when_they_are_sent_again(full: FullHall) -> None:
    assert full.call(1)[0] == 202
    full.fill()
    number, refused = 1, list[int]()
    while len(refused) < 5:  # the write-ahead log has room of its own
        number += 1
        status, answer = full.call(number)
        assert status in (202, 503), answer
        if status == 503:
            assert answer["recorded"] is False
            refused.append(number)
    full.hall.shows("led-01", f"{number:04d}")
    until(lambda: not full.ready(), 10)
    status, _ = full.hall.ask("POST", "/devices/led-02/commands/power", {"command_id": "x", "params": {"on": False}})
    assert status == 503
    emergency(full, f"{number:04d}")
    full.lose_cards()
    balanced(full)
    full.free()
    until(full.ready, 10)
    assert [full.call(again)[0] for again in refused] == [202] * 5
    until(lambda: full.metric("hall_events_spooled") == 0, 10)
    balanced(full)
    assert full.metric("hall_journal_seq") == full.metric("hall_events_recorded_total"), "all of this run, and no more"
    verdict = full.journal("verify", str(full.hall.site))
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    rows = [json.loads(line) for line in full.journal("export", str(full.hall.site)).stdout.splitlines()]
    accepted = [json.loads(row["payload"])["seq"] for row in rows if row["type"] == "call.accepted"]
    assert sorted(accepted) == list(range(1, number + 1))
    audit = [json.loads(row["payload"])["verb"] for row in rows if row["type"] == "command.requested"]
    assert audit == ["emergency", "all_clear"]
    assert "this is a bug" not in (full.hall.folder / "gateway.log").read_text()


def test_a_gateway_that_is_killed_on_a_full_disk_has_lost_no_accepted_call_and_tells_what_it_held(
    full: FullHall,
) -> None:
    full.fill()
    answers = dict[int, int]()
    while list(answers.values()).count(503) < 3:
        number = len(answers) + 1
        answers[number] = full.call(number)[0]
    full.lose_cards()
    held = full.metric("hall_events_spooled")
    with full.killed() as pid:
        with unwritten(seen_by(pid, full.disk / "test.unwritten")) as kept:
            lost = sum(each.count for each in kept.found.values())
        full.free(pid)
    assert lost >= held
    until(lambda: full.ready() and full.metric("hall_events_spooled") == 0, 10)
    balanced(full)
    verdict = full.journal("verify", str(full.hall.site))
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    rows = [json.loads(line) for line in full.journal("export", str(full.hall.site)).stdout.splitlines()]
    payloads = [(row["type"], json.loads(row["payload"])) for row in rows]
    accepted = sorted(payload["seq"] for type_, payload in payloads if type_ == "call.accepted")
    assert accepted == [number for number, status in answers.items() if status == 202]
    gaps = [payload for type_, payload in payloads if type_ == "gap"]
    assert {gap["reason"] for gap in gaps} == {"ended"}
    assert sum(gap["count"] for gap in gaps) == lost == full.metric("hall_gap_events_total", '{reason="ended"}')
    assert [full.call(number)[0] for number in answers] == [202] * len(answers), "sent again, each is on disk"
    assert "this is a bug" not in full.hall.log()


def test_the_ledger_balances_while_the_broker_is_away_and_when_it_is_back(full: FullHall) -> None:
    full.hall.broker.kill()
    for number in range(1, 20):
        assert full.call(number)[0] == 202
    balanced(full)
    assert full.metric("hall_outlet_lag_events", '{outlet="mqtt"}') > 19
    full.hall.broker.restart()
    until(lambda: full.metric("hall_outlet_lag_events", '{outlet="mqtt"}') == 0, 20)
    seq, reached = full.outlet()
    assert seq == reached
    balanced(full)


def balanced(full: FullHall) -> None:
    """Nothing that was accepted is unaccounted for."""
    accepted, found = full.ledger()
    assert accepted == found > 0
