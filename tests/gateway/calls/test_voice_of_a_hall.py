"""From a call to what is heard, with a real journal and a simulated page."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from screenhall import ScreenHall, screen_hall
from webhall import BoardConfig, until, web_hall

from drivers.displays.web_screen.config import WebScreenConfig
from gateway.calls import rendering
from gateway.calls.config import WindowConfig
from gateway.calls.voice_config import AreaConfig
from gateway.hub import Status
from gateway.mqtt.topics import Topics
from gateway.people.rights import Role
from simulators.displays.web_screen.browser import WebScreenTwin

AREA = AreaConfig(id="reception", speakers=["free"], repeat=1, gap_s=0, volume=60)
LIMIT_S = 20


@pytest.fixture
async def hall(tmp_path: Path, fails_on_pending_tasks: None) -> AsyncGenerator[ScreenHall]:
    async with screen_hall(tmp_path, areas=[AREA]) as hall:
        yield hall


@asynccontextmanager
async def page(hall: ScreenHall) -> AsyncGenerator[WebScreenTwin]:
    """A simulated page of the screen `free`, which says a sentence in 20 ms."""
    twin = WebScreenTwin(WebScreenConfig(id="free", driver="displays.web_screen", beat_s=0.2))
    twin.key, where = hall.keys["free"], urlsplit(hall.web.field)
    twin.levers()["slow_voice"]({"seconds": 0.02})
    async with twin.serve(where.hostname or "", where.port or 0):
        life = hall.web.services.lives["free"]
        await until(lambda: asyncio.sleep(0, life.view.status), lambda status: status is Status.ONLINE, LIMIT_S)
        yield twin


async def ended(hall: ScreenHall, call_id: str) -> dict[str, Any]:
    """How a call was spoken."""
    answer = await until(
        lambda: hall.web.get(f"/calls/{call_id}"),
        lambda call: call["voice"]["reception"]["status"] not in ("queued", "speaking"),
        LIMIT_S,
    )
    told: dict[str, Any] = answer["voice"]["reception"]
    return told


async def test_a_call_is_spoken_and_its_trace_tells_when(hall: ScreenHall) -> None:
    async with page(hall) as twin:
        answer = await hall.web.call("c1", "w02", "A012")
        assert answer.json["voice"]["reception"]["status"] in ("queued", "speaking")
        told = await ended(hall, "c1")
        assert twin.seen()["said"] == [
            {"text": "请A 零幺二号到二号窗口", "by": "voice", "language": "zh", "volume": 60},
        ]
        assert (told["status"], told["speakers"]) == ("spoken", {"free": {"sentences": 1, "reason": None}})
        assert told["queued_at"] <= told["speaking_at"] <= told["spoken_at"]


async def test_its_end_is_an_event_behind_its_acceptance_and_goes_to_the_topic_of_the_call(hall: ScreenHall) -> None:
    async with page(hall):
        await hall.web.call("c1", "w01", "A012")
        await ended(hall, "c1")
        rows = await until(
            lambda: hall.web.services.house.journal.read(type="call.voice"), lambda rows: len(rows) == 1, LIMIT_S
        )
        [accepted] = await hall.web.services.house.journal.read(type="call.accepted")
        assert accepted.seq < rows[0].seq
        topic, payload = Topics("s").recorded(rows[0]) or ("", b"")
        assert topic == "hall/s/calls/c1"
        assert b'"area":"reception"' in payload
        assert b'"status":"spoken"' in payload
        kept = {row.device: row.params for row in await hall.web.services.house.journal.desired()}
        assert kept["voice/reception"] == {"calls": []}


async def test_calls_of_one_moment_are_all_heard_in_their_order(hall: ScreenHall) -> None:
    async with page(hall) as twin:
        await asyncio.gather(*(hall.web.call(f"c{n}", f"w0{1 + n % 2}", f"A{n}") for n in range(8)))
        await asyncio.gather(*(ended(hall, f"c{n}") for n in range(8)))
        rows = await hall.web.services.house.journal.read(type="call.accepted")
        accepted = [(row.payload or {})["ticket"] for row in rows]
        heard = [each["text"] for each in twin.seen()["said"]]
        digits = str.maketrans("01234567", "零幺二三四五六七")
        assert [text.partition("号")[0].removeprefix("请A ") for text in heard] == [
            ticket[1:].translate(digits) for ticket in accepted
        ]


@pytest.mark.parametrize("first", [1, 2])
async def test_of_two_calls_to_one_window_in_one_moment_both_are_listed_and_heard_and_the_window_has_the_higher_seq(
    hall: ScreenHall, first: int
) -> None:
    async with page(hall) as twin:
        order = (first, 3 - first)
        await asyncio.gather(*(hall.web.call(f"c{n}", "w01", f"A{n}", session="s", seq=n) for n in order))
        await asyncio.gather(*(ended(hall, f"c{n}") for n in order))
        [window, _] = (await hall.web.get("/windows"))["windows"]
        board = hall.web.services.lives["hall"].wishes.slot(None, "board").wanted
        assert (window["ticket"], window["seq"]) == ("A2", 2)
        assert board is not None
        assert [row["ticket"] for row in board.params["rows"]] == ["A2", "A1"]
        assert sorted(each["text"] for each in twin.seen()["said"]) == ["请A 二号到一号窗口", "请A 幺号到一号窗口"]


async def test_two_calls_to_two_windows_in_one_moment_are_both_shown_and_heard(hall: ScreenHall) -> None:
    async with page(hall) as twin:
        await asyncio.gather(*(hall.web.call(f"c{n}", f"w0{n}", f"A{n}") for n in (1, 2)))
        await asyncio.gather(*(ended(hall, f"c{n}") for n in (1, 2)))
        shown = (await hall.web.get("/windows"))["windows"]
        assert [(window["window"], window["ticket"], window["text"]) for window in shown] == [
            ("w01", "A1", "A1"),
            ("w02", "A2", "A2"),
        ]
        assert len(twin.seen()["said"]) == 2


async def test_a_call_to_a_closed_window_is_refused_and_neither_shown_nor_heard(hall: ScreenHall) -> None:
    async with page(hall) as twin:
        await hall.web.call("c1", "w01", None, kind="close", session="s", seq=2)
        answer = await hall.web.call("c2", "w01", "A2", session="s", seq=3)
        assert (answer.status, answer.detail) == (
            422,
            "window w01 is closed: send a resume before the next number",
        )
        late = await hall.web.call("c3", "w01", "A1", session="s", seq=1)
        assert (late.status, late.json["why"]) == (202, "not newer than session s seq 2")
        assert (await ended(hall, "c3"))["status"] == "outdated"
        assert twin.seen()["said"] == []


async def test_without_a_voice_the_page_plays_what_espeak_has_rendered(hall: ScreenHall) -> None:
    assert rendering.installed(), "scripts/install-test-programs installs espeak-ng"
    async with page(hall) as twin:
        twin.levers()["no_voice"]({})
        await hall.web.call("c1", "w01", "A012")
        assert (await ended(hall, "c1"))["status"] == "spoken"
        assert [each["by"] for each in twin.seen()["said"]] == ["audio"]


async def test_a_page_that_may_make_no_sound_is_told(hall: ScreenHall) -> None:
    async with page(hall) as twin:
        twin.levers()["blocked"]({})
        await hall.web.call("c1", "w01", "A012")
        told = await ended(hall, "c1")
        assert told["status"] == "failed"
        assert told["speakers"]["free"]["reason"] == "no page has said it: needs a touch"
        assert hall.point("speech") == "needs a touch"


async def test_a_voice_that_hangs_holds_up_the_next_call_until_it_is_lifted(hall: ScreenHall) -> None:
    async with page(hall) as twin:
        twin.levers()["voice_hangs"]({})
        await hall.web.call("c1", "w01", "A1")
        await hall.web.call("c2", "w01", "A2")
        await until(lambda: asyncio.sleep(0, twin.seen()["said"]), lambda said: len(said) == 1, LIMIT_S)
        assert (await hall.web.get("/calls/c2"))["voice"]["reception"]["status"] == "queued"
        twin.levers()["voice_hangs"]({"on": False})
        assert (await ended(hall, "c2"))["status"] == "spoken"
        assert len(twin.seen()["said"]) == 2


async def test_who_does_not_see_a_speaker_does_not_read_of_it(tmp_path: Path, fails_on_pending_tasks: None) -> None:
    devices = [BoardConfig(id=f"led-{zone}", driver="test.board", zone=zone) for zone in ("a", "b")]
    windows = [WindowConfig(id="w01", label="1号", function="受理", screens=["led-a"], zone="a")]
    area = AreaConfig(id="reception", speakers=["led-b"])
    async with web_hall(tmp_path, devices=devices, windows=windows, areas=[area]) as web, web.online("led-b"):
        await web.call("c1")
        whole = await until(lambda: web.get("/calls/c1"), lambda call: call["voice"]["reception"]["speakers"], LIMIT_S)
        assert whole["voice"]["reception"]["speakers"]["led-b"]["reason"].startswith("led-b has no verb 'speak'")
        zoned = await web.get("/calls/c1", web.token(Role.VIEWER, "a"))
        assert (zoned["voice"]["reception"]["status"], zoned["voice"]["reception"]["speakers"]) == ("failed", {})
