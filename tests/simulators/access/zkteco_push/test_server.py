"""The simulated ZKTeco controller against a server written here: strict, and nothing is lost before it reads OK."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from drivers.access.zkteco_push.config import ZktecoPushConfig
from simulators.access.zkteco_push.server import ZktecoPushTwin
from simulators.keep import FOLDER

SN = "CGXH201360029"
SESSION = "30BFB04B2C8AECC72C01C03BFD549D15"


class Server:
    """Answers as the document has it, or as a test wants; keeps what came."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], str, str]] = []
        self.answers: dict[str, str] = {
            "hello": "OK",
            "registry": "RegistryCode=Uy47fxftP3",
            "push": f"ServerVersion=3.0.1\nSessionID={SESSION}\nTimeoutSec=10",
        }
        self.commands: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, *_ = head.split(" ")
        headers = {line.partition(":")[0]: line.partition(": ")[2] for line in head.split("\r\n")[1:]}
        body = (await reader.readexactly(int(headers.get("Content-Length", 0)))).decode()
        url = urlsplit(target)
        call = url.path.removeprefix("/iclock/")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        name = "hello" if (method, call) == ("GET", "cdata") else query.get("table", call)
        self.asked.append((name, query, body, headers.get("Cookie", "")))
        answer = self.answers.get(name, "OK")
        if name == "getrequest" and self.commands:
            answer = self.commands.pop(0)
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n{answer}".encode())
        writer.close()

    def bodies(self, name: str) -> list[str]:
        return [body for called, _, body, _ in self.asked if called == name]

    def rows(self) -> list[dict[str, str]]:
        lines = [line for body in self.bodies("rtlog") for line in body.split("\r\n")]
        return [dict(pair.split("=", 1) for pair in line.split("\t")) for line in lines]


@pytest.fixture
def server() -> Server:
    return Server()


@asynccontextmanager
async def living(server: Server, **keys: Any) -> AsyncGenerator[ZktecoPushTwin]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    doors = [{"number": 1, "id": "front"}, {"number": 6, "id": "back"}]
    section = {"id": "zk", "driver": "access.zkteco_push", "serial": SN, "doors": doors, "poll_s": 0.05}
    twin = ZktecoPushTwin(ZktecoPushConfig.model_validate(section | keys))
    async with listening, twin.serve("127.0.0.1", listening.sockets[0].getsockname()[1]):
        yield twin


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(3):
        while not true():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.005)


async def test_introduces_itself_registers_and_shows_its_token_from_then_on(server: Server) -> None:
    async with living(server):
        await until(lambda: len(server.asked) > 5)
    assert [name for name, *_ in server.asked[:5]] == ["hello", "registry", "push", "rtstate", "getrequest"]
    assert all(query["SN"] == SN for _, query, _, _ in server.asked)
    assert server.asked[0][1]["DeviceType"] == "acc"
    assert server.asked[1][2].startswith("DeviceType=acc,~DeviceName=")
    cookies = [cookie for *_, cookie in server.asked]
    assert cookies[:3] == ["", "", ""]
    assert set(cookies[3:]) == {"token=58ea1f966d1e650ac93d3a98df85a8d9"}  # md5sum of code, serial number, session


async def test_sends_a_row_again_until_it_reads_ok_to_the_byte(server: Server) -> None:
    async with living(server) as twin:
        for wrong in ("ok", "OK\r\n", "", "ERROR"):
            server.answers["rtlog"] = wrong
            before = len(server.bodies("rtlog"))
            twin.levers()["swipe"]({})
            await until(lambda before=before: len(server.bodies("rtlog")) > before)  # type: ignore[misc]  # no protocol for it
            assert twin.seen()["log"]["taken"] == 0
        server.answers["rtlog"] = "OK"
        await until(lambda: twin.seen()["log"]["taken"] == 4)
    assert twin.seen()["retries"] >= 4
    assert {row["index"] for row in server.rows()} == {"1", "2", "3", "4"}


