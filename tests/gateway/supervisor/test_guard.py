"""guard(): what fails is told once and started again; what is cancelled ends."""

import asyncio
from collections.abc import Callable
from logging import ERROR, INFO, WARNING
from typing import Any

import pytest
from hall_contract.scripted import virtually

from gateway.core.errors import AuthFailed, DeviceOffline
from gateway.meters import Meters
from gateway.supervisor import guard as module
from gateway.supervisor.guard import Outage, Up, guard


class Body:
    """Fails as the script says, one failure for each start, then works for ever."""

    def __init__(self, *script: BaseException) -> None:
        self.script = list(script)
        self.starts: list[float] = []

    async def __call__(self, up: Up) -> None:
        self.starts.append(asyncio.get_running_loop().time())
        if self.script:
            raise self.script.pop(0)
        up()
        await asyncio.Event().wait()


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    return [(record.levelno, record.getMessage()) for record in caplog.records if record.name == "gateway"]


async def run_for(seconds: float, body: Callable[[Up], Any], meters: Meters | None = None) -> None:
    task = asyncio.create_task(guard("box", body, meters or Meters()))
    await asyncio.wait({task}, timeout=seconds)
    task.cancel()
    await asyncio.wait({task})


def test_an_outage_is_told_once_when_it_begins_and_once_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(INFO)
    virtually(run_for(60, Body(DeviceOffline("no route"), OSError("refused"), TimeoutError())))
    assert logged(caplog) == [(WARNING, "box is offline: no route"), (INFO, "box is back")]


def test_an_outage_without_words_is_told_by_its_kind(caplog: pytest.LogCaptureFixture) -> None:
    virtually(run_for(1, Body(TimeoutError())))
    assert logged(caplog) == [(WARNING, "box is offline: TimeoutError")]


def test_pauses_double_up_to_the_limit_and_begin_anew_after_a_success() -> None:
    outage = Outage("box")
    pauses = [outage.begin("") for _ in range(5)]
    for pause, full in zip(pauses, (1, 2, 4, 4, 4), strict=True):
        assert 0.75 * full <= pause <= full
    outage.over()
    assert outage.begin("") <= 1


def test_pauses_differ_so_that_devices_do_not_come_back_together() -> None:
    assert len({Outage("box").begin("") for _ in range(20)}) > 10


def test_what_must_be_back_soon_is_never_left_alone_for_longer() -> None:
    outage = Outage("reader", 1.5)
    waits = [outage.begin("gone") for _ in range(8)]
    assert waits[0] <= 1.0
    assert all(1.1 <= wait <= 1.5 for wait in waits[1:])


def test_it_is_started_again_after_each_pause() -> None:
    body = Body(*(DeviceOffline("away") for _ in range(4)))
    virtually(run_for(60, body))
    pauses = [after - before for before, after in zip(body.starts, body.starts[1:], strict=False)]
    assert [0.75 * full <= pause <= full for full, pause in zip((1, 2, 4, 4), pauses, strict=True)] == [True] * 4


def test_a_refused_password_is_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    body = Body(AuthFailed("password refused"))
    virtually(run_for(3600, body))
    assert len(body.starts) == 1
    again = "it is not tried again until the gateway is restarted"
    assert logged(caplog) == [(WARNING, f"box is offline: password refused; {again}")]


def test_a_bug_leaves_its_traceback_and_is_started_again(caplog: pytest.LogCaptureFixture) -> None:
    body, meters = Body(IndexError("list index out of range")), Meters()
    virtually(run_for(60, body, meters))
    assert body.starts == [0, module.BUG_S]
    ((level, message),) = logged(caplog)
    assert (level, message.startswith("box failed: this is a bug")) == (ERROR, True)
    assert "IndexError: list index out of range" in caplog.text
    assert meters.registry.get_sample_value("hall_guard_failures_total", {"name": "box"}) == 1


