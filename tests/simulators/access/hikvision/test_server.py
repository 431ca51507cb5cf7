"""The simulated terminal, asked by clients that are not ours: curl and the standard library's urllib."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from child import program
from hall_contract.cases.hikvision import PASSWORD

from drivers.access.hikvision.config import HikvisionConfig
from simulators import site
from simulators.access.hikvision.server import HikvisionTwin
from simulators.keep import FOLDER

USER = f"gateway:{PASSWORD.read_text().strip()}"
SEARCH = "/ISAPI/AccessControl/AcsEvent?format=json"
DOOR = "/ISAPI/AccessControl/RemoteControl/door/1"
OPEN = "<RemoteControlDoor><cmd>open</cmd></RemoteControlDoor>"
COND = {"searchID": "1", "searchResultPosition": 0, "maxResults": 30, "major": 0, "minor": 0}


class Served(NamedTuple):
    twin: HikvisionTwin
    url: str


@asynccontextmanager
async def serving() -> AsyncGenerator[Served]:
    twin = twin_at("http://127.0.0.1")
    async with twin.serve("127.0.0.1", 0) as port:
        yield Served(twin, f"http://127.0.0.1:{port}")


def twin_at(address: str) -> HikvisionTwin:
    doors = [{"number": 1, "id": "front"}]
    section = {"id": "hik", "driver": "access.hikvision", "address": address, "doors": doors}
    login = {"username": "gateway", "password": {"file": str(PASSWORD)}, "heartbeat_s": 0.6}
    return HikvisionTwin(HikvisionConfig.model_validate({**section, **login}))


@pytest.fixture
async def served() -> AsyncGenerator[Served]:
    async with serving() as found:
        yield found


async def curl(served: Served, path: str, *more: str, user: str = USER) -> tuple[int, bytes]:
    """Ask by `curl --digest`; gives the status and the body."""
    arguments = ["--silent", "--digest", "--user", user, "--write-out", "\n%{http_code}", *more, served.url + path]
    asking = await asyncio.create_subprocess_exec(program("curl"), *arguments, stdout=asyncio.subprocess.PIPE)
    out, _ = await asyncio.wait_for(asking.communicate(), 10)
    body, _, status = out.rpartition(b"\n")
    return int(status), body


async def search(served: Served, **cond: Any) -> tuple[int, dict[str, Any]]:
    asked = json.dumps({"AcsEventCond": {**COND, **cond}})
    status, body = await curl(served, SEARCH, "--data", asked)
    return status, json.loads(body).get("AcsEvent", {}) if status == 200 else {}


async def test_curl_logs_in_and_reads_who_it_is(served: Served) -> None:
    status, body = await curl(served, "/ISAPI/System/deviceInfo")
    assert (status, b"<model>DS-K1T671M (simulated)</model>" in body) == (200, True)


async def test_urllib_logs_in_too(served: Served) -> None:
    def ask() -> bytes:
        passwords = urllib.request.HTTPPasswordMgr()
        passwords.add_password("DS-00000000", served.url, *USER.split(":"))
        with urllib.request.build_opener(urllib.request.HTTPDigestAuthHandler(passwords)).open(
            served.url + "/ISAPI/System/time", timeout=5
        ) as answer:
            found: bytes = answer.read()
            return found

    assert b"<timeZone>CST-8:00:00</timeZone>" in await asyncio.to_thread(ask)


async def test_simulate_serves_it_by_http_whatever_its_address_says() -> None:
    twin = twin_at("https://10.8.2.30")
    async with site.served({"hik": twin}, [], base="127.77.9.1", port=0) as addresses:
        address = addresses.devices["hik"]
        assert address.startswith("http://127.77.9.1:")
        assert (await curl(Served(twin, address), "/ISAPI/System/time"))[0] == 200


async def test_five_wrong_passwords_lock_the_account_for_the_right_one_too(served: Served) -> None:
    for number in range(1, 6):
        assert (await curl(served, "/ISAPI/System/time", user="gateway:wrong"))[0] == 401
        assert served.twin.seen()["account"] == {"locked": number == 5, "wrong": number}
    assert (await curl(served, "/ISAPI/System/time"))[0] == 401
    served.twin.levers()["unlock"]({})
    assert (await curl(served, "/ISAPI/System/time"))[0] == 200


async def test_a_door_is_opened_and_an_unknown_command_refused(served: Served) -> None:
    status, body = await curl(served, DOOR, "--request", "PUT", "--data", OPEN)
    assert (status, b"<statusCode>1</statusCode>" in body) == (200, True)
    assert served.twin.seen()["doors"]["front"]["opened"] == 1
    assert (await curl(served, DOOR, "--request", "PUT", "--data", OPEN.replace("open", "burst")))[0] == 400
    served.twin.levers()["refuse"]({})
    assert (await curl(served, DOOR, "--request", "PUT", "--data", OPEN))[0] == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"major": None},
        {"maxResults": 31},
        {"searchID": ""},
        {"startTime": "2026-11-23T08:00:00Z"},
        {"startTime": "2026-11-23T08:00:00.000"},
        {"startTime": "2026-11-23T08:00:00+08:00"},
    ],
)
async def test_a_search_that_some_firmware_refuses_is_refused(served: Served, wrong: dict[str, Any]) -> None:
    assert (await search(served, **wrong))[0] == 400


async def test_pages_of_the_log_say_whether_others_follow(served: Served) -> None:
    pull = served.twin.levers()
    assert (await search(served))[1]["responseStatusStrg"] == "NO MATCH"
    pull["fill"]({"count": 5})
    pull["limit"]({"rows": 2})
    _, first = await search(served, maxResults=2, beginSerialNo=2)
    assert (first["totalMatches"], first["numOfMatches"], first["responseStatusStrg"]) == (4, 2, "MORE")
    assert [(row["serialNo"], row["frontSerialNo"]) for row in first["InfoList"]] == [(2, 1), (3, 2)]
    _, last = await search(served, maxResults=2, beginSerialNo=2, searchResultPosition=2)
    assert ([row["serialNo"] for row in last["InfoList"]], last["responseStatusStrg"]) == ([4, 5], "OK")


async def test_the_stream_beats_tells_events_with_pictures_and_replays(served: Served, tmp_path: Path) -> None:
    out = tmp_path / "stream"
    hearing = asyncio.create_task(
        curl(served, "/ISAPI/Event/notification/alertStream", "--max-time", "1.2", "--output", str(out), "--no-buffer")
    )
    async with asyncio.timeout(5):
        while not served.twin.seen()["open_streams"]:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)
    served.twin.levers()["swipe"]({})
    served.twin.levers()["replay"]({})
    await hearing
    heard = out.read_bytes()
    assert heard.count(b'"eventType": "videoloss"') >= 3
    assert heard.count(b'"currentEvent": true') == heard.count(b'"currentEvent": false') == 1
    assert heard.count(b"Content-Type: image/jpeg") == 2


async def test_what_is_no_http_ends_the_connection(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(served.url.rpartition(":")[2]))
    writer.write(b"HELO\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
    writer.close()


async def test_a_reset_begins_the_log_at_one(served: Served) -> None:
    pull = served.twin.levers()
    pull["fill"]({"count": 5})
    pull["factory_reset"]({})
    _, found = await search(served)
    assert [(row["serialNo"], row["major"], row["minor"]) for row in found["InfoList"]] == [(1, 2, 0x400)]


async def test_it_keeps_its_log_over_a_kill_and_not_that_its_account_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    async with serving() as served:
        served.twin.levers()["fill"]({"count": 3})
        await curl(served, DOOR, "--request", "PUT", "--data", OPEN)
        before = (await search(served))[1]["InfoList"]
        for _ in range(5):
            await curl(served, "/ISAPI/System/time", user="gateway:wrong")
    async with serving() as served:
        assert (await search(served))[1]["InfoList"] == before
        served.twin.levers()["swipe"]({})
        _, newest = await search(served, beginSerialNo=5)
        assert [(row["serialNo"], row["frontSerialNo"]) for row in newest["InfoList"]] == [(5, 4)]
        served.twin.levers()["factory_reset"]({})
    async with serving() as served:
        assert served.twin.seen()["log"] == {"newest": 1, "kept": 1}
