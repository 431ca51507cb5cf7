"""ISAPI: what users of terminals published, what hostile ones might say, and the stream read by its lengths."""

import email
import email.policy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.access.hikvision import codec, events
from drivers.access.hikvision.codec import Lock, Row
from drivers.access.hikvision.events import meaning
from drivers.access.hikvision.multipart import Decoder, Noise, Part
from gateway.core.access import Happening
from simulators.access.hikvision.isapi import PICTURE, part

ZONE = ZoneInfo("Asia/Shanghai")
JSON = 'application/json; charset="UTF-8"'
PARTS = st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=300)), max_size=6)
NAMES = st.sampled_from(["serialNo", "major", "minor", "time", "doorNo", "AcsEvent", "InfoList"])
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=20)


def vector(name: str) -> bytes:
    """The bytes of a vector file; its first line names the source."""
    source, line = Path(__file__).with_name("vectors").joinpath(f"{name}.hex").read_text("utf-8").splitlines()
    assert source.startswith("# ")
    return bytes.fromhex(line)


def heard(*pieces: bytes) -> list[Part | Noise]:
    decoder = Decoder()
    return [found for piece in pieces for found in decoder.feed(piece)]


def test_reads_the_stream_that_users_published() -> None:
    beat, replayed = heard(vector("stream"))
    assert isinstance(beat, Part)
    assert isinstance(replayed, Part)
    assert codec.alert(beat.body or b"") == "videoloss"
    assert codec.alert(replayed.body or b"") == "AccessControllerEvent"
    inner = json.loads(replayed.body or b"")["AccessControllerEvent"]
    found = codec.row(inner, "majorEventType", "subEventType")
    assert found == Row(1, "", 2, 1024, front=0)
    assert meaning(2, 1024).type is Happening.RESTARTED


def test_the_standard_library_reads_the_same_parts() -> None:
    wire = vector("stream") + part(PICTURE.replace(b"--MIME_boundary", b"--MIME-boundary"), "image/jpeg")
    head = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=MIME_boundary\r\n\r\n"
    message = email.message_from_bytes(head + wire + b"--MIME_boundary--\r\n", policy=email.policy.HTTP)
    theirs = [one.get_payload(decode=True) for one in message.walk() if not one.is_multipart()]
    ours = [one.body for one in heard(wire) if isinstance(one, Part)]
    assert len(ours) == len(theirs) == 3
    assert [json.loads(str(one, "utf-8")) for one in theirs[:2] if isinstance(one, bytes)] == [
        json.loads(one or b"") for one in ours[:2]
    ]


def test_a_picture_with_boundaries_and_braces_in_it_is_skipped_and_hides_nothing() -> None:
    first, second = b'{"eventType": "AccessControllerEvent"}', b'{"eventType": "videoloss"}'
    found = heard(part(first, JSON) + part(PICTURE, "image/jpeg") + part(second, JSON))
    assert found == [Part(first), Part(None), Part(second)]


@given(PARTS, st.integers(1, 40))
def test_how_the_stream_is_cut_does_not_matter(parts: list[tuple[bool, bytes]], size: int) -> None:
    wire = b"".join(part(body, JSON if kept else "image/jpeg") for kept, body in parts)
    whole = heard(wire)
    assert whole == [Part(body if kept else None) for kept, body in parts]
    assert heard(*(wire[start : start + size] for start in range(0, len(wire), size))) == whole


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_a_stream_of_nonsense_never_raises_and_ends_at_the_first_noise(pieces: list[bytes]) -> None:
    found = heard(*pieces)
    assert all(not isinstance(one, Noise) for one in found[:-1])


@pytest.mark.parametrize(
    "wire",
    [
        b"--MIME_boundary\r\nContent-Type: application/json\r\n\r\n{}",
        b"--MIME_boundary\r\nContent-Length: 99999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"x" * 5000,
    ],
)
def test_what_has_no_length_is_noise_and_nothing_behind_it_is_read(wire: bytes) -> None:
    (noise,) = heard(wire, part(b"{}", JSON))
    assert isinstance(noise, Noise)


def test_asks_as_all_firmware_takes_it() -> None:
    asked = json.loads(codec.search("a1", 0, 30, first=7))["AcsEventCond"]
    assert asked == {
        "searchID": "a1",
        "searchResultPosition": 0,
        "maxResults": 30,
        "major": 0,
        "minor": 0,
        "beginSerialNo": 7,
        "endSerialNo": codec.NEWEST,
    }
    since = json.loads(codec.search("a1", 0, 30, since="2026-11-23T08:00:00"))["AcsEventCond"]
    assert (since["startTime"], "beginSerialNo" in since) == ("2026-11-23T08:00:00", False)


def test_reads_how_many_rows_a_device_gives() -> None:
    assert codec.longest_page(vector("capabilities")) == 30
    assert codec.longest_page(b'{"AcsEvent":{"AcsEventCond":{"maxResults":{"@max":1000}}}}') == 64
    for nothing in (b"", b"[]", b'{"AcsEvent": 7}', b"\xff"):
        assert codec.longest_page(nothing) == codec.USUAL_PAGE


