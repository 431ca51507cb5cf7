"""Seeded mistakes in devices, windows and calls: found at their lines, in words for the field."""

from collections.abc import Callable

import pytest

from gateway import registry

TCP = "must be tcp://HOST:PORT with a port from 1 to 65535"
ANY_WIRE = "must be tcp://HOST:PORT or serial:///dev/NAME or rfc2217://HOST:PORT or line:ID"
FIELDS = "must use no other fields than {ticket} {name} {label} {function} {priority}"
INSTALLED = ", ".join(registry.driver_names())
CARD = "driver: displays.onbon_k, model: 6K2, width: 64, height: 16"
LED = f"devices:\n  - {{id: led-1, {CARD}, address: 'tcp://10.0.0.1:5005'}}\n"  # two lines

MISTAKES = {
    "devices that are no list": ("devices: {led-1: {}}", ["2: devices: must be a list of devices"]),
    "a device that is no mapping": (
        "devices:\n  - led-1",
        [f"3: devices[0]: must be a mapping with the key driver, which is one of: {INSTALLED}"],
    ),
    "a device without a driver": (
        "devices:\n  - {id: led-1}",
        [f"3: devices[0]: must be a mapping with the key driver, which is one of: {INSTALLED}"],
    ),
    "a driver that is not installed": (
        "devices:\n  - {id: led-1, driver: displays.onbon}",
        [
            "3: devices[0].driver: no driver 'displays.onbon' (did you mean 'displays.onbon_k'?); "
            f"installed: {INSTALLED}"
        ],
    ),
    "a device twice": (
        LED + f"  - {{id: led-1, {CARD}, address: 'tcp://10.0.0.2:5005'}}",
        ["4: devices[1].id: 'led-1' is already used by devices[0]"],
    ),
    "an address twice": (
        LED + f"  - {{id: led-2, {CARD}, address: 'tcp://10.0.0.1:5005'}}",
        ["4: devices[1].address: 'tcp://10.0.0.1:5005' is already used by devices[0]"],
    ),
    "an address without a port": (
        f"devices:\n  - {{id: led-1, {CARD}, address: 'tcp://10.0.0.1'}}",
        [f'3: devices[0].address: {TCP}; given: "tcp://10.0.0.1"'],
    ),
    "an address of another kind": (
        f"devices:\n  - {{id: led-1, {CARD}, address: 'udp://10.0.0.1:5005'}}",
        [f'3: devices[0].address: {ANY_WIRE}; given: "udp://10.0.0.1:5005"'],
    ),
    "an address without a line": (
        f"lines: [{{id: bus-1, address: 'tcp://10.0.0.1:4001'}}]\n"
        f"devices:\n  - {{id: led-1, {CARD}, screen: 1, address: 'line:bsu-1'}}",
        ["4: devices[0].address: there is no line 'bsu-1' (did you mean 'bus-1'?); there are: bus-1"],
    ),
    "an address of a line that cannot be": (
        f"devices:\n  - {{id: led-1, {CARD}, screen: 1, address: 'line:A B'}}",
        ['3: devices[0].address: must be line:ID; given: "line:A B"'],
    ),
    "an unknown key of a driver": (
        f"devices:\n  - id: led-1\n    {CARD.replace(', ', chr(10) + '    ')}\n    adress: tcp://10.0.0.1:5005",
        [
            "3: devices[0].address: is missing",
            "8: devices[0].adress: unknown key 'adress' (did you mean 'address'?); "
            "allowed: address, brightest, depends_on, driver, height, id, model, name, person, ping_s, pixel_bit, "
            "regions, resend_s, screen, speech_speed, timeout_s, timezone, width, zone",
        ],
    ),
    "a device behind one that does not exist": (
        LED.replace("}", ", depends_on: [sw-1, led-l]}"),
        [
            "3: devices[0].depends_on[0]: there is no device 'sw-1'; there are: led-1",
            "3: devices[0].depends_on[1]: there is no device 'led-l' (did you mean 'led-1'?); there are: led-1",
        ],
    ),
    "a device behind itself": (
        LED.replace("}", ", depends_on: [led-1]}"),
        ["3: devices[0].depends_on[0]: a device cannot depend on itself: led-1 → led-1"],
    ),
    "devices behind one another": (
        LED.replace("}", ", depends_on: [led-2]}")
        + f"  - {{id: led-2, {CARD}, address: 'tcp://10.0.0.2:5005',\n     depends_on: [led-1]}}",
        [
            "3: devices[0].depends_on[0]: a device cannot depend on itself: led-1 → led-2 → led-1",
            "5: devices[1].depends_on[0]: a device cannot depend on itself: led-2 → led-1 → led-2",
        ],
    ),
    "a device behind no list": (
        LED.replace("}", ", depends_on: sw-1}"),
        ['3: devices[0].depends_on: must be a list; given: "sw-1"'],
    ),
    "a width that is no number": (
        LED.replace("64", "wide"),
        ['3: devices[0].width: must be a whole number; given: "wide"'],
    ),
    "a width that no card has": (LED.replace("64", "2048"), ["3: devices[0].width: must be at most 1024; given: 2048"]),
    "a width between two cells": (
        LED.replace("64", "65"),
        ["3: devices[0].width: must be a multiple of 8; given: 65"],
    ),
    "a height that no card has": (LED.replace("16", "0"), ["3: devices[0].height: must be at least 16; given: 0"]),
    "a model that is none": (
        LED.replace("6K2", "9K9"),
        [
            "3: devices[0].model: must be '5K1', '5K2', '5MK', '5KX', '5K1Q-YY', '6K1', '6K2', '6K3', "
            "'6K1-YY', '6K2-YY' or '6K3-YY'; given: \"9K9\""
        ],
    ),
    "a time that is no time": (
        LED.replace("64,", "64, timeout_s: 0,"),
        ["3: devices[0].timeout_s: must be greater than 0; given: 0"],
    ),
    "a zone that does not exist": (
        "zones: [{id: reception, name: A}]\n" + LED.replace("64,", "64, zone: recption,"),
        ["4: devices[0].zone: there is no zone 'recption' (did you mean 'reception'?); there are: reception"],
    ),
    "a zone with the name of all zones": (
        "zones: [{id: hall, name: A}]\n" + LED,
        ["2: zones[0].id: 'hall' stands for all zones, where screens are commanded"],
    ),
    "a screen that does not exist": (
        LED + "windows:\n  - {id: w1, label: A, function: B, screens: [led-1, led-2]}",
        ["5: windows[0].screens[1]: there is no device 'led-2' (did you mean 'led-1'?); there are: led-1"],
    ),
    "a screen in two windows": (
        LED + "windows:\n"
        "  - {id: w1, label: A, function: B, screens: [led-1]}\n"
        "  - id: w2\n    label: A\n    function: B\n    screens:\n      - led-1",
        ["10: windows[1].screens[0]: two windows cannot share 'led-1': it belongs to windows[0]"],
    ),
    "a screen that is no reference": (
        LED + "windows:\n  - {id: w1, label: A, function: B, screens: [led-1/]}",
        ['5: windows[0].screens[0]: must be DEVICE or DEVICE/PART, by their ids; given: "led-1/"'],
    ),
    "a window without screens": (
        "windows:\n  - {id: w1, label: A, function: B, screens: []}",
        ["3: windows[0].screens: must have 1 or more entries"],
    ),
    "a window twice": (
        LED + "windows:\n"
        "  - {id: w1, label: A, function: B, screens: [led-1]}\n"
        "  - {id: w1, label: A, function: B, screens: [led-1/left]}",
        ["6: windows[1].id: 'w1' is already used by windows[0]"],
    ),
    "a window in a zone that does not exist": (
        LED + "windows:\n  - {id: w1, label: A, function: B, zone: lost, screens: [led-1]}",
        ["5: windows[0].zone: there is no zone 'lost'; there are: none"],
    ),
    "a template with an unknown field": (
        "calls: {show: '{ticket} {phone}'}",
        [f'2: calls.show: {FIELDS}; given: "{{ticket}} {{phone}}"'],
    ),
    "a template that reaches into a value": (
        "calls: {show: '{ticket.__class__}'}",
        [f'2: calls.show: {FIELDS}; given: "{{ticket.__class__}}"'],
    ),
    "a template that pads without end": (
        "calls: {show: '{ticket:>999999999}'}",
        [f'2: calls.show: {FIELDS}; given: "{{ticket:>999999999}}"'],
    ),
    "a template with an open brace": (
        "calls: {show: '{ticket'}",
        [
            "2: calls.show: must be text with fields in braces, such as 请{ticket}号: "
            "expected '}' before end of string; given: \"{ticket\""
        ],
    ),
    "a ttl of no time": ("calls: {ttl_s: 0}", ["2: calls.ttl_s: must be at least 5; given: 0"]),
    "a ttl of words": ("calls: {ttl_s: 30 minutes}", ['2: calls.ttl_s: must be a whole number; given: "30 minutes"']),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_says_where_the_mistake_is_and_what_is_allowed(
    text: str, expected: list[str], complaints: Callable[..., list[str]]
) -> None:
    assert complaints("site: {id: hall, name: 大厅}\n" + text) == [f"site:{line}" for line in expected]
