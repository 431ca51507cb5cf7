"""One who is of some zones: what stands elsewhere, or in no zone, does not exist."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from webhall import BoardConfig, WebHall, until, web_hall

from gateway.calls.config import WindowConfig
from gateway.core.model import Event, Retention
from gateway.people.rights import Role

DEVICES = [
    BoardConfig(id="led-01", driver="test.board", zone="gate"),
    BoardConfig(id="led-02", driver="test.board", zone="hall"),
    BoardConfig(id="led-03", driver="test.board"),
    BoardConfig(id="led-04", driver="test.board", zone="hall"),
]
WINDOWS = [
    WindowConfig(id="w01", label="1号窗口", function="安检", zone="gate", screens=["led-01", "led-04"]),
    WindowConfig(id="w02", label="2号窗口", function="受理", zone="hall", screens=["led-02"]),
    WindowConfig(id="w03", label="3号窗口", function="无区", screens=["led-03"]),
]


@pytest.fixture
async def hall(tmp_path: Path, fails_on_pending_tasks: None) -> AsyncGenerator[WebHall]:
    async with web_hall(tmp_path, devices=DEVICES, windows=WINDOWS) as hall:
        yield hall


@pytest.fixture
def guard(hall: WebHall) -> str:
    """A token for everything, at the gate."""
    return hall.token(Role.ADMIN, "gate")


async def status(hall: WebHall, method: str, path: str, who: str, body: Any = None) -> int:
    return (await hall.ask(method, f"/api/v1{path}", body, who=who)).status


async def test_lists_leave_out_what_stands_elsewhere(hall: WebHall, guard: str) -> None:
    assert [device["id"] for device in (await hall.get("/devices", guard))["devices"]] == ["led-01"]
    assert [window["window"] for window in (await hall.get("/windows", guard))["windows"]] == ["w01"]
    assert [screen["id"] for screen in (await hall.get("/screens", guard))["screens"]] == ["led-01"]
    both = hall.token(Role.VIEWER, "gate", "hall")
    assert [device["id"] for device in (await hall.get("/devices", both))["devices"]] == ["led-01", "led-02", "led-04"]


@pytest.mark.parametrize("path", ["/devices/{}", "/devices/{}/parts", "/screens/{}/content", "/screens/{}/image.png"])
async def test_a_thing_elsewhere_is_as_one_that_there_is_not(hall: WebHall, guard: str, path: str) -> None:
    assert await status(hall, "GET", path.format("led-01"), guard) in (200, 503)
    for elsewhere in ("led-02", "led-03"):
        hidden = await hall.ask("GET", "/api/v1" + path.format(elsewhere), who=guard)
        nothing = await hall.ask("GET", "/api/v1" + path.format("led-99"), who=guard)
        assert (hidden.status, hidden.detail.replace(elsewhere, "led-99")) == (404, nothing.detail)


async def test_commands_reach_devices_of_ones_own_zones_only(hall: WebHall, guard: str) -> None:
    body = {"command_id": "x-1", "params": {"text": "A"}}
    assert await status(hall, "POST", "/devices/led-01/commands/write", guard, body) == 202
    for elsewhere in ("led-02", "led-03"):
        answer = await hall.ask("POST", f"/api/v1/devices/{elsewhere}/commands/write", body, who=guard)
        assert (answer.status, answer.detail) == (
            404,
            f"there is no device '{elsewhere}' (did you mean 'led-01'?); there are: led-01",
        )
    assert len((await hall.get("/events?type=command.requested"))["events"]) == 1


async def test_the_result_of_a_command_elsewhere_is_not_told(hall: WebHall, guard: str) -> None:
    for number, device in enumerate(("led-01", "led-02", "led-03")):
        body = {"command_id": f"x-{number}", "params": {"text": "A"}}
        await hall.ask("POST", f"/api/v1/devices/{device}/commands/write", body)
    assert [await status(hall, "GET", f"/commands/x-{number}", guard) for number in range(3)] == [200, 404, 404]


async def test_who_announces_something_is_told_of_screens_of_ones_own_zones_only(hall: WebHall, guard: str) -> None:
    body = {"command_id": "e-1", "params": {"text": "请立即疏散"}, "reason": "火警"}
    notice = {"notice_id": "n1", "text": "停电", "zones": ["gate"]}
    published = await hall.ask("POST", "/api/v1/notices", notice, who=guard)
    raised = await hall.ask("POST", "/api/v1/screens/gate/commands/emergency", body, who=guard)
    own, every = {"led-01": "it is connecting"}, {"led-01": "it is connecting", "led-04": "it is connecting"}
    assert (published.json["missing"], raised.json["detail"]["missing"]) == (own, own)
    told = [(await hall.get("/commands/e-1", who))["detail"] for who in (guard, hall.token(Role.ADMIN))]
    assert told == [{"shown_on": 0, "missing": own}, {"shown_on": 0, "missing": every}]


async def test_calls_reach_windows_of_ones_own_zones_only(hall: WebHall) -> None:
    queue = hall.token(Role.QUEUE, "gate")
    for number, window in enumerate(("w01", "w02", "w03", "w99")):
        body = {"call_id": f"c-{number}", "window": window, "ticket": "A001"}
        answer = await hall.ask("POST", "/api/v1/calls", body, who=queue)
        if window == "w01":
            assert answer.status == 202
        else:
            hint = "" if window == "w99" else " (did you mean 'w01'?)"
            assert (answer.status, answer.detail) == (422, f"there is no window '{window}'{hint}; there are: w01")
    assert len((await hall.get("/events?type=call.accepted"))["events"]) == 1


async def test_of_a_window_only_the_screens_of_ones_own_zones_are_told(hall: WebHall) -> None:
    queue = hall.token(Role.QUEUE, "gate")
    async with hall.online("led-01"):
        body = {"call_id": "c-0", "window": "w01", "ticket": "A001"}
        told = (await hall.ask("POST", "/api/v1/calls", body, who=queue)).json
        assert list(told["screens"]) == ["led-01"]
        for _ in range(2):  # from memory, then from the journal
            assert list((await hall.get("/calls/c-0", queue))["screens"]) == ["led-01"]
            await until(lambda: hall.get("/events?type=call.delivered"), lambda page: len(page["events"]) == 1)
    assert [list(window["screens"]) for window in (await hall.get("/windows", queue))["windows"]] == [["led-01"]]
    assert set((await hall.get("/calls/c-0"))["screens"]) == {"led-01", "led-04"}
    assert next(set(window["screens"]) for window in (await hall.get("/windows"))["windows"]) == {"led-01", "led-04"}
    page = (await hall.ask("GET", "/", who=queue)).body.decode()
    assert ("led-01" in page, "led-04" in page) == (True, False)


async def test_a_call_elsewhere_is_not_told(hall: WebHall) -> None:
    queue = hall.token(Role.QUEUE, "gate")
    for number, window in enumerate(("w01", "w02", "w03")):
        await hall.call(f"c-{number}", window)
    assert [await status(hall, "GET", f"/calls/c-{number}", queue) for number in range(3)] == [200, 404, 404]


async def test_events_are_those_of_ones_own_devices_and_windows_page_by_page(hall: WebHall, guard: str) -> None:
    async with hall.online("led-01", "led-02", "led-03"):
        for number in range(6):
            await hall.call(f"c-{number}", f"w0{number % 3 + 1}", f"A{number:03d}")
        await until(lambda: hall.get("/events?type=call.delivered"), lambda page: len(page["events"]) >= 6)
    await hall.services.house.journal.record(None, [Event(type="site.started", source_key="s", payload={})])
    found: list[Any] = []
    after: int | None = 0
    while after is not None:
        page = await hall.get(f"/events?limit=2&after={after}", guard)
        assert len(page["events"]) == 2 or page["next"] is None
        found += page["events"]
        after = page["next"]
    assert {row["device"] for row in found} == {"led-01", None}
    accepted = [row["payload"]["call_id"] for row in found if row["type"] == "call.accepted"]
    assert accepted == ["c-0", "c-3"]
    assert {row["type"] for row in found if row["device"] is None} == {"call.accepted"}
    table = (await hall.ask("GET", "/api/v1/events.csv", who=guard)).body.decode()
    assert [word for word in ("led-01", "led-02", "led-04", "w02", "site.started") if word in table] == ["led-01"]


async def test_the_page_shows_ones_own_zones_only(hall: WebHall, guard: str) -> None:
    await hall.call("c-0", "w01", "A001")
    await hall.call("c-1", "w02", "B002")
    text = (await hall.ask("GET", "/", who=guard)).body.decode()
    for word in ("1号窗口", "led-01", "A001", "0 / 1"):
        assert word in text
    assert [word for word in ("2号窗口", "3号窗口", "led-02", "led-03", "B002") if word in text] == []


async def test_classes_of_events_want_rights_of_their_own(hall: WebHall) -> None:
    for kind in Retention:
        event = Event(type=f"of.{kind}", source_key=kind, payload={}, retention=kind)
        await hall.services.house.journal.record("led-01", [event])
    seen = {
        Role.VIEWER: ["access", "call", "device"],
        Role.FACILITIES: ["call", "device"],
        Role.SECURITY: ["access", "call", "device"],
        Role.QUEUE: ["call", "device"],
        Role.AUDITOR: ["access", "audit", "call", "device"],
        Role.ADMIN: ["access", "audit", "call", "device"],
    }
    for role, kinds in seen.items():
        page = await hall.get("/events?q=%7B%7D", hall.token(role))
        assert sorted(row["type"].removeprefix("of.") for row in page["events"]) == kinds, role
