"""Lists of cards as people export them from spreadsheets: every bad line is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import WrongInput
from gateway.people.card_list import BadLine, decoded, read
from gateway.people.pseudonyms import Person


def test_a_list_in_chinese_as_a_spreadsheet_saves_it() -> None:
    text = "姓名,卡号,部门\r\n张三,0009896534,信访局\r\n\r\n李四,17,\r\n"
    expected = [Person("card:9896534", "张三", "信访局"), Person("card:17", "李四")]
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        found = read(decoded(text.encode(encoding)))
        assert (found.people, found.bad) == (expected, []), encoding


def test_every_bad_line_is_told() -> None:
    lines = ["1,,王,", ",,李,", "2,b,赵,", "x,,钱,", "01,,孙,", "3,,,", "4,,周,a\x07", ",E-1,吴,", "5,,郑,,,"]
    found = read("\n".join(["card,employee,name,department", *lines]))
    assert [person.known_as for person in found.people] == ["card:1", "employee:E-1", "card:5"]
    assert found.bad == [
        BadLine(3, "must have exactly one of card and employee"),
        BadLine(4, "must have exactly one of card and employee"),
        BadLine(5, "card must be 1 to 20 digits, or BITS:HEX as a reader tells it"),
        BadLine(6, "card is that of line 2 already"),
        BadLine(7, "name must have 1 to 40 characters that can be printed"),
        BadLine(8, "department must have at most 40 characters that can be printed"),
    ]


def test_what_stands_behind_the_last_column_is_told() -> None:
    found = read("card,name,department\n1,孙八,部,多\n2,王,部,,\n3,李,部, \n")
    assert [person.known_as for person in found.people] == ["card:2", "card:3"]
    assert found.bad == [BadLine(2, "has more columns than line 1 has headings")]


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x1b", "\x1c", "\x1f", "\x7f", "\x85", "\u2028"])
def test_a_control_character_is_told_wherever_it_stands_in_a_cell(control: str) -> None:
    for spot in ("{}张三", "张{}三", "张三{}"):
        found = read(f"card,name\n1,李\n2,{spot.format(control)}\n")
        assert (len(found.people), [bad.line for bad in found.bad]) == (1, [3]), spot
    assert read(f"card,name\n1{control},李\n").bad[0].why.startswith("card must be 1 to 20 digits")
    assert read(f"card,name,department\n1,李,{control}\n").bad[0].line == 2


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("", "must have name, and card or employee"),
        ("name", "must have name, and card or employee"),
        ("card", "must have name, and card or employee"),
        ("card,name,卡号", "each once"),
        ("card,name,phone", "'phone' is no heading; headings: card"),
    ],
)
def test_wrong_headings_are_told_with_those_that_are_right(head: str, why: str) -> None:
    with pytest.raises(WrongInput, match=why):
        read(f"{head}\n1,2,3\n")


def test_a_file_that_is_no_text_and_one_that_breaks_off_in_a_quotation() -> None:
    with pytest.raises(WrongInput, match="neither UTF-8 nor GB 18030"):
        decoded(b"\xff\xff\xff")
    assert "is no CSV" in read('card,name\n1,"张').bad[0].why


def test_a_list_without_end_is_refused() -> None:
    with pytest.raises(WrongInput, match="more than 20000 lines"):
        read("card,name\n" + "".join(f"{number},a\n" for number in range(20_001)))


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    found = read(f"card,name\n{text}")
    assert len(found.people) + len(found.bad) <= text.count("\n") + text.count("\r") + 1
