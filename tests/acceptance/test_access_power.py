"""The boxes lose their power in a hall of processes: their logs go on where they were, and so does the record."""

from http.client import HTTPException
from pathlib import Path
from random import Random
from threading import Timer

import pytest
from accesshall import AccessHall, numbers
from accesssite import CARD

from simulators.keep import FOLDER

pytestmark = [pytest.mark.timeout(120), pytest.mark.parametrize("store", ["sqlite"], indirect=True)]
BOXES = ("acs", "zk", "hik")
GRANTED = 1
MOST = 10_000


def swipe(hall: AccessHall) -> None:
    """Show cards at all boxes, as fast as that goes."""
    for _ in range(MOST):
        for device in BOXES:
            hall.lever(device, "swipe", **({"card": CARD} if device == "acs" else {}))


def kill_in_a_burst(hall: AccessHall, after_s: float) -> None:
    """Kill the boxes while cards are shown."""
    assert hall.twins is not None
    killing = Timer(after_s, hall.twins.kill)
    killing.start()
    with pytest.raises((OSError, HTTPException)):  # nobody answers any more, or has begun to
        swipe(hall)
    killing.join()


def test_boxes_killed_in_a_burst_keep_their_logs_and_the_record_has_each_row_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    chance = Random(8)
    with AccessHall(tmp_path, *BOXES) as hall:
        hall.start()
        hall.let_pass()
        for _ in range(2):
            kill_in_a_burst(hall, chance.uniform(0.2, 1.0))
            hall.start_twins(tmp_path / "site.sim.yaml")
        hall.online(len(BOXES), within_s=30)
        hall.lever("acs", "swipe", card=CARD)
        for device in BOXES:
            hall.caught_up(30, device)
            stored, newest = hall.stored(device), hall.seen(device)["log"]["newest"]
            assert numbers(stored) == list(range(1, newest + 1)), device
            assert {row.epoch for row in stored} == {stored[0].epoch}, device
            assert newest > 50, "it was no burst"
        assert hall.stored() == hall.kept()
        assert hall.stored()[-1].code == GRANTED, "the card was forgotten"
        assert hall.rows("log.gap") == []
        hall.verified()
