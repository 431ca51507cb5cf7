"""Hostile tickets and names, followed to every place where somebody reads them: none of them does anything there."""

import csv
import io
import logging
import unicodedata
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from screenhall import ScreenHall, screen_hall

from gateway.mqtt.topics import Topics

TEXTS = {
    "markup": ("<script>x()</script>", "<script>x()</script>"),
    "an attribute": ("\"'><img src=x onerror=1>", "\"'><img src=x onerror=1>"),
    "a template": ("{{7*7}} ${1} %s {name}", "{{7*7}} ${1} %s {name}"),
    "a formula": ("=1+2", "=1+2"),
    "another formula": ("@SUM(A1)", "@SUM(A1)"),
    "a backslash": ("A\\x1b[2J", "A\\x1b[2J"),
    "turned around": ("\u202e210A\u202c", "210A"),
    "an isolate that stays open": ("\u2067A012", "A012"),
    "zero width": ("A\u200b0\u200d1\ufeff2", "A012"),
    "written from the right": ("\u0645\u0631\u062d\u0628\u0627 12", "\u0645\u0631\u062d\u0628\u0627 12"),
}
REFUSED = {
    "escape": "A\x1b[31m",
    "an 8-bit escape": "A\x9b31m",
    "a new line": "A\n2026-01-01 ERROR x",
    "a bell": "A\a",
    "nul": "A\0",
    "a line separator": "A\u2028B",
    "a tower of marks": "A" + "\u0301" * 31,
    "marks on nothing": "\u0301A",
    "blank letters": "\u3164\u3164",
}


@pytest.fixture
async def hall(tmp_path: Path, fails_on_pending_tasks: None) -> AsyncGenerator[ScreenHall]:
    async with screen_hall(tmp_path) as hall:
        yield hall


def harmless(text: str) -> bool:
    """Whether a text does nothing to who reads it on a terminal or in a log."""
    return all(unicodedata.category(each) not in ("Cf", "Cc", "Zl", "Zp") or each in "\n\r\t" for each in text)


@pytest.mark.parametrize(("sent", "kept"), TEXTS.values(), ids=TEXTS)
async def test_a_hostile_ticket_is_nothing_but_text_wherever_it_comes(
    hall: ScreenHall, caplog: pytest.LogCaptureFixture, sent: str, kept: str
) -> None:
    web, topics = hall.web, Topics("s")
    with caplog.at_level(logging.DEBUG):
        answer = await web.call("c1", "w02", sent, person_name=sent)
    assert (answer.status, answer.json["ticket"]) == (202, kept), answer
    [_, window] = (await web.get("/windows"))["windows"]
    assert (window["ticket"], window["text"]) == (kept, kept)
    page = (await web.ask("GET", "/")).body.decode()
    assert "<script>x()" not in page
    assert "<img src=x" not in page
    table = (await web.ask("GET", "/api/v1/events.csv")).body.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(table)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    rows = await web.services.house.journal.read(limit=100)
    sent_out = [message for row in rows if (message := topics.recorded(row))]
    assert [topic for topic, _ in sent_out] == ["hall/s/calls/c1"]
    payloads = "".join(payload.decode() for _, payload in sent_out)
    assert all(harmless(text) for text in (page, table, payloads, caplog.text, answer.body.decode()))


@pytest.mark.parametrize("field", ["ticket", "person_name"])
@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
async def test_what_could_do_something_is_refused_in_one_harmless_sentence(
    hall: ScreenHall, caplog: pytest.LogCaptureFixture, sent: str, field: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = await hall.web.call("c1", "w02", **{"ticket": "A012", field: sent})
    assert (answer.status, answer.detail.count("\n"), field in answer.detail) == (422, 0, True)
    assert harmless(answer.detail)
    assert harmless(caplog.text)
    assert (await hall.web.get("/windows"))["windows"][1]["ticket"] is None
