from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hall_contract.hall import hurry, open_house

from drivers.displays.caller_pad import codec
from drivers.displays.caller_pad import driver as module
from drivers.displays.caller_pad.config import CallerPadConfig
from drivers.displays.caller_pad.driver import CallerPad
from gateway.core.address import serial_port
from gateway.core.errors import DeviceOffline, JournalError
from gateway.core.model import Event, Retention
from gateway.hub import Status
from gateway.supervisor.guard import guard
from gateway.supervisor.life import Life
from simulators.displays.caller_pad import server
from simulators.displays.caller_pad.server import CallerPadTwin
from simulators.wires import serve_pty

if TYPE_CHECKING:
    from tests.drivers.conftest import FakeContext

PADS = [{"address": 1, "id": "w01", "name": "window 1"}, {"address": 2, "id": "w02"}]
SPEED = "baud=9600"


def config(address: str = "tcp://127.0.0.1:1", **keys: Any) -> CallerPadConfig:
    section = {"id": "pads", "driver": "displays.caller_pad", "address": address, "pads": PADS}
    return CallerPadConfig.model_validate(section | keys)


@asynccontextmanager
async def pads(context: FakeContext, **keys: Any) -> AsyncGenerator[CallerPadTwin]:
    """Simulated pads that a driver listens to."""
    twin = CallerPadTwin(config(**keys))
    async with twin.serve("127.0.0.1", 0) as port:
        driver = CallerPad(config(f"tcp://127.0.0.1:{port}", **keys), context)
        async with driver.connect():
            listening = asyncio.create_task(driver.listen())
            await until(lambda: bool(twin._connections))
            yield twin
            listening.cancel()
            await asyncio.wait({listening})
            if not listening.cancelled() and listening.exception():
                raise AssertionError from listening.exception()


async def until(true: Callable[[], bool], *, within_s: float = 2.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.001)


