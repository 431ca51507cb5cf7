"""Who asks, and tokens by the API."""

from typing import Any

import pytest
from webhall import WebHall

from gateway.core.errors import JournalError
from gateway.people.rights import Role

NEW = {"name": "board", "role": "viewer"}


async def make(hall: WebHall, body: Any, who: str = "admin") -> tuple[int, Any]:
    answer = await hall.ask("POST", "/api/v1/tokens", body, who=who)
    return answer.status, answer.json


async def test_one_is_told_who_one_is(hall: WebHall) -> None:
    assert await hall.get("/me", "queue") == {
        "name": "queue-system",
        "role": "queue",
        "rights": ["view", "call"],
        "zones": None,
        "expires_at": None,
    }
    body = {**NEW, "expires_at": "2099-01-01T00:00:00+08:00"}
    token = (await make(hall, body))[1]["token"]
    assert (await hall.get("/me", token))["expires_at"] == "2098-12-31T16:00:00Z"
    assert (await hall.get("/me", hall.token(Role.AUDITOR, "hall", "gate")))["zones"] == ["gate", "hall"]


async def test_a_token_is_made_listed_and_revoked(hall: WebHall) -> None:
    status, made = await make(hall, NEW)
    assert (status, made["name"], made["role"]) == (201, "board", "viewer")
    assert (await hall.get("/me", made["token"]))["role"] == "viewer"
    listed = {token["name"]: token for token in (await hall.get("/tokens"))["tokens"]}
    assert list(listed) == ["board", "boss", "queue-system"]
    assert (listed["board"]["by"], listed["board"]["zones"]) == ("boss", None)
    assert made["token"] not in str(listed)
    answer = await hall.ask("POST", "/api/v1/tokens/board/revoke")
    assert (answer.status, answer.json) == (200, {"revoked": "board"})
    assert (await hall.ask("GET", "/api/v1/me", who=made["token"])).status == 401


async def test_a_name_may_have_any_visible_character(hall: WebHall) -> None:
    await make(hall, {**NEW, "name": "a/b 屏?"})
    assert (await hall.ask("POST", "/api/v1/tokens/a%2Fb%20%E5%B1%8F%3F/revoke")).json == {"revoked": "a/b 屏?"}


WRONG: dict[str, tuple[dict[str, Any], int, str]] = {
    "a name that is taken": ({"name": "boss"}, 409, "a token named 'boss' exists"),
    "a name that cannot be shown": ({"name": "a\nb"}, 422, "the name of a token must be 1 to 64 visible characters"),
    "an unknown role": ({"role": "root"}, 422, "role: must be 'viewer', 'facilities', "),
    "an unknown zone": ({"zones": ["attic"]}, 422, "zones: there is no zone 'attic'; there are: none"),
    "no zone at all": ({"zones": []}, 422, "zones: must have 1 or more entries"),
    "a screen for another role": ({"screen": "led-01"}, 422, "a token of the role screen is for one screen"),
    "no screen for its role": ({"role": "screen"}, 422, "a token of the role screen is for one screen"),
    "a screen without a page": (
        {"role": "screen", "screen": "led-01"},
        422,
        "a key opens the page of a screen: there is no such page 'led-01'; there are: none",
    ),
    "a screen that is no id": ({"role": "screen", "screen": "../x"}, 422, "screen: must have the form"),
    "an end in the past": ({"expires_at": "2020-01-01T00:00:00Z"}, 422, "a token must expire in the future"),
    "an end without a zone": ({"expires_at": "2099-01-01T00:00:00"}, 422, "expires_at: must be a time with its zone"),
}


@pytest.mark.parametrize(("change", "status", "sentence"), WRONG.values(), ids=WRONG)
async def test_a_wrong_token_is_not_made(hall: WebHall, change: dict[str, Any], status: int, sentence: str) -> None:
    found, problem = await make(hall, {**NEW, **change})
    assert (found, problem["detail"][: len(sentence)]) == (status, sentence)
    assert len((await hall.get("/tokens"))["tokens"]) == 2


async def test_what_cannot_be_recorded_is_not_done(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object, **__: object) -> None:
        raise JournalError("the journal could not record: database or disk is full")

    monkeypatch.setattr(hall.services.house.journal, "record", full)
    status, problem = await make(hall, NEW)
    assert (status, problem["recorded"]) == (503, False)
    assert (await hall.ask("POST", "/api/v1/tokens/boss/revoke")).status == 503
    assert (await hall.ask("GET", "/api/v1/events.csv")).status == 503
    assert len((await hall.get("/tokens"))["tokens"]) == 2


async def test_a_file_that_cannot_be_written_is_503_and_its_path_is_nobodys_business(
    hall: WebHall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("gateway.people.token_file.os.open", refuse)
    status, problem = await make(hall, NEW)
    assert (status, "tokens.json" in problem["detail"]) == (503, False)
    assert "tokens.json cannot be written: Permission denied" in caplog.text


async def test_that_events_were_taken_away_is_recorded_with_what_was_asked(hall: WebHall) -> None:
    await hall.ask("GET", "/api/v1/events.csv?device=led-01&limit=5")
    [row] = (await hall.get("/events?type=events.exported"))["events"]
    asked = {"device": "led-01", "after": 0, "limit": 5, "order": "asc", "wait_s": 0.0}
    assert row["payload"] == {"actor": "boss", "query": asked}
    assert row["retention"] == "audit"
