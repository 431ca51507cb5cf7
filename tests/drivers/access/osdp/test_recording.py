"""A reader forgets a card once it is asked the next question: so that question waits for the disk."""

import asyncio
from pathlib import Path
from typing import Any

from readerhall import on_tcp

from drivers.access.osdp.codec import read
from drivers.access.osdp.driver import Osdp
from gateway.core.model import Cursor, Event, Stage
from gateway.hub import Status

R = "reader-1"
POLLS_S = 0.25
"""Four polls or so."""


async def test_nothing_is_asked_between_a_card_and_its_record(tmp_path: Path) -> None:
    async with on_tcp(tmp_path) as readers:
        await readers.until(lambda: readers.seen(R)["waiting"] == 0)
        disk, waiting = asyncio.Event(), asyncio.Event()
        record = readers.lives[R].context.record

        async def slow(*events: Event, cursor: Cursor | None = None) -> None:
            waiting.set()
            await disk.wait()
            await record(*events, cursor=cursor)

        vars(readers.lives[R].context)["record"] = slow
        device, questions = readers.twins[R].device, list[bytes]()
        hear = device.hear

        def counted(data: bytes) -> bytes:
            questions.append(data)
            return hear(data)

        vars(device)["hear"] = counted
        readers.pull(R, "swipe", number=1)
        readers.pull(R, "swipe", number=2)
        await waiting.wait()
        asked = len(questions)
        await asyncio.sleep(0.05)
        assert len(questions) == asked
        assert readers.seen(R)["waiting"] == 1, "the second card is still the reader's"
        disk.set()
        await readers.until(lambda: readers.persons(R) == ["card:1", "card:2"])
        assert all(read(question.removeprefix(b"\xff")) for question in questions)


async def test_a_life_that_ends_between_a_card_and_its_record_leaves_the_next_card_to_the_reader(
    tmp_path: Path,
) -> None:
    async with on_tcp(tmp_path) as readers:
        await readers.until(lambda: readers.seen(R)["waiting"] == 0)
        waiting = asyncio.Event()
        record = readers.lives[R].context.record

        async def never(*events: Event, cursor: Cursor | None = None) -> None:
            waiting.set()
            await asyncio.Event().wait()

        vars(readers.lives[R].context)["record"] = never
        for number in range(3):
            readers.pull(R, "swipe", number=number)
        await waiting.wait()
        vars(readers.lives[R].context)["record"] = record
        readers.twins[R].hang_up()
        await readers.are(Status.OFFLINE, R)
        await readers.until(lambda: readers.persons(R) == ["card:1", "card:2"])


async def test_a_lock_is_not_released_once_who_asked_was_told_that_it_is_too_late(tmp_path: Path) -> None:
    async with on_tcp(tmp_path, door={"sensor_input": 0, "lock_output": 1, "open_s": 5}) as readers:
        disk, waiting = asyncio.Event(), asyncio.Event()
        life = readers.lives[R]
        record = life.context.record

        async def slow(*events: Event, cursor: Cursor | None = None) -> None:
            waiting.set()
            await disk.wait()
            await record(*events, cursor=cursor)

        vars(life.context)["record"] = slow
        readers.pull(R, "swipe", number=1)
        await waiting.wait()
        assert (await readers.ask(R, "open", "door", within_s=0.1)).status is Stage.TIMEOUT
        disk.set()
        vars(life.context)["record"] = record
        assert (await readers.ask(R, "buzz", times=2)).status is Stage.CONFIRMED
        assert readers.seen(R)["outputs"] == [False, False]
        assert await readers.rows("door.remote_open") == []


async def test_a_lock_that_is_released_too_late_is_recorded_as_of_then_and_before_anything_that_was_asked_later(
    tmp_path: Path,
) -> None:
    async with on_tcp(tmp_path, door={"sensor_input": 0, "lock_output": 1, "open_s": 5}) as readers:
        driver = readers.lives[R].driver
        assert isinstance(driver, Osdp)
        talk, on_its_way, wire_is_free = driver.talk, asyncio.Event(), asyncio.Event()
        exchange = talk._link.exchange

        async def busy(question: bytes, *more: Any) -> Any:
            if talk._order is not None and talk._order.event is not None:
                on_its_way.set()
                await wire_is_free.wait()
            return await exchange(question, *more)

        vars(talk._link)["exchange"] = busy
        opening = asyncio.create_task(readers.ask(R, "open", "door", within_s=1.0))
        await on_its_way.wait()
        assert (await opening).status is Stage.TIMEOUT
        later, freed = asyncio.create_task(readers.ask(R, "output", output=0, on=True)), readers.house.clock.now()
        wire_is_free.set()
        assert (await later).status is Stage.CONFIRMED
        assert readers.seen(R)["outputs"] == [True, True]
        (late,) = await readers.rows("door.remote_open")
        assert late.at > freed
