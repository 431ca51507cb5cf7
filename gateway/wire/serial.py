"""A serial port of this machine, through pyserial-asyncio-fast. Modem lines and parity are never required of it."""

import asyncio
import select
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

import serial
from serial_asyncio_fast import connection_for_serial

from gateway.core.address import serial_port
from gateway.core.errors import DeviceOffline
from gateway.wire.stream import StreamLink
from gateway.wire.tcp import reason

OPEN_S = 3.0  # a port opens within milliseconds; a USB adapter that was just plugged in takes up to a second
CLOSE_S = 1.0  # a port that does not close is left to its thread
GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL


class SerialLink(StreamLink):
    """A serial port. pyserial would spin while the port takes no more bytes, so it is only given what it takes."""

    ended = "is gone, as when it is unplugged"

    def send(self, transport: asyncio.Transport, request: bytes) -> None:
        poll = select.poll()
        poll.register(transport.get_extra_info("serial").fd, select.POLLOUT)
        events = poll.poll(0)
        if not events or transport.get_write_buffer_size():
            raise DeviceOffline(f"{self.name} takes no more bytes: does flow control hold it?")
        if events[0][1] & GONE:
            raise DeviceOffline(f"{self.name} {self.ended}")
        transport.write(request)

    def abort(self) -> None:
        """Drop the port at once; a second time would fail inside of pyserial-asyncio."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.abort()


@asynccontextmanager
async def open_serial(address: str) -> AsyncGenerator[StreamLink]:
    """Open `serial:///dev/ttyUSB0?baud=9600`, for us alone. Raises DeviceOffline."""
    port, path = serial_port(address), unquote(urlsplit(address).path)
    link = SerialLink(path, byte_s=port.byte_s)
    device = await _opened(path, address)
    await connection_for_serial(asyncio.get_running_loop(), lambda: link, device)
    try:
        yield link
    finally:
        link.abort()
        await asyncio.wait({link.lost}, timeout=CLOSE_S)


async def _opened(path: str, address: str) -> serial.Serial:
    """Open it in a thread: a driver of the kernel may take its time. What opens too late is closed again."""
    port = serial_port(address)

    def opened() -> serial.Serial:  # the reader that polls: the other one fails above 1023 descriptors
        return serial.PosixPollSerial(
            path, port.baud, port.bits, port.parity, port.stop, timeout=0, write_timeout=0, exclusive=True
        )

    opening = asyncio.get_running_loop().run_in_executor(None, opened)
    try:
        await asyncio.wait({opening}, timeout=OPEN_S)
    finally:
        if not opening.done():
            opening.add_done_callback(_close)
    if not opening.done():
        raise DeviceOffline(f"{path} did not open within {OPEN_S:g} s")
    try:
        return opening.result()
    except (OSError, ValueError) as error:  # ValueError: a speed that the port does not have
        raise DeviceOffline(f"{path}: {_why(error)}") from error


def _close(opening: "asyncio.Future[serial.Serial]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, BlockingIOError) or getattr(error, "errno", None) == 11:
        return "another program uses it"
    return reason(error) if isinstance(error, OSError) else str(error)
