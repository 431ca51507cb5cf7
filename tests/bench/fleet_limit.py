"""The limit program for screens: their drivers alone, behind the barest HTTP server. No journal, state or reconnect.

python fleet_limit.py FLEET PORT: connects to the screens of FLEET, a JSON list of sections, and shows their first
texts; says `shown` and the seconds that this took. Then a POST to PORT has a driver write at once, and a GET gives
the wall time at which each ticket was acknowledged.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import fleet
from bare import BareContext

from gateway.core.panel import PanelDriver


async def run(sections: list[fleet.Section], port: int) -> None:
    """Serve until killed."""
    drivers = {fleet.window(number): fleet.driver(each, BareContext()) for number, each in enumerate(sections)}
    acks: dict[str, float] = {}
    began = time.monotonic()

    async def show(driver: PanelDriver[Any], name: str, text: str, *, attention: bool) -> None:
        await driver.execute(fleet.show(name, text, attention=attention))
        acks[name] = time.time()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            if head.startswith(b"GET"):
                writer.write(_answer(200, acks))
                continue
            size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            call = json.loads(await reader.readexactly(size))
            label = f"{int(call['window'][1:]) + 1}号窗口"
            text = fleet.SHOWN.format(ticket=call["ticket"], label=label)
            group.create_task(show(drivers[call["window"]], call["ticket"], text, attention=True))
            writer.write(_answer(202, {}))
        writer.close()

    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        await asyncio.gather(*(stack.enter_async_context(driver.connect()) for driver in drivers.values()))
        firsts = (show(driver, name, fleet.FUNCTION, attention=False) for name, driver in drivers.items())
        await asyncio.gather(*firsts)
        took_s = time.monotonic() - began
        await asyncio.start_server(serve, "127.0.0.1", port)
        print(f"shown {took_s}", flush=True)
        await asyncio.Event().wait()


def _answer(status: int, body: Mapping[str, float]) -> bytes:
    raw = json.dumps(body).encode()
    return b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\nContent-Type: application/json\r\n\r\n%s" % (status, len(raw), raw)


if __name__ == "__main__":
    asyncio.run(run(json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2])))
