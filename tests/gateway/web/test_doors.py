"""Doors over HTTP: how they stand, what is asked of them, drills and compliance."""

from datetime import date, timedelta
from typing import Any

import pytest
from doorhall import BoxConfig, DoorBox
from webhall import WebHall, until

from gateway.core.access import Happening
from gateway.doors.config import DoorConfig
from gateway.people.rights import Role


@pytest.fixture
def controllers() -> list[BoxConfig]:
    return [BoxConfig(id="acs", driver="test.doors", zone="gate")]


@pytest.fixture
def doors() -> list[DoorConfig]:
    return [
        DoorConfig(id="front", name="正门", door="acs/d1", staff_entrance=True, camera="cam-1"),
        DoorConfig(id="vault", name="库房", door="acs/d2", zone="hall"),
    ]


def box(hall: WebHall) -> Any:
    driver = hall.services.lives["acs"].driver
    assert isinstance(driver, DoorBox)
    return driver.box


async def door(hall: WebHall, place: int = 0) -> Any:
    return (await hall.get("/doors"))["doors"][place]


async def test_a_door_is_told_before_and_after_its_controller_has_answered(hall: WebHall) -> None:
    before = await door(hall)
    assert (before["state"], before["open_for_s"], before["mode"]) == ("unknown", None, None)
    async with hall.online("acs"):
        found = await until(lambda: door(hall), lambda found: found["state"] == "closed")
        since = found.pop("since")
        assert since.endswith("Z")
        assert found == {
            "door": "front",
            "name": "正门",
            "zone": "gate",
            "device": "acs",
            "part": "d1",
            "staff_entrance": True,
            "state": "closed",
            "opened_at": None,
            "open_for_s": None,
            "unlocked": False,
            "mode": "controlled",
            "forced": False,
            "held": "no",
            "fire": False,
            "released": False,
            "hold_until": None,
            "hold_overdue": False,
            "camera": "cam-1",
            "detail": None,
        }


async def test_an_opening_is_seen_and_counted(hall: WebHall) -> None:
    async with hall.online("acs"):
        await until(lambda: door(hall), lambda found: found["state"] == "closed")
        box(hall).write(Happening.GRANTED, "d1")
        box(hall).swing("d1", open=True, tells=True)
        found = await until(lambda: door(hall), lambda found: found["state"] == "open")
        assert found["forced"] is False
        assert found["open_for_s"] >= 0
        box(hall).swing("d1", open=False, tells=True)
        [line] = (await until(lambda: hall.get("/doors/compliance"), lambda found: found["days"][0]["opened"] == 1))[
            "days"
        ]
        assert (line["door"], line["in_time"], line["held"], line["forced"]) == ("front", 1, 0, 0)


async def test_verbs_of_a_door_go_to_its_controller(hall: WebHall) -> None:
    async with hall.online("acs"):
        path, body = "/api/v1/doors/front/commands", {"reason": "送货", "params": {"minutes": 5}}
        assert (await hall.ask("POST", f"{path}/hold", body)).json["status"] == "confirmed"
        held = await until(lambda: door(hall), lambda found: found["mode"] == "normally_open")
        assert held["hold_until"] is not None
        refused = await hall.ask("POST", f"{path}/open", {})
        assert (refused.status, refused.detail) == (422, "doors/front: 'open' needs a reason: it goes into the record")


async def test_a_lockdown_of_all_doors_takes_two_steps(hall: WebHall) -> None:
    async with hall.online("acs"):
        path, body = "/api/v1/doors/zones/hall/commands/lockdown", {"command_id": "l-1", "reason": "演练"}
        first = await hall.ask("POST", path, body)
        assert first.status == 409
        done = await hall.ask("POST", path, {**body, "confirm": first.json["confirm"]})
        assert (done.status, done.json["status"], sorted(done.json["detail"]["doors"])) == (
            200,
            "confirmed",
            ["front", "vault"],
        )
        found = await until(lambda: door(hall), lambda found: found["mode"] == "normally_closed")
        assert found["unlocked"] is False


async def test_a_drill_is_reported_where_it_may_be_seen(hall: WebHall) -> None:
    async with hall.online("acs"):
        body = {"reason": "演练", "params": {"kind": "fire"}, "deadline_s": 3}
        assert (await hall.ask("POST", "/api/v1/doors/zones/gate/commands/drill", body)).json["status"] == "confirmed"
        [report] = (await hall.get("/doors/drills"))["drills"]
        assert (report["place"], report["kind"], report["ready"], list(report["doors"])) == (
            "gate",
            "fire",
            1,
            ["front"],
        )
        for zone, count in (("gate", 1), ("hall", 0)):
            token = hall.token(Role.SECURITY, zone)
            assert len((await hall.get("/doors/drills", token))["drills"]) == count


