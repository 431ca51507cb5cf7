"""Erasure on request: recorded before it is done, for ever, and never of what tells who did what."""

from typing import Any

import pytest
from stores import stores
from webhall import WebHall

from gateway.core.errors import JournalError
from gateway.core.model import Event, Retention
from gateway.journal.journal import Journal

AUDIT = Retention.AUDIT


async def payloads(hall: WebHall, type_: str, limit: int = 100) -> list[dict[str, Any] | None]:
    return [event["payload"] for event in (await hall.get(f"/events?type={type_}&limit={limit}"))["events"]]


async def test_everything_of_a_call_is_erased_and_that_it_was_stays(hall: WebHall) -> None:
    async with hall.online("led-01"):
        await hall.call("c1", ticket="A001", person_name="王小明")
        await hall.call("c10", ticket="A010")
    answer = await hall.ask("POST", "/api/v1/erasures", {"call": "c1", "reason": "he asked for it"})
    assert answer.status == 200, answer
    scrubbed = stores.kind == "sqlite"
    assert answer.json["scrubbed"] is scrubbed
    assert answer.json["erased"] == len(answer.json["seqs"]) >= 1
    accepted = await payloads(hall, "call.accepted")
    assert [payload and payload["call_id"] for payload in accepted] == [None, "c10"]
    await hall.services.house.journal.note(None, [])
    [asked], [done] = await payloads(hall, "erasure.requested"), await payloads(hall, "erasure.done")
    assert asked == {"actor": "boss", "reason": "he asked for it", "seqs": answer.json["seqs"], "call": "c1"}
    assert done == {"erased": answer.json["erased"], "scrubbed": scrubbed}
    store = hall.services.tokens.path.parent / "hall.db"
    assert not scrubbed or "王" not in "".join(
        file.read_bytes().decode(errors="replace") for file in store.parent.glob("hall.db*")
    )


async def test_an_erased_call_is_unknown_and_its_id_is_not_taken_again(hall: WebHall) -> None:
    await hall.call("c1", ticket="A001")
    await hall.ask("POST", "/api/v1/erasures", {"call": "c1", "reason": "x"})
    assert (await hall.ask("GET", "/api/v1/calls/c1")).status == 404
    hall.services.calls._once._known.clear()
    answer = await hall.call("c1", ticket="A001")
    assert (answer.status, "what it was has been erased" in answer.detail) == (409, True)


async def test_one_record_is_erased_by_its_number(hall: WebHall) -> None:
    await hall.services.house.journal.record(
        "d", [Event(type="tick", source_key=f"t/{n}", payload={}) for n in range(3)]
    )
    seq = (await hall.get("/events?type=tick"))["events"][1]["seq"]
    assert (await hall.ask("POST", f"/api/v1/events/{seq}/erase", {"reason": "x"})).json["seqs"] == [seq]
    assert await payloads(hall, "tick") == [{}, None, {}]
    again = await hall.ask("POST", f"/api/v1/events/{seq}/erase", {"reason": "x"})
    assert (again.status, again.json["erased"]) == (200, 0)


async def test_a_source_is_a_whole_key_or_begins_before_a_slash(hall: WebHall) -> None:
    keys = ("door", "door/1", "door/2", "door-2/1", "doo%/1", "DOOR/1")
    await hall.services.house.journal.record("d", [Event(type="tick", source_key=key, payload={}) for key in keys])
    await hall.ask("POST", "/api/v1/erasures", {"source": "door", "reason": "x"})
    assert await payloads(hall, "tick") == [None, None, None, {}, {}, {}]
    assert (await hall.ask("POST", "/api/v1/erasures", {"source": "do%", "reason": "x"})).status == 404


async def test_every_passage_of_a_person_is_erased_and_no_other(hall: WebHall) -> None:
    journal, kept = hall.services.house.journal, Retention.ACCESS
    rows = [
        Event(type="access.granted", source_key=f"{n}", payload={"person": "p-2" if n == 5 else "p-1"}, retention=kept)
        for n in range(1002)
    ]
    await journal.record("d", rows)
    await journal.record(None, [Event(type="audited", source_key="a", payload={"person": "p-1"}, retention=AUDIT)])
    answer = await hall.ask("POST", "/api/v1/erasures", {"person": "p-1", "reason": "x"})
    assert (answer.status, answer.json["erased"], len(answer.json["seqs"])) == (200, 1001, 1001), answer
    assert (await hall.get("/events?person=p-1"))["events"] == []
    assert [payload for payload in await payloads(hall, "access.granted", 1000) if payload] == [{"person": "p-2"}]
    assert await payloads(hall, "audited") == [{"person": "p-1"}]
    asked = await payloads(hall, "erasure.requested")
    assert [(each["person"], len(each["seqs"])) for each in asked if each] == [("p-1", 1000), ("p-1", 1)]
    assert (await hall.ask("POST", "/api/v1/erasures", {"person": "p-1", "reason": "x"})).status == 404


async def test_the_audit_is_not_erased(hall: WebHall) -> None:
    await hall.services.house.journal.record("d", [Event(type="tick", source_key="t", payload={})])
    await hall.ask("POST", "/api/v1/erasures", {"source": "t", "reason": "x"})
    answer = await hall.ask("POST", "/api/v1/erasures", {"source": "erasure", "reason": "to hide it"})
    assert answer.status == 422
    assert answer.detail.startswith("records of class audit tell who did what")


@pytest.mark.parametrize("seq", ["0", "999999", "x", "-1", "9" * 30, "١"])
async def test_a_record_that_is_not_there_is_404(hall: WebHall, seq: str) -> None:
    assert (await hall.ask("POST", f"/api/v1/events/{seq}/erase", {"reason": "x"})).status == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": "x"},
        {"reason": "", "call": "c"},
        {"reason": "x", "call": "c", "source": "d"},
        {"reason": "x", "call": "c", "person": "p-1"},
    ],
)
async def test_a_request_that_is_not_clear_is_refused(hall: WebHall, body: dict[str, str]) -> None:
    assert (await hall.ask("POST", "/api/v1/erasures", body)).status == 422
    assert await payloads(hall, "erasure.requested") == []


async def test_what_cannot_be_recorded_is_not_done(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    await hall.services.house.journal.record("d", [Event(type="tick", source_key="t", payload={})])

    async def full(*_: object, **__: object) -> None:
        raise JournalError("the disk is full")

    monkeypatch.setattr(Journal, "record", full)
    assert (await hall.ask("POST", "/api/v1/erasures", {"source": "t", "reason": "x"})).status == 503
    assert await payloads(hall, "tick") == [{}]


async def test_too_many_at_once_are_refused(hall: WebHall) -> None:
    events = [Event(type="tick", source_key=f"t/{n}", payload={}) for n in range(1001)]
    await hall.services.house.journal.record("d", events)
    answer = await hall.ask("POST", "/api/v1/erasures", {"source": "t", "reason": "x"})
    assert (answer.status, answer.detail) == (422, "these are more than 1000 records: erase them in smaller parts")
