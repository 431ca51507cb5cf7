"""A device with a log and a source without one, on a disk that is full for a while: python full_disk_child.py FOLDER.

Ends with 0 when nothing was lost, invented or reordered; FOLDER is a small file system of its own.
"""

import asyncio
import logging
import sys
from pathlib import Path

import pytest
from hall_contract.cases.invented import Controller
from hall_contract.hall import Hall, hurry, open_hall

from gateway.core.model import Event
from gateway.hub import Status
from gateway.journal.rows import Health
from gateway.journal.verify import verify

CHUNK = 4096


def fill(ballast: Path) -> None:
    """Take all the space there is."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(CHUNK))
        except OSError as error:
            assert error.errno == 28, error  # noqa: PT017 - another error is no full disk


async def tick(hall: Hall, number: int) -> None:
    """Something that the device says once and keeps nowhere."""
    payload = {"number": number, "text": "x" * 500}
    await hall.life.context.record(Event(type="tick", source_key=f"t/{number}", payload=payload, volatile=True))


async def numbers(hall: Hall, type_: str) -> list[int]:
    """The numbers of the recorded events of a type, in the order of the journal."""
    rows = await hall.house.journal.read(type=type_, limit=1000)
    return [row.payload["number"] for row in rows if row.payload]


async def until_recorded(hall: Hall, type_: str, newest: int) -> None:
    async with asyncio.timeout(20):
        while newest not in await numbers(hall, type_):  # noqa: ASYNC110 - a reader has no event to wait for
            await asyncio.sleep(0.02)


async def refused_again(hall: Hall) -> None:
    """Wait until the log could not be recorded once more."""
    labels = {"device": "box-1", "kind": "JournalError"}
    before = hall.metric("hall_device_errors_total", **labels)
    await hall.until(lambda: hall.metric("hall_device_errors_total", **labels) > before)


async def main(folder: Path) -> None:
    async with open_hall(Controller(), folder) as hall:
        journal, ticks = hall.house.journal, 0
        await hall.online(often_s=0.1)
        hall.pull("fill_log", count=5)
        await until_recorded(hall, "door.pressed", 5)
        for _ in range(3):  # full, and free again, three times over
            fill(folder / "ballast")
            while journal.health.why is None:  # the write-ahead log has room of its own
                ticks += 1
                await tick(hall, ticks)
            log = (await numbers(hall, "door.pressed"))[-1]
            hall.pull("fill_log", count=20)
            for _ in range(50):
                ticks += 1
                await tick(hall, ticks)
            await refused_again(hall)
            assert hall.is_(Status.ONLINE)
            assert journal.health.spooled >= 50
            assert (await numbers(hall, "door.pressed"))[-1] == log, "the log waits at its cursor"
            (folder / "ballast").unlink()
            await until_recorded(hall, "door.pressed", log + 20)
            await until_recorded(hall, "tick", ticks)
            assert journal.health == Health(None, 0, 0)
        assert await numbers(hall, "tick") == list(range(1, ticks + 1))
        assert await numbers(hall, "door.pressed") == list(range(1, 66))
        assert await journal.read(type="device.offline") == []
    verdict = verify(f"sqlite:///{folder / 'hall.db'}", key=bytes(32), anchors=[folder / "anchors.jsonl"])
    assert verdict.ok, verdict.what


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    with pytest.MonkeyPatch.context() as patch:
        hurry(patch)
        asyncio.run(main(Path(sys.argv[1])))
