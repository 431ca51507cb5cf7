"""A network cable between a browser and the gateway, which can be pulled: nothing comes through, and nobody is told."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

PIECE = 65536


class Cable:
    """Passes bytes on while it is plugged; `url` is its near end. What is held back while it is pulled comes after."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._plugged = asyncio.Event()
        self._plugged.set()
        self._loses = False
        self.lost = 0  # connections that were never answered
        self._ends: set[asyncio.StreamWriter] = set()
        self.url = ""

    def pull(self, *, loses: bool = False) -> None:
        """From now on nothing comes through. `loses`: what is begun meanwhile is never answered, later neither."""
        self._loses = loses
        self._plugged.clear()

    def plug(self) -> None:
        """Put it back."""
        self._plugged.set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to its end."""
        if self._loses and not self._plugged.is_set():
            self.lost += 1
            with suppress(OSError):
                await reader.read()
            writer.close()
            return
        await self._plugged.wait()
        with suppress(OSError):
            inside, outside = await asyncio.open_connection(self._host, self._port)
            self._ends |= {writer, outside}
            await asyncio.gather(self._pass(reader, outside), self._pass(inside, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(PIECE):
                await self._plugged.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    def cut(self) -> None:
        """End all connections."""
        self.plug()
        for end in self._ends:
            end.transport.abort()


@asynccontextmanager
async def cable(host: str, port: int) -> AsyncGenerator[Cable]:
    """A cable to an address, plugged."""
    made = Cable(host, port)
    server = await asyncio.start_server(made.connected, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        made.cut()
        await asyncio.sleep(0.01)
