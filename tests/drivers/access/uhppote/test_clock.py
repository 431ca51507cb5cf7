"""The clock of a controller: told, set where it is off too far, and never without a record."""

from datetime import timedelta

import msgspec
import pytest
from controllerhall import World

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


async def test_a_time_that_is_nonsense_is_unknown_and_set(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    twin, config = await world.plug()
    status = twin.board.status
    monkeypatch.setattr(twin.board, "status", lambda: msgspec.structs.replace(status(), clock_date=None))
    controller = world.drive(twin, config)
    await controller.caught_up()
    assert controller.point("clock_offset_s") in ("unknown", 0.0)
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
