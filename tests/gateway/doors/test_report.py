"""What happened at the doors on a day of the site: counted right, and null where nobody can know."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from stores import stores

from gateway.clock import SystemClock
from gateway.core.errors import WrongInput
from gateway.core.model import Event, Retention
from gateway.doors import counted, unknown_time
from gateway.doors.config import DoorConfig
from gateway.doors.report import DoorsReport, report
from gateway.doors.told import happened_at
from gateway.journal.journal import Journal, open_journal

LISHUI = ZoneInfo("Asia/Shanghai")
DOORS = [DoorConfig(id="front", name="正门", door="acs/d1"), DoorConfig(id="back", name="后门", door="acs/d2")]
MIDNIGHT = datetime(2026, 7, 16, 16, tzinfo=UTC)  # of the 17th in Lishui
DAY = date(2026, 7, 17)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
LATER = MIDNIGHT + timedelta(days=40)

Told = tuple[str, str | None, timedelta, dict[str, Any]]
UNKNOWN, KNOWN = {"door": "front", "was": ["closed"]}, {"door": "front", "was": ["unknown"], "why": "seen"}
FOUND: list[Told] = [
    ("access.granted", "d1", -SECOND, {"reason": "card", "person": "p-0"}),
    ("access.granted", "d1", HOUR, {"reason": "card", "person": "p-1"}),
    ("access.granted", "d1", 2 * HOUR, {"reason": "card", "person": "p-1"}),
    ("access.granted", "d1", 3 * HOUR, {"reason": "card", "person": "p-2"}),
    ("access.granted", "d2", 3 * HOUR, {"reason": "card", "person": "p-2"}),
    ("access.granted", "d9", 3 * HOUR, {"reason": "card", "person": "p-9"}),
    ("access.denied", "d1", HOUR, {"reason": "time", "person": "p-3"}),
    ("access.denied", "d1", HOUR, {"reason": "no right", "person": "p-3"}),
    ("access.denied", "d1", HOUR, {"reason": "no right", "person": "p-4"}),
    ("door.button", "d1", HOUR, {"reason": "button"}),
    ("door.button_refused", "d1", HOUR, {"reason": "locked"}),
    ("door.remote_open", "d2", HOUR, {"reason": "remote"}),
    ("door.cycle", "d1", 2 * HOUR, {"door": "front", "open_s": 4.0, "in_time": True, "forced": False}),
    ("door.cycle", "d1", 3 * HOUR, {"door": "front", "open_s": 40.0, "in_time": False, "forced": False}),
    ("door.held", "d1", 3 * HOUR, {"door": "front"}),
    ("door.forced", "d2", 4 * HOUR, {"door": "back"}),
    ("door.unknown", "d1", 5 * HOUR, UNKNOWN),
    ("door.restored", "d1", 6 * HOUR, {"door": "front", "was": ["held"], "why": "closed"}),
    ("door.restored", "d1", 7 * HOUR, KNOWN),
    ("log.gap", None, 8 * HOUR, {"from": 11, "to": 20}),
    ("access.granted", "d1", 24 * HOUR, {"reason": "card", "person": "p-5"}),
]


@asynccontextmanager
async def recorded(folder: Path, *found: Told) -> AsyncGenerator[Journal]:
    events = [
        Event(
            type=type_, source_key=f"k{place}", part=part, payload=payload, retention=Retention.ACCESS, at=MIDNIGHT + at
        )
        for place, (type_, part, at, payload) in enumerate(found)
    ]
    opened = open_journal(stores.url(folder), site="t", key=bytes(32), clock=SystemClock(), anchors=folder / "a")
    async with opened as journal:
        await journal.record("acs", events)
        yield journal


async def of_day(journal: Journal, *, now: datetime = LATER, last: date = DAY) -> DoorsReport:
    return await report(journal, DOORS, DAY, last, LISHUI, now=now, happened_at=lambda row: happened_at(row, LISHUI))


async def test_counts_a_day_of_the_site_door_by_door(tmp_path: Path) -> None:
    async with recorded(tmp_path, *FOUND) as journal:
        found = await of_day(journal)
    front, back = found.doors
    assert (found.since, found.until - found.since) == (MIDNIGHT, 24 * HOUR)
    assert (front.granted, front.denied, front.persons) == (3, 3, 2)
    assert [(each.reason, each.count) for each in front.denied_by] == [("no right", 2), ("time", 1)]
    assert (front.buttons, front.buttons_refused, front.remote) == (1, 1, 0)
    assert (front.opened, front.in_time, front.held, front.forced, front.longest_s) == (2, 1, 1, 0, 40.0)
    assert (front.unknown_s, front.gaps, front.lost) == (7200.0, 1, 10)
    assert (back.granted, back.remote, back.forced, back.opened, back.longest_s, back.unknown_s) == (
        1,
        1,
        1,
        0,
        None,
        0,
    )


async def test_the_totals_count_nobody_and_no_gap_twice(tmp_path: Path) -> None:
    async with recorded(tmp_path, *FOUND) as journal:
        totals = (await of_day(journal)).totals
    assert (totals.granted, totals.persons, totals.denied, totals.opened, totals.forced) == (4, 2, 3, 2, 1)
    assert (totals.gaps, totals.lost, totals.unknown_s) == (1, 10, 7200.0)


async def test_what_a_controller_tells_late_is_counted_when_it_is_recorded_and_told_apart(tmp_path: Path) -> None:
    def passed(number: int, device_at: str, ahead_s: float | None) -> Event:
        return Event(
            type="access.granted",
            source_key=f"late/{number}",
            part="d1",
            payload={"reason": "card"},
            retention=Retention.ACCESS,
            at=MIDNIGHT + HOUR,
            device_at=device_at,
            clock_offset_s=ahead_s,
        )

    told = (
        ("2026-07-16T23:50:00", 0.0),
        ("2026-07-17T00:10:00", 1800.0),
        ("2026-09-01T00:00:00", 47 * 86_400.0),
        ("2026-07-16T23:50:00", -1800.0),
        ("2026-07-17T00:10:00", 0.0),
        ("2026-07-01T00:10:00", None),
        ("never", 0.0),
    )
    async with recorded(tmp_path, *FOUND) as journal:
        await journal.record("acs", [passed(number, *each) for number, each in enumerate(told)])
        found = await of_day(journal)
    assert [(line.granted, line.late) for line in (*found.doors, found.totals)] == [(10, 3), (1, 0), (11, 3)]


async def test_a_month_has_all_its_days(tmp_path: Path) -> None:
    async with recorded(tmp_path, *FOUND) as journal:
        found = await of_day(journal, last=date(2026, 7, 31))
    assert (found.doors[0].granted, found.doors[0].persons) == (4, 3)


async def test_a_day_that_goes_on_is_counted_until_now(tmp_path: Path) -> None:
    async with recorded(tmp_path, *FOUND[:17]) as journal:
        assert (await of_day(journal, now=MIDNIGHT + 5.5 * HOUR)).doors[0].unknown_s == 1800.0


async def test_a_door_that_was_unknown_before_is_so_from_midnight(tmp_path: Path) -> None:
    before = ("door.unknown", "d1", -HOUR, UNKNOWN)
    async with recorded(tmp_path, before, ("door.restored", "d1", HOUR, KNOWN)) as journal:
        assert [line.unknown_s for line in (await of_day(journal)).doors] == [3600.0, 0.0]


async def test_a_door_that_was_unknown_before_many_others_were_is_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unknown_time, "PAGE", 1)
    others = [("door.unknown", "d2", timedelta(minutes=number - 60), UNKNOWN) for number in range(3)]
    held = {"door": "front", "was": ["held"], "why": "closed"}
    again = [("door.restored", "d1", -HOUR, held), ("door.restored", "d2", -SECOND, held | {"was": ["unknown"]})]
    before = ("door.unknown", "d1", -2 * HOUR, UNKNOWN)
    async with recorded(tmp_path, before, *others, *again, ("door.restored", "d1", HOUR, KNOWN)) as journal:
        assert [line.unknown_s for line in (await of_day(journal)).doors] == [3600.0, 0.0]


async def test_a_door_that_was_known_again_before_is_known(tmp_path: Path) -> None:
    before = ("door.unknown", "d1", -2 * HOUR, UNKNOWN), ("door.restored", "d1", -HOUR, KNOWN)
    async with recorded(tmp_path, *before, ("access.granted", "d1", HOUR, {})) as journal:
        assert (await of_day(journal)).doors[0].unknown_s == 0.0


async def test_what_has_expired_is_null_and_never_zero(tmp_path: Path) -> None:
    async with recorded(tmp_path, *FOUND) as journal:
        await journal.upkeep.erase(range(1, len(FOUND) + 1))
        front, back = (await of_day(journal)).doors
    assert (front.granted, front.denied, front.buttons) == (3, 3, 1)
    assert [(each.reason, each.count) for each in front.denied_by] == [(None, 3)]
    assert (front.persons, front.opened, front.in_time, front.held, front.longest_s) == (None,) * 5
    assert (front.unknown_s, front.gaps, front.lost) == (None, 1, None)
    assert (back.forced, back.persons, back.unknown_s) == (None, None, 0.0)


async def test_more_people_than_are_counted_are_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "MOST_PERSONS", 1)
    async with recorded(tmp_path, *FOUND) as journal:
        assert [line.persons for line in (await of_day(journal)).doors] == [None, 1]


@pytest.mark.parametrize(
    ("now", "at", "said"),
    [
        (MIDNIGHT - HOUR, -HOUR, "2026-07-17 has not begun yet"),
        (LATER, 24 * HOUR, "the journal begins on 2026-07-18: nothing is known of 2026-07-17"),
    ],
)
async def test_days_of_which_nothing_can_be_known_are_refused(
    tmp_path: Path, now: datetime, at: timedelta, said: str
) -> None:
    async with recorded(tmp_path, ("door.button", "d1", at, {})) as journal:
        with pytest.raises(WrongInput, match=said):
            await of_day(journal, now=now)
