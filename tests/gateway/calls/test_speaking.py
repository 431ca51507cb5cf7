"""How tickets, windows and names are said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calls.speaking import LONGEST, MARKS, fields_en, fields_zh, plain, seconds, sentence

DEFAULT = "请{ticket}到{label}"


def said(ticket: str, label: str = "3号窗口") -> str | None:
    return sentence(DEFAULT, fields_zh(ticket=ticket, label=label))


@pytest.mark.parametrize(
    ("ticket", "expected"),
    [
        ("A012", "A 零幺二号"),
        ("Z-7", "Z 七号"),
        ("100", "幺零零号"),
        ("VIP8", "V I P 八号"),
        ("vip8", "V I P 八号"),
        ("社保012", "社保零幺二号"),
        ("12号", "幺二号"),
        ("Ａ０１２", "A 零幺二号"),
        ("٣", "三号"),
        ("U[\\单会乗䶮", "U 单会乗䶮号"),
        ("<b>1</b>", "B 幺 B 号"),
        ("[[x]] && rm -rf", "X R M R F 号"),
    ],
)
def test_a_ticket_is_said_sign_by_sign(ticket: str, expected: str) -> None:
    assert fields_zh(ticket=ticket, label="")["ticket"] == expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("12号窗口", "十二号窗口"),
        ("3号窗口", "三号窗口"),
        ("02号窗口", "二号窗口"),
        ("0号", "零号"),
        ("10", "十"),
        ("20号", "二十号"),
        ("101室", "一百零一室"),
        ("110室", "一百一十室"),
        ("1001", "一千零一"),
        ("9999", "九千九百九十九"),
        ("12345", "幺二三四五"),
        ("VIP窗口", "V I P 窗口"),
        ("A-12号窗口", "A 十二号窗口"),
        ("综合窗口", "综合窗口"),
    ],
)
def test_the_number_of_a_window_is_a_number(label: str, expected: str) -> None:
    assert fields_zh(ticket="", label=label)["label"] == expected


def test_the_whole_sentence() -> None:
    assert said("A012", "12号窗口") == "请A 零幺二号到十二号窗口"
    fields = fields_zh(ticket="7", label="1号", function="<综合>受理", name="欧**", priority="绿色通道")
    assert sentence("{priority}，{name}，{ticket}，{function}", fields) == "绿色通道,欧某某,七号,综合 受理"


@pytest.mark.parametrize("ticket", ["---", "😀", "<>", "[[]]"])
def test_a_ticket_of_which_nothing_can_be_said_makes_no_sentence(ticket: str) -> None:
    assert said(ticket) is None


@pytest.mark.parametrize(
    ("ticket", "label", "expected"),
    [
        ("A012", "12号窗口", "Ticket A zero one two, please go to window 12."),
        ("12号", "VIP窗口", "Ticket one two, please go to window V I P."),
        ("7", "Room 5", "Ticket seven, please go to Room 5."),
        ("社保012", "12号窗口", None),
        ("A012", "综合窗口", None),
    ],
)
def test_in_english(ticket: str, label: str, expected: str | None) -> None:
    assert sentence("Ticket {ticket}, please go to {label}.", fields_en(ticket=ticket, label=label)) == expected


@given(st.text(min_size=1, max_size=32), st.text(max_size=40))
def test_no_text_makes_a_command_of_a_speech_program_or_ends_the_gateway(ticket: str, label: str) -> None:
    text = said(ticket, label)
    assert text is None or len(text) <= LONGEST
    assert all(letter.isalnum() or letter in MARKS or letter == " " for letter in text or "")
    english = sentence("{ticket}, {label}.", fields_en(ticket=ticket, label=label))
    assert plain(english or "") == (english or "")


def test_who_does_not_tell_its_end_is_given_longer_than_any_voice_takes() -> None:
    assert seconds("请A 零幺二号到十二号窗口") > 13 / 4  # four syllables in a second is slow
