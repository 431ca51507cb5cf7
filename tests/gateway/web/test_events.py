"""The journal, page by page."""

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from stores import stores
from webhall import WebHall, until

from gateway.core.errors import JournalError
from gateway.core.model import Event, Retention
from gateway.journal.export import Choice, lines
from gateway.journal.spreadsheet import spreadsheet
from gateway.people.pseudonyms import Pseudonyms
from gateway.web import events


async def called(hall: WebHall, count: int) -> None:
    for number in range(count):
        await hall.call(f"c-{number}", ticket=f"A{number:03d}")


def tickets(page: dict[str, list[dict[str, dict[str, str]]]]) -> list[str]:
    return [row["payload"]["ticket"] for row in page["events"]]


async def test_pages_follow_one_another_in_both_orders(hall: WebHall) -> None:
    await called(hall, 5)
    for order, expected in (("asc", [0, 1, 2, 3, 4]), ("desc", [4, 3, 2, 1, 0])):
        found: list[str] = []
        after: int | None = 0
        while after is not None:
            page = await hall.get(f"/events?type=call.accepted&limit=2&order={order}&after={after}")
            found += tickets(page)
            after = page["next"]
        assert found == [f"A{number:03d}" for number in expected]


async def test_events_are_found_by_device_and_time(hall: WebHall) -> None:
    await called(hall, 1)
    async with hall.online("led-01"):
        online = await until(lambda: hall.get("/events?device=led-01&type=device.online"), lambda page: page["events"])
    assert [row["payload"]["model"] for row in online["events"]] == ["board"]
    later = quote((datetime.now(UTC) + timedelta(minutes=1)).isoformat())
    assert (await hall.get(f"/events?from={later}"))["events"] == []
    assert len((await hall.get(f"/events?type=call.accepted&to={later}"))["events"]) == 1


async def test_an_empty_parameter_is_none(hall: WebHall) -> None:
    await called(hall, 1)
    assert (await hall.get("/events?device=&type=&from=&to=&after=&limit=&order="))["events"]


async def test_a_plus_that_is_not_encoded_is_told(hall: WebHall) -> None:
    answer = await hall.ask("GET", "/api/v1/events?from=2026-01-01T00:00:00+08:00")
    assert (answer.status, answer.detail) == (
        422,
        "from: must be a time with its zone, such as 2026-07-17T09:00:00+08:00 or 2026-07-17T01:00:00Z; "
        "write + as %2B in an address: as it is, it means a blank",
    )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("after=-1", "after"),
        ("after=99999999999999999999", "after"),
        ("order=random", "order"),
        ("from=2026-01-01T00:00:00", "from"),
        ("from=yesterday", "from"),
        ("tpye=call.accepted", "tpye"),
    ],
)
async def test_a_wrong_parameter_is_named(hall: WebHall, query: str, field: str) -> None:
    answer = await hall.ask("GET", f"/api/v1/events?{query}")
    assert answer.status == 422
    assert answer.detail.startswith(f"{field}: ")


async def test_a_parameter_given_twice_is_refused(hall: WebHall) -> None:
    assert (await hall.ask("GET", "/api/v1/events?limit=1&limit=2")).detail == "limit: is given twice"


async def test_events_are_found_by_text_in_any_case(hall: WebHall) -> None:
    await called(hall, 3)
    page = await hall.get("/events?type=call.accepted&q=a001")
    assert tickets(page) == ["A001"]
    assert (await hall.get("/events?q=%25"))["events"] == []


async def test_a_spreadsheet_computes_nothing(hall: WebHall) -> None:
    await hall.services.house.journal.record("led-01", [Event(type="=1+1", source_key="x", payload={"name": "张*"})])
    answer = await hall.ask("GET", "/api/v1/events.csv?device=led-01")
    text = answer.body.decode("utf-8")
    assert text.startswith("\ufeffseq,at,device,part,type,device_at,person,payload,name\r\n")
    row = list(csv.reader(io.StringIO(text)))[-1]
    assert row[2:] == ["led-01", "", "'=1+1", "", "", '{"name":"张*"}', ""]


async def listed(hall: WebHall, query: str) -> list[int]:
    """The numbers in the payloads of a table."""
    table = (await hall.ask("GET", f"/api/v1/events.csv?type=tick&{query}")).body.decode("utf-8-sig")
    return [json.loads(row["payload"])["n"] for row in csv.DictReader(io.StringIO(table))]


async def ticked(hall: WebHall, count: int) -> None:
    ticks = [Event(type="tick", source_key=f"{n}", payload={"n": n}) for n in range(count)]
    await hall.services.house.journal.record("led-01", ticks)


