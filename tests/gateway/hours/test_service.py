"""The hours as desired state: at every boundary, and not against what somebody commands in between."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from smallhall import Hall, HeldClock, Screen, ScreenConfig, opened, until, window

from gateway.calls.config import CallsConfig
from gateway.commands import Commands, Request
from gateway.hours.config import HoursConfig
from gateway.hours.service import Hours
from gateway.people.rights import Principal, Role
from gateway.supervisor.life import Life

LISHUI = ZoneInfo("Asia/Shanghai")


class Office:
    """A hall with the screens led-7 and led-8 in the zone east, which can be lit, and their hours."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        for name in ("led-7", "led-8"):
            config = ScreenConfig(id=name, driver="screen", lit=True, zone="east")
            hall.lives[name] = Life(config, Screen, hall.house)
        hall.calls.replace([window("w7", "led-7"), window("w8", "led-8")], CallsConfig(), begun=())
        self.entries = [self.entry(devices=["led-7"], brightness={"07:30": 80, "17:00": 40})]
        self.hours = self.service()

    def service(self) -> Hours:
        return Hours(lambda: self.entries, zone=LISHUI, lives=self.hall.lives, house=self.hall.house)

    def entry(self, **more: Any) -> HoursConfig:
        return HoursConfig.model_validate({"id": "h", "on": "07:30", "off": "18:00", **more})

    def at(self, hour: int, minute: int = 0) -> None:
        """Let it be a time of day at the site."""
        self.hall.clock.time = datetime(2026, 7, 17, hour, minute, tzinfo=LISHUI)
        self.hours.look()

    async def announce(self, verb: str, **params: Any) -> None:
        """Raise or clear an emergency, and let a minute go by."""
        hall = self.hall
        asked = Request(
            command_id=f"{verb}-{hall.clock.time}", device="screens/hall", verb=verb, params=params, reason="x"
        )
        await Commands(hall.lives, hall.house, hall.calls.targets).submit(asked, Principal("boss", Role.ADMIN))
        hall.clock.time += timedelta(minutes=1)
        self.hours.look()

    def command(self, *, on: bool, device: str = "led-7") -> None:
        """Have somebody switch a device."""
        wishes = self.hall.lives[device].wishes
        params = {"on": on}
        wishes.want(wishes.plan(part=None, verb="power", params=params, expires_at=None, actor="boss", command_id="x"))

    def wants(self, verb: str, device: str = "led-7") -> Any:
        row = self.hall.lives[device].wishes.slot(None, verb).wanted
        return row and dict(row.params)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncGenerator[Office]:
    Screen.cards.clear()
    async with opened(tmp_path, HeldClock()) as hall:
        yield Office(hall)


async def test_a_device_is_switched_and_dimmed_at_its_hours(office: Office) -> None:
    seen: list[Any] = []
    for hour, minute in ((7, 29), (7, 30), (17, 0), (18, 0)):
        office.at(hour, minute)
        seen.append((office.wants("power"), office.wants("brightness")))
    assert seen == [
        ({"on": False}, None),
        ({"on": True}, {"percent": 80}),
        ({"on": True}, {"percent": 40}),
        ({"on": False}, {"percent": 40}),
    ]
    async with office.hall.plugged_in("led-7") as card:
        await until(lambda: {"brightness", "power"} <= {*card.shown})


async def kept(office: Office) -> bool:
    """Whether the store keeps what is wanted of the screen."""
    return "led-7" in {row.device for row in await office.hall.journal.desired()}


async def test_what_it_wants_is_kept_over_a_restart(office: Office) -> None:
    office.at(9)
    async with asyncio.timeout(5):
        while not await kept(office):  # noqa: ASYNC110 - a reader has no event to wait for
            await asyncio.sleep(0.002)


async def test_what_somebody_commands_stays_until_the_next_boundary(office: Office) -> None:
    office.at(9)
    office.command(on=False)
    office.at(10)
    assert office.wants("power") == {"on": False}
    office.at(17)
    assert office.wants("power") == {"on": True}


async def test_what_is_wanted_already_is_not_sent_again(office: Office) -> None:
    office.at(9)
    row = office.hall.lives["led-7"].wishes.slot(None, "power").wanted
    office.service().look()
    assert office.hall.lives["led-7"].wishes.slot(None, "power").wanted is row


async def test_hours_of_a_zone_are_those_of_its_devices_that_can_be_switched(office: Office) -> None:
    office.entries = [office.entry(zones=["east"])]
    office.at(9)
    assert (office.wants("power", "led-8"), office.wants("power", "led-1")) == ({"on": True}, None)


async def test_an_emergency_lights_what_its_hours_have_switched_off_until_the_all_clear(office: Office) -> None:
    office.at(6)
    await office.announce("emergency", text="请立即疏散")
    assert office.wants("power") == {"on": True}
    await office.announce("all_clear")
    assert office.wants("power") == {"on": False}


async def test_boundaries_within_an_emergency_leave_the_screen_lit_and_count_after_it(office: Office) -> None:
    for off, on_after in ((18, False), (6, True)):
        office.at(off - 1)
        await office.announce("emergency", text="请立即疏散")
        office.at(off + 2)
        assert office.wants("power") == {"on": True}
        await office.announce("all_clear")
        assert office.wants("power") == {"on": on_after}


async def test_an_emergency_lights_what_somebody_has_switched_off_and_a_restart_does_not_forget_that(
    office: Office,
) -> None:
    office.at(9)
    for device in ("led-7", "led-8"):
        office.command(on=False, device=device)
    await office.announce("emergency", text="请立即疏散")
    assert (office.wants("power"), office.wants("power", "led-8")) == ({"on": True}, {"on": True})
    office.entries = []
    office.hours = office.service()
    await office.announce("all_clear")
    assert (office.wants("power"), office.wants("power", "led-8")) == ({"on": False}, {"on": False})


async def test_what_nobody_has_ever_switched_is_left_alone(office: Office) -> None:
    office.entries = []
    await office.announce("emergency", text="请立即疏散")
    assert office.wants("power") is None


async def test_it_hears_of_an_emergency_at_once(office: Office) -> None:
    office.hall.clock.time = datetime(2026, 7, 17, 6, tzinfo=LISHUI)
    task = asyncio.create_task(office.hours.run(lambda: None))
    await until(lambda: office.wants("power") == {"on": False})
    asked = Request(command_id="e", device="screens/hall", verb="emergency", params={"text": "火"}, reason="x")
    hall = office.hall
    await Commands(hall.lives, hall.house, hall.calls.targets).submit(asked, Principal("boss", Role.ADMIN))
    await until(lambda: office.wants("power") == {"on": True})
    task.cancel()
    await asyncio.wait({task})


async def test_it_looks_again_at_a_boundary_and_when_the_site_file_is_read_again(office: Office) -> None:
    office.hall.clock.time = datetime(2026, 7, 17, 18, tzinfo=LISHUI) - timedelta(milliseconds=20)
    task = asyncio.create_task(office.hours.run(lambda: None))
    await until(lambda: office.wants("power") == {"on": True})
    office.hall.clock.time += timedelta(milliseconds=20)
    await until(lambda: office.wants("power") == {"on": False})
    office.entries = [office.entry(devices=["led-8"], off="23:00")]
    office.hours.replaced()
    await until(lambda: office.wants("power", "led-8") == {"on": True})
    task.cancel()
    await asyncio.wait({task})