def test_a_row_is_read_without_name_temperature_and_mask() -> None:
    told = {
        "major": 5,
        "minor": 75,
        "time": "2026-11-23T09:00:00+08:00",
        "serialNo": 9,
        "frontSerialNo": 8,
        "doorNo": 1,
    }
    health = {
        "name": "张三",
        "mask": "no",
        "currTemperature": 38.4,
        "isAbnomalTemperature": True,
        "pictureURL": "http://x",
    }
    found = codec.row({**told, **health, "employeeNoString": "17", "cardNo": "9896534"}, "major", "minor")
    assert found == Row(9, "2026-11-23T09:00:00+08:00", 5, 75, 8, 1, "employee:17")
    assert codec.row({**told, "cardNo": "9896534", "employeeNoString": ""}, "major", "minor") == Row(
        9, "2026-11-23T09:00:00+08:00", 5, 75, 8, 1, "card:9896534"
    )


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"AcsEvent": []}', b"\xff" * 20, b"[" * 100_000])
def test_what_is_no_page_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        codec.page(body)


@given(ANYTHING)
def test_a_row_of_anything_never_raises(value: Any) -> None:
    assert codec.row(value, "major", "minor") is None or isinstance(codec.row(value, "major", "minor"), Row)


@given(st.binary(max_size=200))
def test_answers_of_anything_never_raise(body: bytes) -> None:
    codec.alert(body)
    codec.refusal(body)
    codec.longest_page(body)
    assert codec.clock(body, ZONE) is None


def test_reads_refusals_in_both_forms() -> None:
    assert codec.refusal(vector("done")) is None
    code, sub = b"<statusCode>4</statusCode>", b"<subStatusCode>lowPrivilege</subStatusCode>"
    refused = b"<R>" + code + b"<statusString>Invalid Operation</statusString>" + sub + b"</R>"
    assert codec.refusal(refused) == "Invalid Operation lowPrivilege"
    assert (
        codec.refusal(b'{"statusCode": 4, "statusString": "Device Busy", "subStatusCode": "busy"}')
        == "Device Busy busy"
    )
    assert codec.refusal(b'{"statusCode": 1, "statusString": "OK"}') is None
    assert codec.refusal(b"\x1b[2J") == "it says nothing that can be read"


def test_reads_the_states_of_the_doors_that_there_are_and_leaves_unknown_what_is_not_told() -> None:
    told = {"doorLockStatus": [1, 0, 4], "doorStatus": [2, 3], "magneticStatus": [1]}
    body = json.dumps({"AcsWorkStatus": told}).encode()
    assert codec.locks(body, [1, 2, 3, 4]) == {
        1: Lock(True, True, 2),
        2: Lock(None, False, 3),
        3: Lock(None, None, None),
    }
    assert codec.locks(b'{"AcsWorkStatus": {"cardNum": 3}}', [1, 4]) == dict.fromkeys((1, 4), Lock(None, None, None))
    with pytest.raises(ValueError, match="no AcsWorkStatus"):
        codec.locks(b"{}", [1])


def test_reads_the_clock_and_leaves_its_zone_when_it_sets_it() -> None:
    inner = b"<localTime>2026-07-13T22:19:01+03:00</localTime><timeZone>CST-8:00:00</timeZone>"
    told = b"<Time><timeMode>NTP</timeMode>" + inner + b"</Time>"
    assert codec.clock(told, ZONE) == datetime(2026, 7, 13, 19, 19, 1, tzinfo=UTC)
    assert codec.clock(told.replace(b"+03:00", b""), ZONE) == datetime(2026, 7, 13, 22, 19, 1, tzinfo=ZONE)
    said = codec.set_clock(told, datetime(2026, 11, 23, 9, 0, 5, tzinfo=ZONE))
    assert (
        b"<timeMode>manual</timeMode><localTime>2026-11-23T09:00:05</localTime><timeZone>CST-8:00:00</timeZone>" in said
    )


@pytest.mark.parametrize(
    ("major", "minor", "type_", "reason"),
    [
        (5, 0x4B, Happening.GRANTED, "face"),
        (5, 0x09, Happening.DENIED, "not registered"),
        (5, 0x17, Happening.BUTTON, "button"),
        (5, 0x19, Happening.OPENED, "opened"),
        (5, 0x1A, Happening.CLOSED, "closed"),
        (5, 0x1B, Happening.ALARM, "forced"),
        (5, 0x1C, Happening.ALARM, "held"),
        (5, 0x34, Happening.ALARM, "fire"),
        (1, 0x40A, Happening.ALARM, "duress"),
        (1, 0x404, Happening.ALARM, "tamper"),
        (1, 0x7FF, Happening.ALARM, "code 1/0x7ff"),
        (3, 0x400, Happening.REMOTE, "from afar"),
        (5, 0x7FF, Happening.OTHER, "code 5/0x7ff"),
    ],
)
def test_rows_mean_what_the_sdk_says(major: int, minor: int, type_: Happening, reason: str) -> None:
    assert meaning(major, minor) == (type_, reason)


def test_no_row_has_two_meanings() -> None:
    tables = (events.PASSED, events.REFUSED, events.DOOR, events.SPOKEN)
    assert len({code for table in tables for code in table}) == sum(len(table) for table in tables)
    assert not set(events.ALARM) & set(events.ENDED)
