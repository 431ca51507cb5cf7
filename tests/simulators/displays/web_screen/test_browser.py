"""The simulated page: strict about the protocol, with its key at the door, against the gateway's own field listener."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from screenhall import ScreenHall, row, screen_hall
from webhall import until

from drivers.displays.web_screen import codec
from drivers.displays.web_screen.config import WebScreenConfig
from simulators import websocket
from simulators.displays.web_screen.browser import WebScreenTwin
from simulators.displays.web_screen.state import PageState

CONFIG = WebScreenConfig(id="free", driver="displays.web_screen", beat_s=0.1)
LIMIT_S = 10


@pytest.fixture
async def screens(tmp_path: Path, fails_on_pending_tasks: None) -> AsyncGenerator[ScreenHall]:
    async with screen_hall(tmp_path) as hall:
        yield hall


@asynccontextmanager
async def browsing(screens: ScreenHall, key: str | None = None) -> AsyncGenerator[WebScreenTwin]:
    """A simulated page with the screen's key, or another."""
    twin, where = WebScreenTwin(CONFIG), urlsplit(screens.web.field)
    twin.key = screens.keys["free"] if key is None else key
    async with twin.serve(where.hostname or "", where.port or 0):
        yield twin


async def clients(screens: ScreenHall, count: int) -> None:
    await until(lambda: asyncio.sleep(0, screens.point("clients")), lambda found: found == count, LIMIT_S)


async def test_it_enters_with_its_key_and_shows_what_it_is_told(screens: ScreenHall) -> None:
    async with browsing(screens) as twin:
        await clients(screens, 1)
        await screens.board(row("c1", "A012", name="欧**"), notice="请保持安静")
        await screens.board(row("c2", "B7"), row("c1", "A012", name="欧**"))
        seen = twin.seen()
        assert [(each["ticket"], each["name"]) for each in seen["rows"]] == [("B7", None), ("A012", "欧**")]
        assert (seen["title"], seen["violations"], seen["stale"]) == ("测试", [], False)
        picture = twin.picture()
        assert picture is not None
        assert picture == screens.web.services.lives["free"].driver.picture(None)


async def test_with_a_wrong_key_it_stays_outside(screens: ScreenHall) -> None:
    async with browsing(screens, "hall_wrong") as twin:
        await asyncio.sleep(0.05)
        assert (screens.point("clients"), twin.seen()["rev"]) == (None, 0)


async def test_a_key_that_is_made_anew_lets_it_in_again(screens: ScreenHall) -> None:
    async with browsing(screens) as twin:
        await clients(screens, 1)
        tokens = screens.web.services.tokens
        tokens.revoke("screen-free")
        await clients(screens, 0)
        twin.key = tokens.new("screen-free", next(iter(tokens.entries())).role.SCREEN, screen="free")
        await clients(screens, 1)


@pytest.mark.parametrize("lever", ["reload", "drop"])
async def test_it_comes_back_with_everything(screens: ScreenHall, lever: str) -> None:
    async with browsing(screens) as twin:
        await clients(screens, 1)
        await screens.board(row("c1", "A012"))
        loads = twin.seen()["loads"]
        twin.levers()[lever]({})
        assert (await screens.command("identify", {"seconds": 5}))["status"] == "confirmed"
        await until(lambda: asyncio.sleep(0, twin.seen()), lambda seen: seen["rows"] != [])
        assert twin.seen()["loads"] == loads + (lever == "reload")
        if lever == "drop":  # a page that is loaded anew has nothing to do
            assert twin.seen()["identifies"]


async def test_a_frozen_page_is_not_taken_for_one_that_shows(screens: ScreenHall) -> None:
    async with browsing(screens) as twin:
        await clients(screens, 1)
        twin.levers()["freeze"]({})
        assert (await screens.command("show", {"text": "A1"}, deadline_s=0.2))["status"] in ("queued", "sent")
        twin.levers()["freeze"]({"on": False})
        await screens.board(row("c1", "A012"))


async def test_a_banner_and_a_wrong_clock_are_seen_by_the_driver(screens: ScreenHall) -> None:
    async with browsing(screens) as twin:
        await clients(screens, 1)
        twin.levers()["stale"]({})
        twin.levers()["clock"]({"seconds": -86400})
        await screens.board(row("c1", "A012"))
        assert (screens.point("stale"), twin.seen()["stale"]) == (True, True)
        assert screens.point("rendered_at") < row("", "")["at"][:10]


async def test_a_document_that_was_tampered_with_is_noticed_and_mended(screens: ScreenHall) -> None:
    async with browsing(screens) as twin:
        await clients(screens, 1)
        await screens.board(row("c1", "A012"), leaflets=[{"title": "须知", "rows": [["䶮"]]}])
        assert [leaflet["rows"] for leaflet in twin.seen()["leaflets"]] == [(("䶮",),)]
        twin.levers()["tamper"]({})
        assert twin.seen()["title"] == "tampered with"
        await until(lambda: asyncio.sleep(0, twin.seen()["title"]), lambda title: title == "测试", LIMIT_S)
        await until(lambda: asyncio.sleep(0, screens.point("intact")), lambda intact: intact is True, LIMIT_S)
        assert twin.seen()["violations"] == []