async def test_levers_write_the_rows_of_the_document(server: Server) -> None:
    async with living(server) as twin:
        pull = twin.levers()
        pull["swipe"]({"pin": "1002", "out": True, "door": 6})
        pull["swipe"]({"pin": "9", "card": "77"})
        pull["open"]({})
        pull["close"]({})
        pull["force"]({"door": 6})
        pull["hold"]({})
        pull["button"]({})
        pull["fire"]({})
        await until(lambda: twin.seen()["log"]["taken"] == 10)
    rows = [(row["event"], row["eventaddr"], row["pin"], row["cardno"]) for row in server.rows()]
    assert rows == [
        ("0", "6", "1002", "1234567"),
        ("27", "1", "0", "77"),
        ("200", "1", "0", "0"),
        ("201", "1", "0", "0"),
        ("102", "6", "0", "0"),
        ("200", "1", "0", "0"),
        ("28", "1", "0", "0"),
        ("202", "1", "0", "0"),
        ("210", "1", "0", "0"),
        ("210", "6", "0", "0"),
    ]
    assert [int(row["index"]) for row in server.rows()] == list(range(1, 11))


async def test_tells_its_sensors(server: Server) -> None:
    async with living(server) as twin:
        twin.levers()["force"]({"door": 6})
        await until(lambda: any("sensor=0108" in body for body in server.bodies("rtstate")))


async def test_obeys_a_command_and_says_how_it_went(server: Server) -> None:
    async with living(server) as twin:
        server.commands = ["C:11:CONTROL DEVICE 01060105\nC:12:CONTROL DEVICE 01020105", "C:13:REBOOT"]
        await until(lambda: len(server.bodies("devicecmd")) == 3)
        assert twin.seen()["doors"]["back"] == {"open": False, "released_s": 5, "opened": 1}
    assert [body.split("&")[:2] for body in server.bodies("devicecmd")] == [
        ["ID=11", "Return=0"],
        ["ID=12", "Return=-12"],
        ["ID=13", "Return=-13"],
    ]


async def test_a_full_log_loses_its_oldest_rows(server: Server) -> None:
    server.answers["rtlog"] = ""
    async with living(server) as twin:
        twin.levers()["fill"]({"count": 10_003})
        assert twin.seen()["log"] == {"newest": 10_003, "taken": 0, "kept": 10_000}
        server.asked.clear()
        await until(lambda: bool(server.bodies("rtlog")))
    assert server.rows()[0]["index"] == "4"


async def test_a_reset_forgets_the_log_and_the_registration(server: Server) -> None:
    async with living(server) as twin:
        twin.levers()["fill"]({"count": 3})
        await until(lambda: twin.seen()["log"]["taken"] == 3)
        server.asked.clear()
        twin.levers()["factory_reset"]({})
        await until(lambda: twin.seen()["log"] == {"newest": 1, "taken": 1, "kept": 1})
    assert "registry" in [name for name, *_ in server.asked]
    assert [(row["event"], row["index"]) for row in server.rows()] == [("206", "1")]


async def test_it_keeps_its_log_how_far_that_was_taken_and_its_registration_over_a_kill(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    async with living(server) as twin:
        twin.levers()["fill"]({"count": 3})
        await until(lambda: twin.seen()["log"]["taken"] == 3)
        server.answers["rtlog"] = ""
        twin.levers()["swipe"]({"pin": "1002"})
        twin.levers()["skew"]({"seconds": 60})
        before = list(twin.box.log)
    server.asked.clear()
    server.answers |= {"hello": f"registry=ok\nRegistryCode=Uy47fxftP3\nSessionID={SESSION}", "rtlog": "OK"}
    async with living(server) as twin:
        assert list(twin.box.log) == before
        assert twin.seen()["clock_offset_s"] == 0.0
        await until(lambda: twin.seen()["log"] == {"newest": 4, "taken": 4, "kept": 4})
        assert [name for name, *_ in server.asked[:2]] == ["hello", "rtlog"], "it registered once more"
        assert [row["index"] for row in server.rows()] == ["4"]
        twin.levers()["factory_reset"]({})
        await until(lambda: twin.seen()["log"] == {"newest": 1, "taken": 1, "kept": 1})
    async with living(server) as twin:
        assert twin.seen()["log"] == {"newest": 1, "taken": 1, "kept": 1}


async def test_a_door_that_it_has_not_is_refused(server: Server) -> None:
    async with living(server) as twin:
        with pytest.raises(ValueError, match="zk has no door 3"):
            twin.levers()["swipe"]({"door": 3})
