"""A door that leads to another zone than the one that its controller stands in: its people see it, others do not."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from doorhall import BoxConfig, DoorBox
from webhall import WebHall, until

from gateway.core.access import Happening
from gateway.doors.config import DoorConfig
from gateway.people.rights import Role

ALARM = "door-forced.acs.d2"


@pytest.fixture
def controllers() -> list[BoxConfig]:
    return [BoxConfig(id="acs", driver="test.doors", zone="gate")]


@pytest.fixture
def doors() -> list[DoorConfig]:
    return [
        DoorConfig(id="front", name="正门", door="acs/d1"),
        DoorConfig(id="vault", name="库房", door="acs/d2", zone="hall"),
    ]


@pytest.fixture
async def forced(hall: WebHall) -> AsyncGenerator[WebHall]:
    """Somebody is let pass at both doors, and the vault is forced afterwards."""
    task = asyncio.create_task(hall.services.alarms.run(lambda: None))
    async with hall.online("acs"):
        driver = hall.services.lives["acs"].driver
        assert isinstance(driver, DoorBox)
        await until(lambda: hall.get("/doors"), lambda page: {each["state"] for each in page["doors"]} == {"closed"})
        driver.box.swing("d2", open=True, tells=True)
        for part in ("d1", "d2"):
            driver.box.write(Happening.GRANTED, part)
        await until(lambda: hall.get("/alarms"), lambda page: ALARM in {alarm["id"] for alarm in page["alarms"]})
        await until(lambda: hall.get("/events?type=access.granted"), lambda page: len(page["events"]) == 2)
        await until(lambda: hall.get("/events?type=alarm.raised"), lambda page: len(page["events"]) == 1)
        yield hall
    task.cancel()
    await asyncio.wait([task])


async def test_events_of_a_door_are_told_where_it_leads(forced: WebHall) -> None:
    for zone, told in (("hall", [[], ["d2"], ["d2"], ["d2"]]), ("gate", [[None], ["d1"], [], []])):
        token, found = forced.token(Role.SECURITY, zone), list[list[str | None]]()
        for kind in ("device.online", Happening.GRANTED, "door.forced", "alarm.raised"):
            found.append([row["part"] for row in (await forced.get(f"/events?type={kind}", token))["events"]])
        assert found == told, zone
    both = forced.token(Role.SECURITY, "hall", "gate")
    assert len((await forced.get("/events?type=access.granted", both))["events"]) == 2


async def test_the_alarm_of_a_door_is_told_where_it_leads(forced: WebHall) -> None:
    there, elsewhere = forced.token(Role.SECURITY, "hall"), forced.token(Role.SECURITY, "gate")
    assert [alarm["id"] for alarm in (await forced.get("/alarms?zone=hall", there))["alarms"]] == [ALARM]
    assert (await forced.get("/alarms", elsewhere))["alarms"] == []
    assert (await forced.get(f"/alarms/{ALARM}", there))["zone"] == "hall"
    assert forced.services.house.hub.views[f"alarms/{ALARM}"]["zone"] == "hall"
    assert (await forced.ask("GET", f"/api/v1/alarms/{ALARM}", who=elsewhere)).status == 404


async def test_a_controller_tells_and_does_nothing_at_the_doors_of_other_zones(forced: WebHall) -> None:
    for zones, told in ((("gate",), ["d1"]), (("gate", "hall"), ["d1", "d2"])):
        parts = (await forced.get("/devices/acs/parts", forced.token(Role.SECURITY, *zones)))["parts"]
        assert [part["id"] for part in parts] == told
    asked, who = "/api/v1/devices/acs/commands/relock", forced.token(Role.SECURITY, "gate")
    refused = await forced.ask("POST", asked, {"reason": "x"}, who=who)
    assert (refused.status, refused.detail.rpartition(": ")[2]) == (403, "it reaches doors of hall")
    both = forced.token(Role.SECURITY, "gate", "hall")
    assert (await forced.ask("POST", asked, {"reason": "x"}, who=both)).status == 200
