"""Mistakes in the section `hours`."""

from collections.abc import Callable

import pytest

SITE = """site: {id: a, name: a}
zones: [{id: reception, name: 接待}]
devices:
  - {id: tv, driver: displays.web_screen, zone: reception}
  - {id: led, driver: displays.onbon_k, address: tcp://h:5005, model: 6K2, width: 64, height: 16}
  - {id: pad, driver: displays.caller_pad, address: tcp://h:5006, pads: [{address: 1, id: w1, name: a}]}
windows: 1
hours:
  - {id: a, devices: [led], days: [mon], on: "07:30", off: "18:00", brightness: {"07:30": 80}}
"""


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{id: b, devices: [lad], ON}", "hours[1].devices[0]: there is no device 'lad'"),
        ("{id: b, zones: [x], ON}", "hours[1].zones[0]: there is no zone 'x'; there are: reception"),
        ("{id: b, devices: [pad], ON}", "hours[1].devices[0]: pad has no verb power"),
        (
            "{id: b, devices: [tv], ON, brightness: {'07:30': 80}}",
            "hours[1].devices[0]: tv has no verb brightness",
        ),
        ("{id: b, devices: [tv], on: '7:30', off: '18:00'}", "hours[1].on: must be a time of day from 00:00 to 23:59"),
        ("{id: b, devices: [tv], on: '18:00', off: '07:30'}", "off must be later than on, 18:00"),
        ("{id: b, devices: [tv], zones: [reception], ON}", "must have exactly one of devices and zones"),
        ("{id: b, ON}", "must have exactly one of devices and zones"),
        ("{id: b, devices: [tv], days: [monday], ON}", "hours[1].days[0]: must be 'mon', 'tue'"),
        ("{id: b, devices: [led], on: '17:59', off: '23:00'}", "led has hours at that time already, by hours[0]"),
        ("{id: a, devices: [tv], ON}", "hours[1].id: 'a' is already used by hours[0]"),
        ("{id: b, devices: [tv], ON, brightness: {'08:00': 101}}", "at most 100"),
        ("{id: b, devices: [tv], on: '07:30'}", "hours[1].off: is missing"),
        ("{id: b, devices: [tv], ON, colour: red}", "unknown key 'colour'"),
    ],
)
def test_a_mistake_is_told_with_its_place(complaints: Callable[..., list[str]], entry: str, said: str) -> None:
    found = complaints(SITE + "  - " + entry.replace("ON", "on: '07:30', off: '18:00'") + "\n")
    assert any(line.startswith("site:10: ") and said in line for line in found), found


def test_hours_that_do_not_meet_are_good(complaints: Callable[..., list[str]]) -> None:
    more = (
        "  - {id: b, devices: [led], days: [tue], on: '07:30', off: '18:00'}\n"
        "  - {id: c, devices: [led], days: [mon], on: '18:00', off: '20:00'}\n"
        "  - {id: d, zones: [reception], on: '07:30', off: '18:00'}\n"
    )
    assert [line for line in complaints(SITE + more) if "hours" in line] == []
