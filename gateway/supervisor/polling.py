"""Polls one group of a device on a grid that does not drift, with a phase of its own for every device."""

import asyncio
import zlib
from typing import Any

from gateway.core.contract import Driver
from gateway.core.errors import DeviceBusy, JournalError
from gateway.core.model import PollGroup
from gateway.core.turn import limited
from gateway.hub import DeviceView
from gateway.supervisor.context import House

POLL_S = 30.0  # a poll that takes longer is stuck: a driver's own limits end it far earlier


async def poll_forever(driver: Driver[Any], group: PollGroup, view: DeviceView, house: House) -> None:
    """Poll at once, then every `period_s`; periods that were missed are skipped and counted, never made up."""
    duration = house.meters.poll_duration.labels(view.driver)
    overruns = house.meters.poll_overruns.labels(view.id)
    due = house.clock.monotonic() - (1 - _phase(view.id)) * group.period_s
    while True:
        started = house.clock.monotonic()
        await _poll(driver, group, view.id, house)
        now = house.clock.monotonic()
        duration.observe(now - started)
        periods = max(1, int((now - due) // group.period_s) + 1)  # uvloop may wake up to 1 ms before the time
        overruns.inc(periods - 1)
        due += periods * group.period_s
        await asyncio.sleep(due - now)


async def _poll(driver: Driver[Any], group: PollGroup, device: str, house: House) -> None:
    try:
        async with limited(POLL_S):  # at the priority of a poll, which is what nobody sets
            house.hub.publish(device, *await driver.poll(group.name))
    except (DeviceBusy, JournalError) as error:  # the next one is due soon; a log is read on from its cursor then
        house.meters.device_errors.labels(device, type(error).__name__).inc()


def _phase(device: str) -> float:
    """A number from 0 to 1 that is always the same for a device: spreads devices that connect together."""
    return zlib.crc32(device.encode()) / 2**32
