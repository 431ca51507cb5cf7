"""A serial port at a server that speaks RFC 2217, through pyserial in a thread of its own: it cannot do otherwise.

The thread waits for what is to be sent while nothing is asked; while something is, it looks for input every STEP_S.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from serial import SerialException, rfc2217

from gateway.core.address import Port, serial_port
from gateway.core.errors import DeviceOffline
from gateway.wire.stream import StreamLink
from gateway.wire.tcp import never_late

OPEN_S = 12.0  # pyserial gives the connection 5 s, the options 3 s, the settings 3 s
CLOSE_S = 1.0  # closing takes 0.3 s; a server that does not let go is left to the thread
STEP_S = 0.004  # four bytes at 9600 baud: what an answer may come later than on a port of our own
IDLE_S = 0.25  # how soon a server that hung up is noticed
ASKING_S = 15.0  # no driver waits longer for an answer


class RemotePort(asyncio.Transport):
    """The thread, as a transport. Its protocol hears of everything in the loop."""

    def __init__(self, address: str, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._url, self._port, self._protocol = address.partition("?")[0], serial_port(address), protocol
        self._loop = asyncio.get_running_loop()
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._unsent = 0
        self._closing = False
        self.opened: asyncio.Future[None] = self._loop.create_future()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        threading.Thread(target=self._run, name=f"RFC 2217 {self._url}", daemon=True).start()

    def write(self, data: Any) -> None:
        self._unsent += len(data)
        self._out.put(bytes(data))

    def get_write_buffer_size(self) -> int:
        """How many bytes the thread still has: a server that reads nothing holds it for 5 s, and then it ends."""
        return self._unsent

    def is_closing(self) -> bool:
        return self._closing

    def abort(self) -> None:
        self._closing = True
        self._out.put(None)

    def _run(self) -> None:
        why: Exception | None = None
        try:
            with _open(self._url, self._port) as port:
                self._tell(self._up)
                self._serve(port)
        except (SerialException, OSError, ValueError, AttributeError) as error:  # AttributeError: closed meanwhile
            why = error
        finally:
            self._tell(lambda: self._down(why))

    def _serve(self, port: rfc2217.Serial) -> None:
        asked = -ASKING_S
        while True:
            asking = self._loop.time() < asked + ASKING_S
            with suppress(queue.Empty):
                data = self._out.get(timeout=STEP_S if asking else IDLE_S)
                if data is None:
                    return
                port.write(data)
                self._tell(partial(self._sent, len(data)))
                asked = self._loop.time()
            if waiting := port.in_waiting:  # a server that hung up leaves a mark to be read
                self._hear(bytes(port.read(waiting)))

    def _hear(self, data: bytes) -> None:
        if not data:
            raise SerialException("the server hung up")
        self._tell(lambda: self._protocol.data_received(data))

    def _tell(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile: nobody is there to be told
            self._loop.call_soon_threadsafe(what)

    def _sent(self, size: int) -> None:
        self._unsent -= size

    def _up(self) -> None:
        self._protocol.connection_made(self)
        if not self.opened.done():
            self.opened.set_result(None)

    def _down(self, why: Exception | None) -> None:
        self._closing = True
        self._protocol.connection_lost(why)
        for future in (self.opened, self.ended):
            if not future.done():
                future.set_result(None)


def _open(url: str, port: Port) -> rfc2217.Serial:
    opened: Any = rfc2217.Serial(url, port.baud, port.bits, port.parity, port.stop, timeout=0)
    never_late(opened._socket)  # noqa: SLF001 - pyserial offers no other way, and would wait for a lost server for ever
    found: rfc2217.Serial = opened
    return found


@asynccontextmanager
async def open_rfc2217(address: str) -> AsyncGenerator[StreamLink]:
    """Open `rfc2217://host:port?baud=9600`. Raises DeviceOffline."""
    link = StreamLink(address.partition("?")[0], byte_s=serial_port(address).byte_s)
    remote = RemotePort(address, link)
    try:
        await asyncio.wait({remote.opened}, timeout=OPEN_S)
        if link.lost.done():
            link.lost.result()
        if not remote.opened.done():
            raise DeviceOffline(f"{link.name} was not ready within {OPEN_S:g} s")
        yield link
    finally:
        remote.abort()
        await asyncio.wait({remote.ended}, timeout=CLOSE_S)
