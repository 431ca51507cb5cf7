"""Reads a calendar file in a process of its own: what a hostile file costs in time and memory ends with it."""

import asyncio
import resource
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from gateway.calendar.entries import MOST_BYTES, Days, Found, UnreadableCalendar, clean
from gateway.calendar.icalendar_file import read_icalendar
from gateway.calendar.table import read_table

READ_S = 20.0  # a second or two on a small computer, most of it the start of the process
MOST_MEMORY = 512 * 1024 * 1024


class Told(msgspec.Struct, frozen=True):
    """What the process found; `why` it cannot be used, None if it can."""

    found: Found
    why: str | None = None


async def read(file: str, days: Days) -> Found:
    """The entries of a file. Raises UnreadableCalendar; OSError when no process can be started."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", __name__, file, days.first.isoformat(), str(days.number), days.zone.key),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"LC_ALL": "C.UTF-8"},
    )
    try:
        async with asyncio.timeout(READ_S):
            output, errors = await process.communicate()
    except TimeoutError as error:
        raise UnreadableCalendar(f"could not be read within {READ_S:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        last = clean((errors.decode("utf-8", "replace").splitlines() or [""])[-1])
        raise UnreadableCalendar(f"cannot be understood: {last or f'its reader ended with {process.returncode}'}")
    told = msgspec.json.decode(output, type=Told)
    if told.why is not None:
        raise UnreadableCalendar(told.why)
    return told.found


def _read(file: str, days: Days) -> Told:
    try:
        with Path(file).open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
        return Told(read_table(data, days) if file.endswith(".csv") else read_icalendar(data, days))
    except (OSError, UnreadableCalendar) as error:
        return Told(Found([], []), str(error))


def main(file: str, first: str, number: str, zone: str) -> None:
    """Write what a file says of these days to the standard output."""
    with suppress(OSError, ValueError):  # a service may be forbidden to set limits: the time limit is enough then
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (int(READ_S), int(READ_S)))  # should nobody be left to end it
    told = _read(file, Days(date.fromisoformat(first), int(number), ZoneInfo(zone)))
    sys.stdout.buffer.write(msgspec.json.encode(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
