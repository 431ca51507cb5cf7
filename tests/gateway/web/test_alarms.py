"""Alarms over HTTP and on the status page."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from chromium import Chromium
from webhall import BoardConfig, WebHall, until, web_hall

from gateway.alarms.config import AlarmsConfig
from gateway.alarms.watch import built_in
from gateway.calls.config import WindowConfig
from gateway.core.model import Event, Retention
from gateway.people.rights import Role

ID = "device-offline.led-01"
SOON = AlarmsConfig.model_validate({"built_in": {"device-offline": {"on_delay_s": 0, "off_delay_s": 0}}})


@pytest.fixture
async def hall(tmp_path: Path, fails_on_pending_tasks: None) -> AsyncGenerator[WebHall]:
    """Three boards, all lost: led-02 and led-03 stand behind led-01. Zones z1, none, z2."""
    devices = [
        BoardConfig(id="led-01", driver="test.board", name="一号屏", zone="z1"),
        BoardConfig(id="led-02", driver="test.board", depends_on=["led-01"]),
        BoardConfig(id="led-03", driver="test.board", zone="z2", depends_on=["led-01"]),
    ]
    window = WindowConfig(id="w01", label="1号窗口", function="综合受理", screens=["led-01"])
    async with web_hall(tmp_path, devices=devices, windows=[window]) as hall:
        alarms, hub = hall.services.alarms, hall.services.house.hub
        alarms.configure(SOON)
        task = asyncio.create_task(alarms.run(lambda: None))
        for device in devices:
            hub.offline(device.id, "no <b>answer</b>")
        await until(lambda: listed(hall), lambda found: len(found) == 3)
        try:
            yield hall
        finally:
            task.cancel()
            await asyncio.wait({task})


async def listed(hall: WebHall, query: str = "") -> dict[str, str]:
    found = (await hall.get(f"/alarms{query}"))["alarms"]
    return {alarm["id"]: alarm["state"] for alarm in found}


async def test_all_alarms_are_listed_the_root_with_its_followers(hall: WebHall) -> None:
    assert await listed(hall) == {
        ID: "active",
        "device-offline.led-02": "suppressed",
        "device-offline.led-03": "suppressed",
    }
    root = await hall.get(f"/alarms/{ID}")
    assert root["followers"] == ["device-offline.led-02", "device-offline.led-03"]
    assert (root["title"]["zh"], root["zone"], root["detail"]["reason"]) == ("设备离线", "z1", "no <b>answer</b>")
    assert (await hall.get("/alarms"))["flood"] is False


@pytest.mark.parametrize(
    ("query", "count"),
    [("?state=active", 1), ("?state=suppressed", 2), ("?zone=z1", 1), ("?device=led-02", 1), ("?priority=high", 0)],
)
async def test_alarms_can_be_asked_for_by_what_they_are(hall: WebHall, query: str, count: int) -> None:
    assert len(await listed(hall, query)) == count


async def test_a_wrong_question_is_told(hall: WebHall) -> None:
    answer = await hall.ask("GET", "/api/v1/alarms?state=red")
    assert (answer.status, "state" in answer.detail) == (422, True)
    answer = await hall.ask("GET", "/api/v1/alarms/device-offline.led-99")
    assert (answer.status, answer.detail) == (404, "there is no alarm 'device-offline.led-99'")


async def test_an_alarm_is_acknowledged_shelved_and_taken_back(hall: WebHall) -> None:
    for verb, body, state in (
        ("ack", {"reason": "on my way", "occurrence": 1}, "acknowledged"),
        ("shelve", {"for_s": 3600}, "shelved"),
        ("unshelve", {}, "acknowledged"),
    ):
        answer = await hall.ask("POST", f"/api/v1/alarms/{ID}/{verb}", body)
        assert (answer.status, answer.json["state"]) == (200, state)
    events = await hall.get("/events?device=led-01")
    told = [(row["type"], row["payload"]["actor"]) for row in events["events"][-3:]]
    assert told == [("alarm.acknowledged", "boss"), ("alarm.shelved", "boss"), ("alarm.unshelved", "boss")]


async def test_what_cannot_be_done_with_an_alarm_is_a_conflict(hall: WebHall) -> None:
    answer = await hall.ask("POST", f"/api/v1/alarms/{ID}/unshelve", {})
    assert (answer.status, answer.detail) == (409, f"alarm {ID} is not shelved")
    answer = await hall.ask("POST", f"/api/v1/alarms/{ID}/ack", {})
    assert (answer.status, "occurrence" in answer.detail) == (422, True)


async def test_who_saw_an_older_occurrence_does_not_acknowledge_the_newer_one(hall: WebHall) -> None:
    seen = (await hall.get(f"/alarms/{ID}"))["occurrence"]
    async with hall.online("led-01"):
        await until(lambda: listed(hall, "?device=led-01"), lambda found: found == {})
    hall.services.house.hub.offline("led-01", "no answer")
    await until(lambda: listed(hall, "?device=led-01"), lambda found: found == {ID: "active"})
    newer = (await hall.get(f"/alarms/{ID}"))["occurrence"]
    answer = await hall.ask("POST", f"/api/v1/alarms/{ID}/ack", {"occurrence": seen})
    told = f"alarm {ID} has come again since: it is occurrence {newer}, and it is {seen} that is acknowledged"
    assert (answer.status, answer.detail) == (409, f"{told}; look at it anew")
    assert (await listed(hall))[ID] == "active"
    assert (await hall.ask("POST", f"/api/v1/alarms/{ID}/ack", {"occurrence": newer})).status == 200


@pytest.mark.parametrize("body", [{}, {"for_s": 59}, {"for_s": 86_401}, {"for_s": "60"}, {"for_s": 60, "until": 1}])
async def test_a_wrong_time_on_the_shelf_is_refused(hall: WebHall, body: dict[str, object]) -> None:
    assert (await hall.ask("POST", f"/api/v1/alarms/{ID}/shelve", body)).status == 422
    assert (await listed(hall))[ID] == "active"


async def test_a_queue_system_may_look_but_not_acknowledge(hall: WebHall) -> None:
    assert (await hall.ask("GET", "/api/v1/alarms", who="queue")).status == 200
    assert (await hall.ask("POST", f"/api/v1/alarms/{ID}/ack", {"occurrence": 1}, who="queue")).status == 403


async def test_a_quiet_alarm_exists_only_for_those_who_act_on_alarms(hall: WebHall) -> None:
    duress = built_in("duress", "device/led-02", device="led-02", until_seen=True)
    hall.services.alarms.declare(duress).raise_({"reason": "duress"})
    await until(lambda: listed(hall), lambda found: found.get("duress.led-02") == "active")
    assert (await hall.get("/alarms/duress.led-02"))["quiet"] is True
    roles = {role: hall.services.tokens.new(role, role) for role in Role if role is not Role.SCREEN}
    for role, token in roles.items():
        acts = role in (Role.FACILITIES, Role.SECURITY, Role.ADMIN)
        found = (await hall.ask("GET", "/api/v1/alarms", who=token)).json["alarms"]
        assert ("duress.led-02" in {alarm["id"] for alarm in found}) is acts
        assert (await hall.ask("GET", "/api/v1/alarms/duress.led-02", who=token)).status == (200 if acts else 404)
        assert ("胁迫" in (await hall.ask("GET", "/", who=token)).body.decode()) is acts


async def test_what_is_recorded_of_duress_is_for_those_who_act_on_alarms_and_for_the_audit(hall: WebHall) -> None:
    duress = built_in("duress", "device/led-02", device="led-02", until_seen=True)
    hall.services.alarms.declare(duress).raise_({"reason": "duress"})
    told = (("door.device_alarm", "duress"), ("door.button_refused", "duress"), ("door.device_alarm", "tamper"))
    rows = [
        Event(type=type_, source_key=f"{number}", payload={"reason": reason}, retention=Retention.ACCESS)
        for number, (type_, reason) in enumerate((*told, ("access.granted", None)))
    ]
    await hall.services.house.journal.record("led-02", rows)
    quiet = {("alarm.raised", "duress.led-02"), *told[:2]}
    await until(lambda: _of_access(hall, hall.admin), lambda found: quiet <= found)
    for role in (Role.VIEWER, Role.SECURITY, Role.AUDITOR):
        found = await _of_access(hall, hall.services.tokens.new(role, role))
        assert found & quiet == (set() if role is Role.VIEWER else quiet), role
        assert {told[2], ("access.granted", None)} <= found


async def _of_access(hall: WebHall, who: str) -> set[tuple[str, str | None]]:
    """The types of the rows of class access, and the alarm or the reason that each tells of."""
    rows = (await hall.get("/events?device=led-02&limit=1000", who))["events"]
    kept = [(row["type"], row["payload"]) for row in rows if row["retention"] == Retention.ACCESS]
    return {(type_, payload.get("alarm", payload.get("reason"))) for type_, payload in kept}


async def test_who_is_of_a_zone_knows_of_the_alarms_in_it_only(hall: WebHall) -> None:
    guards = {zone: hall.services.tokens.new(zone, Role.SECURITY, zones=[zone]) for zone in ("z1", "z2")}
    for zone, ids in (("z1", {ID}), ("z2", {"device-offline.led-03"})):
        found = (await hall.ask("GET", "/api/v1/alarms", who=guards[zone])).json["alarms"]
        assert {alarm["id"] for alarm in found} == ids
        assert [(alarm["root"], alarm["followers"]) for alarm in found] == [(None, [])]
    bodies: dict[str, dict[str, object] | None] = {"": None, "/unshelve": {}}
    bodies |= {"/ack": {"occurrence": 1}, "/shelve": {"for_s": 60}}
    for verb, body in bodies.items():
        method = "GET" if body is None else "POST"
        answer = await hall.ask(method, f"/api/v1/alarms/{ID}{verb}", body, who=guards["z2"])
        assert (answer.status, answer.detail) == (404, f"there is no alarm '{ID}'")
    assert (await listed(hall))[ID] == "active"
    assert (await hall.ask("POST", f"/api/v1/alarms/{ID}/ack", {"occurrence": 1}, who=guards["z1"])).status == 200


async def test_the_page_shows_the_root_with_what_to_do_and_not_its_followers(hall: WebHall) -> None:
    text = (await hall.ask("GET", "/")).body.decode()
    (article,) = text.partition('data-live="alarms"')[2].partition("</section>")[0].split("<article")[1:]
    for words in ("设备离线", "Device offline", "一号屏", "2 suppressed", "先看设备是否通电", "未确认", "&lt;b&gt;"):
        assert words in article
    await hall.ask("POST", f"/api/v1/alarms/{ID}/shelve", {"for_s": 60})
    text = (await hall.ask("GET", "/")).body.decode()
    assert "没有报警" in text
    assert "1 shelved" in text


@asynccontextmanager
async def page_of(hall: WebHall, chromium: Chromium, role: Role) -> AsyncGenerator[Any]:
    """The status page as somebody of this role has it."""
    async with chromium.context() as context:
        page = await context.new_page()
        page.set_default_timeout(20_000)
        await page.goto(f"{hall.url}/#token={hall.token(role)}")
        await page.click("button")
        await page.wait_for_selector(".alarm")
        yield page


async def test_a_person_acknowledges_an_alarm_on_the_page(hall: WebHall, chromium: Chromium) -> None:
    async with page_of(hall, chromium, Role.SECURITY) as page:
        assert await page.inner_text(".alarm button") == "确认 acknowledge"
        await page.click(".alarm button")
        await page.wait_for_selector(".alarm .chip.acknowledged")
        assert await page.locator(".alarm button").count() == 0
        assert await page.is_hidden("#refused")
    assert await listed(hall, "?state=acknowledged") == {ID: "acknowledged"}
    assert (await hall.get("/events?type=alarm.acknowledged"))["events"][0]["payload"]["actor"].startswith("security")


async def test_the_page_acknowledges_the_occurrence_that_it_shows(hall: WebHall, chromium: Chromium) -> None:
    async def lost(route: Any) -> None:
        await route.abort()

    seen = (await hall.get(f"/alarms/{ID}"))["occurrence"]
    async with page_of(hall, chromium, Role.SECURITY) as page:
        await page.route(f"{hall.url}/", lost)  # it is shown no newer one
        async with hall.online("led-01"):
            await until(lambda: listed(hall, "?device=led-01"), lambda found: found == {})
        hall.services.house.hub.offline("led-01", "no answer")
        await until(lambda: listed(hall, "?device=led-01"), lambda found: found == {ID: "active"})
        assert await page.get_attribute(".alarm button", "data-occurrence") == str(seen)
        await page.click(".alarm button")
        await page.wait_for_selector("#refused", state="visible")
    assert (await listed(hall))[ID] == "active"


async def test_who_may_not_acknowledge_has_no_button_for_it(hall: WebHall, chromium: Chromium) -> None:
    async with page_of(hall, chromium, Role.VIEWER) as page:
        assert await page.locator(".alarm").count() == 1
        assert await page.locator(".alarm button").count() == 0


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (401, "登录已失效，请重新登录。 The session has ended: sign in again."),
        (403, "您没有确认报警的权限。 You may not acknowledge alarms."),
        (409, "该报警又发生了，或已不需要确认，请再看一次。 It has come again, or is over: look once more."),
        (503, "未能确认，请再试一次。 It could not be acknowledged: try again."),
        (None, "未能确认，请再试一次。 It could not be acknowledged: try again."),
    ],
)
async def test_why_an_alarm_is_not_acknowledged_is_told_in_a_sentence(
    hall: WebHall, chromium: Chromium, status: int | None, why: str
) -> None:
    async def answer(route: Any) -> None:
        await (route.abort() if status is None else route.fulfill(status=status, json={"status": status}))

    async with page_of(hall, chromium, Role.SECURITY) as page:
        await page.route("**/ack", answer)
        await page.click(".alarm button")
        await page.wait_for_selector("#refused", state="visible")
        assert await page.inner_text("#refused") == why
        await page.unroute("**/ack")
        await page.click(".alarm button")
        await page.wait_for_selector(".alarm .chip.acknowledged")
        assert await page.is_hidden("#refused")


async def test_a_device_that_is_back_leaves_no_alarm(hall: WebHall) -> None:
    async with hall.online("led-01", "led-02", "led-03"):
        await until(lambda: listed(hall, "?state=active"), lambda found: found == {})
