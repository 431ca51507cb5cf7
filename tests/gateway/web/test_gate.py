"""The gate of a listener: so many connections and no more, and none that stands still for ever."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import pytest
from webhall import WebHall, until

from gateway.web import gate, server
from gateway.web.server import serve

ASK = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


class Visit:
    """A connection from an address of this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, request: bytes = ASK) -> bytes:
        """The first line of an answer; nothing where the connection is closed, or was reset."""
        self.send(request)
        try:
            return await asyncio.wait_for(self._reader.readline(), 5)
        except ConnectionError:
            return b""

    def send(self, data: bytes) -> None:
        """Send a piece of something."""
        self._writer.write(data)

    async def until(self, end: bytes) -> None:
        """Read up to there."""
        await asyncio.wait_for(self._reader.readuntil(end), 5)

    async def rest(self) -> bytes:
        """All that comes until the connection ends."""
        try:
            return await asyncio.wait_for(self._reader.read(), 5)
        except ConnectionError:
            return b""


@asynccontextmanager
async def visit(hall: WebHall, address: str = "127.0.0.1") -> AsyncGenerator[Visit]:
    where = urlsplit(hall.field)
    reader, writer = await asyncio.open_connection(where.hostname, where.port, local_addr=(address, 0), limit=1 << 20)
    try:
        yield Visit(reader, writer)
    finally:
        writer.transport.abort()


async def said(hall: WebHall) -> bytes:
    """What somebody is told who comes now."""
    async with visit(hall) as somebody:
        return await somebody.ask()


def refused(hall: WebHall) -> float | None:
    registry = hall.services.house.meters.registry
    return registry.get_sample_value("hall_refused_total", {"reason": "connections"})


async def test_an_address_has_only_so_many_connections_and_is_told_so(
    hall: WebHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MOST_OF_ONE", 2)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            assert b" 200 " in await (await stack.enter_async_context(visit(hall))).ask()
        async with visit(hall) as third:
            assert await third.ask() == b"HTTP/1.1 503 Service Unavailable\r\n"
            told = (await third.rest()).decode()
            assert told.endswith("too many connections from 127.0.0.1: at most 2")
            assert "Retry-After: 5\r\nConnection: close\r\n" in told
        async with visit(hall, "127.0.0.2") as other:
            assert b" 200 " in await other.ask()
    assert refused(hall) == 1
    await until(lambda: said(hall), lambda line: b" 200 " in line)


async def test_a_listener_has_only_so_many_connections(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MOST", 1)
    async with visit(hall, "127.0.0.2") as one, visit(hall, "127.0.0.3") as two:
        assert b" 200 " in await one.ask()
        assert b" 503 " in await two.ask()
        assert (await two.rest()).endswith(b"too many connections: at most 1")


async def test_a_flood_gets_no_word(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MOST_OF_ONE", 0)
    monkeypatch.setattr(gate, "FAREWELLS", 1)
    async with visit(hall) as told, visit(hall) as cut:
        assert (b" 503 " in await told.ask(), await cut.ask()) == (True, b"")


async def test_who_is_one_too_many_and_stays_is_turned_out(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MOST_OF_ONE", 0)
    monkeypatch.setattr(gate, "FAREWELL_S", 0.02)
    async with visit(hall) as one:
        assert b" 503 " in await one.ask()
        await one.rest()
        async with asyncio.timeout(5):
            while await one.ask(b"more"):
                pass
    monkeypatch.setattr(gate, "MOST_OF_ONE", 1)
    await until(lambda: said(hall), lambda line: b" 200 " in line)


async def test_the_first_head_must_come_in_time_however_much_of_it_comes(
    hall: WebHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "HEAD_S", 0.2)
    async with visit(hall) as slow, visit(hall) as silent, visit(hall) as good:
        good.send(ASK[:-2])
        await asyncio.sleep(0.01)
        assert b" 200 " in await good.ask(ASK[-2:])
        silent.send(b"\r\n\r\n")  # empty lines before a request are none
        for byte in ASK[:5]:
            slow.send(bytes([byte]))
            await asyncio.sleep(0.02)
        assert (await slow.rest(), await silent.rest()) == (b"", b"")
        await good.until(b"}")
        assert b" 200 " in await good.ask()


@pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/healthz"])  # a long answer, and many short ones
async def test_who_does_not_read_what_they_asked_for_is_dropped(
    hall: WebHall, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "STUCK_S", 0.1)
    where = urlsplit(hall.url)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(deaf, (where.hostname, where.port))
        ask = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {hall.admin}\r\n\r\n"

        async def ask_for_ever() -> None:
            while True:
                await loop.sock_sendall(deaf, 200 * ask.encode())
                await asyncio.sleep(0.001)

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(ask_for_ever(), 10)


async def test_who_reads_slowly_gets_all_of_it(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "STUCK_S", 0.1)
    monkeypatch.setattr(gate, "LEAST", 1)
    where = urlsplit(hall.url)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(slow, (where.hostname, where.port))
        ask = f"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {hall.admin}\r\n\r\n"
        await loop.sock_sendall(slow, 100 * ask.encode())
        got = 0
        for _ in range(40):
            got += len(await asyncio.wait_for(loop.sock_recv(slow, 65536), 5))
            await asyncio.sleep(0.02)
        assert got > 40 * 2048


async def test_between_requests_a_connection_may_rest_only_so_long(
    hall: WebHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server.SERVED, "keepalive_timeout", 0.05)
    async with serve(hall.services, console="127.0.0.1:0", field=None) as url:
        where = urlsplit(url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(ASK)
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 200 ")  # and then it is closed
        writer.close()
        await writer.wait_closed()
