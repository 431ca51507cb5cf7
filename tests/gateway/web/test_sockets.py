"""WebSocket inlets: a device connects, its driver reads and pushes, and no connection disturbs another."""

import asyncio
import socket
from urllib.parse import urlsplit

import aiohttp
import pytest
from webhall import WebHall

from gateway.web import sockets
from gateway.wire.connection import OUTBOX, Connection
from gateway.wire.inlet import CONNECTIONS, MESSAGES, Inlets
from simulators import websocket

PATH = "/inlet/bell"


async def close_code(connection: aiohttp.ClientWebSocketResponse) -> int | None:
    """Read until it is closed; gives the code."""
    async with asyncio.timeout(5):
        while (await connection.receive()).type not in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
            pass
    return connection.close_code


async def test_a_message_reaches_the_driver_and_its_answer_this_connection_alone(hall: WebHall) -> None:
    url = hall.field + PATH
    with hall.services.house.inlets.open("ws:bell") as inlet:
        async with hall.session.ws_connect(f"{url}?a=1") as one, hall.session.ws_connect(url) as two:
            await one.send_str("铃")
            contact = await inlet.contact()
            assert (contact.method, contact.path, contact.query, contact.body.decode()) == (
                "MESSAGE",
                PATH,
                {"a": "1"},
                "铃",
            )
            contact.answer(200, "好".encode())
            inlet.push(b"all")
            assert [await one.receive_str(timeout=5) for _ in range(2)] == ["好", "all"]
            assert await two.receive_str(timeout=5) == "all"
            await two.send_bytes(b"raw")
            other = await inlet.contact()
            assert (other.body, other.source == contact.source) == (b"raw", False)


async def test_the_end_of_a_connection_is_told(hall: WebHall) -> None:
    with hall.services.house.inlets.open("ws:bell") as inlet:
        async with hall.session.ws_connect(hall.field + PATH) as connection:
            await connection.send_str("x")
            source = (await inlet.contact()).source
        ended = await asyncio.wait_for(inlet.contact(), 5)
        assert (ended.method, ended.source) == ("CLOSE", source)
        ended.answer(200, b"to nobody")


async def test_a_refusal_ends_the_connection_with_its_reason(hall: WebHall) -> None:
    with hall.services.house.inlets.open("ws:bell") as inlet:
        async with hall.session.ws_connect(hall.field + PATH) as connection:
            await connection.send_str("nonsense")
            (await inlet.contact()).answer(400, b"no beat: x")
            message = await connection.receive(timeout=5)
            assert (message.data, message.extra) == (1008, "no beat: x")


async def test_an_inlet_that_closes_ends_its_connections(hall: WebHall) -> None:
    with hall.services.house.inlets.open("ws:bell"):
        connection = await hall.session.ws_connect(hall.field + PATH)
    assert await close_code(connection) == sockets.GONE_CODE


async def test_where_no_driver_waits_there_is_no_socket(hall: WebHall) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await hall.session.ws_connect(hall.field + PATH)
    assert refused.value.status == 404


async def test_a_silent_peer_is_asked_and_then_given_up(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "PING_S", 0.02)
    monkeypatch.setattr(sockets, "DEAD_S", 0.1)
    with hall.services.house.inlets.open("ws:bell"):
        async with hall.session.ws_connect(hall.field + PATH, autoping=False) as mute:
            pings = 0
            while (message := await mute.receive(timeout=5)).type is aiohttp.WSMsgType.PING:
                pings += 1
            assert (message.data, pings >= 2) == (1001, True)
        async with hall.session.ws_connect(hall.field + PATH) as living:
            with pytest.raises(TimeoutError):  # it answers pings, so it stays
                async with asyncio.timeout(0.3):
                    await living.receive()


async def test_a_peer_that_does_not_read_is_dropped_and_another_gets_everything(hall: WebHall) -> None:
    body, where = b"x" * 60_000, urlsplit(hall.field)
    request, _ = websocket.upgrade(PATH, where.netloc, {})
    with hall.services.house.inlets.open("ws:bell") as inlet, socket.socket() as slow:
        async with hall.session.ws_connect(hall.field + PATH) as reader:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect((where.hostname, where.port))
            slow.sendall(request)
            gone = asyncio.create_task(inlet.contact())
            for _ in range(400):
                inlet.push(body)
                assert await reader.receive_str(timeout=5) == body.decode()
            assert (await asyncio.wait_for(gone, 5)).method == "CLOSE"


async def test_a_device_has_only_so_many_connections(hall: WebHall) -> None:
    with hall.services.house.inlets.open("ws:bell"):
        opened = [await hall.session.ws_connect(hall.field + PATH) for _ in range(CONNECTIONS)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await hall.session.ws_connect(hall.field + PATH)
        assert refused.value.status == 503
        for connection in opened:
            await connection.close()


async def test_a_long_message_ends_the_connection(hall: WebHall) -> None:
    with hall.services.house.inlets.open("ws:bell"):
        async with hall.session.ws_connect(hall.field + PATH) as connection:
            await connection.send_str("x" * (sockets.MOST_BYTES + 1))
            assert await close_code(connection) == 1009


async def test_what_waits_to_be_sent_is_bounded() -> None:
    connection = Connection("one", PATH, {})
    for _ in range(OUTBOX):
        connection.send(b"x")
    assert not connection.ended.done()
    connection.send(b"one too many")
    connection.end(1000, "later reasons do not count")
    assert connection.ended.result().code == 1013
    assert connection.outbox.qsize() == OUTBOX


async def test_what_waits_to_be_read_is_bounded_and_the_end_is_told_all_the_same() -> None:
    with Inlets().open("ws:bell") as inlet:
        connection = Connection("one", PATH, {})
        with inlet.connected(connection):
            for _ in range(MESSAGES + 5):
                inlet.received(connection, b"x")
        assert connection.ended.result().code == 1013
        assert inlet.queue.qsize() == MESSAGES + 1


def test_a_reason_fits_into_a_close_frame() -> None:
    async def reason() -> str:
        connection = Connection("one", PATH, {})
        connection.end(1008, "因" * 100)
        return connection.ended.result().reason

    assert asyncio.run(reason()) == "因" * 40
