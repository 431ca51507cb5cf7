import logging
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.calendar import reading
from gateway.calendar.config import RosterConfig
from gateway.calendar.service import REST_S, Calendar
from gateway.hub import Hub


class Clock:
    """Wall time that stands until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 1, tzinfo=UTC)
        self.passed_s = 0.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.passed_s


class Office:
    """A calendar service, and the file that the office keeps."""

    def __init__(self, folder: Path) -> None:
        self.file, self.clock = folder / "leaders.csv", Clock()
        self.hub = Hub(self.clock)
        self.rosters = [RosterConfig(id="leaders", file=str(self.file), days=2)]
        self.calendar = Calendar(lambda: self.rosters, zone=ZoneInfo("Asia/Shanghai"), hub=self.hub)
        self._written = 0

    def write(self, *rows: str) -> None:
        self.file.write_text("\n".join(["date,who", *rows]))
        self._written += 1
        os.utime(self.file, ns=(self._written, self._written))  # two writes within one tick of the file system

    @property
    def who(self) -> list[str]:
        return [entry["who"] for entry in self.hub.views["roster/leaders"]["entries"]]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


async def test_a_changed_file_is_shown(office: Office) -> None:
    office.write("2026-11-23,李敏")
    await office.calendar.look()
    assert office.who == ["李敏"]
    office.write("2026-11-23,赵强", "2026-11-24,王建国", "2026-11-25,孙丽")
    await office.calendar.look()
    assert office.who == ["赵强", "王建国"]


async def test_a_new_day_brings_its_own_entries(office: Office) -> None:
    office.write("2026-11-23,李敏", "2026-11-25,孙丽")
    await office.calendar.look()
    office.clock.time += timedelta(hours=15)  # midnight in Lishui
    await office.calendar.look()
    assert office.who == ["孙丽"]


async def test_an_unreadable_file_leaves_what_is_still_to_come_and_is_told_once(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.write("2026-11-23,李敏", "2026-11-24,王建国")
    await office.calendar.look()
    office.file.write_bytes(b"\xff\xff")
    office.clock.time += timedelta(hours=15)
    with caplog.at_level(logging.WARNING):
        await office.calendar.look()
        await office.calendar.look()
    assert office.who == ["王建国"]
    assert office.hub.views["roster/leaders"]["why"] == "is text neither in UTF-8 nor in GB18030"
    assert len(caplog.records) == 1
    office.write("2026-11-24,赵强")
    await office.calendar.look()
    assert (office.who, office.hub.views["roster/leaders"]["why"]) == (["赵强"], None)


async def test_a_file_that_is_not_there_yet_is_read_when_it_comes(office: Office) -> None:
    await office.calendar.look()
    assert "No such file" in office.hub.views["roster/leaders"]["why"]
    office.write("2026-11-23,李敏")
    await office.calendar.look()
    assert office.who == ["李敏"]


async def test_what_the_site_file_no_longer_names_is_gone(office: Office) -> None:
    office.write("2026-11-23,李敏")
    await office.calendar.look()
    office.rosters = []
    await office.calendar.look()
    assert "roster/leaders" not in office.hub.views


NEVER = (
    "BEGIN:VEVENT\nUID:{}\nDTSTART:20260101T000000\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\nSUMMARY:x\nEND:VEVENT\n"
)
"""An event on a day that no year has: whoever looks for it looks until the year 9999."""


def hostile(folder: Path) -> RosterConfig:
    file = folder / "hostile.ics"
    events = "".join(map(NEVER.format, range(1000)))
    file.write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{events}END:VCALENDAR\n")
    return RosterConfig(id="hostile", file=str(file))


def children() -> set[int]:
    """The processes that were started here and still run, or were not waited for."""
    tasks = Path("/proc/self/task").iterdir()
    return {int(pid) for task in tasks for pid in (task / "children").read_text().split()}


async def test_a_file_that_is_never_read_to_its_end_costs_no_more_than_its_time_and_keeps_no_other_from_being_read(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "READ_S", 2.0)
    office.rosters.insert(0, hostile(tmp_path))
    office.write("2026-11-23,李敏")
    before = children()
    await office.calendar.look()
    assert office.hub.views["roster/hostile"]["why"] == "could not be read within 2 s"
    assert office.who == ["李敏"]
    assert children() <= before, "nothing reads on"
    office.write("2026-11-23,赵强")
    await office.calendar.look()
    assert office.who == ["赵强"]


async def test_a_file_that_cannot_be_used_is_tried_again_when_it_changes_or_after_a_while(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write("2026-11-23,李敏")
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/bin/false")
        await office.calendar.look()
    assert office.hub.views["roster/leaders"]["why"] == "cannot be understood: its reader ended with 1"
    await office.calendar.look()
    assert office.who == []
    office.clock.passed_s += REST_S
    await office.calendar.look()
    assert office.who == ["李敏"]
