"""The listeners: what is served where, how they start and stop, health, metrics and inlets."""

import asyncio
import json
import logging
import time
from contextlib import AbstractAsyncContextManager
from io import BytesIO
from urllib.parse import urlsplit

import aiohttp
import pytest
from child import free_port
from webhall import WebHall

from gateway.core.errors import GatewayError, JournalError
from gateway.web import server
from gateway.web.server import serve
from gateway.wire.inlet import QueueInlet


def serving(hall: WebHall, console: str) -> AbstractAsyncContextManager[str]:
    return serve(hall.services, console=console, field=None)


async def test_a_taken_address_is_named(hall: WebHall) -> None:
    taken = hall.url.removeprefix("http://")
    with pytest.raises(GatewayError) as refused:
        async with serving(hall, taken):
            pass
    assert str(refused.value) == f"http.console: {taken} is already in use"


async def test_an_address_of_another_machine_is_refused(hall: WebHall) -> None:
    with pytest.raises(GatewayError, match=r"^http\.console: 192\.0\.2\.1:80 cannot be opened: Cannot assign"):
        async with serving(hall, "192.0.2.1:80"):
            pass


async def test_stopping_does_not_wait_for_idle_or_slow_clients(hall: WebHall) -> None:
    async with hall.online("led-01"), aiohttp.ClientSession() as session:
        async with serving(hall, "127.0.0.1:0") as url:
            async with session.get(f"{url}/healthz") as idle:
                assert idle.status == 200
            headers = {"Authorization": f"Bearer {hall.admin}"}
            slow = asyncio.create_task(
                session.post(f"{url}/api/v1/devices/led-01/commands/hold", json={}, headers=headers)
            )
            await asyncio.sleep(0.05)
            began = time.monotonic()
        assert time.monotonic() - began < 2
        with pytest.raises(aiohttp.ClientError):
            await slow


async def test_the_field_listener_serves_inlets_and_its_health_only(hall: WebHall) -> None:
    for path, status in (("/healthz", 200), ("/readyz", 404), ("/", 404), ("/api/v1/devices", 404), ("/metrics", 404)):
        async with hall.session.get(hall.field + path) as answer:
            assert answer.status == status
    async with hall.session.get(hall.url + "/inlet/bell") as answer:
        assert answer.status == 404


