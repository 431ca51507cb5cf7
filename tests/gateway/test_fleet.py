"""Devices that begin anew, or go, while others hold on to what they were."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from hall_contract.scripted import ARM, LEVEL, Device, Scripted
from smallhall import Hall, HeldClock, Screen, ScreenConfig, opened, until

from gateway import registry
from gateway.calls.screens import Screens
from gateway.commands import Commands, Request
from gateway.core.model import Reading, Result, Stage
from gateway.fleet import Fleet
from gateway.hub import Status
from gateway.people.rights import Principal, Role

BOSS = Principal("boss", Role.ADMIN)
SCREEN = ScreenConfig(id="led-7", driver="screen")
WIDER = ScreenConfig(id="led-7", driver="screen", cells=24)


def driver(_: str) -> type[Screen]:
    """Whatever a device is called, it is a screen."""
    return Screen


@pytest.fixture
async def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Hall]:
    Screen.cards.clear()
    monkeypatch.setattr(registry, "driver", driver)
    async with opened(tmp_path, HeldClock()) as running:
        yield running


@pytest.fixture
async def fleet(hall: Hall) -> AsyncGenerator[Fleet]:
    """One screen, led-7, online."""
    made = Fleet(hall.house, {})
    made.add(SCREEN)
    running = asyncio.create_task(made.run())
    await until(lambda: made["led-7"].view.status is Status.ONLINE)
    yield made
    running.cancel()
    await asyncio.wait({running})


def show(command_id: str, text: str) -> Request:
    return Request(command_id=command_id, device="led-7", verb="show", params={"text": text}, deadline_s=5.0)


async def being_recorded(hall: Hall, commands: Commands, request: Request) -> "asyncio.Task[Result]":
    """Hand in a wish, and hold the disk while it is recorded."""
    hall.journal.disk.clear()
    asked = asyncio.create_task(commands.submit(request, BOSS))
    await asyncio.sleep(0.03)
    assert not asked.done()
    return asked


async def test_a_wish_that_is_recorded_while_its_device_begins_anew_is_kept_on_the_new_one(
    hall: Hall, fleet: Fleet
) -> None:
    commands = Commands(fleet, hall.house)
    asked = await being_recorded(hall, commands, show("x1", "OPEN"))
    await fleet.stop(["led-7"])
    fleet.renew(WIDER)
    hall.journal.disk.set()
    assert (await asked).status is Stage.QUEUED
    assert hall.card("led-7").shown == []
    assert hall.hub.views["wishes/led-7//show"]["status"] == "queued"
    fleet.start("led-7")
    await until(lambda: hall.card("led-7").shown == ["OPEN"])
    await until(lambda: (newest := commands.result("x1")) and newest.status is Stage.ACKED)


async def test_of_two_wishes_around_a_new_beginning_the_newer_one_wins(hall: Hall, fleet: Fleet) -> None:
    commands = Commands(fleet, hall.house)
    older = await being_recorded(hall, commands, show("x1", "OPEN"))
    await fleet.stop(["led-7"])
    fleet.renew(WIDER)
    newer = asyncio.create_task(commands.submit(show("x2", "SHUT"), BOSS))
    await asyncio.sleep(0.03)
    hall.journal.disk.set()
    assert (await newer).status is Stage.QUEUED
    assert (await older).status in (Stage.QUEUED, Stage.SUPERSEDED)
    assert {row.device: row.params for row in await hall.journal.desired()}["led-7"] == {"text": "SHUT"}
    fleet.start("led-7")
    await until(lambda: hall.card("led-7").shown == ["SHUT"])


async def test_what_a_window_wants_of_a_new_beginning_is_newer_than_a_wish_that_was_being_recorded(
    hall: Hall, fleet: Fleet
) -> None:
    commands = Commands(fleet, hall.house)
    asked = await being_recorded(hall, commands, show("x1", "ADMIN"))
    await fleet.stop(["led-7"])
    fleet.renew(WIDER)
    window = hall.calls.windows["w1"]
    window.config = window.config.model_copy(update={"screens": ["led-7"]})
    screens = Screens(fleet, hall.hub, hall.calls.deliveries)
    screens.own(window)
    screens.show(window)
    hall.journal.disk.set()
    assert (await asked).status is Stage.SUPERSEDED
    wanted = fleet["led-7"].wishes.slot(None, "show").wanted
    assert wanted is not None
    assert wanted.params["text"] == "综合受理"


async def test_revisions_of_what_a_service_decides_go_on_behind_those_of_the_life_before(fleet: Fleet) -> None:
    wish = {"part": None, "verb": "show", "params": {"text": "A"}, "expires_at": None, "actor": "a", "command_id": "a"}
    slot = fleet["led-7"].wishes.slot(None, "show")
    slot.owner = "window w1"
    fleet["led-7"].wishes.want(fleet["led-7"].wishes.plan(**wish))
    await fleet.stop(["led-7"])
    fleet.renew(WIDER)
    assert fleet["led-7"].wishes.slot(None, "show").wanted is None
    assert fleet["led-7"].wishes.plan(**wish).rev == 2


async def test_what_somebody_holds_of_a_life_that_is_over_writes_nothing_to_the_hub(hall: Hall, fleet: Fleet) -> None:
    commands = Commands(fleet, hall.house)
    asked = await being_recorded(hall, commands, show("x1", "OPEN"))
    await fleet.stop(["led-7"])
    fleet.forget("led-7")
    hall.journal.disk.set()
    assert (await asked).status is Stage.QUEUED
    assert not [key for key in hall.hub.views if key.startswith("wishes/led-7/")]


async def test_a_driver_that_publishes_when_its_life_is_over_changes_nothing_of_the_next_one() -> None:
    device = Device(Scripted)
    device.life.forget()
    device.house.hub.add(device.view)  # as the next life has it
    device.life.context.publish(Reading(None, LEVEL.name, 7.0))
    device.life.context.parts(ARM)
    assert device.view.parts == {}
    assert device.view.points[None][LEVEL.name].now.value is None
