"""A serial port of this machine, through pyserial-asyncio-fast. Modem lines and parity are never required of it."""

import asyncio
import errno
import logging
import select
import termios
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import serial
from serial_asyncio_fast import SerialTransport

from gateway.core.address import serial_port
from gateway.core.errors import DeviceOffline
from gateway.wire.stream import StreamLink
from gateway.wire.tcp import reason

OPEN_S = 3.0  # a port opens within milliseconds; a USB adapter that was just plugged in takes up to a second
CLOSE_S = 1.0  # a port that does not close is left to its thread
log = logging.getLogger("gateway.wire")
GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL


class QuietPort(serial.PosixPollSerial):
    """The reader that polls: the other one fails above 1023 descriptors."""

    def _reconfigure_port(self, force_update: bool = False) -> None:
        """Set the port up; what it cannot have stays as it is.

        A pseudo-terminal takes parity without having it, and refuses it when nothing else is to be changed; and
        pyserial-asyncio sets an open port up again.
        """
        parent: Any = super()  # the stubs leave it out
        try:
            parent._reconfigure_port(force_update)  # noqa: SLF001 - overridden, as pyserial's own subclasses do
        except termios.error as error:
            log.debug("%s cannot have all settings: %s", self.port, error)


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
    SerialTransport(asyncio.get_running_loop(), link, device)
    await asyncio.sleep(0)  # now it has introduced itself to the link, which keeps it
    try:
        yield link
    finally:
        link.abort()
        await asyncio.wait({link.lost}, timeout=CLOSE_S)


async def _opened(path: str, address: str) -> serial.Serial:
    """Open it in a thread: a driver of the kernel may take its time. What opens too late is closed again."""
    port = serial_port(address)

    def opened() -> serial.Serial:
        return QuietPort(path, port.baud, port.bits, port.parity, port.stop, timeout=0, write_timeout=0, exclusive=True)

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


def _why(error: Exception) -> str:
    if getattr(error, "errno", None) == errno.EAGAIN:
        return "another program uses it"
    return reason(error) if isinstance(error, OSError) else str(error)
