"""One life: what ends it, what it leaves behind, and how the commands in it end."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from hall_contract.scripted import ARM, Device, Passive, Scripted, for_ever, virtually

from gateway.core.errors import (
    AuthFailed,
    CommandRejected,
    DeviceBusy,
    DeviceError,
    DeviceOffline,
    JournalError,
    NotSupported,
    ProtocolError,
)
from gateway.core.model import Quality, Reading, Stage
from gateway.hub import Status
from gateway.supervisor import guard
from gateway.supervisor import life as module
from gateway.supervisor.life import MOST_COMMANDS


def raising(error: Exception) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        raise error

    return run


async def online(device: Device) -> None:
    device.start()
    await device.until(lambda: device.view.status is Status.ONLINE)


async def stopped_within_half_a_second(device: Device) -> bool:
    assert device.guard is not None
    device.guard.cancel()
    done, _ = await asyncio.wait({device.guard}, timeout=0.5)
    return bool(done)


async def test_stops_when_it_is_told_to_while_a_close_fails(device: Device) -> None:
    """The first trap of decision 0010."""

    async def listening() -> None:
        try:
            await for_ever()
        finally:
            raise OSError("cannot close")

    device.driver.listening = listening
    await online(device)
    assert await stopped_within_half_a_second(device)


async def test_lives_on_after_a_lost_link(device: Device) -> None:
    """The second trap of decision 0010: a child that fails must not pass for somebody who asks us to stop."""
    lost = asyncio.Event()

    async def listening() -> None:
        await lost.wait()
        lost.clear()
        raise DeviceOffline("lost")

    device.driver.listening = listening
    await online(device)
    for _ in range(3):
        lost.set()
        await device.until(lambda: device.view.status is Status.OFFLINE)
        await device.until(lambda: device.view.status is Status.ONLINE)
    await device.until(lambda: len(device.journal.events) == 7)
    types = [event.type for event in device.journal.events]
    assert types == ["device.online", "device.offline"] * 3 + ["device.online"]


async def test_leaving_a_life_waits_until_everything_is_freed(device: Device) -> None:
    freed = False

    async def closing() -> None:
        nonlocal freed
        await asyncio.sleep(0.01)
        freed = True

    device.driver.closing = closing
    await online(device)
    assert await stopped_within_half_a_second(device)
    assert freed


async def test_a_connect_that_is_stuck_is_an_outage(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_S", 0.01)
    device.driver.opening = for_ever
    device.start()
    await device.until(lambda: device.view.status is Status.OFFLINE)
    assert device.view.why == "TimeoutError"


async def test_what_a_failed_connect_has_published_is_not_left_behind(device: Device) -> None:
    tries = 0

    async def opening() -> None:
        nonlocal tries
        tries += 1
        device.house.hub.publish("dev-1", Reading(None, "level", 5.0))
        raise DeviceOffline("after all")

    device.driver.opening = opening
    device.start()
    await device.until(lambda: tries >= 3 and device.view.points[None]["level"].now.quality is Quality.BAD)
    assert [event.type for event in device.journal.events] == ["device.offline"]


async def test_a_full_journal_lets_the_device_live_and_is_tried_again(
    device: Device, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "JOURNAL_FIRST_S", 0.01)
    device.driver.listening = raising(JournalError("the disk is full"))
    await online(device)
    await device.until(lambda: device.errors("JournalError") >= 3)
    assert device.view.status is Status.ONLINE
    assert [event.type for event in device.journal.events] == ["device.online"]
    assert "bug" not in caplog.text


def test_a_journal_that_stays_full_is_asked_at_most_every_few_seconds() -> None:
    tries: list[float] = []

    async def main() -> None:
        async def listening() -> None:
            tries.append(asyncio.get_running_loop().time())
            raise JournalError("the disk is full")

        device = Device(Scripted)
        device.driver.listening = listening
        device.start()
        await asyncio.sleep(60)
        await device.stop()

    virtually(main())
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert all(0.75 * full <= pause <= full for pause, full in zip(pauses, (1, 2, 4, 5, 5, 5), strict=False))
    assert 12 <= len(tries) <= 19


async def test_a_device_with_a_bug_says_so_and_not_how_python_calls_it(device: Device) -> None:
    device.driver.listening = raising(IndexError("list index out of range"))
    device.start()
    await device.until(lambda: device.errors("bug") >= 2)
    assert device.view.why == "a bug: its traceback is in the log"


async def test_a_refused_password_counts_more_than_the_link_that_was_lost_with_it(device: Device) -> None:
    together = asyncio.Event()

    def on_cue(error: DeviceError) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await together.wait()
            raise error

        return run

    device.driver.listening = on_cue(DeviceOffline("it hung up"))
    device.driver.reading = on_cue(AuthFailed("password refused"))
    await online(device)
    together.set()
    await device.until(lambda: device.view.status is Status.OFFLINE)
    assert (device.view.why, device.errors("AuthFailed")) == ("password refused", 1)
    assert device.life.refused
    await asyncio.sleep(0.05)
    assert device.view.status is Status.OFFLINE


def test_a_passive_device_is_offline_once_it_has_been_silent_for_too_long() -> None:
    async def main() -> None:
        device = Device(Passive)
        device.start()
        await asyncio.sleep(4.9)
        assert device.view.status is Status.ONLINE
        await asyncio.sleep(0.2)
        assert (device.view.status, device.view.why) == (Status.OFFLINE, "no contact for 5 s")
        await device.stop()

    virtually(main())


async def test_says_that_a_device_has_not_answered_yet(device: Device) -> None:
    device.driver.opening = for_ever
    device.start()
    result = await device.life.execute(device.command())
    assert (result.status, result.detail) == (Stage.OFFLINE, {"reason": "it has not answered yet"})


async def test_only_so_many_commands_wait_for_one_device(device: Device) -> None:
    device.driver.doing = for_ever
    await online(device)
    waiting = [asyncio.create_task(device.life.execute(device.command())) for _ in range(MOST_COMMANDS)]
    await asyncio.sleep(0)
    result = await device.life.execute(device.command())
    assert result.status is Stage.REJECTED
    assert result.detail["reason"] == f"dev-1 has {MOST_COMMANDS} commands waiting"
    await device.stop()
    assert {task.result().status for task in (await asyncio.wait(waiting))[0]} == {Stage.OFFLINE}
    assert device.life._waiting == 0


@pytest.mark.parametrize("steps", range(10))
@pytest.mark.parametrize("failing", ["listen", "desired state", "another command"])
async def test_a_command_that_meets_the_end_of_a_life_ends_with_it(
    device: Device, monkeypatch: pytest.MonkeyPatch, failing: str, steps: int
) -> None:
    """However late it comes: a group that is ending already does not end what joins it."""
    monkeypatch.setattr(guard, "FIRST_S", 60.0)
    lost, doing = asyncio.Event(), [for_ever]

    async def fails() -> None:
        await lost.wait()
        raise DeviceOffline("lost")

    if failing == "listen":
        device.driver.listening = fails
    else:
        doing.append(fails)
    device.driver.doing = lambda: doing.pop()() if doing else for_ever()
    await online(device)
    if failing == "desired state":
        device.want("hold")
    others = [asyncio.create_task(device.life.execute(device.command()))] if failing == "another command" else []
    await asyncio.sleep(0.002)
    lost.set()
    for _ in range(steps):
        await asyncio.sleep(0)
    async with asyncio.timeout(0.5):
        assert (await device.life.execute(device.command())).status is Stage.OFFLINE
        assert [(await other).status for other in others] == [Stage.OFFLINE] * len(others)


async def test_a_command_that_breaks_the_protocol_ends_the_life(device: Device) -> None:
    device.driver.doing = raising(ProtocolError("it answered in verse"))
    await online(device)
    result = await device.life.execute(device.command())
    assert (result.status, result.detail) == (Stage.OFFLINE, {"reason": "it answered in verse"})
    await device.until(lambda: device.errors("ProtocolError") == 1)


async def test_a_command_that_meets_a_bug_ends_and_the_device_lives_again(device: Device) -> None:
    await online(device)
    device.driver.doing = raising(KeyError("what"))
    result = await device.life.execute(device.command())
    assert (result.status, result.detail) == (Stage.OFFLINE, {"reason": "the connection ended"})
    await device.until(lambda: device.errors("bug") == 1)
    await device.until(lambda: device.view.status is Status.ONLINE)


@pytest.mark.parametrize("error", [CommandRejected("a sentence"), NotSupported("a sentence")])
async def test_a_refusal_is_for_who_asked_and_the_life_goes_on(device: Device, error: DeviceError) -> None:
    await online(device)
    device.driver.doing = raising(error)
    result = await device.life.execute(device.command())
    assert (result.status, result.detail, result.confirmed) == (Stage.REJECTED, {"reason": "a sentence"}, None)
    assert device.view.status is Status.ONLINE


async def test_a_command_that_the_device_cannot_confirm_ends_as_acknowledged(device: Device) -> None:
    await online(device)
    sure, unsure = [await device.life.execute(device.command(verb=verb)) for verb in ("do", "keep")]
    assert (sure.status, sure.confirmed, sure.detail) == (Stage.CONFIRMED, True, {"n": 1})
    assert (unsure.status, unsure.confirmed, unsure.detail) == (Stage.ACKED, None, {"n": 2})


def test_a_busy_device_is_asked_again_until_the_deadline() -> None:
    async def main() -> None:
        device, busy = Device(Scripted), [DeviceBusy("writing")] * 3

        async def doing() -> None:
            if busy:
                raise busy.pop()

        device.driver.doing = doing
        device.start()
        await asyncio.sleep(0.1)
        done = await device.life.execute(device.command(within_s=5))
        assert (done.status, busy) == (Stage.CONFIRMED, [])
        device.driver.doing = raising(DeviceBusy("writing"))
        refused = await device.life.execute(device.command(within_s=5))
        assert (refused.status, refused.detail) == (Stage.REJECTED, {"reason": "writing"})
        await device.stop()

    virtually(main())


def test_a_command_times_out_exactly_at_its_deadline() -> None:
    async def main() -> None:
        device = Device(Scripted)
        device.driver.doing = for_ever
        device.start()
        await asyncio.sleep(1)
        result = await device.life.execute(device.command(within_s=7))
        assert (result.status, asyncio.get_running_loop().time()) == (Stage.TIMEOUT, 8)
        await device.stop()

    virtually(main())


async def test_a_command_that_comes_after_its_deadline_is_not_begun(device: Device) -> None:
    await online(device)
    result = await device.life.execute(device.command(within_s=-0.001))
    assert (result.status, device.driver.done) == (Stage.TIMEOUT, [])


async def test_one_who_stops_waiting_for_a_command_does_not_take_it_back(device: Device) -> None:
    """It may be half done; and to cancel it would cost the connection."""
    go = asyncio.Event()

    async def doing() -> None:
        await go.wait()

    device.driver.doing = doing
    await online(device)
    waiting = asyncio.create_task(device.life.execute(device.command()))
    await asyncio.sleep(0.001)
    waiting.cancel()
    await asyncio.wait({waiting})
    go.set()
    await device.until(lambda: len(device.driver.done) == 1)


async def test_a_device_that_was_never_seen_may_have_any_part(device: Device) -> None:
    device.driver.parts = (ARM,)
    device.life.check("do", "any-part", {"value": 1})
    with pytest.raises(NotSupported, match=r"dev-1 has no verb 'hold'; it has: do$"):
        device.life.check("hold", "any-part", {})
    await online(device)
    device.life.check("do", "arm-1", {"value": 1})
    with pytest.raises(NotSupported, match=r"dev-1 has no part 'any-part'; it has: arm-1$"):
        device.life.check("do", "any-part", {"value": 1})
