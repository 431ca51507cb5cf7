"""The entrances of the staff, day by day of the site, counted from the journal."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from stores import stores

from gateway.clock import SystemClock
from gateway.core.model import Event, Retention
from gateway.doors import compliance as counting
from gateway.doors.compliance import compliance
from gateway.doors.config import DoorConfig
from gateway.journal.journal import Journal, open_journal

LISHUI = ZoneInfo("Asia/Shanghai")
DOORS = [
    DoorConfig(id="front", name="正门", door="acs/d1", staff_entrance=True),
    DoorConfig(id="back", name="后门", door="acs/d2", staff_entrance=True),
]
MIDNIGHT = datetime(2026, 7, 16, 16, tzinfo=UTC)  # of the 17th in Lishui


async def record(journal: Journal, *found: tuple[str, timedelta, dict[str, Any]], part: str | None = None) -> None:
    kept = Retention.ACCESS
    events = [
        Event(type=type_, source_key=f"k{place}", part=part, payload=payload, retention=kept, at=MIDNIGHT + after)
        for place, (type_, after, payload) in enumerate(found)
    ]
    await journal.record("acs", events)


def cycle(door: str, open_s: float, *, in_time: bool | None) -> dict[str, Any]:
    return {"door": door, "open_s": open_s, "in_time": in_time, "forced": False}


SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
FOUND = (
    ("door.cycle", -SECOND, cycle("front", 1.0, in_time=True)),
    ("door.cycle", HOUR, cycle("front", 4.5, in_time=True)),
    ("door.cycle", 2 * HOUR, cycle("front", 40.0, in_time=False)),
    ("door.held", 2 * HOUR - 25 * SECOND, {"door": "front"}),
    ("door.cycle", 3 * HOUR, cycle("front", 7.0, in_time=None)),
    ("door.forced", 4 * HOUR, {"door": "back"}),
    ("door.cycle", 5 * HOUR, cycle("elsewhere", 7.0, in_time=True)),
    ("door.cycle", 24 * HOUR, cycle("back", 2.0, in_time=True)),
    ("door.restored", 5 * HOUR, {"door": "front"}),
)


@pytest.mark.parametrize("page", [1000, 1])
async def test_openings_count_on_the_day_of_the_site_on_which_they_ended(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(counting, "PAGE", page)
    opened = open_journal(stores.url(tmp_path), site="t", key=bytes(32), clock=SystemClock(), anchors=tmp_path / "a")
    async with opened as journal:
        await record(journal, *FOUND)
        lines = await compliance(journal, DOORS, date(2026, 7, 17), date(2026, 7, 18), LISHUI)
    found: Sequence[Any] = [
        (line.day.day, line.door, line.opened, line.in_time, line.unsure, line.held, line.forced, line.longest_s)
        for line in lines
    ]
    assert found == [
        (17, "front", 3, 1, 1, 1, 0, 40.0),
        (17, "back", 0, 0, 0, 0, 1, None),
        (18, "front", 0, 0, 0, 0, 0, None),
        (18, "back", 1, 1, 0, 0, 0, 2.0),
    ]


async def test_of_a_day_of_which_some_was_erased_no_count_is_known(tmp_path: Any) -> None:
    opened = open_journal(stores.url(tmp_path), site="t", key=bytes(32), clock=SystemClock(), anchors=tmp_path / "a")
    async with opened as journal:
        await record(journal, *FOUND, part="d1")
        await journal.upkeep.erase([4])
        lines = await compliance(journal, DOORS, date(2026, 7, 17), date(2026, 7, 18), LISHUI)
    assert [line.opened for line in lines] == [None, 0, 0, 1]
    assert (lines[0].in_time, lines[0].unsure, lines[0].held, lines[0].forced, lines[0].longest_s) == (None,) * 5
