"""Who is behind the pseudonyms: sealed in the store, masked for all, unmasked for a reason that is recorded before."""

from pathlib import Path
from typing import Any

from stores import stores
from webhall import Answer, WebHall

from gateway.core.model import Event, Retention
from gateway.journal.identities import Identity
from gateway.people.pseudonyms import Pseudonyms
from gateway.supervisor.context import GatewayContext

PEOPLE = [
    {"known_as": "card:0009896534", "name": "欧阳娜娜", "department": "信访局"},
    {"known_as": "employee:E17", "name": "张三"},
]
ZHANG = Pseudonyms(bytes(32), "test").of("employee:E17")


async def enrol(hall: WebHall, *, dry_run: bool = False, **named: str) -> Answer:
    people = [person | ({"name": named["name"]} if named else {}) for person in PEOPLE]
    return await hall.ask("POST", "/api/v1/persons", {"persons": people, "dry_run": dry_run})


async def audited(hall: WebHall) -> list[tuple[str, dict[str, Any]]]:
    events = (await hall.get("/events?limit=500"))["events"]
    return [(event["type"], event["payload"]) for event in events if event["type"].startswith("person.")]


async def test_people_are_enrolled_once_and_listed_masked(hall: WebHall) -> None:
    assert (await enrol(hall)).json == {"added": 2, "changed": 0, "unchanged": 0}
    assert (await enrol(hall)).json == {"added": 0, "changed": 0, "unchanged": 2}
    found = await hall.get("/persons")
    told = {(each["name"], each["known_as"], each["department"]) for each in found["persons"]}
    assert told == {("欧**", "card:···534", "信访局"), ("张*", "employee:···", None)}
    assert (await enrol(hall, name="李四")).json == {"added": 0, "changed": 2, "unchanged": 0}
    done = ["person.enrol.requested", "person.enrol.ended"]
    assert [what for what, _ in await audited(hall)] == [*done, "person.enrol.tried", *done]


async def test_a_dry_run_tells_and_does_nothing(hall: WebHall) -> None:
    assert (await enrol(hall, dry_run=True)).json == {"added": 2, "changed": 0, "unchanged": 0}
    assert (await hall.get("/persons"))["persons"] == []


async def test_who_tries_out_whose_a_card_is_is_recorded_without_the_name(hall: WebHall) -> None:
    await enrol(hall)
    assert (await enrol(hall, dry_run=True, name="张三")).json == {"added": 0, "changed": 1, "unchanged": 1}
    what, told = (await audited(hall))[-1]
    assert (what, told["actor"], ZHANG in told["persons"]) == ("person.enrol.tried", "boss", True)
    assert (told["added"], told["changed"], told["unchanged"]) == (0, 1, 1)
    assert not [text for text in ("张三", "E17") if text in str(told)]


async def test_pages_of_people_follow_each_other(hall: WebHall) -> None:
    await enrol(hall)
    first = await hall.get("/persons?limit=1")
    second = await hall.get(f"/persons?limit=1&after={first['next']}")
    assert first["persons"] + second["persons"] == (await hall.get("/persons"))["persons"]


async def test_a_whole_name_is_told_for_a_reason_that_is_recorded(hall: WebHall) -> None:
    await enrol(hall)
    assert (await hall.ask("POST", f"/api/v1/persons/{ZHANG}/unmask", {})).status == 422
    answer = await hall.ask("POST", f"/api/v1/persons/{ZHANG}/unmask", {"reason": "门禁核查"})
    assert answer.json == {"person": ZHANG, "name": "张三", "known_as": "employee:E17", "department": None}
    asked = {"actor": "boss", "person": ZHANG, "reason": "门禁核查"}
    assert (await audited(hall))[-1] == ("person.unmasked", asked)
    assert (await hall.ask("POST", "/api/v1/persons/p-0/unmask", {"reason": "x"})).status == 404


async def test_people_are_found_by_name_and_by_card_and_the_audit_has_no_name(hall: WebHall) -> None:
    await enrol(hall)
    for sought, names in (("阳", ["欧阳娜娜"]), ("employee:E17", ["张三"]), ("nobody", [])):
        answer = await hall.ask("POST", "/api/v1/persons/find", {"name": sought, "reason": "x"})
        assert [each["name"] for each in answer.json["persons"]] == names, sought
    unknown = await hall.ask("POST", "/api/v1/persons/find", {"name": "card:5", "reason": "x"})
    assert unknown.json["persons"][0]["person"] == Pseudonyms(bytes(32), "test").of("card:5")
    assert not [text for text in ("阳", "E17", "card:5") if text in str(await audited(hall))]


