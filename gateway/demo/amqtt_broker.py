"""amqtt on 127.0.0.1:PORT until SIGTERM: a program of its own, so that it never shares the gateway's loop."""

import asyncio
import importlib
import signal
import sys
from typing import Any


async def serve(port: int) -> None:
    """Run the broker until SIGTERM or SIGINT."""
    amqtt: Any = importlib.import_module("amqtt.broker")
    broker = amqtt.Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}", "max_connections": 0}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await broker.start()
    await stop.wait()
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
