"""Calls by MQTT on a real broker: answered, recorded before they are acknowledged, refused with a reason."""

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from child import program
from mosquitto import Mosquitto

from gateway.core.errors import JournalError
from gateway.mqtt import inbox
from gateway.mqtt.client import Received
from gateway.mqtt.publisher import MqttOutlet
from gateway.supervisor.context import House

Heard = tuple[str, bool, str, str]
Running = Callable[[MqttOutlet], AbstractAsyncContextManager[None]]
Listen = Callable[[Mosquitto], Callable[[], list[Heard]]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
Make = Callable[..., MqttOutlet]

CALLS = "hall/liandu/calls"
PUBACK = "Received PUBACK from hall-gateway-liandu"
CALL = {"call_id": "c-1", "window": "w03", "ticket": "A017"}


@pytest.fixture
def talking() -> Generator[Mosquitto]:
    """A broker that logs every packet."""
    with Mosquitto("log_type all") as broker:
        yield broker


def say(broker: Mosquitto, payload: str | dict[str, Any], *options: str, version: str = "5") -> None:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    where = ["-h", "127.0.0.1", "-p", str(broker.port), "-V", version, "-t", CALLS, *options]
    what = ["-s"] if text else ["-n"]
    subprocess.run([program("mosquitto_pub"), "-q", "1", *where, *what], input=text.encode(), check=True, timeout=10)


def ask(broker: Mosquitto, payload: str | dict[str, Any], *options: str) -> None:
    """As `say`, with a response topic and correlation data."""
    properties = ["-D", "publish", "response-topic", "reply/1", "-D", "publish", "correlation-data", "c7"]
    say(broker, payload, *properties, *options)


def answers(heard: list[Heard], topic: str = "reply/1") -> list[tuple[str, dict[str, Any]]]:
    return [(correlation, json.loads(payload)) for found, _, correlation, payload in heard if found == topic]


def dropped(house: House, reason: str) -> float:
    return house.meters.registry.get_sample_value("hall_dropped_total", {"reason": f"mqtt.{reason}"}) or 0


async def accepted(house: House) -> list[str]:
    rows = await house.journal.read(type="call.accepted")
    return [row.payload["call_id"] for row in rows if row.payload]


async def test_a_call_is_recorded_and_answered(
    house: House, make_outlet: Make, mosquitto: Mosquitto, running: Running, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with running(make_outlet(mosquitto.url)):
        ask(mosquitto, CALL | {"person_name": "张三"})
        await until(lambda: answers(heard()) and answers(heard(), f"{CALLS}/c-1"))
    assert answers(heard()) == [("c7", {"call_id": "c-1", "status": "accepted", "seq": 1})]
    ((_, event),) = answers(heard(), f"{CALLS}/c-1")
    assert (event["type"], event["ticket"], event["name"], event["actor"]) == ("call.accepted", "A017", "张*", "mqtt")
    assert await accepted(house) == ["c-1"]


async def test_a_call_by_3_1_1_is_taken(
    house: House, make_outlet: Make, mosquitto: Mosquitto, running: Running, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with running(make_outlet(mosquitto.url, protocol="3.1.1")):
        say(mosquitto, CALL, version="mqttv311")
        await until(lambda: answers(heard(), f"{CALLS}/c-1"))
    assert await accepted(house) == ["c-1"]


async def test_a_call_is_acknowledged_only_once_it_is_recorded(
    house: House, make_outlet: Make, talking: Mosquitto, running: Running, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, reached, let_go = house.journal.record, asyncio.Event(), asyncio.Event()

    async def slow(*arguments: Any, **options: Any) -> Any:
        reached.set()
        await let_go.wait()
        return await record(*arguments, **options)

    async with running(make_outlet(talking.url)):
        monkeypatch.setattr(house.journal, "record", slow)
        say(talking, CALL)
        await reached.wait()
        say(talking, CALL | {"call_id": "c-2"})
        await until(lambda: talking.log().count("Sending PUBLISH to hall-gateway-liandu") == 2)
        assert PUBACK not in talking.log()
        let_go.set()
        await until(lambda: talking.log().count(PUBACK) == 2)
    assert await accepted(house) == ["c-1", "c-2"]


async def test_a_call_that_cannot_be_recorded_is_tried_again(
    house: House, make_outlet: Make, talking: Mosquitto, running: Running, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "RETRY_S", 0.01)
    tries = 0

    async def full(*_arguments: Any, **_options: Any) -> Any:
        nonlocal tries
        tries += 1
        raise JournalError("the disk is full")

    async with running(make_outlet(talking.url)):
        with monkeypatch.context() as patched:
            patched.setattr(house.journal, "record", full)
            say(talking, CALL)
            await until(lambda: tries > 2)
            assert PUBACK not in talking.log()
        await until(lambda: PUBACK in talking.log())
    assert await accepted(house) == ["c-1"]


async def test_a_call_that_cannot_be_recorded_holds_back_no_other_and_is_acknowledged_in_its_turn(
    house: House,
    make_outlet: Make,
    talking: Mosquitto,
    running: Running,
    listen: Listen,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox, "RETRY_S", 0.01)
    record, heard = house.journal.record, listen(talking)

    async def moody(device: str | None, events: Any, **options: Any) -> Any:
        if not let_go.is_set() and any(event.payload.get("call_id") == "c-1" for event in events):
            raise JournalError("the disk is full")
        return await record(device, events, **options)

    let_go = asyncio.Event()
    async with running(make_outlet(talking.url)):
        monkeypatch.setattr(house.journal, "record", moody)
        ask(talking, CALL)
        await until(lambda: ("c7", {"call_id": "c-1", "status": "unrecorded", "recorded": False}) in answers(heard()))
        ask(talking, CALL | {"call_id": "c-2", "ticket": "A018"})
        await until(lambda: ("c7", {"call_id": "c-2", "status": "accepted", "seq": 2}) in answers(heard()))
        assert PUBACK not in talking.log()
        let_go.set()
        await until(lambda: talking.log().count(PUBACK) == 2)
    assert await accepted(house) == ["c-2", "c-1"]
    assert [answer["status"] for _, answer in answers(heard())] == ["unrecorded", "accepted", "accepted"]


async def test_calls_that_were_sent_while_we_were_away_arrive_in_order(
    house: House, make_outlet: Make, mosquitto: Mosquitto, running: Running, listen: Listen, until: Until
) -> None:
    async with running(make_outlet(mosquitto.url)):
        pass
    sent = [f"c-{number}" for number in range(50)]
    for call_id in sent:
        say(mosquitto, CALL | {"call_id": call_id})
    heard = listen(mosquitto)
    async with running(make_outlet(mosquitto.url)):
        await until(lambda: answers(heard(), f"{CALLS}/c-49"))
    assert await accepted(house) == sent


async def test_a_call_that_was_not_acknowledged_comes_again_and_is_accepted_once(
    house: House, make_outlet: Make, talking: Mosquitto, running: Running, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, reached = house.journal.record, asyncio.Event()

    async def never_returns(*arguments: Any, **options: Any) -> Any:
        await record(*arguments, **options)
        reached.set()
        await asyncio.Event().wait()

    async with running(make_outlet(talking.url)):
        with monkeypatch.context() as patched:
            patched.setattr(house.journal, "record", never_returns)
            say(talking, CALL)
            await reached.wait()
    assert PUBACK not in talking.log()
    async with running(make_outlet(talking.url)):
        await until(lambda: PUBACK in talking.log())
    assert await accepted(house) == ["c-1"]


@pytest.mark.parametrize(
    ("payload", "reason", "detail"),
    [
        ("\x01\x02 garbage", "invalid", "Invalid JSON"),
        ("[1, 2]", "invalid", "must be an object"),
        ('{"call_id": ' + "[" * 5_000, "invalid", "Invalid JSON"),
        ("", "invalid", "Invalid JSON"),
        ({"window": "w03", "ticket": "A1"}, "invalid", "call_id: is missing"),
        (CALL | {"call_id": "a/../#"}, "invalid", "call_id: "),
        (CALL | {"colour": "red"}, "invalid", "colour: there is no such field; there are: at, call_id, "),
        (CALL | {"ticket": "330102199003071234"}, "invalid", "ticket: "),
        (CALL | {"window": "w99"}, "window", "there is no window 'w99'"),
        (CALL | {"ticket": "A" * 70_000}, "too_large", "at most 65536 bytes"),
    ],
)
async def test_what_is_no_call_is_refused_with_the_reason(
    house: House,
    make_outlet: Make,
    talking: Mosquitto,
    running: Running,
    listen: Listen,
    until: Until,
    payload: str | dict[str, Any],
    reason: str,
    detail: str,
) -> None:
    heard = listen(talking)
    async with running(make_outlet(talking.url)):
        ask(talking, payload)
        await until(lambda: PUBACK in talking.log() and answers(heard()))
    ((correlation, answer),) = answers(heard())
    assert (correlation, answer["status"], detail in answer["detail"]) == ("c7", "rejected", True), answer
    assert "330102199003071234" not in answer["detail"]
    assert (dropped(house, reason), await accepted(house)) == (1, [])


@pytest.mark.parametrize("payload", [b'{"call_id": "\xff"}', b'{"call_id":' * 5_000, b"\xff", b"[]", b""])
def test_what_names_no_call_has_no_call_id(payload: bytes) -> None:
    assert inbox._call_id(Received(1, CALLS, False, payload, None, None)) is None


async def test_a_refusal_is_told_on_the_topic_of_the_call_when_it_can_be_named(
    make_outlet: Make, mosquitto: Mosquitto, running: Running, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with running(make_outlet(mosquitto.url)):
        say(mosquitto, CALL | {"window": 3})
        await until(lambda: answers(heard(), f"{CALLS}/c-1"))
    ((_, answer),) = answers(heard(), f"{CALLS}/c-1")
    assert answer == {
        "call_id": "c-1",
        "status": "rejected",
        "detail": "window: must be text, in quotes where it looks like a number or a date",
    }


async def test_the_same_call_again_is_accepted_and_another_with_its_id_is_not(
    house: House, make_outlet: Make, mosquitto: Mosquitto, running: Running, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with running(make_outlet(mosquitto.url)):
        for call in (CALL, CALL, CALL | {"ticket": "A018"}):
            ask(mosquitto, call)
        await until(lambda: len(answers(heard())) == 3)
    assert [answer["status"] for _, answer in answers(heard())] == ["accepted", "accepted", "rejected"]
    assert (dropped(house, "conflict"), await accepted(house)) == (1, ["c-1"])


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_retained_call_is_refused(
    house: House,
    make_outlet: Make,
    mosquitto: Mosquitto,
    running: Running,
    listen: Listen,
    until: Until,
    protocol: str,
) -> None:
    say(mosquitto, CALL, "-r")
    heard = listen(mosquitto)
    async with running(make_outlet(mosquitto.url, protocol=protocol)):
        await until(lambda: answers(heard(), f"{CALLS}/c-1"))
    ((_, answer),) = answers(heard(), f"{CALLS}/c-1")
    assert (answer["status"], "must not be retained" in answer["detail"]) == ("rejected", True)
    assert (dropped(house, "retained"), await accepted(house)) == (1, [])


@pytest.mark.parametrize("topic", ["hall/liandu/gateway", "hall/liandu/dev/led-03/state"])
async def test_an_answer_is_not_sent_where_only_the_gateway_may_speak(
    make_outlet: Make, mosquitto: Mosquitto, running: Running, listen: Listen, until: Until, topic: str
) -> None:
    heard = listen(mosquitto)
    async with running(make_outlet(mosquitto.url)):
        say(mosquitto, "garbage", "-D", "publish", "response-topic", topic)
        ask(mosquitto, "garbage")
        await until(lambda: answers(heard()))
    assert not [payload for found, _, _, payload in heard() if found == topic and "rejected" in payload]