def told(state: PageState, message: codec.Message) -> Any:
    return state.take(codec.encode(message), 1.0)[0]


def snapshot(rev: int, run: str = "r") -> codec.Snapshot:
    return codec.Snapshot(run, rev, 0.1, 10, codec.Content(text=f"A{rev}"))


def delta(rev: int, base: int, run: str = "r") -> codec.Delta:
    return codec.Delta(run, rev, base, {"text": f"A{rev}"}, (), ())


def test_it_shows_what_follows_and_asks_for_what_it_missed() -> None:
    state = PageState(CONFIG, 0.0)
    assert told(state, delta(9, 8)) is False  # before its first snapshot nothing follows on anything
    assert told(state, snapshot(1)) is True
    assert told(state, snapshot(1)) is False
    assert told(state, delta(2, 1)) is True
    assert (state.content.text, state.greeted) == ("A2", True)
    assert told(state, delta(4, 3)) is False
    assert (state.content.text, state.greeted, state.counts["gaps"]) == ("A2", False, 1)
    assert told(state, snapshot(1, "another run")) is True


def test_it_obeys_orders_of_this_run_once_however_many_an_earlier_one_gave() -> None:
    state = PageState(CONFIG, 0.0)
    for run, last in (("earlier", 7), ("r", 1)):
        sent = state.beat(1.0, stale=False, clock_s=0).sent
        told(state, codec.Answer(sent, 0, run, last, None, ()))
    assert (state.done_run, state.done) == ("r", 1)
    owed = [
        (run, number) for run in ("earlier", "r") for number in (1, 2, 8) if state.owes(codec.Order(run, number, "x"))
    ]
    assert owed == [("r", 2), ("r", 8)]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (snapshot(1), "revision 1 after 2"),
        (delta(5, 2), "revision 5 on 2"),
        (codec.Delta("r", 3, 2, {"text": "x" * 1100}, (), ()), r"a delta of 1\d\d\d bytes"),
        (codec.Answer(12345, 0, "r", 0, None, ()), "an answer to a beat that was never sent"),
    ],
)
def test_what_breaks_the_protocol_is_a_violation(message: codec.Message, why: str) -> None:
    state = PageState(CONFIG, 0.0)
    told(state, snapshot(2))
    with pytest.raises(ValueError, match=why):
        told(state, message)


def test_what_is_no_message_is_a_violation() -> None:
    with pytest.raises(ValueError, match="no message"):
        PageState(CONFIG, 0.0).take(b"{", 1.0)


def test_without_the_gateway_it_goes_grey_and_hides_its_numbers() -> None:
    state = PageState(CONFIG, 0.0)
    told(state, codec.Snapshot("r", 1, 0.1, 10, msgspec.structs.replace(codec.Content(), text="A1")))
    state.show(1.0, 1.0)
    assert (state.is_stale(1.2), state.seen(1.2)["text"]) == (False, "A1")
    assert (state.is_stale(1.4), state.seen(1.4)["text"]) == (True, "A1")
    assert state.seen(602.0)["text"] == ""


def test_while_it_is_black_nothing_is_seen_and_then_everything_again() -> None:
    row = codec.Row("c1", "A1", "1号窗口", None, 0)
    content = codec.Content(text="A1", notice="今日停电", rows=(row,))
    state = PageState(CONFIG, 0.0)
    for rev, lit, seen in ((1, True, "A1"), (2, False, ""), (3, True, "A1")):
        told(state, codec.Snapshot("r", rev, 0.1, 10, msgspec.structs.replace(content, lit=lit)))
        state.show(1.0, 1.0)
        found = state.seen(1.0)
        assert (found["text"], len(found["rows"]), bool(found["notice"])) == (seen, lit, lit)


def test_frames_may_be_cut_anywhere() -> None:
    wire = b"\x81\x02hi" + b"\x81\x7e\x00\xc8" + b"x" * 200 + b"\x89\x00"
    wanted = [websocket.Frame(1, b"hi"), websocket.Frame(1, b"x" * 200), websocket.Frame(9, b"")]
    for size in (1, 2, 3, 50, len(wire)):
        decoder = websocket.Decoder()
        pieces = [wire[start : start + size] for start in range(0, len(wire), size)]
        assert [frame for piece in pieces for frame in decoder.feed(piece)] == wanted


@pytest.mark.parametrize("bad", [b"\x01\x00", b"\xc1\x00", b"\x81\x80\x00\x00\x00\x00", b"\x81\x7f" + b"\xff" * 8])
def test_frames_that_a_server_may_not_send_are_refused(bad: bytes) -> None:
    with pytest.raises(ValueError, match="a frame"):
        list(websocket.Decoder().feed(bad))


def test_the_handshake_is_that_of_the_rfc(monkeypatch: pytest.MonkeyPatch) -> None:
    def nonce(_: int) -> bytes:
        return b"the sample nonce"  # RFC 6455, 1.3

    monkeypatch.setattr("os.urandom", nonce)
    request, accept = websocket.upgrade("/chat", "server.example.com", {})
    assert b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" in request
    assert accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
