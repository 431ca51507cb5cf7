"""A reader alone on a TCP connection, by real libosdp on either side."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
from readerhall import KEY, Readers, on_tcp

from gateway.core.errors import CommandRejected
from gateway.core.model import Stage
from gateway.hub import Status

DOOR = {"sensor_input": 0, "lock_output": 1, "open_s": 0.4}
R = "reader-1"


def points(readers: Readers, part: str | None = None) -> dict[str, object]:
    return {name: held.now.value for name, held in readers.lives[R].view.points[part].items()}


async def test_says_who_it_is_and_what_it_has(tmp_path: Path) -> None:
    async with on_tcp(tmp_path, door=DOOR) as readers:
        identity = readers.lives[R].view.identity
        assert identity is not None
        assert (identity.model, identity.firmware) == ("0a1b2c 3.1", "1.2.3")
        assert [part.kind for part in identity.parts] == ["door"]
        await readers.until(lambda: readers.point(R, "tamper") is not None)
        assert points(readers) == {
            "secure": True,
            "tamper": False,
            "power_failed": False,
            "capabilities": "2 inputs, 2 outputs, 2 LEDs, a buzzer",
        }
        await readers.until(lambda: points(readers, "door") == {"open": False, "unlocked": False, "mode": "controlled"})


async def test_a_card_is_recorded_and_its_number_is_nowhere_but_in_the_person(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with on_tcp(tmp_path) as readers:
        readers.pull(R, "swipe", number=9896534)
        await readers.until(lambda: bool(readers.persons(R)))
        (row,) = await readers.rows("access.presented")
        payload = {"bits": 26, "reader": 0, "person": readers.house.pseudonyms.of("card:9896534")}
        assert (row.volatile, row.retention, row.payload) == (True, "access", payload)
        assert readers.persons(R) == ["card:9896534"]
        told = json.dumps([points(readers), row.payload, row.source_key, caplog.text], default=str)
    assert "9896534" not in told
    assert KEY[:8] not in told


async def test_the_digits_of_a_pin_are_counted_and_forgotten(tmp_path: Path) -> None:
    async with on_tcp(tmp_path) as readers:
        readers.pull(R, "key", digits="8024#")
        await readers.until(lambda: "reader.keys" in [event.type for event in readers.kept[R]])
        (row,) = await readers.rows("reader.keys")
        assert (row.payload, row.retention) == ({"count": 5, "reader": 0}, "access")


async def test_a_housing_that_is_opened_is_an_alarm_once_and_a_reading(tmp_path: Path) -> None:
    async with on_tcp(tmp_path) as readers:
        readers.pull(R, "tamper")
        await readers.until(lambda: readers.point(R, "tamper") is True)
        readers.pull(R, "power_fail")
        await readers.until(lambda: readers.point(R, "power_failed") is True)
        readers.pull(R, "tamper", on=False)
        await readers.until(lambda: readers.point(R, "tamper") is False)
        assert [row.payload for row in await readers.rows("door.device_alarm")] == [{"reason": "tamper"}]


async def test_the_door_is_what_its_sensor_says(tmp_path: Path) -> None:
    async with on_tcp(tmp_path, door={**DOOR, "open_when": False}) as readers:
        await readers.until(lambda: readers.point(R, "open", "door") is True)
        readers.pull(R, "input", on=True)
        await readers.until(lambda: readers.point(R, "open", "door") is False)


async def test_open_releases_the_lock_for_its_time_and_is_recorded_before_it_is_shown(tmp_path: Path) -> None:
    async with on_tcp(tmp_path, door=DOOR) as readers:
        await readers.until(lambda: readers.point(R, "unlocked", "door") is False)
        result = await readers.ask(R, "open", "door")
        assert (result.status, result.detail) == (Stage.CONFIRMED, {"seconds": 0.4})
        assert [event.type for event in readers.kept[R]] == ["door.remote_open"]
        assert readers.seen(R)["outputs"] == [False, True]
        await readers.until(lambda: readers.point(R, "unlocked", "door") is True)
        await readers.until(lambda: readers.point(R, "unlocked", "door") is False)
        (row,) = await readers.rows("door.remote_open")
        assert (row.part, row.payload) == ("door", {"seconds": 0.4})


async def test_an_open_that_the_reader_refuses_is_not_recorded(tmp_path: Path) -> None:
    async with on_tcp(tmp_path, door=DOOR) as readers:
        readers.pull(R, "refuse_next")
        assert (await readers.ask(R, "open", "door")).status is Stage.REJECTED
        readers.pull(R, "swipe", number=1)
        await readers.until(lambda: bool(readers.persons(R)))
        assert await readers.rows("door.remote_open") == []
        assert readers.lives[R].view.status is Status.ONLINE


async def test_shines_and_buzzes_and_switches(tmp_path: Path) -> None:
    async with on_tcp(tmp_path, door=DOOR) as readers:
        assert (await readers.ask(R, "light", colour="blue", led=1)).status is Stage.CONFIRMED
        assert (await readers.ask(R, "buzz", times=3)).status is Stage.CONFIRMED
        assert (await readers.ask(R, "output", output=0, on=True)).status is Stage.CONFIRMED
        seen = readers.seen(R)
        assert (seen["leds"], seen["buzzed"], seen["outputs"]) == (["red", "blue"], 3, [True, False])
        assert (await readers.ask(R, "output", output=0, on=False, seconds=0.2)).status is Stage.CONFIRMED
        assert readers.seen(R)["outputs"] == [False, False]


async def test_says_what_the_reader_does_not_have(tmp_path: Path) -> None:
    async with on_tcp(tmp_path) as readers:
        result = await readers.ask(R, "light", colour="red", led=2)
        assert (result.status, result.detail) == (
            Stage.REJECTED,
            {"reason": "the reader has 2 LED, so this cannot be done"},
        )


async def test_the_lock_of_the_door_is_not_switched_like_any_output(tmp_path: Path) -> None:
    async with on_tcp(tmp_path, door=DOOR) as readers:
        with pytest.raises(CommandRejected, match="output 1 is the lock of 'door': ask `open` of the door"):
            readers.lives[R].check("output", None, {"output": 1, "on": True})


async def test_two_orders_at_once_are_carried_out_one_after_the_other_also_when_one_is_refused(tmp_path: Path) -> None:
    async with on_tcp(tmp_path) as readers:
        readers.pull(R, "refuse_next")
        first, second = await asyncio.gather(readers.ask(R, "buzz"), readers.ask(R, "light", colour="green"))
        assert (first.status, second.status) == (Stage.REJECTED, Stage.CONFIRMED)
        assert (readers.seen(R)["buzzed"], readers.seen(R)["leds"][0]) == (0, "green")


async def test_fifty_cards_in_a_row_are_recorded_each_once_in_their_order(tmp_path: Path) -> None:
    async with on_tcp(tmp_path) as readers:
        for number in range(50):
            readers.pull(R, "swipe", number=number, bits=34)
        await readers.until(lambda: len(readers.persons(R)) >= 50, within_s=15)
        assert readers.persons(R) == [f"card:{number}" for number in range(50)]
        assert len(await readers.rows("access.presented")) == 50
