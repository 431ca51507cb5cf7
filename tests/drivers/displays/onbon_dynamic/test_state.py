from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.displays.onbon_dynamic.codec import requests, state
from drivers.displays.onbon_dynamic.codec.requests import Voice
from drivers.displays.onbon_dynamic.codec.state import Ping, Status

NOON = datetime(2026, 3, 2, 12, 34, 56)  # noqa: DTZ001 - a card has no zone
BY_HAND = bytes.fromhex(
    "01 00 00 0c 0200 50303030 00 00 00 01 2620 03 02 12 34 56 01 00 eb00 01 2c00 e601 ffff 00".replace(" ", "")
)


def test_a_status_is_read_as_it_is_documented() -> None:
    assert state.read_status(BY_HAND + b"and more") == Status(
        on=True, brightness=12, clock=NOON, temperatures=(235, -44), humidity=486, noise=None
    )


def test_a_clock_that_does_not_work_and_sensors_that_are_not_there_are_unknown() -> None:
    nothing = bytes.fromhex("00 00 00 00 0000 00000000 00 00 00 00".replace(" ", "")) + bytes(8) + b"\xff" * 10 + b"\0"
    assert state.read_status(nothing) == Status(on=False, brightness=0)
    wrong = BY_HAND[:14] + b"\xff" * 8 + BY_HAND[22:]
    assert state.read_status(wrong).clock is None


@pytest.mark.parametrize("size", [0, 30, 32])
def test_what_is_cut_off_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="cut off"):
        state.read_status(bytes(size))
    with pytest.raises(ValueError, match="cut off"):
        state.read_ping(bytes(min(size, 30)))


@given(st.binary(min_size=33, max_size=60))
def test_no_status_raises(data: bytes) -> None:
    state.read_status(data)
    state.read_ping(data)


def test_a_ping_tells_what_the_card_is() -> None:
    by_hand = (
        bytes.fromhex("7401") + b"19092600" + bytes.fromhex("00 0100 02 4000 1000 03 0f 01 1000 10 00 0100 00 00 00 00")
    )
    told = state.read_ping(by_hand)
    assert told == Ping(device_type=0x0174, firmware=b"19092600", screen=1, width=64, height=16)
    assert state.read_ping(told.data()) == told


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31)))  # noqa: DTZ001 - as above
def test_a_clock_is_bcd_from_the_year_to_the_second_and_a_weekday(now: datetime) -> None:
    now = now.replace(microsecond=0)
    year = f"{now.year}"
    expected = f"{year[2:]}{year[:2]}{now:%m%d%H%M%S}0{now.isoweekday()}"
    assert state.clock_data(now).hex() == expected
    assert state.read_clock(state.clock_data(now)) == now


def test_a_voice_is_laid_out_as_in_the_manual() -> None:
    by_hand = "00 02 000000 1c000000 00 08 05 00 01000000 64000000 03000000 00 01 01 05000000 41303132ba".replace(
        " ", ""
    )
    request = requests.say(Voice(b"A012\xba", 0, 2, 8))
    assert request.payload.hex() == by_hand
    assert requests.read_voice(request.payload) == Voice(b"A012\xba", 0, 2, 8)


@pytest.mark.parametrize("place", [0, 1, 5, 9, 10, 11, 12, 21, 25, 28])
def test_a_voice_with_a_field_out_of_its_range_is_refused(place: int) -> None:
    payload = bytearray(requests.say(Voice(b"A", 0, 1, 8)).payload)
    payload[place] = 0x63
    with pytest.raises(ValueError, match="voice"):
        requests.read_voice(bytes(payload))
    with pytest.raises(ValueError, match="cut off"):
        requests.read_voice(bytes(payload[:20]))