async def test_a_table_goes_to_the_end_unless_it_is_limited(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "TABLE_ROWS", 100)
    await ticked(hall, 250)
    assert await listed(hall, "") == list(range(250))
    assert await listed(hall, "order=desc&limit=130") == list(range(249, 119, -1))
    assert await listed(hall, "q=9&limit=12") == [n for n in range(250) if "9" in str(n)][:12]
    assert (await hall.ask("HEAD", "/api/v1/events.csv")).body == b""


async def test_a_table_that_cannot_be_read_to_its_end_is_not_taken_for_whole(
    hall: WebHall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(events, "TABLE_ROWS", 100)
    await ticked(hall, 250)
    journal = hall.services.house.journal
    read = journal.read

    async def failing(*, after: int = 0, **sought: Any) -> Any:
        if after:
            raise JournalError("the journal cannot be read: disk I/O error")
        return await read(after=after, **sought)

    monkeypatch.setattr(journal, "read", failing)
    with pytest.raises(aiohttp.ClientPayloadError):
        await hall.ask("GET", "/api/v1/events.csv?type=tick")
    assert "events.csv is cut off: the journal cannot be read: disk I/O error" in caplog.text


async def test_a_live_tail_waits_for_what_is_new(hall: WebHall) -> None:
    journal = hall.services.house.journal
    first = await hall.get("/events")
    waiting = asyncio.create_task(hall.get(f"/events?after={first['upto']}&wait_s=20&type=call.expired"))
    await journal.record("led-01", [Event(type="call.voice", source_key="1", payload={})])
    await journal.record("led-01", [Event(type="call.expired", source_key="2", payload={})])
    async with asyncio.timeout(5):
        found = await waiting
    assert [event["type"] for event in found["events"]] == ["call.expired"]
    none = await hall.get(f"/events?after={found['upto']}&wait_s=0.05")
    assert (none["events"], none["next"], none["upto"]) == ([], None, found["upto"])


async def test_what_can_not_be_asked_together_is_refused(hall: WebHall) -> None:
    for asked, why in (("wait_s=1&order=desc", "order asc"), ("part=door-1", "must come with the device")):
        answer = await hall.ask("GET", f"/api/v1/events?{asked}")
        assert (answer.status, why in answer.detail) == (422, True), answer


async def test_who_is_in_a_page_is_told_masked(hall: WebHall) -> None:
    people = [{"known_as": "card:9896534", "name": "欧阳娜娜"}]
    assert (await hall.ask("POST", "/api/v1/persons", {"persons": people})).status == 200
    for number, known_as in enumerate(("card:9896534", "card:1")):
        passed = {"person": Pseudonyms(bytes(32), "test").of(known_as)}
        kept = Retention.ACCESS
        event = Event(type="access.granted", source_key=f"{number}", part="d1", payload=passed, retention=kept)
        await hall.services.house.journal.record("led-01", [event])
    found = await hall.get("/events?device=led-01&part=d1")
    assert [each["name"] for each in found["persons"].values()] == ["欧**"]
    assert [event["payload"]["person"] in found["persons"] for event in found["events"]] == [True, False]
    table = (await hall.ask("GET", "/api/v1/events.csv?device=led-01")).body.decode("utf-8-sig")
    assert [row["name"] for row in csv.DictReader(io.StringIO(table))] == ["欧**", ""]


async def test_a_table_is_that_of_the_command_line_with_the_names(hall: WebHall, tmp_path: Path) -> None:
    passed = Event(type="access.granted", source_key="1", payload={"person": "p-1"}, retention=Retention.ACCESS)
    gone = Event(type="access.granted", source_key="2", payload={"person": "p-1"}, retention=Retention.ACCESS)
    journal = hall.services.house.journal
    await journal.record("led-01", [passed, gone])
    await journal.upkeep.erase([journal.head.seq])
    own = b"".join(spreadsheet(lines(stores.url(tmp_path), site=journal.site, choice=Choice(device="led-01"))))
    table = (await hall.ask("GET", "/api/v1/events.csv?device=led-01")).body
    told, exported = (list(csv.DictReader(io.StringIO(each.decode("utf-8-sig")))) for each in (table, own))
    assert [row["person"] for row in exported] == ["p-1", ""]
    assert told == [{**row, "name": ""} for row in exported]


async def test_an_unknown_parameter_is_answered_with_those_that_there_are(hall: WebHall) -> None:
    for table in ("events", "events.csv"):
        answer = await hall.ask("GET", f"/api/v1/{table}?form=2026-01-01")
        assert answer.detail == (
            "form: there is no such field (did you mean 'from'?); there are: after, device, door, from, limit, order, "
            "part, person, q, reason, to, type, wait_s"
        )
        assert (await hall.ask("GET", f"/api/v1/{table}?order=up")).detail == "order: must be 'asc' or 'desc'"
