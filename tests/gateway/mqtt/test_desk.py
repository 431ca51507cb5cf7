"""Commands by MQTT on a real broker: allowed, once, in turn, answered where the sender asks for it."""

import asyncio
import json
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from child import program
from mosquitto import Mosquitto
from smallhall import Hall, HeldClock, opened

from gateway.commands import Commands
from gateway.mqtt import desk
from gateway.mqtt.client import Received
from gateway.mqtt.publisher import MqttOutlet
from gateway.mqtt.topics import Topics
from gateway.site.model import MqttConfig

Heard = tuple[str, bool, str, str]
Listen = Callable[[Mosquitto], Callable[[], list[Heard]]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
Open = Callable[..., AbstractAsyncContextManager[Hall]]
BLINK, WIPE = "led-5/blink", "led-5/wipe"


def say(broker: Mosquitto, topic: str, payload: str | dict[str, Any], *options: str, version: str = "5") -> None:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    where = ["-h", "127.0.0.1", "-p", str(broker.port), "-V", version, "-t", f"hall/hall/do/{topic}", *options]
    subprocess.run([program("mosquitto_pub"), "-q", "1", *where, "-s"], input=text.encode(), check=True, timeout=10)


def ask(broker: Mosquitto, topic: str, payload: str | dict[str, Any], reply: str = "reply/1") -> None:
    say(broker, topic, payload, "-D", "publish", "response-topic", reply, "-D", "publish", "correlation-data", "c7")


def answers(heard: list[Heard], topic: str = "reply/1") -> list[dict[str, Any]]:
    return [json.loads(payload) for found, _, _, payload in heard if found == topic]


@pytest.fixture
def running(tmp_path: Path, mosquitto: Mosquitto) -> Open:
    """A small hall whose led-5 and led-6 are plugged in, with an outlet that allows some commands."""

    @asynccontextmanager
    async def run(*allow: str, **options: object) -> AsyncGenerator[Hall]:
        async with AsyncExitStack() as stack:
            hall = await stack.enter_async_context(opened(tmp_path, HeldClock()))
            for screen in ("led-5", "led-6"):
                await stack.enter_async_context(hall.plugged_in(screen))
                hall.card(screen).shown.clear()
                hall.card(screen).deaf = False
            config = MqttConfig.model_validate({"url": mosquitto.url, "allow": list(allow), **options})
            commands = Commands(hall.lives, hall.house)
            outlet = MqttOutlet(config, site="hall", version="0", house=hall.house, calls=hall.calls, commands=commands)
            connected = asyncio.Event()
            tasks = [asyncio.create_task(outlet.run(connected.set)), asyncio.create_task(outlet.serve(lambda: None))]
            try:
                async with asyncio.timeout(10):
                    await connected.wait()
                yield hall
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    return run


async def test_a_command_is_carried_out_and_answered(
    running: Open, mosquitto: Mosquitto, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with running(BLINK) as hall:
        ask(mosquitto, BLINK, {"command_id": "k-1", "params": {"times": 2}, "reason": "to find it"})
        await until(lambda: answers(heard()))
        assert hall.card("led-5").shown == ["blink"]
        (asked,) = await hall.rows("command.requested")
        assert (asked["actor"], asked["reason"], asked["params"]) == ("mqtt", "to find it", {"times": 2})
    ((_, _, correlation, payload),) = [each for each in heard() if each[0] == "reply/1"]
    assert json.loads(payload) == {"command_id": "k-1", "status": "confirmed", "detail": {"shown": "blink"}}
    assert (correlation, answers(heard(), "hall/hall/done/k-1")) == ("c7", [])


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_without_a_response_topic_the_answer_is_where_the_command_is_done(
    running: Open, mosquitto: Mosquitto, listen: Listen, until: Until, protocol: str
) -> None:
    heard = listen(mosquitto)
    async with running(BLINK, protocol=protocol):
        say(mosquitto, BLINK, {"command_id": "k-1"}, version="mqttv311")
        await until(lambda: answers(heard(), "hall/hall/done/k-1"))
    assert [answer["status"] for answer in answers(heard(), "hall/hall/done/k-1")] == ["confirmed"]
    assert not any(retained for topic, retained, _, _ in heard() if "/done/" in topic)


async def test_nobody_makes_the_gateway_speak_where_only_it_may(
    running: Open, mosquitto: Mosquitto, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with running(BLINK):
        ask(mosquitto, BLINK, {"command_id": "k-1"}, reply="homeassistant/device/x/config")
        await until(lambda: answers(heard(), "hall/hall/done/k-1"))
    assert not [topic for topic, _, _, _ in heard() if topic.startswith("homeassistant/")]


@pytest.mark.parametrize(
    ("allow", "topic", "allowed"),
    [
        ([], "led-5/blink", False),
        (["led-5/blink"], "led-5/blink", True),
        (["led-*/blink"], "led-5/blink", True),
        (["*/blink"], "led-5/blink", True),
        (["led-5/*"], "led-5/blink", True),
        (["led-6/blink", "*/show"], "led-5/blink", False),
        (["led/blink"], "led-5/blink", False),
        (["led-5/b"], "led-5/blink", False),
        (["*/*"], "a/b/blink", True),
    ],
)
async def test_only_what_the_site_file_allows_is_done(
    running: Open,
    mosquitto: Mosquitto,
    listen: Listen,
    until: Until,
    allow: list[str],
    topic: str,
    *,
    allowed: bool,
) -> None:
    heard = listen(mosquitto)
    async with running(*allow) as hall:
        ask(mosquitto, topic, {"command_id": "k-1"})
        await until(lambda: answers(heard()))
        assert hall.metric("hall_dropped_total", reason="mqtt.not_allowed") == (0 if allowed else 1)
        ((answer),) = answers(heard())
        assert ("mqtt.allow" in str(answer["detail"])) is not allowed
        if not allowed:
            assert (answer["status"], hall.card("led-5").shown) == ("rejected", [])
            assert await hall.rows("command.requested") == []


async def test_a_dangerous_verb_is_never_done_whatever_is_allowed(
    running: Open, mosquitto: Mosquitto, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with running(WIPE, "*/*") as hall:
        for _ in range(2):
            ask(mosquitto, WIPE, {"command_id": "k-1"})
        ask(mosquitto, WIPE, {"command_id": "k-2", "confirm": "00000000"})
        await until(lambda: len(answers(heard())) == 3)
        assert hall.card("led-5").shown == []
    first, second, third = sorted(answers(heard()), key=lambda answer: str(answer["command_id"]))
    assert first == second
    assert (first["status"], "dangerous verbs need a person" in first["detail"]["reason"]) == ("rejected", True)
    assert third["status"] == "rejected"
    assert third["detail"]["reason"].startswith("unknown key 'confirm'; allowed: command_id, ")


async def test_the_same_command_again_is_done_once_and_answered_again(
    running: Open, mosquitto: Mosquitto, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with running(BLINK) as hall:
        for _ in range(3):
            ask(mosquitto, BLINK, {"command_id": "k-1"})
        ask(mosquitto, BLINK, {"command_id": "k-1", "params": {"times": 2}})
        await until(lambda: len(answers(heard())) == 4)
        assert hall.card("led-5").shown == ["blink"]
    assert [answer["status"] for answer in answers(heard())] == ["confirmed"] * 3 + ["rejected"]


@pytest.mark.parametrize(
    ("payload", "options", "reason", "said"),
    [
        ("garbage", (), "invalid", "body is not JSON: invalid character (byte 0)"),
        ("[" * 5_000, (), "invalid", "must be an object, not a list"),
        ("{}", (), "invalid", "command_id is missing"),
        ('{"command_id": "a/#"}', (), "invalid", "command_id: must be 1 to 64 letters, digits, '.'"),
        ('{"command_id": "k-1", "deadline_s": 0}', (), "invalid", "deadline_s: must be greater than 0"),
        ('{"command_id": "k-1", "deadline_s": NaN}', (), "invalid", "body is not JSON: "),
        ('{"command_id": "k-1", "verb": "wipe"}', (), "invalid", "unknown key 'verb'; allowed: command_id, "),
        ('{"command_id": "k-1", "reason": "' + "x" * 70_000 + '"}', (), "too_large", "65536 bytes"),
        ('{"command_id": "k-1"}', ("-r",), "retained", "must not be retained"),
    ],
)
async def test_what_is_no_command_is_refused_with_the_reason(
    running: Open,
    mosquitto: Mosquitto,
    listen: Listen,
    until: Until,
    payload: str,
    options: tuple[str, ...],
    reason: str,
    said: str,
) -> None:
    heard = listen(mosquitto)
    async with running(BLINK) as hall:
        say(mosquitto, BLINK, payload, "-D", "publish", "response-topic", "reply/1", *options)
        await until(lambda: answers(heard()))
        assert hall.metric("hall_dropped_total", reason=f"mqtt.{reason}") == 1
        assert hall.card("led-5").shown == []
    ((answer),) = answers(heard())
    assert (answer["status"], said in answer["detail"]["reason"]) == ("rejected", True), answer


@pytest.mark.parametrize(
    ("topic", "more", "said"),
    [
        ("led-9/blink", {}, "there is no device 'led-9' (did you mean 'led-6'?); there are: led-1, led-2, "),
        ("led-5/dance", {}, "led-5 has no verb 'dance'; it has: blink, show, wipe"),
        ("led-5/blnik", {}, "led-5 has no verb 'blnik' (did you mean 'blink'?); it has: "),
        ("led-5/blink", {"part": "nose"}, "led-5 has no part 'nose'; it has: none"),
        ("led-5/blink", {"params": {"times": "often"}}, "bad parameters"),
        ("led-1/show", {"params": {"text": "A001"}}, "decided by the calls of window w1"),
    ],
)
async def test_what_a_device_cannot_do_is_refused_by_the_counter(
    running: Open, mosquitto: Mosquitto, listen: Listen, until: Until, topic: str, more: dict[str, Any], said: str
) -> None:
    heard = listen(mosquitto)
    async with running("*/*"):
        ask(mosquitto, topic, {"command_id": "k-1", **more})
        await until(lambda: answers(heard()))
    ((answer),) = answers(heard())
    assert (answer["status"], said in answer["detail"]["reason"]) == ("rejected", True), answer


async def test_a_deaf_device_holds_back_neither_other_devices_nor_calls(
    running: Open, mosquitto: Mosquitto, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with running("*/blink") as hall:
        hall.card("led-5").deaf = True
        for number in range(5):
            ask(mosquitto, BLINK, {"command_id": f"deaf-{number}", "deadline_s": 30})
        ask(mosquitto, "led-6/blink", {"command_id": "other"})
        await until(lambda: [answer["command_id"] for answer in answers(heard())] == ["other"])
        command = [program("mosquitto_pub"), "-h", "127.0.0.1", "-p", str(mosquitto.port), "-t", "hall/hall/calls"]
        call = json.dumps({"call_id": "c-1", "window": "w1", "ticket": "A001"})
        await asyncio.to_thread(subprocess.run, [*command, "-q", "1", "-m", call], check=True, timeout=10)
        await until(lambda: answers(heard(), "hall/hall/calls/c-1"))


async def test_commands_of_one_device_are_done_in_the_order_in_which_they_came(
    running: Open, mosquitto: Mosquitto, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    names = [f"k-{number}" for number in range(10)]
    async with running("led-6/*") as hall:
        lines = "\n".join(json.dumps({"command_id": name}) for name in names)
        where = ["-h", "127.0.0.1", "-p", str(mosquitto.port), "-V", "5", "-q", "1", "-t", "hall/hall/do/led-6/blink"]
        reply = ["-D", "publish", "response-topic", "reply/1"]
        command = [program("mosquitto_pub"), *where, *reply, "-l"]
        await asyncio.to_thread(subprocess.run, command, input=lines.encode(), check=True, timeout=10)
        await until(lambda: len(answers(heard())) == 10)
        assert [row["command_id"] for row in await hall.rows("command.requested")] == names
    assert [answer["command_id"] for answer in answers(heard())] == names


async def test_more_than_a_device_can_do_is_refused(
    running: Open, mosquitto: Mosquitto, listen: Listen, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "MOST_WAITING", 2)
    heard = listen(mosquitto)
    async with running(BLINK) as hall:
        hall.card("led-5").deaf = True
        ask(mosquitto, BLINK, {"command_id": "k-0", "deadline_s": 20})
        await hall.recorded("command.requested", 1)
        for number in range(1, 4):
            ask(mosquitto, BLINK, {"command_id": f"k-{number}", "deadline_s": 20})
        await until(lambda: answers(heard()))
        assert hall.metric("hall_dropped_total", reason="mqtt.busy") == 1
    ((answer),) = answers(heard())
    assert (answer["command_id"], answer["detail"]["reason"]) == ("k-3", "led-5 has 2 commands waiting")


async def test_a_command_whose_time_is_over_when_its_turn_comes_is_not_done(
    running: Open, mosquitto: Mosquitto, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with running(BLINK) as hall:
        hall.card("led-5").deaf = True
        ask(mosquitto, BLINK, {"command_id": "deaf", "deadline_s": 0.5})
        ask(mosquitto, BLINK, {"command_id": "late", "deadline_s": 0.1})
        await until(lambda: len(answers(heard())) == 2)
        hall.card("led-5").deaf = False
        assert [row["command_id"] for row in await hall.rows("command.requested")] == ["deaf"]
    assert [(answer["command_id"], answer["status"]) for answer in answers(heard())] == [
        ("deaf", "timeout"),
        ("late", "timeout"),
    ]


async def test_a_command_that_was_sent_while_nobody_was_there_is_never_done(
    running: Open, mosquitto: Mosquitto, listen: Listen, until: Until
) -> None:
    heard = listen(mosquitto)
    async with running(BLINK):
        pass
    ask(mosquitto, BLINK, {"command_id": "old"})
    async with running(BLINK) as hall:
        ask(mosquitto, BLINK, {"command_id": "new"})
        await until(lambda: answers(heard()))
        assert hall.card("led-5").shown == ["blink"]
    assert [answer["command_id"] for answer in answers(heard())] == ["new"]


async def test_a_hundred_invented_targets_do_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(desk, "MOST_TARGETS", 3)
    async with opened(tmp_path, HeldClock()) as hall:
        counter = desk.Desk(
            Topics("hall"), Commands(hall.lives, hall.house), ["*/*"], meters=hall.house.meters, clock=hall.clock
        )
        for number in range(100):
            payload = json.dumps({"command_id": f"k-{number}"}).encode()
            await counter.take(Received(0, f"hall/hall/do/x{number}/y", False, payload, None, None))
        assert hall.metric("hall_dropped_total", reason="mqtt.busy") == 97
