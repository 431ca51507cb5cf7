"""What is wrong with a request is said in one sentence; nothing of it reaches the hall."""

import asyncio
import gzip
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from webhall import WebHall

from gateway.web.server import serve

JSON = {"Content-Type": "application/json"}
CALL = {"call_id": "c-1", "window": "w01", "ticket": "A001"}


async def post(hall: WebHall, data: bytes, headers: dict[str, str] | None = None) -> tuple[int, str]:
    answer = await hall.ask("POST", "/api/v1/calls", data=data, headers=JSON if headers is None else headers)
    return answer.status, answer.detail


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"call A001", "line 1 column 1"),
        (b'{"call_id": "c-1",\n "window": w01}', "line 2 column 12"),
        (b'{"call_id": "\xff"}', "line 1"),
        (b'{"call_id": "\\ud800"}', "line 1"),
        (b"[" * 60_000, "line 1 column 202"),
        (b'{"call_id": "c-1"}{', "line 1 column 19"),
    ],
)
async def test_what_is_not_json_is_400_and_says_where(hall: WebHall, data: bytes, where: str) -> None:
    status, detail = await post(hall, data)
    assert status == 400
    assert detail.startswith("body is not JSON: ")
    assert where in detail


async def first_line(hall: WebHall, headers: bytes, body: bytes, late: bytes = b"") -> bytes:
    """The status line for a call that no ordinary client would send; `late` is written only after it."""
    parts = urlsplit(hall.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    token = f"Host: x\r\nConnection: close\r\nAuthorization: Bearer {hall.admin}\r\n".encode()
    writer.write(b"POST /api/v1/calls HTTP/1.1\r\n" + token + headers + b"\r\n\r\n" + body)
    await asyncio.wait_for(writer.drain(), 5)
    line = await asyncio.wait_for(reader.readline(), 5)
    writer.write(late)
    await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    return line


async def test_a_refused_megabyte_can_be_sent_to_its_end(hall: WebHall) -> None:
    """A client that writes everything before it reads gets its answer, not a reset."""
    headers = b"Content-Type: application/json\r\nContent-Length: 1000000"
    assert (await first_line(hall, headers, b" " * 1_000_000)).startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_does_not_come_is_given_up(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.entrance.BODY_S", 0.05)
    headers = b"Content-Type: application/json\r\nContent-Length: 3"
    assert (await first_line(hall, headers, b"{", late=b" }")).startswith(b"HTTP/1.1 408 ")


async def test_a_content_type_that_is_no_text_is_415(hall: WebHall) -> None:
    assert (await first_line(hall, b"Content-Type: a/\xff\r\nContent-Length: 2", b"{}")).startswith(b"HTTP/1.1 415 ")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"window": "w99"}, "there is no window 'w99'; there are: w01, w02"),
        ({"ticket": None}, "ticket is missing: a call is about one"),
        ({"ticket": "A0123456789"}, "led-01 has room for 8 characters"),
        ({"ticket": "A" * 33}, "ticket: must have at most 32 characters"),
        ({"ticket": "A\n001"}, "ticket: must be visible characters, without control characters"),
        ({"ticket": "13912345678"}, "ticket: looks like an identity or telephone number, which is never shown"),
        ({"ticket": 7}, "ticket: must be text, in quotes where it looks like a number or a date"),
        (
            {"call_id": "../c 1"},
            "call_id: must be 1 to 64 letters, digits, '.', '_', ':' and '-', beginning with a letter or digit",
        ),
        (
            {"kind": "shout"},
            "kind: must be 'call', 'recall', 'skip', 'transfer', 'hold', 'pause', 'close' or 'resume'",
        ),
        ({"seq": -1}, "seq: must be at least 0"),
        ({"ttl_s": 1}, "ttl_s: must be at least 5"),
        (
            {"at": "2026-01-01T00:00:00"},
            "at: must be a time with its zone, such as 2026-07-17T09:00:00+08:00 or 2026-07-17T01:00:00Z",
        ),
        (
            {"tiket": "A001"},
            "tiket: there is no such field (did you mean 'ticket'?); there are: at, call_id, kind, person_name, "
            "priority, seq, session, ticket, ttl_s, window",
        ),
    ],
)
async def test_a_wrong_call_is_422_and_names_the_field(hall: WebHall, change: dict[str, Any], sentence: str) -> None:
    body = {key: value for key, value in {**CALL, **change}.items() if value is not None}
    assert await post(hall, json.dumps(body).encode()) == (422, sentence)
    assert (await hall.get("/events?type=call.accepted"))["events"] == []


