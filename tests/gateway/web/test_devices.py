"""Devices and commands over the API."""

import asyncio
from typing import Any

import pytest
from webhall import WebHall, until

from gateway.people.rights import Role

PRESS = "/api/v1/devices/led-01/commands/press"
SHOW = "/api/v1/devices/led-01/commands/write"
HOLD = "/api/v1/devices/led-01/commands/hold"


async def test_a_device_that_has_not_answered_is_unknown_in_every_point(hall: WebHall) -> None:
    devices = (await hall.get("/devices"))["devices"]
    assert [(device["id"], device["status"]) for device in devices] == [
        ("led-01", "connecting"),
        ("led-02", "connecting"),
    ]
    text = (await hall.get("/devices/led-01"))["points"]["text"]
    assert (text["value"], text["quality"], text["last_good"]) == (None, "bad", None)


async def test_an_offline_device_says_why_and_what_it_was(hall: WebHall) -> None:
    async with hall.online("led-01"):
        assert (await hall.get("/devices/led-01"))["model"] == "board"
    hall.services.house.hub.offline("led-01", "no answer within 1 s")
    device = await hall.get("/devices/led-01")
    assert (device["status"], device["why"]) == ("offline", "no answer within 1 s")
    text = device["points"]["text"]
    assert (text["value"], text["last_good"]) == (None, "综合受理")
    assert 0 <= text["last_good_age_s"] < 10


async def test_parts_have_their_own_points_and_verbs(hall: WebHall) -> None:
    assert await hall.get("/devices/led-02/parts") == {"parts": []}
    async with hall.online("led-02"):
        parts = (await hall.get("/devices/led-02/parts"))["parts"]
    assert [(part["id"], part["kind"], part["name"], part["verbs"]) for part in parts] == [
        ("left", "half", "Left", ["show", "write"]),
        ("right", "half", "Right", ["show", "write"]),
    ]
    assert parts[0]["points"]["text"]["value"] == "矛盾调解"


async def test_an_unknown_device_verb_or_part_is_404(hall: WebHall) -> None:
    for path in ("/devices/led-99", "/devices/led-99/parts", "/commands/none"):
        assert "there is no" in (await hall.ask("GET", f"/api/v1{path}")).detail
    missing = await hall.ask("POST", "/api/v1/devices/led-01/commands/fly", {})
    assert (missing.status, missing.detail) == (404, "led-01 has no verb 'fly'; it has: hold, press, show, write")
    device = await hall.ask("POST", "/api/v1/devices/led-99/commands/show", {})
    assert (device.status, device.detail) == (
        404,
        "there is no device 'led-99' (did you mean 'led-02'?); there are: led-01, led-02",
    )


async def test_a_command_to_an_offline_device_ends_at_once(hall: WebHall) -> None:
    answer = await hall.ask("POST", HOLD, {"command_id": "c-1"})
    assert (answer.status, answer.json["status"]) == (200, "offline")
    assert (await hall.get("/commands/c-1"))["status"] == "offline"


async def test_desired_state_stays_queued_for_an_offline_device(hall: WebHall) -> None:
    answer = await hall.ask("POST", SHOW, {"params": {"text": "请稍候"}, "deadline_s": 0.05})
    assert (answer.status, answer.json["status"]) == (202, "queued")


async def test_a_command_is_answered_when_the_device_did_it(hall: WebHall) -> None:
    async with hall.online("led-01"):
        body = {"command_id": "c-2", "params": {"text": "请稍候", "colour": "green"}, "reason": "演练"}
        answer = await hall.ask("POST", SHOW, body)
        assert (answer.status, answer.json["status"]) == (200, "acked")
        assert (await hall.ask("POST", SHOW, body)).json == answer.json
        other = await hall.ask("POST", SHOW, {**body, "params": {"text": "其他"}})
        assert (other.status, "c-2" in other.detail) == (409, True)
    asked = (await hall.get("/events?type=command.requested"))["events"]
    assert [(row["payload"]["reason"], row["payload"]["actor"]) for row in asked] == [("演练", "boss")]


async def test_a_running_command_has_no_result_yet(hall: WebHall) -> None:
    async with hall.online("led-01"):
        asked = asyncio.create_task(hall.ask("POST", HOLD, {"command_id": "c-3"}))
        running = await until(lambda: hall.ask("GET", "/api/v1/commands/c-3"), lambda answer: answer.status != 404)
        assert (running.status, running.json) == (202, {"command_id": "c-3", "status": None})
        hall.board("led-01").let_go.set()
        assert (await asked).json["status"] == "confirmed"
        assert (await hall.get("/commands/c-3"))["detail"] == {"done": "hold"}


async def test_a_dangerous_verb_takes_two_steps(hall: WebHall) -> None:
    async with hall.online("led-01"):
        first = await hall.ask("POST", PRESS, {"params": {"times": 2}})
        assert (first.status, "dangerous" in first.detail) == (409, True)
        second = {key: first.json[key] for key in ("command_id", "confirm")}
        changed = await hall.ask("POST", PRESS, {**second, "params": {"times": 3}})
        assert changed.status == 409
        first = await hall.ask("POST", PRESS, {"params": {"times": 2}})
        second = {key: first.json[key] for key in ("command_id", "confirm")}
        done = await hall.ask("POST", PRESS, {**second, "params": {"times": 2}})
        assert (done.status, done.json["status"]) == (200, "confirmed")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"params": {"times": 3}}, "was given for another params"),
        ({"reason": "other"}, "was given for another reason"),
        ({"command_id": "c-8"}, "was given for another command_id"),
        ({"confirm": "00000000"}, "is unknown, used before or older than 60 s"),
    ],
)
async def test_why_a_confirm_code_is_not_accepted_is_told(hall: WebHall, change: dict[str, Any], why: str) -> None:
    asked = {"command_id": "c-7", "params": {"times": 2}, "reason": "trial"}
    async with hall.online("led-01"):
        first = await hall.ask("POST", PRESS, asked)
        answer = await hall.ask("POST", PRESS, {**asked, "confirm": first.json["confirm"], **change})
    said = f"the confirm code that came {why}: send it again within 60 s with this confirm code"
    assert (answer.status, answer.detail) == (409, said)
    assert answer.json["confirm"] != first.json["confirm"]


async def test_a_confirm_code_of_somebody_else_is_told_to_be_that(hall: WebHall) -> None:
    asked = {"command_id": "c-7", "params": {"times": 2}}
    async with hall.online("led-01"):
        first = await hall.ask("POST", PRESS, asked)
        answer = await hall.ask("POST", PRESS, {**asked, "confirm": first.json["confirm"]}, who=hall.token(Role.ADMIN))
    assert (answer.status, "was given to somebody else" in answer.detail) == (409, True)


async def test_parameters_that_do_not_fit_are_refused_with_their_name(hall: WebHall) -> None:
    answer = await hall.ask("POST", SHOW, {"params": {"txt": "x"}})
    assert answer.status == 422
    assert "bad parameters" in answer.detail
