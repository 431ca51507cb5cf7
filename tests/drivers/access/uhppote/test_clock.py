"""The clock of a controller: told, set where it is off too far, and never without a record."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from controllerhall import World

from drivers.access.uhppote import box_clock
from drivers.access.uhppote.codec.log import GetEvent
from drivers.access.uhppote.codec.packet import Message
from gateway.clock import SystemClock
from gateway.core.access import Happening
from gateway.core.errors import JournalError
from gateway.core.model import Stage


async def test_a_clock_that_is_right_is_left_alone(world: World) -> None:
    controller = await world.controller()
    await controller.until(lambda: controller.point("clock_offset_s") != "unknown")
    assert abs(controller.point("clock_offset_s")) <= 1.0
    assert await controller.rows(Happening.CLOCK) == []


async def test_a_clock_that_is_off_is_set_once_an_hour_and_that_is_recorded(world: World) -> None:
    twin, config = await world.plug()
    twin.board.set_time(twin.board.time + timedelta(days=1, seconds=9))
    controller = world.drive(twin, config)
    await controller.until(
        lambda: controller.point("clock_offset_s") != "unknown" and abs(controller.point("clock_offset_s")) < 2
    )
    (record,) = await controller.rows(Happening.CLOCK)
    assert record.payload is not None
    assert 86_408 <= record.payload["offset_s"] <= 86_410
    assert (record.retention, record.clock_offset_s) == ("audit", record.payload["offset_s"])
    twin.board.set_time(twin.board.time + timedelta(seconds=7))
    await controller.until(lambda: controller.point("clock_offset_s") > 5)  # what the alarm clock-drift looks at
    await controller.caught_up()
    assert len(await controller.rows(Happening.CLOCK)) == 1


async def test_what_was_logged_by_a_wrong_clock_is_recorded_with_how_wrong_it_was(world: World) -> None:
    """Though answers are slow, and the clock is set as soon as all is recorded."""
    twin, config = await world.plug()
    twin.board.set_time(twin.board.time - timedelta(seconds=600))
    twin.levers()["fill"]({"count": 100})
    twin.levers()["slow"]({"seconds": 0.01})
    controller = world.drive(twin, config)
    await controller.caught_up()
    await controller.until(lambda: abs(controller.point("clock_offset_s")) < 2)
    offsets = [row.clock_offset_s for row in await controller.rows()]
    assert len(offsets) == 100
    assert all(offset is not None and -602 < offset < -598 for offset in offsets), offsets
    assert len(await controller.rows(Happening.CLOCK)) == 1


async def test_our_own_wrong_clock_is_given_to_no_controller(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box_clock, "WRITTEN", datetime(9000, 1, 1, tzinfo=UTC))
    twin, config = await world.plug()
    twin.board.set_time(twin.board.time + timedelta(days=100))
    controller = world.drive(twin, config)
    await controller.caught_up()
    await controller.until(lambda: controller.point("clock_offset_s") != "unknown")
    await controller.caught_up()
    assert await controller.rows(Happening.CLOCK) == []
    assert controller.point("clock_offset_s") > 8_000_000


async def test_once_our_own_clock_has_been_set_the_other_one_is_set_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin, config = await world.plug()
    twin.board.set_time(twin.board.time + timedelta(days=1))
    controller = world.drive(twin, config)
    await controller.until(lambda: controller.point("clock_offset_s") != "unknown")
    await controller.until(lambda: abs(controller.point("clock_offset_s")) < 2)

    def ahead(_: SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(days=9)

    monkeypatch.setattr(SystemClock, "now", ahead)
    await controller.until(lambda: twin.board.time - datetime.now(UTC).replace(tzinfo=None) > timedelta(days=8))
    assert len(await controller.rows(Happening.CLOCK)) == 2


async def test_it_can_be_set_at_any_time(world: World) -> None:
    controller = await world.controller(clock_limit_s=3600)
    controller.twin.board.set_time(controller.twin.board.time - timedelta(seconds=300))
    await controller.until(lambda: controller.point("clock_offset_s") < -200)
    done = await controller.ask("set_clock")
    assert done.status is Stage.CONFIRMED
    assert abs((controller.twin.board.time - controller.twin.board.clock.now()).total_seconds()) < 2
    (record,) = await controller.rows(Happening.CLOCK)
    assert record.payload is not None
    assert record.payload["offset_s"] < -200


async def test_before_it_is_set_all_is_recorded_that_was_logged_by_it(world: World) -> None:
    """With how wrong it was then."""
    controller = await world.controller(poll_s=30, clock_limit_s=3600)
    controller.twin.board.set_time(controller.twin.board.time - timedelta(seconds=300))
    controller.pull("force", door=2)  # and nothing tells of it
    assert (await controller.ask("set_clock")).status is Stage.CONFIRMED
    await controller.caught_up()
    offsets = [row.clock_offset_s for row in await controller.rows()]
    assert offsets
    assert all(offset is not None and -302 < offset < -298 for offset in offsets), offsets


async def test_it_is_not_set_while_what_was_logged_by_it_is_being_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = await world.controller(poll_s=30, clock_limit_s=3600)
    controller.twin.board.set_time(controller.twin.board.time - timedelta(seconds=300))
    wire, asked = controller.driver._wire, asyncio.Event()
    ask, go_on = wire.ask, asyncio.Event()

    async def slow(question: Message, *rest: Any, **more: Any) -> Any:
        if isinstance(question, GetEvent) and not go_on.is_set():
            asked.set()
            await go_on.wait()
        return await ask(question, *rest, **more)

    monkeypatch.setattr(wire, "ask", slow)
    controller.pull("force", door=2)
    controller.driver._news.set()
    await asked.wait()
    setting = asyncio.create_task(controller.ask("set_clock"))
    await asyncio.sleep(0.05)  # it would be set by now
    go_on.set()
    assert (await setting).status is Stage.CONFIRMED
    await controller.caught_up()
    offsets = [row.clock_offset_s for row in await controller.rows()]
    assert offsets
    assert all(offset is not None and -302 < offset < -298 for offset in offsets), offsets


async def test_a_time_that_is_nonsense_is_unknown_and_set(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    twin, config = await world.plug()
    status = twin.board.status
    monkeypatch.setattr(twin.board, "status", lambda: msgspec.structs.replace(status(), clock_date=None))
    given: list[datetime] = []
    monkeypatch.setattr(twin.board, "set_time", given.append)
    controller = world.drive(twin, config)
    await controller.caught_up()
    assert controller.point("clock_offset_s") in ("unknown", 0.0)
    await controller.until(lambda: given)
    (record,) = await controller.rows(Happening.CLOCK)
    assert record.payload is not None
    assert record.payload["offset_s"] is None


async def test_a_clock_is_not_set_without_a_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    controller = await world.controller(poll_s=30)

    async def full(*_: object, **__: object) -> None:
        raise JournalError("the disk is full")

    monkeypatch.setattr(controller.life.context, "record", full)
    controller.twin.board.set_time(controller.twin.board.time + timedelta(days=1))
    done = await controller.ask("set_clock")
    assert (done.status, done.detail) == (Stage.REJECTED, {"reason": "the disk is full"})
    assert controller.twin.board.time - controller.twin.board.clock.now() > timedelta(hours=23)