async def test_every_wrong_field_is_named(hall: WebHall) -> None:
    assert await post(hall, b"{}") == (422, "call_id: is missing; window: is missing")
    assert await post(hall, b"[]") == (422, "must be an object")


async def test_a_backslash_is_text(hall: WebHall) -> None:
    answer = await hall.call("c-1", ticket="A\\C2")
    assert (answer.status, answer.json["ticket"]) == (202, "A\\C2")


async def test_numbers_that_are_no_json_are_refused_in_parameters(hall: WebHall) -> None:
    for number in (b"NaN", b"-Infinity", b"[1e999]"):
        data = b'{"params": {"text": ' + number + b"}}"
        answer = await hall.ask("POST", "/api/v1/devices/led-01/commands/show", data=data, headers=JSON)
        assert answer.status == 422
        assert answer.detail.startswith("params: ")


async def test_a_body_of_one_megabyte_gets_a_clean_413(hall: WebHall) -> None:
    assert await post(hall, b" " * 1_000_000) == (413, "the body has more than 65536 bytes")
    assert (await hall.call("c-1")).status == 202


async def test_another_content_type_is_415(hall: WebHall) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    sentence = "the body must be application/json, not application/x-www-form-urlencoded"
    assert await post(hall, json.dumps(CALL).encode(), form) == (415, sentence)


@pytest.mark.parametrize("headers", [{}, JSON, {"Content-Type": "text/plain"}])
async def test_no_body_is_one_without_fields(hall: WebHall, headers: dict[str, str]) -> None:
    answer = await hall.ask("POST", "/api/v1/devices/led-01/commands/fly", headers=headers)
    assert (answer.status, "fly" in answer.detail) == (404, True)
    assert await post(hall, b"", headers) == (422, "call_id: is missing; window: is missing")


async def test_a_body_that_is_wrongly_compressed_is_400(hall: WebHall) -> None:
    status, detail = await post(hall, b"no gzip", {**JSON, "Content-Encoding": "gzip"})
    assert (status, detail) == (400, "the body is cut off or wrongly encoded")


async def test_a_small_body_that_unpacks_to_a_megabyte_is_413(hall: WebHall) -> None:
    status, _ = await post(hall, gzip.compress(b" " * 5_000_000), {**JSON, "Content-Encoding": "gzip"})
    assert status == 413


async def test_the_role_of_the_queue_may_not_command(hall: WebHall) -> None:
    answer = await hall.ask("POST", "/api/v1/devices/led-01/commands/press", {}, who="queue")
    assert answer.detail == "queue-system has the role queue, which lacks the right command"


async def test_unknown_paths_and_methods_are_problems_too(hall: WebHall) -> None:
    unknown = await hall.ask("GET", "/api/v2/devices")
    assert (unknown.status, unknown.detail) == (404, "there is nothing at /api/v2/devices")
    hidden = await hall.ask("GET", "/api/v1/devices?key=hall_x", who=None)
    assert (hidden.status, hidden.json["instance"]) == (401, "/api/v1/devices")
    method = await hall.ask("DELETE", "/api/v1/devices")
    assert (method.status, method.detail) == (405, "DELETE is not allowed here; allowed: GET, HEAD")
    assert method.headers["Allow"] == "GET,HEAD"


def bug(_part: object) -> None:
    raise ZeroDivisionError


async def test_a_bug_is_a_bare_500(
    hall: WebHall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.get_running_loop().set_debug(True)
    monkeypatch.setattr(hall.board("led-01"), "picture", bug)
    headers = {"Accept": "text/html", "Authorization": f"Bearer {hall.admin}"}
    async with (
        hall.online("led-01"),
        serve(hall.services, console="127.0.0.1:0", field=None) as url,
        hall.session.get(f"{url}/api/v1/screens/led-01/image.png", headers=headers) as answer,
    ):
        body = await answer.text()
    assert answer.status == 500
    assert "Traceback" not in body
    assert "ZeroDivision" not in body
    assert "ZeroDivisionError" in caplog.text
