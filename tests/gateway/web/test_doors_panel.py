"""The doors on the status page: how they stand, what is wrong with them, and who passed last."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from chromium import Chromium, status_page
from doorhall import Box, BoxConfig, DoorBox
from webhall import WebHall, until, web_hall

from gateway.core.access import Happening
from gateway.core.errors import JournalError
from gateway.core.model import Event, Retention
from gateway.doors.config import DoorConfig
from gateway.people.pseudonyms import Pseudonyms
from gateway.people.rights import Role

HOSTILE = "<img src=x onerror=alert(1)>\"'&"
ACS = BoxConfig(id="acs", driver="test.doors", zone="gate")


@pytest.fixture
def controllers() -> Sequence[BoxConfig]:
    return [ACS]


@pytest.fixture
def doors() -> Sequence[DoorConfig]:
    return [
        DoorConfig(id="front", name="正门", door="acs/d1", staff_entrance=True, warn_s=1, held_s=1.2),
        DoorConfig(id="vault", name="库房", door="acs/d2", zone="hall"),
        DoorConfig(id="attic", name="阁楼", door="acs/d9"),
    ]


def box(hall: WebHall) -> Box:
    driver = hall.services.lives["acs"].driver
    assert isinstance(driver, DoorBox)
    return driver.box


async def card(hall: WebHall, door: str = "front", who: str = "admin") -> str:
    """The card of a door, as somebody sees it; empty where there is none."""
    text = (await hall.ask("GET", "/", who=who)).body.decode()
    found = re.search(rf'<article[^>]* data-live="door-{door}">.*?</article>', text)
    return found[0] if found else ""


async def passes(hall: WebHall, known_as: str | None, part: str = "d1") -> None:
    payload = {} if known_as is None else {"person": Pseudonyms(bytes(32), "test").of(known_as)}
    key = f"pass/{hall.services.house.journal.head.seq}"
    event = Event(type=Happening.GRANTED, source_key=key, payload=payload, part=part, retention=Retention.ACCESS)
    await hall.services.house.journal.record("acs", [event])


async def enrol(hall: WebHall, name: str, department: str | None = None) -> None:
    people = [{"known_as": "card:9896534", "name": name, "department": department}]
    assert (await hall.ask("POST", "/api/v1/persons", {"persons": people})).status == 200


async def test_a_door_is_unknown_until_it_is_heard_of_and_then_open_or_closed(hall: WebHall) -> None:
    unknown = await card(hall)
    for word in ("正门", "gate", "职工入口", "未知 <small>unknown", "锁状态未知", "自 <small>since"):
        assert word in unknown
    async with hall.online("acs"):
        closed = await until(lambda: card(hall), lambda text: "关 <small>closed" in text)
        assert "已上锁 <small>locked" in closed
        assert "职工入口" not in await card(hall, "vault")
        box(hall).write(Happening.GRANTED, "d1")
        box(hall).doors["d1"]["unlocked"] = True
        box(hall).swing("d1", open=True, tells=True)
        opened = await until(lambda: card(hall), lambda text: "开 <small>open" in text and "unlocked" in text)
        assert "forced" not in opened
        assert 'class="card"' in opened


async def test_a_door_that_its_controller_does_not_have_says_so(hall: WebHall) -> None:
    async with hall.online("acs"):
        why = "acs: there is no door &#x27;d9&#x27;; there are: d1, d2"
        await until(lambda: card(hall, "attic"), lambda text: f'<p class="wrong">{why}</p>' in text)
        assert 'class="wrong"' not in await card(hall)


async def test_what_is_wrong_with_a_door_is_shown_until_it_is_closed(hall: WebHall) -> None:
    async with hall.online("acs"):
        await until(lambda: card(hall), lambda text: "closed" in text)
        box(hall).swing("d1", open=True, tells=True)
        await until(lambda: card(hall), lambda text: "强行打开" in text and "即将超时" in text)
        held = await until(lambda: card(hall), lambda text: "超时未关" in text)
        assert 'class="card bad"' in held
        box(hall).fire = True
        await until(lambda: card(hall, "vault"), lambda text: "消防释放" in text)
        box(hall).fire = False
        box(hall).swing("d1", open=False, tells=True)
        await until(lambda: card(hall), lambda text: "forced" not in text and "held" not in text and "fire" not in text)


async def test_a_door_that_is_released_or_shut_for_everybody_says_so(hall: WebHall) -> None:
    async with hall.online("acs"):
        box(hall).doors["d1"]["mode"], box(hall).doors["d2"]["mode"] = "normally_open", "normally_closed"
        await until(lambda: card(hall), lambda text: "released" in text)
        await until(lambda: card(hall, "vault"), lambda text: "shut for everybody" in text)


async def test_who_passed_last_is_told_masked_to_those_who_may_see_persons(hall: WebHall) -> None:
    await enrol(hall, "欧阳娜娜", "信息科")
    await passes(hall, "card:1", "d2")
    await passes(hall, "card:1")
    await passes(hall, "card:9896534")
    shown = await card(hall)
    assert "<b>欧**</b> 信息科" in shown
    assert "最近通过" in shown
    assert "未登记的卡" in await card(hall, "vault")
    assert "欧" not in (await card(hall, who=hall.token(Role.FACILITIES)))
    assert "最近通过" not in (await card(hall, who=hall.token(Role.FACILITIES)))
    assert "欧**" in (await card(hall, who=hall.token(Role.SECURITY)))
    await passes(hall, None)
    assert "无卡" in await card(hall)


async def test_a_door_of_another_zone_is_not_there(hall: WebHall) -> None:
    await passes(hall, "card:1")
    guard = hall.token(Role.SECURITY, "gate")
    assert "最近通过" in await card(hall, "front", guard)
    assert await card(hall, "vault", guard) == ""
    text = (await hall.ask("GET", "/", who=hall.token(Role.VIEWER, "elsewhere"))).body.decode()
    assert "<small>doors</small>" not in text


async def test_doors_are_shown_though_the_record_cannot_be_read(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(**_: object) -> None:
        raise JournalError("the journal cannot be read: disk I/O error")

    monkeypatch.setattr(hall.services.house.journal, "read", read)
    text = (await hall.ask("GET", "/")).body.decode()
    assert "正门" in text
    assert re.search(r'<div data-live="passages"><p class="wrong">[^<]*disk I/O error', text)


async def test_names_of_doors_zones_and_departments_are_text_and_never_html(tmp_path: Path) -> None:
    door = DoorConfig(id="front", name=HOSTILE, door="acs/d1")
    async with web_hall(tmp_path, devices=[ACS], windows=[], doors=[door]) as hall:
        general = hall.services.in_force.site.general
        zones = [zone.model_copy(update={"name": HOSTILE}) for zone in general.zones]
        general = general.model_copy(update={"zones": zones})
        hall.services.in_force.site = hall.services.in_force.site._replace(general=general)
        await enrol(hall, HOSTILE, HOSTILE)
        await passes(hall, "card:9896534")
        shown = await card(hall)
    assert shown.count("&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;") == 3
    assert "<b>&lt;**</b>" in shown
    assert "<img" not in shown


async def test_the_page_follows_a_door_by_itself_and_fits_a_telephone(hall: WebHall, chromium: Chromium) -> None:
    async with hall.online("acs"):
        await until(lambda: card(hall), lambda text: "closed" in text)
        async with status_page(chromium, hall.url, hall.admin) as page:
            await passes(hall, "card:1")
            await page.wait_for_selector("[data-live=door-front] >> text=未登记的卡")
            box(hall).swing("d1", open=True, tells=True)
            await page.wait_for_selector("[data-live=door-front] >> text=超时未关")
            for width in (1280, 390):
                await page.set_viewport_size({"width": width, "height": 844})
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
