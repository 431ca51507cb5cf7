"""The promises against a hall that keeps them, and against servers that break them one by one."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from webhall import BoardConfig, until, web_hall

from gateway.calls.config import WindowConfig
from gateway.calls.voice_config import AreaConfig
from gateway.conformance import promises, run
from gateway.conformance.probe import Unmet, probe
from gateway.conformance.run import Outcome, prove
from gateway.core.errors import WrongInput


def silent(_: object) -> None:
    pass


class Sloppy:
    """A server that accepts whatever it is sent, and shows what came last."""

    def __init__(self, **fields: Any) -> None:
        self.fields, self.calls = fields, list[dict[str, Any]]()

    async def accept(self, request: web.Request) -> web.Response:
        call: dict[str, Any] = await request.json()
        self.calls.append(call)
        body = {"session": "s", "seq": len(self.calls), "accepted_at": str(len(self.calls)), **call, **self.fields}
        return web.json_response(body, status=202)

    async def one(self, request: web.Request) -> web.Response:
        (call, *_) = [each for each in self.calls if each["call_id"] == request.match_info["id"]]
        return web.json_response({"name": call.get("person_name"), "screens": {"led": {"status": "sent"}}})

    async def windows(self, _: web.Request) -> web.Response:
        ticket = self.calls[-1].get("ticket") if self.calls else None
        return web.json_response({"windows": [{"window": "w01", "status": "", "ticket": ticket}]})

    async def me(self, _: web.Request) -> web.Response:
        return web.json_response({"name": "t", "role": "queue", "rights": ["call"]})

    @asynccontextmanager
    async def served(self) -> AsyncGenerator[str]:
        app = web.Application()
        app.router.add_post("/api/v1/calls", self.accept)
        app.router.add_get("/api/v1/calls/{id}", self.one)
        app.router.add_get("/api/v1/windows", self.windows)
        app.router.add_get("/api/v1/me", self.me)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


async def test_a_hall_keeps_all_promises_and_its_window_shows_its_function_again(tmp_path: Path) -> None:
    told: list[Outcome] = []
    board = BoardConfig(id="led-01", driver="test.board")
    window = WindowConfig(id="w01", label="1号窗口", function="综合受理", screens=["led-01"])
    async with web_hall(tmp_path, devices=[board], windows=[window]) as hall, hall.online("led-01"):
        report = await prove(hall.url, window="w01", token=hall.queue, told=told.append, cleared=silent)
        assert [outcome for outcome in report.outcomes if outcome.broken] == []
        assert report.kept
        assert told == list(report.outcomes)
        assert 0 < (report.accept_p50_ms or 0) <= (report.accept_max_ms or 0)
        assert (await hall.get("/windows"))["windows"][0]["status"] == "idle"


async def test_a_window_that_is_heard_is_proved_only_aloud_and_asking_speaks_and_shows_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PROMISES", (promises.accepts,))
    monkeypatch.setattr(run, "SAMPLES", 1)
    board = BoardConfig(id="led-01", driver="test.board")
    window = WindowConfig(id="w01", label="1号窗口", function="综合受理", screens=["led-01"])
    area = AreaConfig(id="reception", speakers=["led-01"])
    hall_of_voice = web_hall(tmp_path, devices=[board], windows=[window], areas=[area])
    async with hall_of_voice as hall, hall.online("led-01"):
        with pytest.raises(WrongInput, match=r"window w01 is heard in the voice area reception: .* or give --aloud"):
            await prove(hall.url, window="w01", token=hall.queue, told=silent, cleared=silent)
        assert (await hall.get("/windows"))["windows"][0]["status"] == "idle"
        (asked,) = (await until(lambda: hall.get("/events?type=call.voice"), lambda told: told["events"]))["events"]
        assert asked["payload"]["status"] == "outdated"
        assert (await prove(hall.url, window="w01", token=hall.queue, told=silent, cleared=silent, aloud=True)).kept


@pytest.mark.parametrize(
    ("promise", "why"),
    [
        (promises.needs_a_token, "an unknown token is answered with 202; promised is 401"),
        (promises.reaches_screens, "led sent"),
        (promises.once, "the same call was accepted twice"),
        (promises.conflicts, "a used call_id is answered with 202; promised is 409"),
        (promises.keeps_order, "a call that changed nothing does not say why"),
        (promises.survives_shuffling, "window w01 does not show Y020"),
        (promises.masks, "the name is told as '欧阳娜娜'"),
        (promises.refuses, "an unknown window is answered with 202; promised is 422"),
        (promises.expires, "window w01 does not show its function"),
    ],
)
async def test_a_broken_promise_is_found(promise: promises.Promise, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "SHOWN_S", 0.2)
    monkeypatch.setattr(promises, "SHORTEST_S", 0)
    monkeypatch.setattr(random, "shuffle", list[Any].reverse)
    async with Sloppy().served() as url, probe(url, window="w01", token="t") as queue:
        with pytest.raises(Unmet, match=why):
            await promise(queue)


async def test_a_promise_that_never_ends_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(_: Any) -> None:
        """Something comes"""
        await asyncio.Event().wait()

    monkeypatch.setattr(run, "PROMISE_S", 0.01)
    monkeypatch.setattr(run, "PROMISES", (hangs,))
    async with Sloppy().served() as url:
        report = await prove(url, window="w01", token="t", told=silent, cleared=silent)
    assert (report.kept, report.outcomes) == (False, [Outcome("Something comes", "not decided after 0.01 s")])


async def test_a_refusal_without_a_sentence_is_a_broken_promise() -> None:
    async with Sloppy().served() as url, probe(url, window="w01", token="t") as queue:
        answer = (await queue.post(queue.body()))._replace(status=422)
        with pytest.raises(Unmet, match="refused without a sentence"):
            promises.expect(answer, 422, of="it")
