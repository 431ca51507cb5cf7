"""A process of simulated cards that notes when the last byte of each text arrived.

python screens.py COUNT BASE OUT: cards on BASE and the addresses behind it, port 5005. SIGUSR1 writes to OUT, and
forgets, a JSON list for every card of [monotonic seconds, text].
"""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from ipaddress import IPv4Address
from pathlib import Path

from drivers.displays.onbon_k.config import OnbonKConfig
from simulators.displays.onbon_k.server import OnbonKTwin
from simulators.tcp import Answer


class TimedTwin(OnbonKTwin):
    """A card with a stop-watch."""

    def __init__(self, config: OnbonKConfig) -> None:
        super().__init__(config)
        self.shown: list[tuple[float, str]] = []

    def answers(self) -> Answer:
        inner = super().answers()

        def answer(data: bytes) -> Iterable[bytes]:
            at, before = time.monotonic(), self.card.areas
            replies = list(inner(data))
            if self.card.areas is not before:
                self.shown.append((at, self.card.seen()["text"]))
            return replies

        return answer


async def serve(count: int, base: str, out: Path) -> None:
    """Serve until killed."""
    twins = [TimedTwin(_config(number)) for number in range(count)]

    def dump() -> None:
        draft = out.with_suffix(".new")
        draft.write_text(json.dumps([twin.shown for twin in twins]))
        draft.replace(out)
        for twin in twins:
            twin.shown = []

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, dump)
    async with AsyncExitStack() as stack:
        for number, twin in enumerate(twins):
            await stack.enter_async_context(twin.serve(str(IPv4Address(base) + number), 5005))
        print("ready", flush=True)
        await asyncio.Event().wait()


def _config(number: int) -> OnbonKConfig:
    card = {"id": f"led-{number}", "driver": "displays.onbon_k", "address": "tcp://127.0.0.1:5005", "model": "6K2"}
    return OnbonKConfig.model_validate({**card, "width": 64, "height": 16})


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
