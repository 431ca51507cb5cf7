"""A process of simulated screens of all families that notes when the last byte of each text arrived.

python fleet_cards.py FLEET OUT THINK_S: the screens of FLEET, a JSON list of sections, each answering THINK_S after a
question. Prints `ready` and the TCP and the UDP port of a sink. SIGUSR1 writes to OUT, and forgets, a JSON list of
[monotonic seconds, screen, text].
"""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import fleet

from gateway.core.address import host_port
from simulators.serve import twin_type
from simulators.tcp import Answer, TcpTwin

Shown = list[tuple[float, str, str]]


def timed(twin: TcpTwin[Any], shown: Shown) -> None:
    """Put a stop-watch before a card: it sees the bytes before the card does, and what the card shows behind them."""
    plain, last = twin.answers, ""

    def answers() -> Answer:
        inner = plain()

        def answer(data: bytes) -> Iterable[bytes]:
            nonlocal last
            at = time.monotonic()
            replies = list(inner(data))
            text = twin.seen()["text"].replace("\n", "")
            if text not in ("", last):  # a blinking one is there and not there
                last = text
                shown.append((at, twin.config.id, text))
            return replies

        return answer

    vars(twin)["answers"] = answers  # for every family at once, whatever its class


class Sink(asyncio.Protocol, asyncio.DatagramProtocol):
    """What throws away all that comes."""


async def serve(sections: list[fleet.Section], out: Path, think_s: float) -> None:
    """Serve until killed."""
    shown: Shown = []

    def dump() -> None:
        draft = out.with_suffix(".new")
        draft.write_text(json.dumps(shown))
        draft.replace(out)
        shown.clear()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, dump)
    tcp = await loop.create_server(Sink, "127.0.0.1", 0)
    udp, _ = await loop.create_datagram_endpoint(Sink, ("127.0.0.1", 0))
    async with AsyncExitStack() as stack:
        for section in sections:
            twin = twin_type(section["driver"])(fleet.config(section))
            assert isinstance(twin, TcpTwin)
            timed(twin, shown)
            twin.levers()["slow"]({"seconds": think_s})
            await stack.enter_async_context(twin.serve(*host_port(section["address"])))
        sinks = f"{tcp.sockets[0].getsockname()[1]} {udp.get_extra_info('sockname')[1]}"
        print(f"ready {sinks}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]), float(sys.argv[3])))