async def test_a_card_is_the_same_person_with_leading_zeros_and_by_its_bits(hall: WebHall) -> None:
    bits = {"known_as": "card:32:8C3A11F0", "name": "李四"}
    assert (await hall.ask("POST", "/api/v1/persons", {"persons": [PEOPLE[0], bits]})).json["added"] == 2
    context = GatewayContext("acs", hall.services.house._replace(pseudonyms=Pseudonyms(bytes(32), "test")))
    for number, told in enumerate(("card:0009896534", "card:9896534", "card:32:8c3a11f0")):
        await context.record(Event(type="access.granted", source_key=f"{number}", payload={}, person=told))
    events = (await hall.get("/events?type=access.granted"))["events"]
    for sought, name, rows in (("card:0009896534", "欧阳娜娜", events[:2]), ("card:32:8c3a11f0", "李四", events[2:])):
        found = await hall.ask("POST", "/api/v1/persons/find", {"name": sought, "reason": "x"})
        assert [each["name"] for each in found.json["persons"]] == [name]
        assert {row["payload"]["person"] for row in rows} == {found.json["persons"][0]["person"]}


async def test_who_is_forgotten_leaves_the_record_as_it_was(hall: WebHall) -> None:
    await enrol(hall)
    answer = await hall.ask("POST", f"/api/v1/persons/{ZHANG}/forget", {"reason": "已离职"})
    assert answer.json == {"person": ZHANG, "scrubbed": stores.kind == "sqlite"}
    assert [each["name"] for each in (await hall.get("/persons"))["persons"]] == ["欧**"]
    assert (await hall.ask("POST", f"/api/v1/persons/{ZHANG}/forget", {"reason": "x"})).status == 404


async def test_a_card_that_somebody_writes_into_a_reason_stays_whatever_is_forgotten(hall: WebHall) -> None:
    await enrol(hall)
    body = {"reason": "card:9896534 was lost"}
    assert (await hall.ask("POST", f"/api/v1/persons/{ZHANG}/forget", body)).status == 200
    [event] = (await hall.get("/events?type=person.forget.requested"))["events"]
    erased = await hall.ask("POST", f"/api/v1/events/{event['seq']}/erase", {"reason": "x"})
    assert (erased.status, "are not erased on request" in erased.detail) == (422, True)
    [still] = (await hall.get("/events?type=person.forget.requested"))["events"]
    assert still["payload"]["reason"] == body["reason"]


async def test_a_name_that_cannot_be_read_takes_nothing_else_with_it(hall: WebHall) -> None:
    await enrol(hall)
    await hall.services.house.journal.identities.put([Identity(ZHANG, b"x" * 40, "2026-07-17T12:00:00.000000Z")])
    passed = Event(type="access.granted", source_key="1", payload={"person": ZHANG}, retention=Retention.ACCESS)
    await hall.services.house.journal.record("led-01", [passed])
    page = await hall.get("/events?device=led-01")
    assert ([event["payload"] for event in page["events"]], page["persons"]) == ([{"person": ZHANG}], {})
    assert (await hall.ask("GET", "/api/v1/events.csv?device=led-01")).status == 200
    names = {each["person"]: each["name"] for each in (await hall.get("/persons"))["persons"]}
    assert (len(names), names[ZHANG]) == (2, None)
    found = await hall.ask("POST", "/api/v1/persons/find", {"name": "阳", "reason": "x"})
    assert [each["name"] for each in found.json["persons"]] == ["欧阳娜娜"]
    answer = await hall.ask("POST", f"/api/v1/persons/{ZHANG}/unmask", {"reason": "x"})
    assert (answer.status, "cannot be read" in answer.detail) == (503, True)
    assert (await enrol(hall)).json == {"added": 0, "changed": 1, "unchanged": 1}
    assert (await enrol(hall)).json == {"added": 0, "changed": 0, "unchanged": 2}


async def test_no_file_of_the_store_has_a_name_or_a_card(hall: WebHall, tmp_path: Path) -> None:
    await enrol(hall)
    context = GatewayContext("acs", hall.services.house)
    await context.record(Event(type="access.granted", source_key="1-1", payload={"index": 1}, person="card:9896534"))
    [event] = (await hall.get("/events?type=access.granted"))["events"]
    assert event["payload"] == {"index": 1, "person": hall.services.house.pseudonyms.of("card:9896534")}
    assert not [clear for clear in ("9896534", "欧阳", "张三") if clear.encode() in _everything(tmp_path)]


def _everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_bad_people_are_refused_with_what_is_allowed(hall: WebHall) -> None:
    for known_as, name, why in (
        ("card:x", "a", "card must be 1 to 20 digits"),
        ("9896534", "a", "must be card:NUMBER, card:BITS:HEX or employee:NUMBER"),
        ("card:1", "\x1b[2J", "can be printed"),
        ("card:1", "", "must have 1 or more characters"),
    ):
        answer = await hall.ask("POST", "/api/v1/persons", {"persons": [{"known_as": known_as, "name": name}]})
        assert answer.status == 422, answer
        assert why in answer.detail, answer.detail
