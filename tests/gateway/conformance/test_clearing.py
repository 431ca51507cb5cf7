"""What the promises have called is on no screen any more once they end, however they end."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from webhall import BoardConfig, WebHall, until, web_hall

from drivers.displays.web_screen.config import WebScreenConfig
from gateway.calls.config import SummaryConfig, WindowConfig
from gateway.conformance import promises, run
from gateway.conformance.probe import Probe, Unmet
from gateway.conformance.run import prove

PAGE = WebScreenConfig(id="page", driver="displays.web_screen")


def silent(_: object) -> None:
    pass


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncGenerator[WebHall]:
    board = BoardConfig(id="led-01", driver="test.board")
    window = WindowConfig(id="w01", label="1号窗口", function="综合受理", screens=["led-01"])
    lists = SummaryConfig(id="page", device="page", title="大厅", rows=8)
    async with web_hall(tmp_path, devices=[board, PAGE], windows=[window], summaries=[lists]) as hall:
        yield hall


def listed(hall: WebHall) -> Any:
    return hall.services.calls.boards.summaries["page"].view()["call_ids"]


async def test_no_board_lists_a_number_that_was_called_to_prove_something(
    hall: WebHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PROMISES", (promises.survives_shuffling, promises.recalls, promises.refuses))
    cleared: list[str] = []
    report = await prove(hall.url, window="w01", token=hall.queue, told=silent, cleared=cleared.append)
    assert report.kept
    assert listed(hall) == []
    assert cleared == ["74 numbers taken off again; window w01 shows its function"]
    assert (await hall.get("/windows"))["windows"][0]["status"] == "idle"


async def test_who_is_stopped_in_the_middle_takes_off_what_was_called(
    hall: WebHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = asyncio.Event()

    async def hangs(queue: Probe) -> None:
        """Something comes"""
        promises.expect(await queue.post(queue.body("Z001")), 202, of="a call")
        called.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(run, "PROMISES", (hangs,))
    cleared: list[str] = []
    proof = asyncio.create_task(prove(hall.url, window="w01", token=hall.queue, told=silent, cleared=cleared.append))
    await asyncio.wait_for(called.wait(), 10)
    assert len(listed(hall)) == 1
    proof.cancel()
    with pytest.raises(asyncio.CancelledError):
        await proof
    assert listed(hall) == []
    assert cleared == ["1 number taken off again; window w01 shows its function"]


async def test_what_could_not_be_taken_off_is_told(hall: WebHall, monkeypatch: pytest.MonkeyPatch) -> None:
    async def revoked(queue: Probe) -> None:
        """Something comes"""
        promises.expect(await queue.post(queue.body("Z001")), 202, of="a call")
        hall.services.tokens.revoke("queue-system")

    monkeypatch.setattr(run, "PROMISES", (revoked,))
    monkeypatch.setattr(run, "SAMPLES", 0)
    cleared: list[str] = []
    with pytest.raises(Unmet):
        await prove(hall.url, window="w01", token=hall.queue, told=silent, cleared=cleared.append)
    (told,) = cleared
    assert told.startswith("not all of 1 number could be taken off again: the skip of Z001 is answered with 401, ")
    assert told.endswith("the rest goes when its time is over")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_has_it_taken_off_and_says_that_not_all_was_asked(hall: WebHall, number: int) -> None:
    command = [sys.executable, "-m", "gateway.cli", "conformance-queue", hall.url, "--window", "w01"]
    environment = {**os.environ, "HALL_TOKEN": hall.queue}
    pipes: dict[str, Any] = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    proof = await asyncio.create_subprocess_exec(*command, env=environment, **pipes)
    async with hall.online("led-01"), asyncio.timeout(60):
        await until(lambda: hall.get("/windows"), lambda told: told["windows"][0]["status"] == "serving", 30)
        proof.send_signal(number)
        output, error = await proof.communicate()
    lines = error.decode().splitlines()
    assert len(lines) == 2, (lines, output.decode())
    first, second = lines
    assert first.endswith(" taken off again; window w01 shows its function")
    assert second == "hall-gateway: stopped before all was asked"
    assert (proof.returncode, listed(hall)) == (1, [])
