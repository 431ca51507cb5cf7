"""A process with simulated text cards on one pseudo-terminal that is as slow as its wire.

python line_cards.py OUT MUTE CARDS BAUD WIDTH: prints the path; card MUTE never answers (0: none is mute). SIGUSR1
writes to OUT, and forgets, a JSON list of [monotonic seconds, card, text]: when the last byte of each text had gone
over the wire.
"""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from drivers.displays.onbon_k.config import OnbonKConfig
from gateway.core.address import Port
from simulators.displays.onbon_k.server import OnbonKTwin
from simulators.tcp import Answer
from simulators.wires import serve_pty

Shown = list[tuple[float, int, str]]


class TimedTwin(OnbonKTwin):
    """A card with a stop-watch."""

    def __init__(self, config: OnbonKConfig, shown: Shown) -> None:
        super().__init__(config)
        self._shown = shown

    def answers(self) -> Answer:
        inner = super().answers()

        def answer(data: bytes) -> Iterable[bytes]:
            at, before = time.monotonic(), self.card.areas
            replies = list(inner(data))
            if self.card.areas is not before:
                self._shown.append((at, self.screen, self.card.seen()["text"]))
            return replies

        return answer


async def serve(out: Path, mute: int, cards: int, baud: int, width: int) -> None:
    """Serve until killed."""
    shown: Shown = []
    twins = [TimedTwin(_config(screen, width), shown) for screen in range(1, cards + 1)]

    def dump() -> None:
        draft = out.with_suffix(".new")
        draft.write_text(json.dumps(shown))
        draft.replace(out)
        shown.clear()

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, dump)
    if mute:
        twins[mute - 1].levers()["mute"]({})
    async with serve_pty(twins, Port(baud=baud)) as path:
        print(path, flush=True)
        await asyncio.Event().wait()


def _config(screen: int, width: int) -> OnbonKConfig:
    card = {"id": f"led-{screen}", "driver": "displays.onbon_k", "address": "line:bus", "screen": screen}
    return OnbonKConfig.model_validate({**card, "model": "6K2", "width": width, "height": 16})


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), *map(int, sys.argv[2:])))