async def test_drills_that_are_not_told_do_not_count(hall: WebHall) -> None:
    async with hall.online("acs"):
        body = {"reason": "演练", "params": {"kind": "fire"}, "deadline_s": 3}
        for place in ("gate", "gate", "hall"):
            answer = await hall.ask("POST", f"/api/v1/doors/zones/{place}/commands/drill", body)
            assert answer.json["status"] == "confirmed"
    rows = (await hall.get("/events?type=door.drill"))["events"]
    await hall.services.house.journal.upkeep.erase([rows[1]["seq"]])
    [found] = (await hall.get("/doors/drills?limit=1", hall.token(Role.SECURITY, "gate")))["drills"]
    assert found["drill"] == rows[0]["payload"]["drill"]


async def test_the_report_counts_what_happened_today_where_it_may_be_seen(hall: WebHall) -> None:
    async with hall.online("acs"):
        await until(lambda: door(hall), lambda found: found["state"] == "closed")
        box(hall).write(Happening.GRANTED, "d1", reason="card")
        found = await until(lambda: hall.get("/doors/report"), lambda found: found["totals"]["granted"] == 1)
        assert [(line["door"], line["granted"], line["denied_by"]) for line in found["doors"]] == [
            ("front", 1, []),
            ("vault", 0, []),
        ]
        token = hall.token(Role.SECURITY, "hall")
        narrow = await hall.get("/doors/report", token)
        assert ([line["door"] for line in narrow["doors"]], narrow["totals"]["granted"]) == (["vault"], 0)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("day=2026-07-17&month=2026-07", "day and month exclude each other"),
        ("month=2026-13", "month: must have the form"),
        ("day=yesterday", "day: must be a day such as 2026-07-17"),
        ("day=9999-12-31", "day: must be less than 2200-01-01"),
        ("day=2199-01-01", "2199-01-01 has not begun yet"),
        ("month=2001-02", "nothing is known of 2001-02-28"),
    ],
)
async def test_days_that_cannot_be_reported_are_refused(hall: WebHall, query: str, said: str) -> None:
    answer = await hall.ask("GET", f"/api/v1/doors/report?{query}")
    assert (answer.status, said in answer.detail) == (422, True), answer.detail


async def test_who_is_of_one_zone_finds_the_doors_of_that_zone(hall: WebHall) -> None:
    token = hall.token(Role.SECURITY, "hall")
    assert [found["door"] for found in (await hall.get("/doors", token))["doors"]] == ["vault"]
    assert (await hall.get("/doors/compliance", token))["days"] == []
    answer = await hall.ask("POST", "/api/v1/doors/front/commands/open", {"reason": "x"}, who=token)
    assert (answer.status, answer.detail) == (404, "there is no target of doors 'front'; there are: vault")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2026-07-18&to=2026-07-17", "to must not be before from"),
        ("to=2026-07-17", "to needs a from"),
        ("from=9999-12-31", "from: "),
        ("from=0001-01-01", "from: "),
        ("from=2026-07-01&to=9999-12-31", "to: "),
        ("from=2026-01-01&to=2026-12-31", "at most 62 days"),
        ("from=yesterday", "from: must be a day such as 2026-07-17"),
        ("from=2190-01-01", "2190-01-01 has not begun yet"),
        ("from=2001-01-01&to=2001-01-31", "nothing is known of 2001-01-31"),
        ("door=front", "door: there is no such field; there are: from, to"),
    ],
)
async def test_a_span_that_cannot_be_counted_is_refused(hall: WebHall, query: str, said: str) -> None:
    answer = await hall.ask("GET", f"/api/v1/doors/compliance?{query}")
    assert answer.status == 422
    assert said in answer.detail


async def test_of_days_without_a_record_nothing_is_counted(hall: WebHall) -> None:
    today = (await hall.get("/doors/compliance"))["days"][0]["day"]
    day = date.fromisoformat(today)
    around = f"from={day - timedelta(days=3)}&to={day + timedelta(days=3)}"
    assert [line["day"] for line in (await hall.get(f"/doors/compliance?{around}"))["days"]] == [today]


async def test_what_was_asked_of_a_door_is_found_by_the_door(hall: WebHall) -> None:
    async with hall.online("acs"):
        asked = await hall.ask("POST", "/api/v1/doors/front/commands/open", {"reason": "送设备"})
        assert asked.status == 200
        box(hall).write(Happening.GRANTED, "d1")
        box(hall).write(Happening.GRANTED, "d2")
        found = await until(
            lambda: hall.get("/events?door=front&order=desc"),
            lambda page: any(row["type"] == Happening.GRANTED for row in page["events"]),
        )
    rows = {row["type"]: row for row in found["events"]}
    assert {(row["device"], row["part"]) for row in found["events"]} == {("acs", "d1")}
    assert (rows["command.requested"]["payload"]["reason"], rows["command.requested"]["payload"]["device"]) == (
        "送设备",
        "doors/front",
    )


async def test_a_door_that_nobody_knows_or_may_see_is_no_filter(hall: WebHall) -> None:
    answer = await hall.ask("GET", "/api/v1/events?door=fromt")
    assert (answer.status, answer.detail) == (
        422,
        "door: there is no door 'fromt' (did you mean 'front'?); there are: front, vault",
    )
    answer = await hall.ask("GET", "/api/v1/events?door=front&device=acs")
    assert answer.status == 422
    assert "door and device exclude each other" in answer.detail
