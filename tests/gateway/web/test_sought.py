"""What is looked for in the journal by a name that nobody knows is told; what is gone from the site is still found."""

from collections.abc import Sequence

import pytest
from doorhall import BoxConfig
from webhall import Answer, WebHall

from gateway.core.access import Happening
from gateway.core.model import Event
from gateway.doors.config import DoorConfig
from gateway.people.rights import Role


@pytest.fixture
def controllers() -> Sequence[BoxConfig]:
    return [BoxConfig(id="acs", driver="test.doors", zone="gate")]


@pytest.fixture
def doors() -> Sequence[DoorConfig]:
    return [
        DoorConfig(id="front", name="正门", door="acs/d1"),
        DoorConfig(id="vault", name="库房", door="acs/d2", zone="hall"),
    ]


async def sought(hall: WebHall, query: str, who: str = "admin") -> Answer:
    return await hall.ask("GET", f"/api/v1/events?{query}", who=who)


async def record(hall: WebHall, device: str, part: str | None = None, type_: str = Happening.GRANTED) -> None:
    event = Event(type=type_, source_key=f"{part}/{type_}", payload={}, part=part)
    await hall.services.house.journal.record(device, [event])


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("type=call.acepted", "type: there is no type of event 'call.acepted' (did you mean 'call.accepted'?); there"),
        ("type=%E5%91%BC%E5%8F%AB", "type: there is no type of event '呼叫'; there are: access.denied, "),
        ("device=led-1", "device: there is no device 'led-1' (did you mean 'led-01'?); there are: acs, led-01, led-02"),
        ("device=led-1&wait_s=20", "device: there is no device 'led-1' (did you mean 'led-01'?); there are: "),
        ("device=led-01&part=left", "part: there is no part of led-01 'left'; there are: none"),
    ],
)
async def test_a_name_that_nobody_knows_is_told_at_once(hall: WebHall, query: str, told: str) -> None:
    for path in ("events", "events.csv"):
        answer = await hall.ask("GET", f"/api/v1/{path}?{query}")
        assert (answer.status, answer.detail[: len(told)]) == (422, told)
    assert (await hall.get("/events?type=events.exported"))["events"] == []


@pytest.mark.parametrize(
    "query",
    ["type=alarm.surfaced", "type=access.granted", "device=led-02", "device=led-02&part=left", "device=acs&part=d9"],
)
async def test_what_has_not_happened_yet_is_an_empty_page(hall: WebHall, query: str) -> None:
    assert (await hall.get(f"/events?{query}"))["events"] == []


async def test_the_parts_are_known_once_their_device_has_told_them(hall: WebHall) -> None:
    async with hall.online("led-02"):
        answer = await sought(hall, "device=led-02&part=rihgt")
    assert (answer.status, answer.detail) == (
        422,
        "part: there is no part of led-02 'rihgt' (did you mean 'right'?); there are: left, right",
    )
    assert (await hall.get("/events?device=led-02&part=right"))["events"] == []


async def test_what_is_recorded_is_found_though_the_site_has_it_no_longer(hall: WebHall) -> None:
    await record(hall, "old-box", "d1", "lamp.lit")
    for query in ("device=old-box", "type=lamp.lit", "device=old-box&part=d1", "device=old-box&type=gap"):
        assert len((await hall.get(f"/events?{query}"))["events"]) == ("gap" not in query)
    assert (
        await sought(hall, "device=old-box&part=d2")
    ).detail == "part: there is no part of old-box 'd2'; there are: none"


async def test_for_who_sees_some_zones_alone_there_are_no_others(hall: WebHall) -> None:
    await record(hall, "led-01")
    await record(hall, "old-box")
    await record(hall, "acs", "d1")
    await record(hall, "acs", "d2")
    guard, keeper = hall.token(Role.SECURITY, "gate"), hall.token(Role.SECURITY, "hall")
    async with hall.online("acs"):
        for query in ("device=led-01", "device=old-box", "device=acs&part=d2"):
            assert (await sought(hall, query, guard)).status == 422, query
        for query in ("device=acs&part=d1", "device=old-box"):
            assert (await sought(hall, query, keeper)).status == 422, query
        assert len((await hall.get("/events?device=acs&part=d1", guard))["events"]) == 1
        assert len((await hall.get("/events?device=acs&part=d2", keeper))["events"]) == 1
    assert (await sought(hall, "device=led-01", guard)).detail == "device: there is no device 'led-01'; there are: acs"
