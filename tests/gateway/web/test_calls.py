"""Calls, windows and screens over the API."""

from typing import Any

import pytest
from webhall import WebHall, until

from gateway.core.errors import JournalError

LEFT = "/api/v1/screens/led-02/left/image.png"


async def delivery(hall: WebHall, call_id: str) -> dict[str, Any]:
    screens: dict[str, Any] = (await hall.get(f"/calls/{call_id}"))["screens"]
    return screens


def stages(screens: dict[str, Any]) -> set[str]:
    return {screen["status"] for screen in screens.values()}


async def test_a_call_is_accepted_once_it_is_recorded(hall: WebHall) -> None:
    answer = await hall.call("c-1", ticket="A012", person_name="欧阳娜娜")
    assert (answer.status, answer.headers["Location"]) == (202, "/api/v1/calls/c-1")
    assert (answer.json["ticket"], answer.json["name"], answer.json["seq"]) == ("A012", "欧**", 1)
    rows = (await hall.get("/events?type=call.accepted"))["events"]
    assert [row["payload"]["call_id"] for row in rows] == ["c-1"]


async def test_the_same_call_again_is_the_same_call(hall: WebHall) -> None:
    first = await hall.call("c-1", ticket="A012")
    again = await hall.call("c-1", ticket="A012")
    assert (again.status, again.json["accepted_at"]) == (202, first.json["accepted_at"])
    assert len((await hall.get("/events?type=call.accepted"))["events"]) == 1


async def test_a_replayed_call_id_with_other_content_is_a_conflict(hall: WebHall) -> None:
    await hall.call("c-1", ticket="A012")
    answer = await hall.call("c-1", ticket="A013")
    assert (answer.status, "'c-1' was used before" in answer.detail) == (409, True)


async def test_a_call_tells_its_delivery_per_screen_with_times(hall: WebHall) -> None:
    async with hall.online("led-02"):
        await hall.call("c-1", window="w02", ticket="A012")
        screens = await until(lambda: delivery(hall, "c-1"), lambda screens: stages(screens) == {"acked"})
    assert screens.keys() == {"led-02/left", "led-02/right"}
    left = screens["led-02/left"]
    assert left["queued_at"] <= left["acked_at"]
    assert left["detail"] == {"done": "show"}


async def test_a_call_for_a_dark_screen_stays_queued(hall: WebHall) -> None:
    await hall.call("c-1")
    assert (await hall.get("/calls/c-1"))["screens"]["led-01"]["status"] == "queued"


async def test_a_call_that_came_too_late_says_why(hall: WebHall) -> None:
    await hall.call("c-2", session="s", seq=2)
    late = await hall.call("c-1", session="s", seq=1)
    assert (late.status, late.json["why"]) == (202, "not newer than session s seq 2")


async def test_an_unknown_call_is_404(hall: WebHall) -> None:
    assert (await hall.ask("GET", "/api/v1/calls/none")).detail == "there is no call 'none'"


async def test_a_window_tells_what_it_shows(hall: WebHall) -> None:
    await hall.call("c-1", ticket="A012")
    serving, idle = (await hall.get("/windows"))["windows"]
    assert (serving["status"], serving["text"], serving["screens"]) == ("serving", "A012", {"led-01": "queued"})
    assert (idle["status"], idle["text"]) == ("idle", "矛盾调解")


async def test_a_screen_tells_what_it_shows_and_what_it_shall(hall: WebHall) -> None:
    async with hall.online("led-01"):
        await hall.call("c-1", ticket="A012")
        screen = await until(lambda: hall.get("/screens/led-01/content"), lambda screen: screen["text"] == "A012")
        assert (screen["window"], screen["colour"], screen["wanted"]) == ("w01", "red", "A012")
    hall.services.house.hub.offline("led-01", "unplugged")
    screens = (await hall.get("/screens"))["screens"]
    assert [screen["id"] for screen in screens] == ["led-01", "led-02/left", "led-02/right"]
    assert (screens[0]["text"], screens[0]["wanted"], screens[0]["why"]) == (None, "A012", "unplugged")


async def test_the_picture_of_a_screen_is_what_it_shows(hall: WebHall) -> None:
    dark = await hall.ask("GET", LEFT)
    assert (dark.status, "unknown" in dark.detail) == (503, True)
    async with hall.online("led-02"):
        lit = await until(lambda: hall.ask("GET", LEFT), lambda answer: answer.status == 200)
        picture = hall.board("led-02").picture("left")
        assert picture is not None
        assert (lit.headers["Content-Type"], lit.body) == ("image/png", picture.data)
    hall.services.house.hub.offline("led-02", "unplugged")
    assert "unplugged" in (await hall.ask("GET", LEFT)).detail


async def test_a_picture_of_another_revision_is_refused(hall: WebHall) -> None:
    async with hall.online("led-01"):
        idle = await until(lambda: hall.get("/screens/led-01/content"), lambda screen: screen["text"] is not None)
        picture = f"/api/v1/screens/led-01/image.png?revision={idle['revision']}"
        assert (await hall.ask("GET", picture)).status == 200
        await hall.call("c-1", ticket="A012")
        await until(lambda: hall.get("/screens/led-01/content"), lambda screen: screen["text"] == "A012")
        late = await hall.ask("GET", picture)
    assert (late.status, late.detail) == (409, "led-01 shows something else by now")


async def test_a_screen_that_no_window_names_is_404(hall: WebHall) -> None:
    for screen in ("led-02", "led-01/left", "led-99"):
        for what in ("content", "image.png"):
            answer = await hall.ask("GET", f"/api/v1/screens/{screen}/{what}")
            assert (answer.status, answer.detail) == (404, f"no window and no zone has a screen {screen!r}")


async def test_a_call_that_the_journal_did_not_take_says_so(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    async def record(*_: object, **__: object) -> None:
        raise JournalError("the journal could not record: database or disk is full")

    monkeypatch.setattr(hall.services.house.journal, "record", record)
    answer = await hall.call("c-1")
    assert (answer.status, answer.json["recorded"]) == (503, False)
    assert answer.detail == "the journal could not record: database or disk is full"


async def test_a_name_is_masked_wherever_it_could_appear(hall: WebHall) -> None:
    await hall.call("c-1", person_name="欧阳娜娜")
    for path in ("/api/v1/calls/c-1", "/api/v1/windows", "/api/v1/events", "/"):
        body = (await hall.ask("GET", path)).body.decode()
        assert "欧阳" not in body
        assert "欧**" in body
    refused = await hall.call("c-2", person_name="欧阳" * 40)
    assert (refused.status, "欧阳" in refused.body.decode()) == (422, False)
