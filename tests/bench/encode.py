"""A text to the last byte in the socket, for each family and two sizes: laying out, drawing, encoding and writing.

Each is a called number that blinks first: of cards with bitmaps that is two pictures in one frame.

The limit program writes the finished bytes to a socket of the same kind. What the card takes for its answers counts
for neither; a screen that is told in several frames is measured over all of them.
"""

import asyncio
import json
import socket
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import fleet
from bare import BareContext
from child import Child, free_network
from figures import broken, middle, say

from gateway.core.contract import Link
from gateway.wire.opening import open_wire

HERE = Path(__file__).parent
SHOWS, WARM = 400, 40
FULL_COLOUR = [{**size, "model": "BX-6Q2"} for size in (fleet.MIDDLE, fleet.LARGE)]
UNBOUNDED = 50_000  # bytes of a frame that nobody has promised anything of
AnswerT = TypeVar("AnswerT")


class StopWatch:
    """A link of the gateway's that measures how long its driver takes between answers, until its bytes are written."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.begin()

    def begin(self) -> None:
        """A new text."""
        self.busy_s, self.written = 0.0, list[bytes]()
        self._since = time.perf_counter()

    async def exchange(
        self,
        request: bytes,
        matches: Callable[[bytes], AnswerT | None],
        timeout_s: float,
        sent: Callable[[], None] | None = None,
    ) -> AnswerT:
        def stop() -> None:
            self.busy_s += time.perf_counter() - self._since
            self.written.append(request)
            if sent is not None:
                sent()

        answer = await self._link.exchange(request, matches, timeout_s, stop)
        self._since = time.perf_counter()
        return answer


class TimedContext(BareContext):
    """What opens the gateway's own wires, with a stop-watch on each."""

    @asynccontextmanager
    async def link(self, address: str, *, again_s: float | None = None) -> AsyncGenerator[Any]:
        async with open_wire(address, again_s=again_s) as link:
            self.watch = StopWatch(link)
            yield self.watch


def main() -> None:
    """Run it; half a minute."""
    base = free_network(5005)
    plain = [(family, size) for family in fleet.FAMILIES for size in (fleet.SMALL, fleet.LARGE)]
    kinds: list[tuple[str, Mapping[str, Any]]] = [*plain, *(("onbon_dynamic", keys) for keys in FULL_COLOUR)]
    screens = [fleet.section(family, number, base, keys) for number, (family, keys) in enumerate(kinds)]
    with tempfile.TemporaryDirectory(prefix="hall-bench-") as name:
        folder = Path(name)
        plan, log = folder / "fleet.json", folder / "cards"
        plan.write_text(json.dumps(screens))
        cards = Child([sys.executable, str(HERE / "fleet_cards.py"), str(plan), str(folder / "out"), "0"], log)
        try:
            cards.until(lambda: log.read_text().endswith("\n"))
            tcp, udp = map(int, log.read_text().split()[1:3])
            print("encode and write one text; limit program: the finished bytes to a socket")
            for screen in screens:
                asyncio.run(_measure(screen, udp if screen["address"].startswith("udp:") else tcp))
        finally:
            cards.kill()


async def _measure(screen: fleet.Section, port: int) -> None:
    context, samples_ms, limit_ms = TimedContext(), list[float](), list[float]()
    driver, kind = fleet.driver(screen, context), socket.SOCK_STREAM
    if screen["address"].startswith("udp:"):
        kind = socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as sink:
        sink.connect(("127.0.0.1", port))
        async with driver.connect():
            for number in range(SHOWS + WARM):
                command = fleet.show(f"{number}", f"A{number:03d}号", attention=True)
                context.watch.begin()
                await driver.execute(command)
                samples_ms.append(context.watch.busy_s * 1000)
                began = time.perf_counter()
                for frame in context.watch.written:
                    sink.send(frame)
                limit_ms.append((time.perf_counter() - began) * 1000)
            frames = len(context.watch.written)
    name = f"{screen.get('model', screen['driver'].partition('.')[2])} {screen['width']}x{screen['height']}"
    size = sum(map(len, context.watch.written))
    budget = 0.5 if size < UNBOUNDED else None
    limit = middle(limit_ms[WARM:])
    say(f"{name}, {size} B in {frames}, p50", middle(samples_ms[WARM:]), "ms", budget=budget, limit=limit)


if __name__ == "__main__":
    main()
    sys.exit(1 if broken else 0)