async def test_no_token_is_ever_logged(hall: WebHall, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await hall.ask("GET", f"/?token={hall.admin}", who=None)
    await hall.ask("GET", "/api/v1/devices")
    for broken in (f"GET /?token={hall.admin} HTTP/9.1", f"GET / HTTP/1.1\r\nAuthorization : Bearer {hall.admin}"):
        assert (await raw(hall, f"{broken}\r\nHost: x\r\n\r\n".encode())).startswith(b"HTTP/1.0 400 ")
    assert hall.admin not in caplog.text


async def test_a_token_that_is_no_text_is_no_token(hall: WebHall) -> None:
    answer = await raw(hall, b"GET / HTTP/1.1\r\nHost: x\r\nCookie: hall_token=\xff\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_chinese_that_is_not_encoded_is_answered_with_a_problem_that_says_so(hall: WebHall) -> None:
    answer = await raw(hall, "GET /api/v1/events?q=火警 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert b"Content-Type: application/problem+json" in head
    assert (b"Server: hall-gateway" in head, b"Connection: close" in head or b"HTTP/1.0" in head) == (True, True)
    assert (problem["status"], problem["title"]) == (400, "Bad Request")
    assert problem["detail"].endswith("write what is not ASCII in an address in percent encoding: 火 as %E7%81%AB")


async def raw(hall: WebHall, data: bytes) -> bytes:
    """What is answered to these bytes, whether they are HTTP or not."""
    parts = urlsplit(hall.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_health_probe_may_ask_for_the_head_only(hall: WebHall) -> None:
    answer = await hall.ask("HEAD", "/healthz", who=None)
    assert (answer.status, answer.body) == (200, b"")


async def test_the_gateway_is_ready_while_its_journal_commits(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    head = hall.services.house.journal.head
    assert (await hall.ask("GET", "/readyz", who=None)).json == {"status": "ready"}
    assert hall.services.house.journal.head == head

    async def full(*_: object, **__: object) -> None:
        raise JournalError("the journal could not record: database or disk is full")

    monkeypatch.setattr(hall.services.house.journal, "record", full)
    hall.services.house.journal._proven = ""  # as if a second had gone by
    answer = await hall.ask("GET", "/readyz", who=None)
    assert (answer.status, "disk is full" in answer.detail) == (503, True)
    assert (await hall.ask("GET", "/healthz", who=None)).status == 200


async def test_a_journal_that_hangs_is_not_ready(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(hall.services.house.journal, "record", hang)
    hall.services.house.journal._proven = ""
    monkeypatch.setattr("gateway.web.health.READY_S", 0.01)
    assert (await hall.ask("GET", "/readyz", who=None)).status == 503


async def test_metrics_are_in_the_text_format(hall: WebHall) -> None:
    await hall.call("c-1")
    answer = await hall.ask("GET", "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert f"hall_journal_seq {hall.services.house.journal.head.seq}.0" in answer.body.decode()


async def echo(inlet: QueueInlet) -> None:
    contact = await inlet.contact()
    contact.answer(
        201, f"{contact.method} {contact.path} {dict(contact.query)} ".encode() + contact.body, "text/x-bell"
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_inlet_gives_the_device_its_drivers_answer(hall: WebHall, method: str) -> None:
    with hall.services.house.inlets.open("http:bell") as inlet:
        driver = asyncio.create_task(echo(inlet))
        answer = await hall.ask(method, "/inlet/bell?key=7", data=b"ding", who=None)
        await driver
    assert (answer.status, answer.headers["Content-Type"]) == (201, "text/x-bell")
    assert answer.body == f"{method} /inlet/bell {{'key': '7'}} ding".encode()


@pytest.mark.parametrize("path", ["/iclock/cdata", "/iclock/iclock/devicecmd.aspx"])
async def test_a_zkteco_device_is_told_by_its_serial_number_whatever_the_path(hall: WebHall, path: str) -> None:
    with hall.services.house.inlets.open("iclock:CGXH1") as inlet:
        asking = asyncio.create_task(hall.ask("POST", f"{path}?SN=CGXH1&table=rtlog", data=b"row", who=None))
        contact = await inlet.contact()
        assert (contact.method, contact.path, contact.body, contact.source) == ("POST", path, b"row", "127.0.0.1")
        assert contact.query == {"SN": "CGXH1", "table": "rtlog"}
        contact.answer(200, b"OK")
        assert (await asking).body == b"OK"


@pytest.mark.parametrize("query", ["", "?SN=", "?SN=other", "?sn=CGXH1", "?SN=cgxh1"])
async def test_an_unknown_serial_number_is_refused_and_counted(hall: WebHall, query: str) -> None:
    with hall.services.house.inlets.open("iclock:CGXH1"):
        assert (await hall.ask("GET", f"/iclock/cdata{query}", who=None)).status == 404
        assert (await hall.ask("GET", "/inlet/CGXH1?SN=CGXH1", who=None)).status == 404
    dropped = hall.services.house.meters.dropped.labels("inlet.unknown")
    assert dropped._value.get() == 2


async def test_the_driver_gets_the_cookie_as_it_was_sent(hall: WebHall) -> None:
    with hall.services.house.inlets.open("iclock:CGXH1") as inlet:
        sent = {"Cookie": "token=af65,timestamp=7"}
        asking = asyncio.create_task(hall.session.get(f"{hall.field}/iclock/getrequest?SN=CGXH1", headers=sent))
        contact = await inlet.contact()
        assert contact.cookie == "token=af65,timestamp=7"
        contact.answer(200, b"OK")
        (await asking).close()


async def test_an_inlet_takes_a_megabyte_and_not_more(hall: WebHall) -> None:
    with hall.services.house.inlets.open("http:bell") as inlet:
        driver = asyncio.create_task(echo(inlet))
        assert (await hall.ask("POST", "/inlet/bell", data=BytesIO(b"x" * 1024 * 1024), who=None)).status == 201
        await driver
        assert (await hall.ask("POST", "/inlet/bell", data=BytesIO(b"x" * 1024 * 1025), who=None)).status == 413


async def test_an_inlet_without_a_driver_is_404(hall: WebHall) -> None:
    assert (await hall.ask("POST", "/inlet/bell", data=b"", who=None)).status == 404


async def test_what_is_sent_to_nobody_is_not_waited_for(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(server.SERVED, "lingering_time", 0.02)
    port = free_port()
    async with serve(hall.services, console="127.0.0.1:0", field=f"127.0.0.1:{port}"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /inlet/bell HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 404 ")
        writer.close()
        await writer.wait_closed()
