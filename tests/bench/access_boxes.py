"""A process of simulated door controllers that notes when each event was written to a log.

python access_boxes.py COUNT BASE OUT RATE: controllers on BASE and the addresses behind it, port 60000; it prints the
URL of their levers. SIGUSR2 begins to swipe cards, RATE of them a second, or ends it. SIGUSR1 writes to OUT, and
forgets, a JSON list of [number of the controller, index of the event, Unix seconds].
"""

import asyncio
import json
import signal
import sys
import time
from contextlib import AsyncExitStack
from ipaddress import IPv4Address
from itertools import count
from pathlib import Path

from drivers.access.uhppote.codec.log import EventRecord
from drivers.access.uhppote.config import UhppoteConfig
from simulators.access.uhppote.server import UhppoteTwin
from simulators.control import serve_levers

PORT, SERIAL, DOORS = 60000, 400_000_000, 4


class TimedTwin(UhppoteTwin):
    """A controller with a stop-watch."""

    written: list[tuple[int, int, float]] = []  # noqa: RUF012 - of all together

    def _tell(self, record: EventRecord) -> None:
        self.written.append((self.config.serial - SERIAL, record.index, time.time()))
        super()._tell(record)


async def serve(many: int, base: str, out: Path, rate: float) -> None:
    """Serve until killed."""
    twins = [TimedTwin(_config(number)) for number in range(many)]
    swipes, loop = asyncio.Event(), asyncio.get_running_loop()

    def dump() -> None:
        draft = out.with_suffix(".new")
        draft.write_text(json.dumps(TimedTwin.written))
        draft.replace(out)
        TimedTwin.written.clear()

    loop.add_signal_handler(signal.SIGUSR1, dump)
    loop.add_signal_handler(signal.SIGUSR2, lambda: swipes.clear() if swipes.is_set() else swipes.set())
    async with AsyncExitStack() as stack:
        for number, twin in enumerate(twins):
            await stack.enter_async_context(twin.serve(str(IPv4Address(base) + number), PORT))
        url = await stack.enter_async_context(serve_levers({twin.config.id: twin for twin in twins}, 0))
        print(url, flush=True)
        await _swipe(twins, swipes, rate)


async def _swipe(twins: list[TimedTwin], swipes: asyncio.Event, rate: float) -> None:
    due = 0.0
    for number in count():
        await swipes.wait()
        due = max(due + 1 / rate, time.monotonic() - 0.1)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        twins[number % len(twins)].levers()["swipe"]({"card": 1 + number % 2000, "door": 1 + number % DOORS})


def _config(number: int) -> UhppoteConfig:
    address = {"id": f"doors-{number:03d}", "driver": "access.uhppote", "address": "udp://127.0.0.1:1"}
    return UhppoteConfig.model_validate({**address, "serial": SERIAL + number, "doors": DOORS})


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), float(sys.argv[4])))
