"""The clock of the tests themselves."""

import asyncio
import socket
import time

import pytest
from hall_contract import steady


async def test_an_answer_that_was_there_before_its_limit_is_heard_however_long_the_machine_stood_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(steady, "LONGEST_S", 0.001)
    loop, heard = asyncio.get_running_loop(), asyncio.Event()
    ours, others = socket.socketpair()
    with ours, others:
        loop.add_reader(ours, heard.set)
        async with asyncio.timeout(0.02):
            others.send(b"!")
            time.sleep(0.05)  # noqa: ASYNC251 - a pause
            await heard.wait()
        loop.remove_reader(ours)


async def test_a_limit_is_up_when_it_should_be_and_never_before() -> None:
    loop, begun = asyncio.get_running_loop(), time.monotonic()
    before = loop.time()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.03):
            await asyncio.Event().wait()
    assert 0.03 <= loop.time() - before < 0.03 + steady.LONGEST_S
    assert time.monotonic() - begun >= 0.03


async def test_the_time_never_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "LONGEST_S", 0.001)
    loop = asyncio.get_running_loop()
    seen = [loop.time()]
    for pause_s in (0, 0.003, 0, 0.01, 0):
        time.sleep(pause_s)  # noqa: ASYNC251 - a pause
        seen.append(loop.time())
        await asyncio.sleep(0)
        seen.append(loop.time())
    assert seen == sorted(seen)
    assert seen[-1] - seen[0] < 0.013