def test_a_bug_that_comes_at_every_try_leaves_one_traceback_and_how_often_it_came(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def body(up: Up) -> None:
        up()
        raise ValueError(f"at {asyncio.get_running_loop().time()}")

    meters = Meters()
    virtually(run_for(101 * module.BUG_S, body, meters))
    often = "box failed {} times by the same bug, whose traceback is above"
    assert [message for _, message in logged(caplog)][1:] == [often.format(10), often.format(100)]
    assert caplog.text.count("Traceback") == 1
    assert (meters.registry.get_sample_value("hall_guard_failures_total", {"name": "box"}) or 0) > 100


def test_another_bug_and_one_after_a_while_leave_their_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    runs = iter([0.0, 0.0, module.SOUND_S])

    async def body(up: Up) -> None:
        up()
        await asyncio.sleep(next(runs, 3600.0))
        raise ValueError("again")

    virtually(run_for(3 * module.SOUND_S, body))
    assert caplog.text.count("Traceback") == 2
    caplog.clear()
    virtually(run_for(60, Body(IndexError("one"), KeyError("two"))))
    assert caplog.text.count("Traceback") == 2


def test_every_failure_is_handed_to_down() -> None:
    failures: list[BaseException] = [DeviceOffline("1"), IndexError("2"), OSError("3")]
    told: list[BaseException] = []

    async def down(failure: BaseException) -> None:
        told.append(failure)

    async def main() -> None:
        task = asyncio.create_task(guard("box", Body(*failures), Meters(), down))
        await asyncio.sleep(60)
        task.cancel()
        await asyncio.wait({task})

    virtually(main())
    assert told == failures


async def test_what_returns_is_not_started_again() -> None:
    starts: list[None] = []

    async def body(_: Up) -> None:
        starts.append(None)

    async with asyncio.timeout(1):
        await guard("box", body, Meters())
    assert len(starts) == 1


async def cancelled(task: "asyncio.Task[None]") -> bool:
    """Cancel a task; whether it ends as cancelled."""
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=0.5)
    return bool(done) and task.cancelled()


@pytest.mark.parametrize("error", [OSError("cannot close"), IndexError("cannot even do that")])
async def test_a_cancellation_is_not_lost_when_a_close_fails_meanwhile(error: Exception) -> None:
    """The first trap of decision 0010: the group forgets that it was cancelled, and raises the error only."""
    started = asyncio.Event()

    async def child() -> None:
        try:
            started.set()
            await asyncio.Event().wait()
        finally:
            raise error

    async def body(_: Up) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(child())
            await asyncio.Event().wait()

    task = asyncio.create_task(guard("box", body, Meters()))
    await started.wait()
    assert await cancelled(task)


async def test_a_child_that_fails_after_the_body_of_its_group_does_not_end_the_guard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second trap: the task counts as cancelled from then on, though nobody did."""
    monkeypatch.setattr(module, "FIRST_S", 0.001)
    starts = 0

    async def child() -> None:
        await asyncio.sleep(0)
        raise DeviceOffline("lost")

    async def body(_: Up) -> None:
        nonlocal starts
        starts += 1
        failures: list[Exception] = []
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(child())
        except* DeviceOffline as group_of_one:
            failures += group_of_one.exceptions
        raise failures[0]

    task = asyncio.create_task(guard("box", body, Meters()))
    while starts < 3:
        assert not task.done()
        await asyncio.sleep(0.001)
    assert await cancelled(task)


async def test_what_cancels_itself_is_a_bug_and_is_started_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "BUG_S", 0.001)
    body = Body(asyncio.CancelledError(), asyncio.CancelledError())
    task = asyncio.create_task(guard("box", body, Meters()))
    while len(body.starts) < 3:
        assert not task.done()
        await asyncio.sleep(0.001)
    assert "RuntimeError: it was cancelled, and not by the guard" in caplog.text
    assert await cancelled(task)


@pytest.mark.parametrize("failure", [DeviceOffline("away"), IndexError("bug"), AuthFailed("no")])
async def test_ends_at_once_while_it_pauses(failure: Exception) -> None:
    task = asyncio.create_task(guard("box", Body(failure), Meters()))
    await asyncio.sleep(0.01)
    assert await cancelled(task)


def test_a_wake_ends_the_wait_before_the_next_try_and_one_before_the_failure_does_not() -> None:
    async def main() -> None:
        tried: list[float] = []
        wake = asyncio.Event()

        async def body(_: Up) -> None:
            tried.append(asyncio.get_running_loop().time())
            wake.set()
            raise DeviceOffline("no")

        task = asyncio.create_task(guard("line-1", body, Meters(), wake=wake))
        await asyncio.sleep(0.5)
        assert tried == [0.0]
        wake.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        assert tried[1:] == [0.5]
        task.cancel()
        await asyncio.wait({task})

    virtually(main())
