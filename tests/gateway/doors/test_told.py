"""What rows of the journal and readings tell of a door: device text may be anything."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.core.access import DOOR_POINTS, FIRE, Happening
from gateway.core.model import PartKind, Reading, Retention, Surface
from gateway.doors.heard import Alarmed, Authorised, Position, Sensed
from gateway.doors.told import happened_at, heard, level
from gateway.hub import DeviceView, Held
from gateway.journal.rows import Row

AT = datetime(2026, 7, 17, 1, 0, 10, tzinfo=UTC)
LISHUI = ZoneInfo("Asia/Shanghai")


def row(type_: str, **more: Any) -> Row:
    usual: dict[str, Any] = {"seq": 1, "at": AT, "device": "acs", "part": "d1", "retention": Retention.ACCESS}
    usual |= {
        "device_at": None,
        "clock_offset_s": None,
        "volatile": False,
        "payload": {},
        "source_key": "k",
        "hash": b"",
    }
    given: dict[str, Any] = {**usual, "type": type_, **more}
    return Row(**given)


@pytest.mark.parametrize(
    ("type_", "said"),
    [
        (Happening.GRANTED, Authorised()),
        (Happening.BUTTON, Authorised()),
        (Happening.REMOTE, Authorised()),
        (Happening.OPENED, Sensed(Position.OPEN, seen=True)),
        (Happening.CLOSED, Sensed(Position.CLOSED, seen=True)),
        (Happening.DENIED, None),
        (Happening.PRESENTED, None),
        (Happening.BUTTON_REFUSED, None),
        ("call.accepted", None),
    ],
)
def test_each_kind_of_event_tells_the_door_what_it_means(type_: str, said: object) -> None:
    assert heard(row(type_)) == said


def test_an_alarm_of_the_device_tells_its_reason_also_where_it_is_erased() -> None:
    assert heard(row(Happening.ALARM, payload={"reason": "held"})) == Alarmed("held")
    assert heard(row(Happening.ALARM, payload=None)) == Alarmed("None")


@pytest.mark.parametrize(
    ("device_at", "offset_s", "second"),
    [
        ("2026-07-17 09:00:02", 0.0, 2),
        ("2026-07-17T09:00:32", 30.0, 2),
        ("2026-07-17T01:00:02Z", 0.0, 2),
        ("2026-07-17 09:00:02", None, 10),
        ("2026-07-17 09:05:00", 0.0, 10),
        ("", 0.0, 10),
        ("17.7.2026", 0.0, 10),
        ("0001-01-01T00:00:00", 1e11, 10),
        (None, 3.0, 10),
    ],
)
def test_the_clock_of_a_device_is_believed_where_it_is_known_how_far_it_is_off(
    device_at: str | None, offset_s: float | None, second: int
) -> None:
    found = happened_at(row(Happening.OPENED, device_at=device_at, clock_offset_s=offset_s), LISHUI)
    assert found == AT.replace(second=second)


def test_a_clock_of_which_nobody_knows_how_far_it_is_off_may_be_believed_but_never_of_the_future() -> None:
    for device_at, second in (("2026-07-17 09:00:02", 2), ("2026-07-17 09:05:00", 10), ("17.7.2026", 10)):
        told = row(Happening.OPENED, device_at=device_at)
        assert happened_at(told, LISHUI, believed=True) == AT.replace(second=second)


def view(**values: Any) -> DeviceView:
    surface = Surface(device=PartKind(points=(FIRE,)), kinds={"door": PartKind(points=DOOR_POINTS)})
    found = DeviceView("acs", "test", zone=None, name=None, surface=surface)
    fire = values.pop("fire", None)
    found.points = {
        None: {"fire": Held(Reading(None, "fire", fire, at=AT))},
        "d1": {name: Held(Reading("d1", name, value, at=AT)) for name, value in values.items()},
    }
    return found


def test_what_is_not_known_or_odd_is_unknown() -> None:
    good = level(view(open=True, unlocked=False, mode="controlled", fire=True), "d1", AT)
    assert good == (Position.OPEN, AT, False, "controlled", AT, True, AT, None)
    odd = level(view(open="yes", unlocked=1, mode="ajar", fire="no"), "d1", AT)
    nothing = level(None, "d1", AT), level(view(), "d1", AT), level(view(open=True), "d2", AT)
    for each in (odd, *nothing):
        assert each == (Position.UNKNOWN, AT, None, None, AT, None, AT, None)
