from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calendar.entries import MOST_BYTES, MOST_ENTRIES, Days, Found, UnreadableCalendar
from gateway.calendar.icalendar_file import read_icalendar
from gateway.calendar.table import read_table

WEEK = Days(date(2026, 11, 23), 7, ZoneInfo("Asia/Shanghai"))  # a Monday
TABLE = (
    "日期,开始,结束,姓名,职务,地点\n2026-11-24,09:00,11:30,王建国,县委副书记,1号接待室\n2026/11/23,,,李敏,政法委书记,\n"
)


def calendar(*events: str) -> bytes:
    inside = "".join(
        f"BEGIN:VEVENT\nUID:{number}\nDTSTAMP:20260101T000000Z\n{event}\nEND:VEVENT\n"
        for number, event in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//\n{inside}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def told(found: Found) -> list[tuple[str, str, str]]:
    return [(f"{each.begin:%m-%d %H:%M}", f"{each.end:%H:%M}" if each.end else "", each.who) for each in found.entries]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_is_read_in_the_encodings_of_spreadsheets(codec: str) -> None:
    found = read_table(TABLE.encode(codec), WEEK)
    assert told(found) == [("11-23 00:00", "", "李敏"), ("11-24 09:00", "11:30", "王建国")]
    assert [entry.all_day for entry in found.entries] == [True, False]
    assert (found.entries[1].what, found.entries[1].where) == ("县委副书记", "1号接待室")


def test_a_table_may_have_english_columns_in_any_order_and_times_with_a_wide_colon() -> None:
    found = read_table("Who,Date,Begin\n赵强,2026年11月25日,14：30\n".encode(), WEEK)
    assert told(found) == [("11-25 14:30", "", "赵强")]


def test_who_begins_at_the_same_time_stands_by_the_end_and_an_open_end_comes_first() -> None:
    rows = "date,begin,end,who\n2026-11-24,09:00,11:00,甲\n2026-11-24,09:00,,乙\n2026-11-24,09:00,10:00,丙\n"
    in_order = [("11-24 09:00", "", "乙"), ("11-24 09:00", "10:00", "丙"), ("11-24 09:00", "11:00", "甲")]
    assert told(read_table(rows.encode(), WEEK)) == in_order
    both = "DTSTART:20261124T090000\nDTEND:20261124T100000\nSUMMARY:甲", "DTSTART:20261124T090000\nSUMMARY:乙"
    assert told(read_icalendar(calendar(*both), WEEK)) == [("11-24 09:00", "", "乙"), ("11-24 09:00", "10:00", "甲")]


def test_every_bad_line_of_a_table_is_named_and_the_others_are_used() -> None:
    rows = [
        "2026-11-24,9点,,甲,,",
        "31.13.2026,,,乙,,",
        "2026-11-24,,,,,",
        "2026-11-24,11:00,09:00,丙,,",
        "2026-11-24,,09:00,丁,,",
    ]
    found = read_table((TABLE + "\n".join(rows)).encode(), WEEK)
    assert len(found.entries) == 2
    assert found.complaints == [
        "line 4: '9点' is no time of day such as 09:00",
        "line 5: '31.13.2026' is no date such as 2026-11-23",
        "line 6: who (姓名) is empty",
        "line 7: it ends at 09:00, before it begins at 11:00",
        "line 8: it has an end, but no begin",
    ]


def test_a_table_without_its_columns_is_refused() -> None:
    with pytest.raises(UnreadableCalendar, match=r"line 1: must name the columns date \(日期\) and who \(姓名\)"):
        read_table(b"a,b\n1,2\n", WEEK)


def test_events_are_read_in_the_zone_of_the_site() -> None:
    found = read_icalendar(
        calendar(
            "DTSTART:20261124T010000Z\nDTEND:20261124T033000Z\nSUMMARY:王建国\nDESCRIPTION:县委副书记",
            "DTSTART;TZID=Asia/Shanghai:20261123T090000\nDURATION:PT1H\nSUMMARY:李敏",
            "DTSTART:20261125T143000\nSUMMARY:赵强",
            "DTSTART:20261124T010000Z\nSTATUS:CANCELLED\nSUMMARY:无",
        ),
        WEEK,
    )
    assert told(found) == [
        ("11-23 09:00", "10:00", "李敏"),
        ("11-24 09:00", "11:30", "王建国"),
        ("11-25 14:30", "", "赵强"),
    ]


def test_events_repeat_with_their_exceptions() -> None:
    times = "DTSTART;TZID=Asia/Shanghai:20260105T090000\nDTEND;TZID=Asia/Shanghai:20260105T100000"
    weekly = f"{times}\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE\nSUMMARY:李敏"
    assert told(read_icalendar(calendar(weekly), WEEK)) == [
        ("11-23 09:00", "10:00", "李敏"),
        ("11-25 09:00", "10:00", "李敏"),
    ]
    without = weekly + "\nEXDATE;TZID=Asia/Shanghai:20261123T090000"
    assert told(read_icalendar(calendar(without), WEEK)) == [("11-25 09:00", "10:00", "李敏")]


def test_an_event_of_whole_days_stands_on_each_of_them() -> None:
    found = read_icalendar(calendar("DTSTART;VALUE=DATE:20261121\nDTEND;VALUE=DATE:20261126\nSUMMARY:值班"), WEEK)
    assert told(found) == [("11-23 00:00", "", "值班"), ("11-24 00:00", "", "值班"), ("11-25 00:00", "", "值班")]


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=minutely", "FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,1,2,3,4,5"])
def test_an_event_that_repeats_too_often_is_left_out(rule: str) -> None:
    found = read_icalendar(
        calendar(f"DTSTART:20261101T000000\nRRULE:{rule}\nSUMMARY:炸弹", "DTSTART:20261124T090000\nSUMMARY:李敏"), WEEK
    )
    assert told(found) == [("11-24 09:00", "", "李敏")]
    assert found.complaints == ["'炸弹' repeats too often: it is left out"]


def test_no_more_is_kept_than_a_screen_will_ever_show() -> None:
    rows = "date,who\n" + "2026-11-24,某人\n" * (MOST_ENTRIES + 1)
    found = read_table(rows.encode(), WEEK)
    assert len(found.entries) == MOST_ENTRIES
    assert found.complaints == [f"more than {MOST_ENTRIES} entries: the later ones are left out"]


def test_what_cannot_be_seen_does_not_get_onto_a_screen() -> None:
    found = read_table('date,who\n2026-11-24,"李\u202e敏\x1b[2J"\n'.encode(), WEEK)
    assert [entry.who for entry in found.entries] == ["李 敏 [2J"]


@pytest.mark.parametrize("data", [b"", b"\xff\xff\xff", b"BEGIN:VCALENDAR\r\n", b"x" * (MOST_BYTES + 1), b"PK\x03\x04"])
def test_what_is_no_calendar_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(UnreadableCalendar):
        read_icalendar(data, WEEK)


@given(
    st.text()
    | st.text("BEGIN:VCALENDAREVT\n;=0123456789RRULE").map(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}\nEND:VEVENT\nEND:VCALENDAR".format
    )
)
def test_no_text_does_more_than_be_refused(text: str) -> None:
    for read in (read_icalendar, read_table):
        try:
            read(text.encode("utf-8", "replace"), WEEK)
        except UnreadableCalendar:
            continue
