"""The page for those who connect a queue system: its code runs, and what it says of the answers is so."""

import asyncio
import re
import threading
from collections.abc import AsyncGenerator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from webhall import BoardConfig, WebHall, web_hall

from gateway.calls.config import WindowConfig
from gateway.calls.model import Kind, Priority

PAGE = Path(__file__).parents[3].joinpath("docs", "how-to", "connect-a-queue-system.md").read_text("utf-8")


@pytest.fixture
def code() -> dict[str, Any]:
    """The names that the page's Python defines."""
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(source, "connect-a-queue-system.md", "exec"), names)  # noqa: S102 - it is our own page
    return names


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncGenerator[WebHall]:
    board = BoardConfig(id="led-01", driver="test.board")
    window = WindowConfig(id="w01", label="1号窗口", function="综合受理", screens=["led-01"])
    async with web_hall(tmp_path, devices=[board], windows=[window]) as hall, hall.online("led-01"):
        yield hall


async def test_its_python_calls_a_number_once_however_often_it_is_sent(hall: WebHall, code: dict[str, Any]) -> None:
    queue = code["Hall"](hall.url, hall.queue)
    first = await asyncio.to_thread(queue.call, "q-1", "w01", "A001", person_name="张三")
    again = await asyncio.to_thread(queue.call, "q-1", "w01", "A001", person_name="张三")
    assert (first["name"], first["accepted_at"]) == ("张*", again["accepted_at"])
    assert (await hall.get("/windows"))["windows"][0]["ticket"] == "A001"


async def test_its_python_does_not_repeat_what_is_refused(hall: WebHall, code: dict[str, Any]) -> None:
    queue = code["Hall"](hall.url, hall.queue)
    with pytest.raises(code["Refused"], match="there is no window 'w77'"):
        await asyncio.to_thread(queue.call, "q-1", "w77", "A001")


class Failing(BaseHTTPRequestHandler):
    """Answers 503, then hangs up, then accepts."""

    bodies: list[bytes] = []  # noqa: RUF012 - of one test

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        if len(self.bodies) == 2:
            self.connection.close()
            return
        self.send_response(503 if len(self.bodies) == 1 else 202)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_its_python_repeats_the_same_call_until_it_is_answered(
    code: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(code["time"], "sleep", waits.append)
    Failing.bodies.clear()
    server = HTTPServer(("127.0.0.1", 0), Failing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        assert code["Hall"](f"http://127.0.0.1:{server.server_port}", "t").call("q-1", "w01", "A001") == {}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert (len(set(Failing.bodies)), len(Failing.bodies), waits) == (1, 3, [1, 2])


def test_it_names_every_kind_and_priority() -> None:
    assert [kind for kind in Kind if f'"kind": "{kind}"' not in PAGE] == []
    assert f'"priority": "{Priority.GREEN}"' in PAGE
