"""A numbered log, walked by cursor: everything in it is recorded once and in order, whatever dies meanwhile."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from hall_contract.case import Case
from hall_contract.cases.invented import Beacon, Controller
from hall_contract.hall import ID, Hall, hurry, open_hall

from gateway.core.errors import JournalError
from gateway.core.model import Retention
from gateway.hub import Status
from gateway.journal.journal import Journal
from gateway.wire.inlet import HttpContact

DOOR = "Front-Door"


@pytest.fixture(params=[Controller(), Beacon()], ids=lambda case: case.driver)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
async def hall(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Hall]:
    hurry(monkeypatch)
    async with open_hall(case, tmp_path) as opened:
        yield opened


async def numbers(hall: Hall) -> list[int]:
    """The numbers of the log entries that were recorded, in the order of the journal."""
    rows = await hall.house.journal.read(limit=1000)
    return [row.payload["number"] for row in rows if row.type == "door.pressed" and row.payload]


async def recorded(hall: Hall, newest: int) -> None:
    """Wait until an entry is recorded."""
    for _ in range(2000):
        if newest in (await numbers(hall))[-1:]:
            return
        await asyncio.sleep(0.002)
    raise AssertionError(f"{await numbers(hall)} were recorded, not {newest}")


async def test_what_happened_before_we_came_is_recorded_with_what_the_box_says_of_it(hall: Hall) -> None:
    await hall.plug()
    hall.pull("press", part=DOOR)
    hall.start()
    await recorded(hall, 1)
    (row,) = await hall.house.journal.read(type="door.pressed")
    assert (row.device, row.part, row.retention) == ("box-1", "front-door", Retention.ACCESS)
    assert (row.device_at, row.payload) == ("2026-01-01T08:00:01", {"number": 1, "name": DOOR})


async def test_what_happens_now_is_recorded_without_waiting_for_a_poll(hall: Hall) -> None:
    await hall.online(often_s=60)
    for number in (1, 2, 3):
        hall.pull("press", part=DOOR)
        await recorded(hall, number)
    assert await numbers(hall) == [1, 2, 3]


async def test_what_happens_during_an_outage_is_recorded_after_it(hall: Hall) -> None:
    await hall.online(often_s=0.05)
    hall.pull("fill_log", count=5)
    await recorded(hall, 5)
    await hall.unplug()
    await hall.until(lambda: hall.is_(Status.OFFLINE))
    hall.pull("fill_log", count=5)
    await hall.plug()
    await recorded(hall, 10)
    assert await numbers(hall) == list(range(1, 11))


async def test_a_gateway_that_is_stopped_anywhere_goes_on_where_it_was(case: Case, tmp_path: Path) -> None:
    box, seen = None, list[int]()
    for more in (1, 2, 7, 4, 3):
        async with open_hall(case, tmp_path) as hall:
            hall.twin = box
            await hall.plug()
            box = hall.box
            hall.pull("fill_log", count=9)
            hall.start()
            await hall.house.journal.beyond(hall.house.journal.head.seq + more - 1)
            await hall.stop()
            seen = await numbers(hall)
    assert seen == list(range(1, len(seen) + 1))
    async with open_hall(case, tmp_path) as hall:
        hall.twin = box
        await hall.plug()
        hall.start()
        await recorded(hall, 45)
        assert await numbers(hall) == list(range(1, 46))
        assert 0 < len(seen) < 45


async def test_what_the_box_has_dropped_is_recorded_as_a_gap(hall: Hall) -> None:
    await hall.plug()
    hall.pull("fill_log", count=60)  # it keeps 50
    hall.start()
    await recorded(hall, 60)
    assert await numbers(hall) == list(range(11, 61))
    gaps = await hall.house.journal.read(type="log.gap")
    assert [row.payload for row in gaps] == [{"from": 1, "to": 10}]


async def test_what_cannot_be_recorded_is_not_taken_and_comes_again(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    record, refusals = Journal.record, iter(range(3))

    async def refuse(self: Journal, device: str | None, events: Any, **more: Any) -> Any:
        if events[0].type == "door.pressed" and next(refusals, None) is not None:
            raise JournalError("the disk is full")
        return await record(self, device, events, **more)

    monkeypatch.setattr(Journal, "record", refuse)
    await hall.online(often_s=0.05)
    hall.pull("fill_log", count=5)
    await recorded(hall, 5)
    assert hall.metric("hall_device_errors_total", device=ID, kind="JournalError") == 3
    assert await numbers(hall) == [1, 2, 3, 4, 5]
    assert "bug" not in caplog.text


async def test_a_box_that_posts_is_told_that_an_event_is_taken_only_once_it_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    record, asked, go = Journal.record, asyncio.Event(), asyncio.Event()

    async def wait(self: Journal, device: str | None, events: Any, **more: Any) -> Any:
        if events[0].type == "door.pressed":
            asked.set()
            await go.wait()
        return await record(self, device, events, **more)

    monkeypatch.setattr(Journal, "record", wait)
    async with open_hall(Beacon(), tmp_path) as hall:
        await hall.online(often_s=0.05)
        hall.pull("press", part=DOOR)
        await asked.wait()
        await asyncio.sleep(0.05)
        assert hall.box.seen()["taken"] == 0
        go.set()
        await hall.until(lambda: hall.box.seen()["taken"] == 1)
        assert await numbers(hall) == [1]


async def test_a_post_that_is_garbage_is_refused_and_harms_nobody(tmp_path: Path) -> None:
    async with open_hall(Beacon(), tmp_path) as hall:
        await hall.online(often_s=0.1)  # silent after half a second
        for garbage in (b"", b"{", b'{"serial": 1}', bytes(range(256))):
            answer = await hall.house.inlets.take("box-1", HttpContact("POST", "/inlet/box-1", {}, garbage))
            assert answer.status == 400
        hall.pull("press", part=DOOR)
        await recorded(hall, 1)
        assert hall.is_(Status.ONLINE)
