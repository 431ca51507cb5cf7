"""The wire of ZKTeco's PUSH protocols: the examples of the document, rows that users published, and rows of nobody."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.access.zkteco_push import codec, events
from drivers.access.zkteco_push.codec import Done, Row, State
from drivers.access.zkteco_push.events import MEANINGS, meaning
from gateway.core.access import Happening


def mark(text: str) -> str:
    """Stands for what only the gateway can compute."""
    return f"<{text}>"


def vector(name: str) -> bytes:
    """The bytes of a vector file; its first line names the source."""
    source, line = Path(__file__).with_name("vectors").joinpath(f"{name}.hex").read_text("utf-8").splitlines()
    assert source.startswith("# ")
    return bytes.fromhex(line)


def row(body: bytes) -> Row:
    (line,) = codec.posted(body)
    found = codec.row(line, mark)
    assert found is not None
    return found


def test_reads_the_row_of_the_document() -> None:
    found = row(vector("rtlog"))
    assert (found.time, found.event, found.door, found.outward) == ("2017-01-10 11:49:32", 27, 1, True)
    assert (found.index, found.pin, found.card) == (21, None, None)


def test_reads_a_row_with_fields_that_the_document_did_not_have() -> None:
    found = row(vector("face"))
    assert (found.event, found.index, found.pin, found.card, found.outward) == (3, 140, "2", None, False)


def test_reads_the_states() -> None:
    assert codec.state(vector("rtstate")) == State("2017-01-10 15:42:40", dict.fromkeys(range(1, 5)))
    idle = codec.state(vector("idle"))
    assert idle is not None
    assert idle.open == {1: False, 2: None, 3: None, 4: None}


def test_each_door_has_two_bits_and_the_first_is_the_lowest() -> None:
    found = codec.state(b"time=2017-01-10 15:42:40\tsensor=A601\trelay=00")
    assert found is not None
    assert found.open == {1: True, 2: False, 3: True, 4: True, 5: False, 6: None, 7: None, 8: None}


def test_reads_the_results_of_commands_in_both_forms() -> None:
    assert list(codec.results(vector("devicecmd"))) == [Done("1", 0)]
    assert list(codec.results(b"ID=7&Return=-708&CMD=X&SN=9\nID=8&Return=0&CMD=Y\n")) == [Done("7", -708), Done("8", 0)]
    assert list(codec.results(b"ID=32\nReturn=0\nCMD=Shell\nContent=ID\n")) == [Done("32", 0)]


def test_reads_attendance() -> None:
    (line,) = codec.posted(vector("attlog"))
    found = codec.punch(line, mark)
    assert found is not None
    assert (found.time, found.pin, found.door) == ("2023-08-16 10:15:24", "1", None)


def test_answers_have_line_ends_between_them_and_none_behind_the_last() -> None:
    pairs = dict(line.split("=") for line in vector("configuration").decode().split("\n"))
    assert codec.lines(pairs) == vector("configuration")
    assert len(codec.lines(pairs)) == 218
    assert codec.lines({"RegistryCode": "Uy47fxftP3"}) == vector("registered")
    assert len(vector("registered")) == 23


def test_commands_are_written_as_the_document_has_them() -> None:
    assert codec.control(1, 5) == "CONTROL DEVICE 01010105"
    assert codec.control(8, 255) == "CONTROL DEVICE 010801FF"
    assert codec.commands([("1", codec.control(1, 5)), ("2", "X")]) == b"C:1:CONTROL DEVICE 01010105\nC:2:X"
    assert codec.commands([]) == b"OK"
    assert codec.packed(datetime(2018, 2, 22, 14, 54, 54)) == 583080894  # noqa: DTZ001 - a device's clock is naive


@pytest.mark.parametrize(("door", "seconds"), [(0, 5), (9, 5), (1, -1), (1, 256)])
def test_a_lock_that_is_not_there_cannot_be_commanded(door: int, seconds: int) -> None:
    with pytest.raises(ValueError, match=f"door {door}"):
        codec.control(door, seconds)


@pytest.mark.parametrize("command", [("1", "X\nC:2:Y"), ("1:", "X"), ("", "X"), ("1", "")])
def test_what_would_be_two_commands_is_refused(command: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="not one line"):
        codec.commands([command])


def test_the_token_is_that_of_the_document() -> None:
    """MD5 of registration code, serial number and session, as the document describes it; computed by md5sum."""
    assert codec.token("Uy47fxftP3", "3383154200002", "30BFB04B2C8AECC72C01C03BFD549D15") == (
        "a59b6315f78c9a2b8e04ef32a50760e9"
    )


@pytest.mark.parametrize(
    ("cookie", "token"),
    [
        ("token=" + "a" * 32, "a" * 32),
        ("token=" + "A" * 32 + ",timestamp=7", "a" * 32),
        ("JSESSIONID=1; token=" + "0" * 32, "0" * 32),
        ("token=" + "a" * 33, None),
        ("xtoken=" + "a" * 32, None),
        ("", None),
    ],
)
def test_finds_the_token_in_a_cookie(cookie: str, token: str | None) -> None:
    assert codec.shown(cookie) == token


def test_the_key_of_a_row_is_the_same_whatever_a_firmware_adds_and_differs_where_the_row_does() -> None:
    first = row(vector("rtlog"))
    assert row(vector("rtlog") + b"\ttemperature=36.6\tmaskflag=1").key == first.key
    assert row(vector("rtlog").replace(b"index=21", b"index=22")).key != first.key
    assert row(vector("rtlog").replace(b"11:49:32", b"11:49:33")).key != first.key
    assert row(vector("rtlog").replace(b"\tindex=21", b"")).key != row(vector("face").replace(b"\tindex=140", b"")).key


def test_the_key_of_a_row_with_a_number_has_nobody_in_it() -> None:
    """Whoever has the store could try all cards with a hash of it, also of somebody who was forgotten."""
    line = b"time=2026-11-23 10:00:00\tpin=0\tcardno=9896534\teventaddr=1\tevent=0\tinoutstatus=0\tindex=7"
    assert row(line).key == row(line.replace(b"9896534", b"17")).key == "2026-11-23 10:00:00/7/0/1"


def test_the_key_of_a_row_without_a_number_is_what_only_the_gateway_can_compute() -> None:
    line = "time=2026-11-23 10:00:00\tpin=1001\tcardno=0\teventaddr=1\tevent=0"
    assert row(line.encode()).key == mark(line)
    (punched,) = codec.posted(vector("attlog"))
    found = codec.punch(punched, mark)
    assert found is not None
    assert found.key == mark(punched)


@pytest.mark.parametrize(
    "line",
    [
        b"time=2017-01-10 11:49:32\tpin=1",
        b"time=yesterday\tevent=0",
        b"event=0",
        b"time=2017-01-10 11:49:32\tevent=1e3",
        b"\xff\xfe\x00",
        b"event=0;time=2017-01-10 11:49:32",
    ],
)
def test_what_is_no_row_is_noise(line: bytes) -> None:
    assert [codec.row(each, mark) for each in codec.posted(line)] == [None]


@given(st.binary(max_size=400))
def test_never_raises_for_what_a_device_sends(body: bytes) -> None:
    for line in codec.posted(body):
        assert isinstance(codec.row(line, mark), Row | None)
        assert isinstance(codec.punch(line, mark), Row | None)
    assert all(isinstance(found, Done) for found in codec.results(body))
    assert codec.state(body) is None or isinstance(codec.state(body), State)
    assert len(codec.options(body)) <= 256
    codec.shown(body.decode("latin-1"))
    codec.arrived({"tablename": body.decode("latin-1"), "count": "1"})


@given(st.integers(0, 99_999), st.integers(0, 7000), st.integers(1, 8), st.integers(0, 2**31))
def test_a_row_that_is_written_is_read_back(pin: int, event: int, door: int, index: int) -> None:
    line = (
        f"time=2026-11-23 08:00:00\tpin={pin}\tcardno=0\teventaddr={door}\tevent={event}\tinoutstatus=0\tindex={index}"
    )
    found = row(line.encode())
    assert (found.event, found.door, found.index, found.pin) == (event, door, index, str(pin) if pin else None)


@pytest.mark.parametrize(
    ("code", "type_"),
    [
        (0, Happening.GRANTED),
        (3, Happening.GRANTED),
        (27, Happening.DENIED),
        (28, Happening.ALARM),
        (102, Happening.ALARM),
        (150, Happening.ALARM),
        (200, Happening.OPENED),
        (201, Happening.CLOSED),
        (202, Happening.BUTTON),
        (206, Happening.RESTARTED),
        (8, Happening.REMOTE),
        (210, Happening.ALARM),
        (4001, Happening.OTHER),
        (5001, Happening.OTHER),
        (6001, Happening.ALARM),
    ],
)
def test_codes_mean_what_the_document_says(code: int, type_: Happening) -> None:
    assert meaning(code).type is type_


def test_no_code_has_two_meanings_and_alarms_have_the_words_that_doors_know() -> None:

    tables = (events.GRANTED, events.DENIED, events.BUTTON_REFUSED, events.ALARM, events.OTHER, events.SINGLE)
    assert sum(len(table) for table in tables) == len(MEANINGS)
    assert {meaning(code).reason for code in (28, 100, 101, 102, 210)} == {"held", "tamper", "duress", "forced", "fire"}
