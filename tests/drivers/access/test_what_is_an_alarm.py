"""What the access drivers tell as an alarm raises the one that the reference says, and in the words of the gateway."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from drivers.access.hikvision.events import meaning as hikvision
from drivers.access.osdp.surface import POINTS
from drivers.access.uhppote.codec.log import EventRecord, Kind
from drivers.access.uhppote.happenings import REASONS
from drivers.access.uhppote.happenings import meaning as uhppote
from drivers.access.uhppote.points import DEVICE
from drivers.access.zkteco_push.events import MEANINGS
from drivers.access.zkteco_push.events import meaning as zkteco
from gateway.alarms.device_alarms import named
from gateway.core.access import FIRE, FORCED, HELD, TAMPER, Happening

PAGE = (Path(__file__).parents[3] / "docs/reference/alarms.md").read_text()
TABLE = PAGE.partition("## What devices give alarm of")[2].partition("## Quiet")[0]
CODES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "hikvision": {
        f"{major}/{minor:#x}": found
        for major in range(1, 6)
        for minor in range(0x800)
        if not (found := hikvision(major, minor)).reason.startswith("code ")
    },
    "uhppote": {str(code): found for code, found in REASONS.items()},
    "zkteco_push": {str(code): found for code, found in MEANINGS.items()},
}


def raised(type_: str, reason: str) -> str | None:
    """The alarm that an event leads to."""
    of_doors = {FORCED: "door-forced", HELD: "door-held"}
    return of_doors.get(reason) if type_ == Happening.ALARM and reason in of_doors else named(type_, reason)


@pytest.mark.parametrize(("driver", "column"), [("hikvision", 0), ("uhppote", 1), ("zkteco_push", 2)])
def test_every_code_that_raises_an_alarm_stands_in_the_reference_with_that_alarm(driver: str, column: int) -> None:
    rows = re.findall(r"(?m)^\| `([\w-]+)` \|(.*?)\|(.*?)\|(.*?)\|$", TABLE)
    said = {(name, code) for name, *cells in rows for code in re.findall(r"`([\d/xa-f]+)`", cells[column])}
    assert said == {(name, code) for code, told in CODES[driver].items() if (name := raised(*told))}
    assert len(said) > 7


def test_what_is_told_by_a_point_is_one_of_the_points() -> None:
    assert {point.name for point in POINTS} >= {TAMPER}
    assert FIRE in DEVICE


@pytest.mark.parametrize(
    ("told", "alarm"),
    [
        (hikvision(1, 0x7F0), "device-alarm"),
        (hikvision(2, 0x7F0), None),
        (uhppote(EventRecord(kind=Kind.ALARM, reason=99)), "device-alarm"),
        (uhppote(EventRecord(kind=Kind.DOOR, reason=99)), None),
        (uhppote(EventRecord(kind=Kind.CARD, reason=99)), None),
        (zkteco(150), "device-alarm"),
        (zkteco(6005), "device-alarm"),
        (zkteco(250), None),
    ],
)
def test_a_code_that_nobody_has_described_is_an_alarm_where_the_maker_has_alarms(
    told: tuple[str, str], alarm: str | None
) -> None:
    assert named(*told) == alarm
