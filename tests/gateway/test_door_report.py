"""The report of doors on the command line: for people, as JSON, as a table."""

import csv
import io
import json
from typing import Any

import pytest

from gateway import client, door_report
from gateway.cli import main
from gateway.journal.spreadsheet import BOM

LINE = {**dict.fromkeys(door_report.COLUMNS[2:], 0), "persons": None, "longest_s": 4.5, "denied": 3}
DENIED = [{"reason": "=time", "count": 2}, {"reason": None, "count": 1}]
FOUND = {
    "first": "2026-11-22",
    "last": "2026-11-22",
    "recorded_from": "2026-11-01T00:00:00Z",
    "doors": [{"door": "front", "name": "=正门", **LINE, "denied_by": DENIED}],
    "totals": {**LINE, "denied_by": DENIED},
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A gateway that gives FOUND; the paths that it was asked for."""
    paths: list[str] = []

    class Gateway:
        async def get(self, path: str) -> Any:
            paths.append(path)
            return FOUND

    def ask(_url: str, _token: str, question: Any) -> Any:
        coroutine = question(Gateway())
        try:
            coroutine.send(None)
        except StopIteration as done:
            return done.value
        raise AssertionError("a gateway answers")

    monkeypatch.setattr(client, "ask", ask)
    monkeypatch.setenv("HALL_TOKEN", "t")
    return paths


def test_people_read_a_line_for_each_door_and_one_for_all(asked: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["doors", "report", "--day", "2026-11-22"]) == 0
    output = capfd.readouterr().out
    assert asked == ["/doors/report?day=2026-11-22"]
    assert "front            granted 0  denied 3" in output
    assert "persons ?" in output
    assert output.count("denied 1: not known any more") == 2
    assert "\ntotal  " in output


def test_a_table_has_no_cell_that_is_computed_and_unknown_ones_empty(
    asked: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["doors", "report", "--month", "2026-11", "--csv"]) == 0
    output = capfd.readouterr().out.encode()
    assert asked == ["/doors/report?month=2026-11"]
    assert output.startswith(BOM)
    front, total = csv.DictReader(io.StringIO(output.decode("utf-8-sig")))
    assert (front["door"], front["name"], front["persons"], front["longest_s"]) == ("front", "'=正门", "", "4.5")
    assert (front["denied: =time"], front["denied: not known any more"]) == ("2", "1")
    assert total["name"] == "total"


def test_a_program_reads_what_the_gateway_told(asked: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["doors", "report", "--day", "2026-11-22", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == FOUND
    assert len(asked) == 1


@pytest.mark.parametrize("words", [["--day", "22.11.2026"], ["--month", "2026-13"], [], ["--day", "x", "--month", "y"]])
def test_what_is_no_day_and_no_month_is_wrong_input(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["doors", "report", *words])
    assert "hall-gateway doors report: error:" in capfd.readouterr().err
