"""Notices and emergencies by HTTP."""

import pytest
from webhall import WebHall

from gateway.people.rights import Role

NOTICE = {"notice_id": "n1", "text": "本周五下午停止受理", "priority": "high", "colour": "green"}


async def test_a_notice_is_published_listed_and_withdrawn(hall: WebHall) -> None:
    answer = await hall.ask("POST", "/api/v1/notices", {**NOTICE, "from": "2026-01-01T09:00:00+08:00"})
    assert answer.status == 201
    told = answer.json
    assert (told["status"], told["from"], told["until"], told["actor"]) == (
        "valid",
        "2026-01-01T01:00:00Z",
        None,
        "boss",
    )
    assert await hall.get("/notices") == {"notices": [told]}
    assert (await hall.get("/windows"))["windows"][0]["text"] == NOTICE["text"]
    gone = await hall.ask("POST", "/api/v1/notices/n1/withdraw")
    assert (gone.status, gone.json["status"]) == (200, "withdrawn")
    assert await hall.get("/notices") == {"notices": []}
    assert (await hall.get("/windows"))["windows"][0]["text"] == "综合受理"


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"text": "长" * 5000}, 422, "text: must have at most 500 characters"),
        ({"text": "别的"}, 409, "notice_id 'n1' was used before, for another notice"),
        ({"notice_id": "n2", "zones": ["x"]}, 422, "there is no zone with screens 'x'; there are: none"),
    ],
)
async def test_what_cannot_be_shown_is_refused_in_one_sentence(
    hall: WebHall, change: dict[str, object], status: int, said: str
) -> None:
    await hall.ask("POST", "/api/v1/notices", NOTICE)
    answer = await hall.ask("POST", "/api/v1/notices", {**NOTICE, **change})
    assert (answer.status, answer.detail) == (status, said)


async def test_an_emergency_is_raised_and_cleared(hall: WebHall) -> None:
    body = {"command_id": "e1", "params": {"text": "请立即疏散"}, "reason": "火警"}
    assert (await hall.ask("POST", "/api/v1/screens/hall/commands/emergency", body)).json["status"] == "acked"
    assert {window["text"] for window in (await hall.get("/windows"))["windows"]} == {"请立即疏散"}
    assert (await hall.get("/commands/e1"))["status"] == "acked"
    assert (await hall.ask("POST", "/api/v1/screens/hall/commands/all_clear", {})).json["detail"] == {"ended": ["hall"]}
    assert (await hall.get("/windows"))["windows"][0]["text"] == "综合受理"


async def test_an_emergency_wants_a_reason_and_a_place_with_screens(hall: WebHall) -> None:
    body = {"params": {"text": "请立即疏散"}}
    answer = await hall.ask("POST", "/api/v1/screens/hall/commands/emergency", body)
    assert (answer.status, answer.detail) == (
        422,
        "screens/hall: 'emergency' needs a reason: it goes into the record",
    )
    answer = await hall.ask("POST", "/api/v1/screens/roof/commands/emergency", body)
    assert (answer.status, answer.detail) == (404, "there is no target of screens 'roof'; there are: hall")


async def test_a_command_for_the_hall_is_unknown_to_who_is_bound_to_a_zone(hall: WebHall) -> None:
    body = {"command_id": "e1", "params": {"text": "请立即疏散"}, "reason": "火警"}
    await hall.ask("POST", "/api/v1/screens/hall/commands/emergency", body)
    token = hall.token(Role.ADMIN, "gate")
    assert (await hall.ask("GET", "/api/v1/commands/e1", who=token)).status == 404
