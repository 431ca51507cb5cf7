"""RFC 2217, against the server that pyserial has."""

import asyncio
import os
import socket
import threading
import tty
from collections.abc import Generator
from typing import Any, cast

import pytest
from serialserver import Bridge
from smallhall import until

from gateway.core.address import serial_port
from gateway.core.errors import DeviceOffline
from gateway.wire import rfc2217
from gateway.wire.rfc2217 import open_rfc2217
from gateway.wire.stream import SEND_BUFFER, StreamLink
from gateway.wire.tcp import UNHEARD_S

# pyserial leaves a socket to the collector whose other end has gone first
LEFT_OPEN = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "RFC 2217" in thread.name]


@pytest.fixture(autouse=True)
def no_thread_outlives_its_test() -> Generator[None]:
    """One that is given up while pyserial waits for a server goes on by itself until that is over, which takes 3 s."""
    yield
    for thread in threads():
        thread.join(15)


@pytest.fixture
def terminal() -> Generator[tuple[int, str]]:
    """The near end of a pseudo-terminal, and the path of the far one."""
    near, far = os.openpty()
    tty.setraw(near)
    tty.setraw(far)
    os.set_blocking(near, False)
    yield near, os.ttyname(far)
    os.close(near)
    os.close(far)


@pytest.fixture
def near(terminal: tuple[int, str]) -> int:
    """What is written here comes out of the server's port."""
    return terminal[0]


@pytest.fixture
def server(terminal: tuple[int, str]) -> Generator[Bridge]:
    with Bridge(terminal[1], speaks_2217=True) as made:
        yield made


def address(server: Bridge) -> str:
    return f"rfc2217://127.0.0.1:{server.port}?baud=9600"


def waiting(link: StreamLink) -> int:
    """How many bytes the link has not sent yet."""
    assert link._transport is not None
    return link._transport.get_write_buffer_size()


def whole(data: bytes) -> bytes | None:
    return data if data.endswith(b"\n") else None


async def test_asks_and_hears_bytes_that_telnet_would_escape(near: int, server: Bridge) -> None:
    loop = asyncio.get_running_loop()
    loop.add_reader(near, lambda: os.write(near, b"re:" + os.read(near, 100)))
    async with open_rfc2217(address(server)) as link:
        held = bytearray()

        def matches(data: bytes) -> bytes | None:
            held.extend(data)
            return whole(bytes(held))

        assert await link.exchange(b"\xff\x00\xff\n", matches, 2.0) == b"re:\xff\x00\xff\n"
        held.clear()
        assert await link.exchange(b"again\n", matches, 2.0) == b"re:again\n"
        assert waiting(link) == 0
    loop.remove_reader(near)


async def test_a_server_that_hangs_up_is_noticed_while_nothing_is_asked(server: Bridge) -> None:
    async with open_rfc2217(address(server)) as link:
        server.hang_up()
        with pytest.raises(DeviceOffline, match=r"^rfc2217://127\.0\.0\.1:\d+ closed the connection"):
            await asyncio.wait_for(asyncio.shield(link.lost), 3)


async def test_a_port_that_is_silent_is_an_outage(server: Bridge) -> None:
    async with open_rfc2217(address(server)) as link:
        with pytest.raises(DeviceOffline, match=r"did not answer within 0\.05 s$"):
            await link.exchange(b"who\n", whole, 0.05)


async def test_nobody_there_is_an_outage_with_the_reason(server: Bridge) -> None:
    with pytest.raises(DeviceOffline, match="Connection refused"):
        async with open_rfc2217("rfc2217://127.0.0.1:1"):
            pass


@LEFT_OPEN
async def test_a_server_that_speaks_something_else_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rfc2217, "OPEN_S", 0.05)
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    with pytest.raises(DeviceOffline):
        async with open_rfc2217(f"rfc2217://127.0.0.1:{server.sockets[0].getsockname()[1]}"):
            pass
    server.close()
    await server.wait_closed()


async def flood(link: StreamLink) -> None:
    for _ in range(1000):
        link.write(bytes(SEND_BUFFER))
        await asyncio.sleep(0.001)


@LEFT_OPEN
async def test_a_server_that_reads_nothing_is_offline_before_much_waits_for_it(server: Bridge) -> None:
    async with open_rfc2217(address(server)) as link:
        server.hang()
        with pytest.raises(DeviceOffline, match="takes no more bytes"):
            await flood(link)
        assert waiting(link) <= 2 * SEND_BUFFER
        server.hang_up()


async def test_leaving_ends_the_thread(server: Bridge) -> None:
    for _ in range(2):
        async with open_rfc2217(address(server)):
            assert len(threads()) == 2  # ours, and pyserial's reader
        await until(lambda: not threads())


@LEFT_OPEN
def test_a_server_that_is_not_heard_of_is_given_up_by_the_kernel(server: Bridge) -> None:
    with rfc2217._open(f"rfc2217://127.0.0.1:{server.port}", serial_port(address(server))) as port:
        own: socket.socket = cast(Any, port)._socket
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNHEARD_S * 1000
        assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
