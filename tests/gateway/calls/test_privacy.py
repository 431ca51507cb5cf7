"""Names are masked before anything sees them; what a person could be found by is refused; hostile text stays text."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from smallhall import OPENED, Hall, request

from gateway.calls.config import CallsConfig
from gateway.calls.model import CallRequest, make_call
from gateway.calls.window import Window
from gateway.core.errors import JournalError


async def test_a_name_is_masked_in_everything_that_is_kept_or_told(hall: Hall) -> None:
    async with hall.plugged_in() as card:
        call = await hall.call("c1", "A012", person_name="欧阳娜娜")
        await hall.recorded("call.delivered", 1)
    told = [
        call,
        hall.hub.views,
        card.shown,
        await hall.journal.read(limit=1000),
        await hall.journal.desired(),
        hall.calls.deliveries.live("c1"),
    ]
    text = "".join(msgspec.json.encode(part).decode() for part in told)
    assert "欧**" in text
    assert "欧阳" not in text
    assert "娜" not in text
    assert card.shown[-1] == "A012 欧**"


async def test_a_name_is_masked_in_what_waits_for_the_disk_too(hall: Hall) -> None:
    hall.journal.full = True
    with pytest.raises(JournalError):
        await hall.call("c1", "A012", person_name="欧阳娜娜")
    assert "阳" not in repr(hall.calls._unrecorded)


def test_the_digest_of_a_call_knows_the_masked_name_only() -> None:
    first, second, third = (
        request("c1", "A012", person_name=name).digest() for name in ("欧阳娜娜", "欧阳修修", "张三")
    )
    assert first == second != third


NUMBERS = [
    "13800138000",
    "138 0013 8000",
    "138-0013-8000",
    "+86 138 0013 8000",
    "8613800138000",
    "电话13800138000",
    "１３８００１３８０００",
    "13８00138000",
    "330102199001011234",
    "33010219900101123X",
    "33010219900101123x",
    "330102 19900101 1234",
    "330102.19900101.1234",
    "1\u200b3800138000",
]


@pytest.mark.parametrize("field", ["ticket", "person_name"])
@pytest.mark.parametrize("number", NUMBERS)
def test_an_identity_or_telephone_number_is_never_accepted(number: str, field: str) -> None:
    with pytest.raises(ValidationError, match="looks like an identity or telephone number, which is never shown"):
        request("c1", **{"ticket": "A012", field: number})


@pytest.mark.parametrize(
    "ticket", ["A012", "0012", "20260717001", "12026071700", "A-12", "请A012号", "A1 2", "𠮷1", "😀"]
)
def test_a_ticket_is_any_visible_text(ticket: str) -> None:
    assert request("c1", ticket).ticket == ticket


HOSTILE = [
    *("", " ", "\u3000", "A\n1", "A\x001", "A\x1b[2J", "\u200b", "A\u2028B", "\ue000", "A\x7f", "\ud800"),
    *("A\x9b2J", "\u3164", "\u2800\u115f", "\u0301A", "A" + 5 * "\u0301", "\ufe0f"),
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["ticket", "person_name"])
def test_text_that_nobody_could_see_is_refused(text: str, field: str) -> None:
    with pytest.raises(ValidationError):
        request("c1", **{"ticket": "A012", field: text})


def test_marks_that_turn_text_around_are_taken_out() -> None:
    assert request("c1", "\u202eA\u200d012\ufeff ").ticket == "A012"
    assert request("c1", "\u2067A\u31640\u180e1\u20602\u2069").ticket == "A012"


@pytest.mark.parametrize("text", ["Nguye\u0302\u0303n", "ก็ำ", "1\ufe0f\u20e3", "é" * 32])
def test_letters_with_the_marks_that_people_write_are_taken(text: str) -> None:
    assert request("c1", text).ticket == text


async def test_text_that_looks_like_a_template_or_markup_is_shown_as_it_is(hall: Hall) -> None:
    for number, ticket in enumerate(("{name}", "%s", "\\n{0}", "<b>A1</b>", "A1\\n", "${x}")):
        await hall.call(f"c{number}", ticket)
        assert hall.wanted() == ticket


@given(ticket=st.text(max_size=32), name=st.none() | st.text(max_size=40))
def test_what_is_accepted_is_one_line_that_a_driver_can_take(ticket: str, name: str | None) -> None:
    try:
        asked = request("c1", ticket, person_name=name)
    except ValidationError:
        return
    assert asked.ticket is not None
    assert asked.ticket.strip() == asked.ticket
    assert asked.ticket.splitlines() == [asked.ticket]
    asked.ticket.encode()


WRONG: dict[str, dict[str, Any]] = {
    "no ticket": {"ticket": None},
    "an empty id": {"call_id": ""},
    "an id with a slash": {"call_id": "a/b"},
    "an id with a wildcard": {"call_id": "#"},
    "a long id": {"call_id": "a" * 65},
    "a long ticket": {"ticket": "A" * 33},
    "a long name": {"person_name": "张" * 41},
    "an unknown kind": {"kind": "shout"},
    "a session with spaces": {"session": "a b"},
    "a seq below zero": {"seq": -1},
    "a seq beyond what JSON can count": {"seq": 2**53 + 1},
    "a seq with a fraction": {"seq": 1.5},
    "a ttl of a second": {"ttl_s": 1},
    "a ttl of a week": {"ttl_s": 7 * 86400},
    "a time without a zone": {"at": "2026-07-17T09:00:00"},
    "a time before there were clocks": {"at": "0001-01-01T00:00:00+14:00"},
    "an unknown field": {"phone": "1"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_call_that_is_wrong_is_refused(wrong: dict[str, Any]) -> None:
    right = {"call_id": "c1", "window": "w1", "ticket": "A012"}
    CallRequest.model_validate(right)
    with pytest.raises(ValidationError):
        CallRequest.model_validate(right | wrong)


def test_a_template_uses_the_fields_of_call_and_window(hall: Hall) -> None:
    config = hall.calls.windows["w1"].config.model_copy(update={"show": "请{ticket}号{name}到{label}（{function}）"})
    asked = request("c1", "A012", person_name="张三")
    call = make_call(asked, session="s", seq=1, ttl_s=60, now=OPENED, actor="queue-system")
    assert Window(config, CallsConfig()).content(call).text == "请A012号张*到w1号窗口（综合受理）"