def counts(twin: CallerPadTwin, pad: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = twin.seen()["pads"][str(pad)]
    return found


async def answered(twin: CallerPadTwin, *, pad: int = 1, times: int = 1) -> None:
    await until(lambda: counts(twin, pad)["answered"] == times)


async def test_a_press_is_recorded_and_answered(context: FakeContext) -> None:
    async with pads(context) as twin:
        twin.levers()["press"]({"pad": 2, "keys": "0c"})
        await answered(twin, pad=2)
    (event,) = context.events
    assert (event.type, event.part, event.retention, event.volatile) == ("pad.pressed", "w02", Retention.CALL, True)
    assert event.payload == {"pad": 2, "function": "next", "digits": "", "keys": "0c"}
    assert event.source_key == f"pad.pressed/w02/{context.clock.at.isoformat()}/1"
    assert context.points == {"presses": 1, "strangers": 0, "noise": 0, "last": "next"}
    assert twin.seen()["strays"] == {"frames": 0, "noise": 0}


@pytest.mark.parametrize(
    ("keys", "function", "digits"),
    [
        *[("0b", "rate", ""), ("0c", "next", ""), ("0d", "recall", ""), ("12", "pause", ""), ("13", "transfer", "")],
        *[("060f", "skip", ""), ("000f", "hold", ""), ("030f", "return", ""), ("0e", "cancel", "")],
        *[
            ("05000c", "next", "50"),
            ("01060f", "skip", "1"),
            ("0f", None, ""),
            ("07010f", None, "71"),
            ("11", None, ""),
        ],
        *[("0c0c", "next", ""), ("ff", None, "")],
    ],
)
async def test_keys_have_the_meaning_of_the_deployed_system(
    context: FakeContext, keys: str, function: str | None, digits: str
) -> None:
    async with pads(context) as twin:
        twin.levers()["press"]({"pad": 1, "keys": keys})
        await answered(twin)
    assert context.events[0].payload == {"pad": 1, "function": function, "digits": digits, "keys": keys}
    assert context.points["last"] == (function or keys)


async def test_a_site_may_give_keys_another_meaning(context: FakeContext) -> None:
    async with pads(context, functions={"0e": "skip", "11": "one-metre"}) as twin:
        for number, keys in enumerate(("0e", "11", "0c"), 1):
            twin.levers()["press"]({"pad": 1, "keys": keys})
            await answered(twin, times=number)
    assert [event.payload["function"] for event in context.events] == ["skip", "one-metre", "next"]


async def test_a_rating_is_an_event_with_its_value_and_what_the_site_calls_it(context: FakeContext) -> None:
    async with pads(context, ratings={0: "excellent"}) as twin:
        for number, value in enumerate((0, 3), 1):
            twin.levers()["rate"]({"pad": 1, "value": value})
            await answered(twin, times=number)
    assert [(event.type, event.part, event.payload) for event in context.events] == [
        ("rating.given", "w01", {"pad": 1, "value": 0, "rating": "excellent"}),
        ("rating.given", "w01", {"pad": 1, "value": 3, "rating": None}),
    ]


async def test_a_press_is_answered_once_it_is_recorded_and_not_before(context: FakeContext) -> None:
    written = asyncio.Event()

    async def slowly() -> None:
        await written.wait()

    context.disk = slowly
    async with pads(context) as twin:
        twin.levers()["press"]({"pad": 1})
        await asyncio.sleep(0.03)
        assert counts(twin)["answered"] == 0
        assert context.points == {"presses": 0, "strangers": 0, "noise": 0}
        written.set()
        await answered(twin)
    assert len(context.events) == 1


async def test_a_press_that_is_said_again_is_answered_again_and_recorded_once(
    context: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "AGAIN_S", 0.01)

    async def slowly() -> None:
        await asyncio.sleep(0.025)  # meanwhile the pad has said it three times

    context.disk = slowly
    async with pads(context) as twin:
        twin.levers()["press"]({"pad": 1})
        await answered(twin)
        await until(lambda: twin.seen()["strays"]["frames"] == 2)  # the answers to the repeats
    assert len(context.events) == 1


async def test_what_could_not_be_recorded_is_not_answered_and_is_no_repeat_later(
    context: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "AGAIN_S", 0.02)
    refusals = [JournalError("full")]

    async def refuse() -> None:
        if refusals:
            raise refusals.pop()

    context.disk = refuse
    twin = CallerPadTwin(config())
    async with twin.serve("127.0.0.1", 0) as port:
        driver = CallerPad(config(f"tcp://127.0.0.1:{port}"), context)
        async with driver.connect():
            await until(lambda: bool(twin._connections))
            twin.levers()["press"]({"pad": 1})
            with pytest.raises(JournalError):
                await driver.listen()
            assert counts(twin)["answered"] == 0
            listening = asyncio.create_task(driver.listen())  # as the supervisor does
            await answered(twin)
            listening.cancel()
            await asyncio.wait({listening})
    assert len(context.events) == 1


async def test_the_same_key_some_time_later_is_another_press(context: FakeContext) -> None:
    async with pads(context, repeat_s=0.03) as twin:
        for number in (1, 2):
            twin.levers()["press"]({"pad": 1})
            await answered(twin, times=number)
            await asyncio.sleep(0.04)
    assert len({event.source_key for event in context.events}) == 2


async def test_another_key_or_another_pad_is_never_a_repeat(context: FakeContext) -> None:
    async with pads(context) as twin:
        for number, (pad, keys) in enumerate([(1, "0c"), (1, "0d"), (1, "0c"), (2, "0c")], 1):
            twin.levers()["press"]({"pad": pad, "keys": keys})
            await until(lambda number=number: len(context.events) == number)  # type: ignore[misc]  # a default is bound
    assert [(event.part, event.payload["function"]) for event in context.events] == [
        ("w01", "next"),
        ("w01", "recall"),
        ("w01", "next"),
        ("w02", "next"),
    ]


async def test_pads_that_press_at_once_are_all_heard(context: FakeContext) -> None:
    async with pads(context) as twin:
        for pad in (1, 2):
            twin.levers()["press"]({"pad": pad})
        await answered(twin, pad=1)
        await answered(twin, pad=2)
    assert [event.part for event in context.events] == ["w01", "w02"]


async def test_a_pad_that_nobody_knows_is_counted_and_not_answered(context: FakeContext) -> None:
    async with pads(context) as twin:
        twin.levers()["press"]({"pad": 9})
        twin.levers()["press"]({"pad": 1})
        await answered(twin)
        assert (counts(twin, 9)["answered"], context.points["strangers"]) == (0, 1)
    assert [event.part for event in context.events] == ["w01"]


async def test_noise_is_counted_and_what_stands_behind_it_heard(context: FakeContext) -> None:
    async with pads(context) as twin:
        twin.levers()["garbage"]({"size": 16, "seed": 3})
        twin.levers()["press"]({"pad": 1})
        await answered(twin)
    assert (len(context.events), context.points["noise"]) == (1, 16)


async def test_half_a_frame_does_not_swallow_the_next_one(
    context: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GAP_S", 0.02)
    async with pads(context) as twin:
        for connection in twin._connections:
            connection.send(codec.Frame(1, 1, bytes(16)).wire()[:6])
        await asyncio.sleep(0.03)
        twin.levers()["press"]({"pad": 1})
        await answered(twin)
    assert len(context.events) == 1


async def test_the_frame_behind_a_press_that_the_journal_takes_long_for_is_whole(
    context: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GAP_S", 0.02)
    asked, written = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        asked.set()
        await written.wait()

    context.disk = slowly
    async with pads(context) as twin:
        (connection,) = twin._connections
        first, second = (codec.Frame(pad, 1, b"\x0c").wire() for pad in (1, 2))
        connection.send(first + second[:6])
        async with asyncio.timeout(2):
            await asked.wait()
        connection.send(second[6:])
        await asyncio.sleep(0.03)
        written.set()
        await until(lambda: len(context.events) == 2)
    assert context.points["noise"] == 0


async def test_without_a_connection_nobody_listens(context: FakeContext) -> None:
    with pytest.raises(DeviceOffline):
        await CallerPad(config(), context).listen()


@pytest.mark.parametrize("serial", [False, True])
async def test_in_a_hall_a_press_is_in_the_journal_before_it_is_answered_and_both_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serial: bool
) -> None:
    """On a real wire, which is a pseudo-terminal or a TCP port, with a real journal."""
    hurry(monkeypatch)
    twin = CallerPadTwin(config(f"serial:///dev/ttyS9?{SPEED}") if serial else config())
    async with open_house(tmp_path) as house, _served(twin, serial=serial) as address:
        life = Life(config(address), CallerPad, house)
        living = asyncio.create_task(guard("pads", life.run, house.meters, life.down))
        await until(lambda: life.view.status is Status.ONLINE)
        assert {part.id: part.name for part in life.view.parts.values()} == {"w01": "window 1", "w02": "w02"}
        for number in range(1, 6):
            begun = asyncio.get_running_loop().time()
            twin.levers()["press"]({"pad": 1, "keys": f"{number:02x}0c"})
            await answered(twin, times=number)
            assert asyncio.get_running_loop().time() - begun <= 3 * 0.1
            rows = [row for row in await house.journal.read() if row.type == "pad.pressed"]
            assert len(rows) == number
        twin.levers()["reboot"]({})
        if not serial:  # a serial port stays
            await until(lambda: life.view.status is Status.OFFLINE)
        await until(lambda: life.view.status is Status.ONLINE)
        await asyncio.sleep(0.02)
        twin.levers()["rate"]({"pad": 2, "value": 1})
        await answered(twin, pad=2)
        living.cancel()
        await asyncio.wait({living})
        events: list[Event | Any] = [
            row for row in await house.journal.read() if row.type in ("pad.pressed", "rating.given")
        ]
    assert [(row.part, row.payload.get("digits")) for row in events] == [
        *(("w01", str(n)) for n in range(1, 6)),
        ("w02", None),
    ]


@asynccontextmanager
async def _served(twin: CallerPadTwin, *, serial: bool) -> AsyncGenerator[str]:
    if serial:
        async with serve_pty([twin], serial_port(f"serial:///dev/ttyS9?{SPEED}")) as path:
            yield f"serial://{path}?{SPEED}"
    else:
        async with twin.serve("127.0.0.1", 0) as port:
            yield f"tcp://127.0.0.1:{port}"
