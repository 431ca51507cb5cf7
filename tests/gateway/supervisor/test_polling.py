"""Polls stand on a grid of the device's own: nothing drifts, and what was missed is not made up for."""

import asyncio
import zlib

import pytest
import uvloop
from hall_contract.scripted import Device, Scripted, for_ever, virtually

from gateway.core.errors import DeviceBusy, DeviceOffline
from gateway.core.model import PollGroup
from gateway.supervisor.polling import poll_forever

PERIOD_S = 10.0
PHASE_S = zlib.crc32(b"dev-1") / 2**32 * PERIOD_S


async def polled(device: Device, *costs_s: float) -> list[float]:
    """When each poll began, where the polls take that long."""
    begun: list[float] = []
    costs = list(costs_s)

    async def reading() -> None:
        begun.append(asyncio.get_running_loop().time())
        if not costs:
            raise DeviceOffline("enough")
        await asyncio.sleep(costs.pop(0))

    device.driver.reading = reading
    with pytest.raises(DeviceOffline):
        await poll_forever(device.driver, PollGroup("all", PERIOD_S), device.view, device.house)
    return begun


def overruns(device: Device) -> float:
    value = device.house.meters.registry.get_sample_value("hall_poll_overruns_total", {"device": "dev-1"})
    assert value is not None
    return value


def test_the_first_poll_is_at_once_and_the_others_are_on_the_grid_however_long_they_take() -> None:
    async def main() -> None:
        begun = await polled(Device(Scripted), 0.5, 3.0, 0.0, 7.0, 0.25)
        assert begun == pytest.approx([0, *(PHASE_S + n * PERIOD_S for n in range(5))])

    assert 0.5 < PHASE_S < 9
    virtually(main())


def test_periods_that_were_missed_are_skipped_and_counted() -> None:
    async def main() -> None:
        device = Device(Scripted)
        begun = await polled(device, 0.5, 25.0, 0.5)
        assert begun == pytest.approx([0, PHASE_S, PHASE_S + 3 * PERIOD_S, PHASE_S + 4 * PERIOD_S])
        assert overruns(device) == 2

    virtually(main())


def test_a_busy_device_is_asked_again_when_the_next_poll_is_due() -> None:
    async def main() -> None:
        device, script = Device(Scripted), [DeviceBusy("writing"), DeviceBusy("writing"), DeviceOffline("enough")]

        async def reading() -> None:
            raise script.pop(0)

        device.driver.reading = reading
        with pytest.raises(DeviceOffline):
            await poll_forever(device.driver, PollGroup("all", PERIOD_S), device.view, device.house)
        assert asyncio.get_running_loop().time() == pytest.approx(PHASE_S + PERIOD_S)
        assert device.errors("DeviceBusy") == 2

    virtually(main())


def test_a_poll_that_is_stuck_ends() -> None:
    async def main() -> None:
        device = Device(Scripted)
        device.driver.reading = for_ever
        with pytest.raises(TimeoutError):
            await poll_forever(device.driver, PollGroup("all", PERIOD_S), device.view, device.house)

    virtually(main())


def test_a_loop_that_wakes_early_is_no_reason_to_poll_twice() -> None:
    """uvloop keeps time in whole milliseconds and wakes up to half of one too early; such a poll may take no time."""

    async def main() -> None:
        device, times = Device(Scripted), 0

        async def reading() -> None:
            nonlocal times
            times += 1
            if times == 30:
                raise DeviceOffline("enough")

        device.driver.reading = reading
        begun = asyncio.get_running_loop().time()
        with pytest.raises(DeviceOffline):
            await poll_forever(device.driver, PollGroup("all", 0.0034), device.view, device.house)
        assert asyncio.get_running_loop().time() - begun >= 0.0034 * 28 - 0.002

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
