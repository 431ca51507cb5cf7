"""A device that comes and goes for years costs no more than one that stays."""

import asyncio
import gc
import logging
import os
from pathlib import Path

import pytest
from hall_contract.hall import ID, Hall

from gateway.hub import Status
from gateway.journal import tail
from gateway.supervisor import guard as retries
from gateway.wire import asking

WARM, OFTEN = 50, 200
ROUNDS = 5  # what is left behind each time shows in every one; a cache of the database's library grows in one of them
LOOKS, BETWEEN_S = 8, 0.1  # at any moment questions are on their way, and timers that were cancelled wait to be dropped
MOST_BYTES = 8 << 20  # what is freed is not given back page by page


async def again(hall: Hall) -> None:
    """Lose the device, and have it back: unplugged; one that is the client is let go and taken on, as it is sooner."""
    if hall.case.passive:
        await hall.stop()
        del hall.house.hub.devices[ID]
        hall.start()
    else:
        await hall.unplug()
        await hall.until(lambda: hall.is_(Status.OFFLINE))
        await hall.plug()
    await hall.settled()


def held() -> tuple[int, int]:
    """Tasks and file descriptors."""
    return len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir()))


def memory() -> tuple[int, int]:
    """Objects that the collector knows, and the bytes of the process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return len(gc.get_objects()), pages * os.sysconf("SC_PAGE_SIZE")


async def least() -> tuple[int, int]:
    """The least of some looks at the memory, each."""
    objects, size = memory()
    for _ in range(LOOKS):
        await asyncio.sleep(BETWEEN_S)
        objects, size = map(min, memory(), (objects, size))
    return objects, size


async def growth(hall: Hall) -> tuple[int, int]:
    """By how many objects and bytes the process grows while the device comes and goes OFTEN times."""
    await hall.house.journal.note(None, [])  # by then all before it is written
    objects, size = await least()
    for _ in range(OFTEN):
        await again(hall)
    await hall.house.journal.note(None, [])
    objects_now, size_now = await least()
    return objects_now - objects, size_now - size


@pytest.mark.timeout(240)
async def test_two_hundred_reconnects_leave_nothing_behind(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "gateway")  # pytest keeps every line
    for name in ("FIRST_S", "LAST_S"):
        monkeypatch.setattr(retries, name, 0.001)
    monkeypatch.setattr(tail, "MOST_ROWS", WARM)  # full before anything is counted
    monkeypatch.setattr(asking, "QUIET_S", 0.001)  # on a line; the box is never late here
    await hall.online(often_s=0.01)
    for _ in range(WARM):
        await again(hall)
    tasks, descriptors = held()
    grown: list[int] = []
    while len(grown) < ROUNDS and (not grown or grown[-1] >= OFTEN // 2):
        objects, size = await growth(hall)
        await hall.until(lambda: held()[0] <= tasks and held()[1] <= descriptors, within_s=1.0)
        assert size < MOST_BYTES
        grown.append(objects)
    assert grown[-1] < OFTEN // 2, f"at least one object is left behind each time: {grown}"
